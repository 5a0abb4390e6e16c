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
