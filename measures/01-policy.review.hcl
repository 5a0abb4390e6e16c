measure "policy.review" {
  number     = 1
  section    = "1"
  title      = { en = "Information security policy with a yearly review", de = "Informationssicherheitsrichtlinie mit jährlicher Überprüfung" }
  runs       = { en = "Policies kept as versions with owners, reminders before a review is due, approval with a second factor.", de = "Richtlinien als Fassungen mit Verantwortlichen, Erinnerung vor fälliger Überprüfung, Freigabe mit zweitem Faktor." }
  proves     = { en = "The hash of the current text was approved by management within the promised time; where promised, every live account has signed it.", de = "Der Hash des geltenden Textes wurde in der zugesagten Zeit von der Leitung freigegeben; wo zugesagt, hat jedes aktive Konto ihn gezeichnet." }
  frameworks = { iso27001 = ["5.1"], gdpr = ["24(2)", "32(1)(d)"], nis2 = ["21(2)(a)", "21(2)(f)"] }
  sure       = ["informationssicherheitsrichtlinie|informationssicherheitsleitlinie|sicherheitsleitlinie|sicherheitsrichtlinie|it-sicherheitsrichtlinie", "information security policy|security policy|security policies|policy for information security|policies on information security"]
  likely     = ["policy|policies|richtlinie|leitlinie|regelwerk + security|*sicherheit*|isms=", "leitlinie|richtlinie|policy|policies|regelwerk + review*|überprüf*|überarbeit*|aktualis*|freigegeben|approved|revis*|updated|durchsicht", "isms=|management system for information security|information security management system", "sicherheitshandbuch*|sicherheitskonzept*|security manual|security handbook|security concept|security regulations|sicherheitsregel*|sicherheitsvorgabe*", "regel*|rules|vorgaben|handbuch|standards|document* + leitung|geschäftsleitung|geschäftsführung|vorstand|management|director|board|leadership|ceo + jahr|jährlich*|year|yearly|annual*|jahres*|bestätig*|freigegeben|approv*", "guideline|guidelines|vorgaben|anweisung* + informationssicherheit|information security|it-sicherheit|it security"]
  hint       = ["richtlinie|policy|policies|leitlinie", "management|geschäftsführung|geschäftsleitung|leadership|board"]
  not        = ["firewall*|kommunikationsrichtlinie*|communication guideline|password policy|passwortrichtlinie*", "security group|netzwerkrichtlinie|network policy|content security policy", "entfernt|löschung|aufbewahrungsrichtlinie|retention policy", "backup policy"]
  promise "policy" {
    title  = { en = "an information security policy is in force", de = "eine Informationssicherheitsrichtlinie gilt" }
    sure   = ["richtlinie|leitlinie|regelwerk|policy|policies|isms=", "sicherheitshandbuch|handbuch|manual|handbook|regel*|rules"]
    observation "policy.approved" {
      subject = "policy"
      max_age = "365d"
    }
  }
  promise "review" {
    title      = { en = "the policy is reviewed within the interval", de = "die Richtlinie wird im Zeitabstand überprüft" }
    parameters = { days = 365 }
    sure       = ["review*|überprüf*|überarbeit*|aktualisier*|revis*|prüft|geprüft|durchsicht*|updated|fortgeschrieben"]
    observation "policy.reviewed" {
      subject      = "policy"
      max_age      = "365d"
      max_age_from = "days"
    }
  }
  promise "signed" {
    title      = { en = "staff have acknowledged the policy", de = "das Personal hat die Richtlinie zur Kenntnis genommen" }
    attestable = true
    sure       = ["acknowledg*|unterzeichne*|unterschrieben|gezeichnet|zur kenntnis|kenntnisnahme|signed by|communicated to|read and accept*|bestätig* + mitarbeiter*|beschäftigt*|personal"]
    observation "policy.signed" {
      subject = "person"
      max_age = "365d"
    }
  }
}
