measure "backup.copies" {
  number     = 20
  section    = "7"
  title      = { en = "Daily encrypted backups in another region", de = "Tägliche verschlüsselte Backups in einer anderen Region" }
  runs       = { en = "Physical copies of databases and their logs; copies of blobs.", de = "Physische Kopien der Datenbanken samt Logs; Kopien der Blobs." }
  proves     = { en = "Every database and bucket of the estate: the newest copy is younger than promised; the region by the provider's own answer; unreadable without the key.", de = "Jede Datenbank und jeder Bucket des Bestands: die neueste Kopie ist jünger als zugesagt; die Region nach Auskunft des Anbieters; ohne Schlüssel unlesbar." }
  frameworks = { iso27001 = ["8.13"], gspp = ["NOT.4.4"], gdpr = ["32(1)(b)", "32(1)(c)"], nis2 = ["21(2)(c)"] }
  sure       = ["backup*|datensicherung*|sicherungskop*|sicherung|sicherungen|gesichert|backed + täglich*|daily|nightly|nächtlich*|nacht|every day|every night|stündlich*|hourly|24 stunden|24 hours|jeden tag|regelmäßig*|regular*|wöchentlich*|weekly", "backup*|datensicherung*|sicherungskop*|sicherung|sicherungen|copies + region*|standort*|location|offsite|off site|geografisch*|geographic*|rechenzentrum|data centre|data center|provider|anbieter*|räumlich*|site", "backup*|datensicherung*|sicherungskop*|sicherung|sicherungen + verschlüssel*|encrypt*", "offsite backup|off-site backup|backupkonzept|backup-konzept|datensicherungskonzept|backup concept|backup policy|sicherungskonzept", "sichern|sichert|gesichert|back|backed|copied|kopiert|kopien|copies|repliziert|replicated|spiegel*|mirrored + nacht|night|nightly|nachts|täglich*|daily|tag|every day|24 hours|24 stunden|stunde + datenbank*|database|databases|dateien|files|daten|data|blob*|rechenzentrum|data centre|data center|region*", "redundan* + region*|standort*|rechenzentrum|data centre|data center + kopie*|copies|backup*|sicherung*"]
  likely     = ["backup|backups|datensicherung*|sicherungskop*", "gesichert|backed up|back up + datenbank*|database|daten|data|blob*|bucket|object*"]
  hint       = ["backup*|datensicherung*", "region"]
  not        = ["restore*|wiederherstellungstest*|rücksicherung*|recovery test|wiederherstellbarkeit|einspiel*", "aufbewahr*|retention|lösch*|delet*|expir*|gelöscht|purged|retained|vorgehalten + backup*|sicherung*|datensicherung*", "volume*|object storage + database*|datenbank*", "notstrom*|generator|power", "tage|tagen|days|wochen|weeks|monaten|months + lösch*|gelöscht|delet*|purge*|expir*|aufbewahr*|retain*|retention|kept", "at most|höchstens|maximal|max + tage|tagen|days|wochen|weeks"]
  promise "daily" {
    title      = { en = "the newest copy is younger than the interval", de = "die neueste Kopie ist jünger als der Zeitabstand" }
    parameters = { days = 1 }
    sure       = ["backup*|datensicherung*|sicherungskop*|sicherung|sicherungen|gesichert|backed|täglich*|daily|nightly|nächtlich*"]
    observation "backup.newest" {
      subject      = "database"
      max_age      = "1d"
      max_age_from = "days"
    }
    observation "backup.bucket-newest" {
      subject      = "bucket"
      max_age      = "1d"
      max_age_from = "days"
    }
  }
  promise "region" {
    title = { en = "copies lie in another region", de = "Kopien liegen in einer anderen Region" }
    sure  = ["region*|standort*|location|offsite|off-site|geografisch*|geographic*|rechenzentrum|data centre|data center|other provider|anderer anbieter|räumlich*|site"]
    observation "backup.region" {
      subject = "database"
      max_age = "24h"
    }
  }
  promise "encrypted" {
    title = { en = "copies are unreadable without the key", de = "Kopien sind ohne Schlüssel unlesbar" }
    sure  = ["verschlüssel*|encrypt*"]
    observation "backup.unreadable-without-key" {
      subject = "database"
      max_age = "24h"
    }
  }
}
