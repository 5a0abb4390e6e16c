measure "crypto.rest" {
  number     = 8
  section    = "3"
  title      = { en = "Encryption at rest: databases, object storage, backups", de = "Verschlüsselung ruhender Daten: Datenbanken, Object Storage, Backups" }
  runs       = { en = "LUKS2 volumes with keys from the vault; encryption of buckets and backups.", de = "LUKS2-Volumes mit Schlüsseln aus dem Tresor; Verschlüsselung von Buckets und Backups." }
  proves     = { en = "Cipher and true key size from the kernel per mount and host (256-bit XTS is AES-128); a planted marker is absent from the raw device; bucket encryption read back.", de = "Verfahren und wahre Schlüssellänge vom Kern je Einhängepunkt und Host (XTS mit 256 Bit ist AES-128); eine ausgelegte Marke fehlt auf dem rohen Gerät; die Verschlüsselung der Buckets wird zurückgelesen." }
  frameworks = { iso27001 = ["8.24"], gdpr = ["32(1)(a)"], nis2 = ["21(2)(h)"] }
  sure       = ["at rest|ruhend* daten|ruhende daten|ruhender daten|ruhezustand|gespeichert* daten + verschlüssel*|encrypt*|aes=|aes256", "encryption at rest|encrypted at rest|data at rest", "aes=|aes256|aes 256", "luks=|luks2|dm-crypt|festplattenverschlüssel*|datenträgerverschlüssel*|laufwerksverschlüssel*|disk encrypt*|full disk", "volume*|datenträger*|festplatt*|disk|storage|speicher|datenbank*|database|bucket + verschlüssel*|encrypt*"]
  likely     = ["verschlüssel*|encrypt* + gespeichert*|stored|ablage|speicherung"]
  hint       = ["verschlüssel*|encrypt*", "volume|datenträger|bucket"]
  not        = ["in transit|übertrag*|tls=", "laptop|notebook|endgerät*|mobile", "täglich*|daily|nightly|nächtlich*|every day|every night|jede nacht|jeden tag + backup*|sicherung*|sicher*|kopie*|copies", "secret|vault", "every night|jede nacht|nachts|in der nacht|every 24 hours + rechenzentrum|data centre|data center|standort|region*", "key management|schlüsselverwalt*"]
  promise "volumes" {
    title      = { en = "volumes with data are encrypted with the promised key size", de = "Volumes mit Daten sind mit der zugesagten Schlüssellänge verschlüsselt" }
    parameters = { bits = 128 }
    sure       = ["volume*|datenträger*|festplatt*|disk|luks=|luks2|dm-crypt|at rest|ruhend*|ruhezustand|aes=|aes256|laufwerk*|server|gespeichert*|stored"]
    observation "volume.cipher" {
      subject = "volume"
      max_age = "24h"
      probe   = "volume"
    }
  }
  promise "databases" {
    title = { en = "databases lie on encrypted storage", de = "Datenbanken liegen auf verschlüsseltem Speicher" }
    sure  = ["datenbank*|database|postgres*"]
    observation "database.volume-cipher" {
      subject = "database"
      max_age = "24h"
    }
  }
  promise "buckets" {
    title = { en = "object storage is encrypted", de = "Object Storage ist verschlüsselt" }
    sure  = ["object storage|objektspeicher*|object store|bucket|s3=|blob|blobs"]
    observation "bucket.encryption" {
      subject = "bucket"
      max_age = "24h"
      probe   = "source"
    }
  }
  promise "backups" {
    title = { en = "backups are encrypted", de = "Backups sind verschlüsselt" }
    sure  = ["backup*|datensicherung*|sicherungskop*|sicherung|sicherungen"]
    observation "backup.unreadable-without-key" {
      subject = "database"
      max_age = "24h"
    }
  }
}
