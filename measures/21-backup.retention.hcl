measure "backup.retention" {
  number     = 21
  section    = "7"
  title      = { en = "Backups are kept no longer than promised", de = "Backups werden nicht länger als zugesagt aufbewahrt" }
  runs       = { en = "Expiry computed from now, not from the newest copy.", de = "Ablauf gerechnet von heute, nicht von der neuesten Kopie." }
  proves     = { en = "Every day: the oldest object, version and dead source is younger than the limit.", de = "Jeden Tag: das älteste Objekt, die älteste Version und jede tote Quelle ist jünger als die Grenze." }
  frameworks = { iso27001 = ["8.10", "8.13"], gdpr = ["5(1)(e)", "32(1)(b)"] }
  sure       = ["backup*|datensicherung*|sicherungskop*|sicherung|sicherungen|copies|kopien + aufbewahr*|aufbewahrt|retention|retained|vorgehalten|gelöscht|deleted|lösch*|erased|purged|expire*|überschrieben", "retention + tage|days|day|tagen|30|monat*|month", "backup*|datensicherung*|sicherung*|copies|kopien + kept|aufgehoben|gespeichert|heben|hält + tage|tagen|days|wochen|weeks|monat*|month", "backup retention|aufbewahrungsfrist + backup*|sicherung*|tage|tagen", "aufbewahrungsdauer|vorhaltezeit*|vorhaltedauer|retention period", "sicherung*|backup*|datensicherung*|kopien + heben|aufheben|aufgehoben|behalten|bewahren|verfallen|expire*|entfernt|removed|vernichtet|destroyed|aged out|rotiert aus"]
  likely     = ["retention|aufbewahrung*|aufbewahrungsfrist*|vorhaltezeit*", "tage|days|tagen + gelöscht|deleted|aufbewahrt|kept|retained"]
  hint       = ["backup*"]
  not        = ["log|logs|protokoll*|logdaten|logging", "bewerb*|applicant|videoaufzeichn*|personalakt*|vertragsende|end of contract|kundendaten|personenbezogen*"]
  promise "limit" {
    title      = { en = "nothing older than the limit exists", de = "nichts ist älter als die Grenze" }
    parameters = { days = 30 }
    sure       = ["retention|aufbewahr*|kept|retained|gelöscht|lösch*|delet*|vorgehalten|vorhalte*|expire*|erased|purged|überschrieben|older|älter"]
    observation "backup.oldest" {
      subject = "database"
      max_age = "24h"
    }
    observation "backup.bucket-oldest" {
      subject = "bucket"
      max_age = "24h"
    }
  }
}
