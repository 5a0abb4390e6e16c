measure "runbooks" {
  number     = 23
  section    = "7"
  title      = { en = "Emergency runbooks with a communication plan", de = "Notfall-Runbooks mit Kommunikationsplan" }
  runs       = { en = "Runbooks that can be executed; a matrix of audience, severity, deadline, sender, approver and template.", de = "Ausführbare Runbooks; eine Matrix aus Empfängern, Schweregrad, Frist, Absender, Freigabe und Vorlage." }
  proves     = { en = "Rehearsed: steps timed, contacts confirmed within half a year.", de = "Geprobt: Schritte gemessen, Kontakte im letzten halben Jahr bestätigt." }
  frameworks = { iso27001 = ["5.29", "5.37"], gdpr = ["32(1)(c)"], nis2 = ["21(2)(c)"] }
  sure       = ["runbook*|run book", "notfallhandbuch*|notfallhandbüch*|notfallanweisung*|notfallanleitung*|wiederanlaufplan*|wiederanlaufpläne*|emergency manual|emergency procedure|emergency handbook|emergency instruction|disaster recovery plan|notfallplan|notfallpläne", "kommunikationsplan*|communication plan|communications plan", "schritt für schritt|step by step|anleitung*|handlungsanweisung*|checkliste*|checklist*|verfahren|procedure|procedures|ablaufplan*|instructions + notfall*|notfäll*|störf*|störung*|emergenc*|disaster|ausfall*|ausfäll*|outage*|ernstfall|krise*|crisis|katastroph*", "notfallkonzept* + kommunikation*|communicat*|kontakt*|contact*", "emergency plan|emergency plans|contingency plan|notfall-plan"]
  likely     = ["schritt für schritt|step by step|anleitung*|handlungsanweisung*|instruction|procedure + notfall*|emergenc*|disaster|ausfall*|outage|ernstfall", "kontaktliste*|contact list|meldekette*|telefonliste*"]
  hint       = ["notfall*|emergency"]
  not        = ["evakuier*|evacuation|fire|brandfall", "playbook*", "rto=|rpo=", "break glass|notfallzugang*|notfallkonto*"]
  promise "runbooks" {
    title      = { en = "runbooks for emergencies exist and were rehearsed", de = "Runbooks für Notfälle gibt es, und sie wurden geprobt" }
    attestable = true
    parameters = { days = 180 }
    sure       = ["runbook*|notfallhandbuch*|notfallhandbüch*|anweisung*|anleitung*|handbook|manual|procedure|notfallplan*|notfallpläne|wiederanlaufpl*|recovery plan|instruction"]
    observation "runbook.rehearsed" {
      subject      = "runbook"
      max_age      = "180d"
      max_age_from = "days"
    }
  }
  promise "communication" {
    title      = { en = "a communication plan with confirmed contacts", de = "ein Kommunikationsplan mit bestätigten Kontakten" }
    attestable = true
    parameters = { days = 180 }
    sure       = ["kommunikationsplan*|communication plan|communications plan|communication|kommunikation*|kontaktliste*|contact list|meldekette*|telefonliste*|inform*"]
    observation "contacts.confirmed" {
      subject      = "runbook"
      max_age      = "180d"
      max_age_from = "days"
    }
  }
}
