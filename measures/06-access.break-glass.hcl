measure "access.break-glass" {
  number     = 6
  section    = "2"
  title      = { en = "A logged emergency way into every production system", de = "Ein protokollierter Notfallzugang zu jedem Produktivsystem" }
  runs       = { en = "A sealed credential per production system; grants that expire; usable with Vogt down; one person with an immediate page, or two.", de = "Ein versiegelter Zugang je Produktivsystem; befristete Freigaben; nutzbar auch ohne Vogt; eine Person mit sofortigem Alarm oder zwei Personen." }
  proves     = { en = "A drill per system within 90 days: use leads to record and page within a minute; the old credential is dead afterwards.", de = "Eine Probe je System in 90 Tagen: Nutzung führt in einer Minute zu Eintrag und Alarm; der alte Zugang ist danach tot." }
  frameworks = { iso27001 = ["8.2"], gspp = ["BER.3.22"], gdpr = ["32(1)(b)", "32(1)(c)"] }
  sure       = ["break glass|breakglass|break-glass", "notfallzugang*|notfallzugriff*|notfallkonto|notfallkonten|notzugang*|notfallbenutzer*|notfallaccount*|notfall-zugang*|not-zugang*|notfall-konto", "emergency access|emergency account|emergency credential|emergency login|emergency user|firecall"]
  likely     = ["notfall*|emergency + zugang*|zugäng*|zugriff*|access|account|konto|konten|credential|zugangsdaten", "versiegelt* + zugang*|umschlag|passwort|kennwort|credential", "sealed credential|sealed envelope", "notfall*|emergency|ernstfall + passwort|passwörter|kennwort|password|schlüssel|key|login|administrator*|root"]
  hint       = ["produktivsystem|produktionssystem|production system"]
  not        = ["notfallplan*|notfallhandbuch*|runbook"]
  promise "exists" {
    title      = { en = "every production system has an emergency way in", de = "jedes Produktivsystem hat einen Notfallzugang" }
    parameters = { days = 90 }
    sure       = ["break glass|breakglass|notfall*|notzugang*|emergency|firecall|sealed|versiegelt*"]
    observation "break-glass.drill" {
      subject      = "host"
      max_age      = "90d"
      max_age_from = "days"
    }
  }
  promise "logged" {
    title = { en = "every use is logged and seen", de = "jede Nutzung wird protokolliert und bemerkt" }
    sure  = ["protokoll*|logged|logging|aufgezeichnet|aufzeichnung*|recorded|audit*|nachvollzieh*|trail|alarm*|alert*|gemeldet|benachrichtig*|notif*|page"]
    observation "break-glass.recorded" {
      subject = "host"
      max_age = "90d"
    }
  }
}
