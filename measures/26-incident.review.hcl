measure "incident.review" {
  number     = 26
  section    = "8"
  title      = { en = "Reviews after incidents with root cause and actions", de = "Nachbereitung von Vorfällen mit Ursache und Maßnahmen" }
  runs       = { en = "An incident cannot be closed without its review.", de = "Ein Vorfall lässt sich ohne Nachbereitung nicht schließen." }
  proves     = { en = "Severe incidents have a review in time; each action was closed by an effect that was verified.", de = "Schwere Vorfälle haben rechtzeitig eine Nachbereitung; jede Maßnahme wurde durch eine geprüfte Wirkung geschlossen." }
  frameworks = { iso27001 = ["5.27"], gdpr = ["32(1)(d)"], nis2 = ["21(2)(b)"] }
  sure       = ["post incident|post-incident|postmortem*|post mortem|post-mortem|incident review|nachbereit*|nachbesprech*|nachbetracht*|after action|retrospect*|lessons learned|lessons-learned", "root cause|root-cause|ursachenanalyse*|ursachenforschung|grundursache*|causal analysis|ursache + vorfall*|vorfäll*|incident|maßnahm*|action|analys*|störung*", "maßnahmenverfolg*|action tracking|follow up action|follow-up|corrective action|korrekturmaßnahm*", "hinterher|danach|anschließend|afterwards|after each|nach jedem|closure|abschluss|im nachgang + ursache*|cause|causes|dazu kam|geschehen|happened|lehren|lessons|ändern|verbesser*|improve*|maßnahm*|measures|corrective|action*", "bericht|report + ursache*|cause + incident|vorfall*|maßnahm*|measure*|corrective"]
  likely     = ["vorfall*|vorfäll*|incident|störung* + review*|analys*|ausgewert*|auswert*|lehren|learn*|maßnahm*|action|actions|ursach*|cause"]
  hint       = ["review", "maßnahmen|action"]
  not        = ["code review|policy|richtlinie"]
  promise "review" {
    title      = { en = "severe incidents are reviewed", de = "schwere Vorfälle werden nachbereitet" }
    parameters = { days = 14 }
    attestable = true
    sure       = ["review*|postmortem*|post mortem|post-mortem|nachbereit*|nachbesprech*|nachbetracht*|retrospect*|lessons learned|ausgewert*|auswert*|post incident|after action"]
    observation "incident.reviewed" {
      subject = "incident"
      max_age = "365d"
    }
  }
  promise "root-cause" {
    title      = { en = "the root cause is found", de = "die Grundursache wird gefunden" }
    attestable = true
    sure       = ["root cause|root-cause|ursach*|cause|causes|grundursache*|causal"]
    observation "incident.root-cause" {
      subject = "incident"
      max_age = "365d"
    }
  }
  promise "actions" {
    title = { en = "actions are tracked to their effect", de = "Maßnahmen werden bis zur Wirkung verfolgt" }
    sure  = ["maßnahm*|action|actions|follow-up|follow up|corrective|korrektur*|improvement*|verbesserung*"]
    observation "incident.actions" {
      subject = "incident"
      max_age = "365d"
    }
  }
}
