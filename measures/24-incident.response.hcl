measure "incident.response" {
  number     = 24
  section    = "8"
  title      = { en = "Incident playbooks, severities, escalation, communication", de = "Playbooks für Vorfälle, Schweregrade, Eskalation, Kommunikation" }
  runs       = { en = "The incident engine, on-call with holidays and swaps, warnings about gaps.", de = "Die Vorfallbearbeitung, Bereitschaft mit Urlaub und Tausch, Warnung vor Lücken." }
  proves     = { en = "A drill: an unanswered page reaches the next line in time; changes of severity are explained.", de = "Eine Probe: ein unbeantworteter Alarm erreicht rechtzeitig die nächste Stufe; Änderungen des Schweregrads sind begründet." }
  frameworks = { iso27001 = ["5.24", "5.26"], gdpr = ["32(1)(b)", "33(2)"], nis2 = ["21(2)(b)"] }
  sure       = ["playbook*|play book", "schweregrad*|severity|severities|severity level|kritikalitätsstufe*|schwerestufe*", "eskalation*|escalation|eskaliert|escalated|eskalier*|escalat*", "incident response|incident-response|incident management|vorfallmanagement|vorfallreaktion*|incident handling|incident response plan|vorfallsmanagement|incident-management|sicherheitsvorfallmanagement", "störung*|vorfall*|vorfäll*|sicherheitsvorf*|incident|incidents|meldung*|ereignis* + schwere|schweregrad*|severity|severities|priorität*|priority|dringlichkeit|stufe*|stufen|klassifi*|classif* + einstuf*|stufen|eingestuft|bewertet|assess*|assign*|ebene|level|line*|weiter*|next|nächste*|kategori*|classif*|klassifi*", "unbeantwortet*|unanswered|keine antwort|no answer|not acknowledged + ebene|level|nächste*|next|eskal*|escal*|weiter*"]
  likely     = ["sicherheitsvorf*|vorfall*|vorfäll*|incident|incidents + prozess*|process|verfahren|procedure|behandel*|handled|handling|bearbeit*|ablauf*|abläuf*|einstuf*|classif*|klassifiz*|triage|role|rollen|verantwortlich*|team|plan", "kommunikationsrichtlinie*|communication guideline|communication rule|kommunikationsregel*|communication polic*"]
  hint       = ["incident|vorfall*|vorfäll*|sicherheitsvorf*"]
  not        = ["post incident|post-incident|postmortem*|post mortem|nachbereit*|root cause|ursachenanalyse*|lessons learned", "48|72 + stunden|hours", "log|logs|schulung*|training"]
  promise "playbooks" {
    title      = { en = "playbooks for incidents", de = "Playbooks für Vorfälle" }
    attestable = true
    sure       = ["playbook*|incident response|incident-response|incident management|vorfallmanagement|prozess|process|verfahren|procedure|ablauf*|abläuf*|plan|handled|behandel*|bearbeit*|handling|triage"]
    observation "incident.drill" {
      subject = "organisation"
      max_age = "180d"
    }
  }
  promise "severities" {
    title = { en = "incidents get a severity", de = "Vorfälle erhalten einen Schweregrad" }
    sure  = ["schweregrad*|severit*|einstuf*|eingestuft|classif*|klassifiz*|kritikalität*|schwerestufe*|priorit*"]
    observation "incident.severity" {
      subject = "organisation"
      max_age = "180d"
    }
  }
  promise "escalation" {
    title = { en = "an unanswered alarm reaches the next line", de = "ein unbeantworteter Alarm erreicht die nächste Stufe" }
    sure  = ["eskalation*|eskalier*|escalat*"]
    observation "incident.escalation" {
      subject = "organisation"
      max_age = "180d"
    }
  }
  promise "communication" {
    title      = { en = "rules for communication in an incident", de = "Regeln für die Kommunikation im Vorfall" }
    attestable = true
    sure       = ["kommunikation*|communicat*"]
    observation "incident.communication" {
      subject = "organisation"
      max_age = "180d"
    }
  }
}
