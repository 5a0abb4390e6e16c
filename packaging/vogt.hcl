# Vogt's configuration: vogt-parent --config FILE. Everything here is optional.
# Konfiguration von Vogt: vogt-parent --config DATEI. Alles hier ist freiwillig.

# The key file is the default; "shamir" waits for people's shares.
# Die Schlüsseldatei ist die Vorgabe; "shamir" wartet auf die Anteile von Menschen.
# seal "key-file" { path = "/etc/vogt/seal.key" }

# Witnesses (C2SP tlog-witness) see origin, size, root and proofs of both logs, never an entry. Ask their operators to add the
# origins and keys that `vogt ledger status` names. `every` is how often at most a growing log is cosigned: 1 minute to 7 days, 10 minutes by default.
# Zeugen sehen Name, Größe, Wurzel und Beweise beider Logbücher, nie einen Eintrag. Bitten Sie ihre Betreiber, Namen und Schlüssel
# aufzunehmen, die `vogt ledger status` nennt. `every`: wie oft höchstens mitgezeichnet wird.
# witness "first" {
#   url   = "https://witness.example.org/prefix"
#   vkey  = "witness.example.org+1a2b3c4d+BAAA..."
#   every = "1h"
# }

# A time-stamping authority (RFC 3161). With `trust`, only its stamps are taken; without, digest and nonce are checked, the signer is not.
# Eine Zeitstempelstelle. Mit `trust` zählen nur deren Stempel; ohne werden Prüfsumme und Nonce geprüft, nicht der Unterzeichner.
# timestamp {
#   url   = "https://tsa.example.org/tsr"
#   every = "1h"
#   trust = <<EOT
# -----BEGIN CERTIFICATE-----
# ...
# -----END CERTIFICATE-----
# EOT
# }

# A certificate of your own (PEM, leaf first) and its key: P-256, P-384, Ed25519 or RSA from 2048 bits. Without it Vogt signs one itself. Agents pin the key:
# renew the certificate for the same key, or enrol them anew. Read at every start.
# Eigenes Zertifikat (PEM, das eigene zuerst) und sein Schlüssel. Ohne diese Angabe stellt Vogt sich selbst eines aus. Agenten merken sich den Schlüssel:
# das Zertifikat für denselben Schlüssel erneuern oder sie neu anmelden. Gelesen bei jedem Start.
# tls {
#   certificate = "/etc/vogt/tls/fullchain.pem"
#   key         = "/etc/vogt/tls/key.pem"
# }

# HTTP without TLS, for test benches and for a proxy on this machine: refused unless every address is this machine's own (localhost, 127.0.0.1, ::1).
# HTTP ohne TLS, für Testaufbauten und einen Proxy auf dieser Maschine: abgelehnt, wenn nicht alle Adressen eigene sind.
# plain_http = true

# How long tokens and leases live where nothing says less, and how long at most; 32 days without.
# Wie lange Tokens und Leihen leben, wenn nichts Kürzeres gesagt ist, und wie lange höchstens; sonst 32 Tage.
# default_lease_ttl = "768h"
# max_lease_ttl     = "768h"
