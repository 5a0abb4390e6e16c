measure "monitor.logs" {
  number     = 18
  section    = "6"
  title      = { en = "Structured logs in a central store", de = "Strukturierte Protokolle in einem zentralen Speicher" }
  runs       = { en = "The log sink of the kit, shipping to the store.", de = "Die Protokollsenke aus dem Baukasten, Versand zum Speicher." }
  proves     = { en = "A nonce per service is found in the central store within five minutes; no gaps in the sequence.", de = "Eine Zufallsmarke je Dienst findet sich binnen fünf Minuten im zentralen Speicher; keine Lücken in der Folge." }
  frameworks = { iso27001 = ["8.15"], gdpr = ["32(1)(b)"], nis2 = ["21(2)(b)"] }
  sure       = ["strukturiert*|structured|json= + log|logs|logging|protokoll*|logdaten|log-daten", "zentral*|central*|signoz|loki|elasticsearch|splunk|aggregat*|siem= + log|logs|logging|protokoll*|logdaten|logfile|logmanagement|ereignis*", "loguru|signoz|siem=|log management|logmanagement|log store|log storage|log-storage|logspeicher*|protokollserver*|log server", "audit log|audit logs|audit trail|auditlog|protokollierung + zugriff*|eingabe*|änderung*|systemereignis*|ereignis*|anmeldung*|tätigkeit*", "logged|protokolliert|aufgezeichnet|recorded + access|zugriff*|eingabe*|change|änderung*|event|entr*|ereignis*|admin*|actions|activities", "ereignis*|event|events|aktivität*|activities|zugriffe + log|logs|logsystem|protokollsystem|repository|gespeichert|stored|written|schreiben|geschrieben|gesammelt|collected|aufgezeichnet|recorded|erfasst|captured + zentral*|central*|gemeinsam*|common|single|one|ein|logsystem", "logsystem*|protokollsystem*|log system|logging system|log platform|logging platform|log server|logserver", "nachvollzieh* + eingegeben|verändert|geändert|gelöscht|zugriff*"]
  likely     = ["logs|logging|protokolle|protokollierung|protokolldaten|log data|logdaten|log entries|logeinträge"]
  hint       = ["log|logs", "protokoll*"]
  not        = ["alarm*|alert*", "break glass|notfallzugang*|emergency access|emergency account", "besucher*|visitor|protokoll der sitzung|minutes of", "verarbeitungs*|löschprotokoll*|übergabeprotokoll*|tls=|verschlüsselungsprotokoll*|protocol"]
  promise "structured" {
    title = { en = "services write structured logs", de = "Dienste schreiben strukturierte Protokolle" }
    sure  = ["strukturiert*|structured|json=|loguru|log|logs|logging|logged|protokoll*|audit|recorded|aufgezeichnet", "ereignis*|event|events|erfasst|captured|written"]
    observation "logs.structured" {
      subject = "service"
      max_age = "24h"
    }
  }
  promise "central" {
    title = { en = "logs arrive in the central store", de = "Protokolle kommen im zentralen Speicher an" }
    sure  = ["zentral*|central*|signoz|loki|siem=|elasticsearch|log storage|log-storage|log store|aggregat*|collected|gesammelt|zusammengeführt|forwarded", "gemeinsam*|logsystem*|repository|protokollsystem*"]
    observation "logs.nonce-found" {
      subject = "service"
      max_age = "24h"
    }
  }
  promise "kept" {
    title      = { en = "logs are kept for the promised time", de = "Protokolle werden so lange wie zugesagt aufbewahrt" }
    parameters = { days = 90 }
    sure       = ["aufbewahr*|retained|retention|kept|vorgehalten|gespeichert + tag|tage|tagen|monat*|day|days|month|months|jahr*|year|wochen|week"]
    observation "logs.oldest" {
      subject = "service"
      max_age = "24h"
    }
  }
}
