measure "crypto.transit" {
  number     = 7
  section    = "3"
  title      = { en = "Encryption in transit: TLS 1.3, HSTS, strict ciphers", de = "Verschlüsselung bei der Übertragung: TLS 1.3, HSTS, strenge Ciphers" }
  runs       = { en = "Configuration of the edge, certificates for inner connections.", de = "Einstellung des Randes, Zertifikate für innere Verbindungen." }
  proves     = { en = "Handshakes from inside and outside over all names, ports and address families: older versions refused, weak suites refused, HSTS on every answer.", de = "Handshakes von innen und außen über alle Namen, Ports und Adressfamilien: ältere Versionen abgewiesen, schwache Suites abgewiesen, HSTS auf jeder Antwort." }
  frameworks = { iso27001 = ["8.24"], gdpr = ["32(1)(a)"], nis2 = ["21(2)(h)"] }
  sure       = ["tls=|ssl=|https=|tls1.3|tls1.2|mtls=", "hsts=|strict transport security", "in transit|data in motion|transportverschlüssel*|leitungsverschlüssel*|transport encrypt*", "übertrag*|übermitt*|transmi*|transfer*|transport*|verbindung*|connection|datenverkehr*|traffic|kommunikation + verschlüssel*|encrypt*", "transport layer security|secure socket|secure sockets", "public network|öffentliche netze|internet|öffentliche* netz* + verschlüssel*|encrypt*|protected", "webseite*|website*|schnittstell*|api=|apis|verbindungen|endpoint|endpoints + https=|tls=|verschlüssel*|encrypt*"]
  likely     = ["cipher*|chiffre*|cipher suite|perfect forward secrecy|forward secrecy", "zertifikat*|certificate + server*|x.509|gültig*|expir*|erneuer*|renew*", "verschlüsselt übertragen|vpn=|ipsec=|wireguard|sftp="]
  hint       = ["verschlüssel*|encrypt*", "übertragung|transport"]
  not        = ["at rest|ruhend*|ruhezustand|volume*|festplatte*|aes=|aes256", "secret|vault|rotation", "certified|zertifizierung"]
  promise "tls13" {
    title      = { en = "connections use TLS of the promised version or newer", de = "Verbindungen nutzen TLS in der zugesagten Fassung oder neuer" }
    parameters = { version = "1.2" }
    sure       = ["tls=|tls1.3|tls1.2|ssl=|https=|mtls=", "in transit|transport*|übertrag*|übermitt*|transmi*|datenverkehr*|traffic|verbindung*|connection", "transport layer security|public network*|öffentlich* netz*|webseite*|schnittstell*"]
    observation "tls.version" {
      subject = "endpoint"
      max_age = "24h"
      probe   = "tls"
    }
    observation "outside.version" {
      subject = "endpoint"
      max_age = "24h"
      probe   = "outside"
      needs   = "vantage"
    }
  }
  promise "hsts" {
    title = { en = "HSTS is sent on every answer", de = "HSTS wird mit jeder Antwort gesendet" }
    sure  = ["hsts=|strict transport security"]
    observation "tls.hsts" {
      subject = "endpoint"
      max_age = "24h"
      probe   = "tls"
    }
    observation "outside.hsts" {
      subject = "endpoint"
      max_age = "24h"
      probe   = "outside"
      needs   = "vantage"
    }
  }
  promise "ciphers" {
    title = { en = "only strong cipher suites are offered", de = "nur starke Cipher-Suites werden angeboten" }
    sure  = ["cipher*|chiffre*|suite|suites|forward secrecy"]
    observation "tls.ciphers" {
      subject = "endpoint"
      max_age = "24h"
      probe   = "tls"
    }
    observation "outside.ciphers" {
      subject = "endpoint"
      max_age = "24h"
      probe   = "outside"
      needs   = "vantage"
    }
  }
  promise "certificates" {
    title = { en = "certificates are valid and renewed in time", de = "Zertifikate sind gültig und werden rechtzeitig erneuert" }
    sure  = ["zertifikat*|certificate"]
    observation "tls.certificate" {
      subject = "endpoint"
      max_age = "24h"
      probe   = "tls"
    }
    observation "outside.certificate" {
      subject = "endpoint"
      max_age = "24h"
      probe   = "outside"
      needs   = "vantage"
    }
  }
}
