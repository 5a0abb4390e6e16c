measure "people.champions" {
  number     = 2
  section    = "1"
  title      = { en = "Security champions in engineering", de = "Security Champions in der Entwicklung" }
  runs       = { en = "A charter, a roster per team, monthly duties made from real findings.", de = "Eine Aufgabenbeschreibung, eine Besetzungsliste je Team, monatliche Aufgaben aus echten Befunden." }
  proves     = { en = "Each team has a live account with security actions within 90 days; the rest of the role is attested.", de = "Jedes Team hat ein aktives Konto mit Sicherheitstätigkeiten in den letzten 90 Tagen; der Rest der Rolle wird bescheinigt." }
  frameworks = { iso27001 = ["5.2"], gdpr = ["32(4)"], nis2 = ["21(2)(g)", "21(2)(i)"] }
  sure       = ["security champion|sicherheitschampion|champion", "sicherheitspate|sicherheitsmultiplikator|sicherheitsbotschafter|sicherheitslotse|security advocate|security ambassador|security guild"]
  likely     = ["ansprechpartner*|ansprechperson*|contact|benannt*|appoint*|nominat*|designat*|verantwortlich* + sicherheit*|security + team|teams|entwicklungsteam*|engineering|squad", "zuständig*|verantwortlich*|responsible|kümmert|lead|champion*|contact|promot* + sicherheit*|security + team*|squad*|group|abteilung*|entwicklung*|development"]
  hint       = ["entwicklungsteam|engineering team|engineering-team|development team"]
  not        = ["datenschutzbeauftragt*|data protection officer", "incident response team|bereitschaft*|on call"]
  promise "roster" {
    title      = { en = "each team has a security champion", de = "jedes Team hat einen Security Champion" }
    attestable = true
    sure       = ["champion|sicherheitspate|advocate|ambassador|guild|multiplikator*|ansprechpartner*|ansprechperson*|benannt*|appoint*|nominat*|designat*|lotse|botschafter*"]
    observation "champion.active" {
      subject = "team"
      max_age = "90d"
    }
  }
}
