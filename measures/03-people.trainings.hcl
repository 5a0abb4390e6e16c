measure "people.trainings" {
  number     = 3
  section    = "1"
  title      = { en = "Mandatory trainings: data protection, phishing, secure coding", de = "Pflichtschulungen: Datenschutz, Phishing, sicheres Programmieren" }
  runs       = { en = "Courses with pools of scenario questions, a deadline for joiners, reminders, certificates.", de = "Kurse mit Vorräten an Szenariofragen, Frist für neue Beschäftigte, Erinnerungen, Bescheinigungen." }
  proves     = { en = "Every live account passed the current version of each topic that it owes within the period.", de = "Jedes aktive Konto hat die geltende Fassung jedes geschuldeten Themas in der Frist bestanden." }
  frameworks = { iso27001 = ["6.3"], gdpr = ["32(4)"], nis2 = ["20(2)", "21(2)(g)"] }
  sure       = ["schulung*|pflichtschulung*|unterweis*|unterwies*|geschult + mitarbeit*|beschäftigt*|personal|team|datenschutz*|phishing|sicher*|entwickl*|jährlich*|regelmäßig*|alle|sensibilis*", "training|trained|trainings|e-learning|course|education + staff|employee|personnel|awareness|security|data protection|privacy|phishing|developer|engineer|annual*|mandatory|joiner|everyone|new", "pflichtschulung|awareness training|sicherheitsschulung|datenschutzschulung|security awareness|awareness-schulung", "neue|new|joiner|eintritt*|onboarding|einarbeit*|hire + lern*|learn*|kurs*|course|einführ*|introduc*|eingewiesen|einweis*|instruct*|briefed|unterrichtet + datenschutz*|sicherheit*|security|privacy|data protection|phishing|personenbezogen*", "personnel|staff|employee|employees|mitarbeit*|beschäftigt*|personal|worker|everyone|kolleg* + instructed|instruction|educat*|briefed|eingewiesen|einweis*|belehr*|aufgeklärt|fortgebildet|fortbildung*|lernen|learn|learns|qualif* + datenschutz*|security|sicherheit*|data protection|privacy|phishing|personenbezogen*|vertraulich*", "fortbildung*|weiterbildung*|belehrung* + datenschutz*|sicherheit*|security"]
  likely     = ["phishing", "schulung|unterweisung|training|sensibilisier*|awareness", "secure coding|sicheres programmieren|sichere programmierung|sicheren coding|sichere softwareentwicklung + schul*|train*|kurs*|course|unterwies*|workshop", "e-learning|lernmodul*|quiz"]
  hint       = ["mitarbeitende|mitarbeiter|beschäftigte|staff|employee"]
  not        = ["tabletop*|planspiel*|notfallübung*|simulat* + ausfall|outage", "brandschutz*|first aid|ersthelfer*|arbeitsschutz*"]
  promise "trained" {
    title      = { en = "everybody is trained within the interval", de = "alle werden im Zeitabstand geschult" }
    parameters = { days = 365 }
    sure       = ["schulung*|geschult|schult|unterweis*|unterwies*|training|trained|sensibilis*|awareness|e-learning|kurs|kurse|course|lernmodul*|education", "lernen|learn|learns|instructed|instruction|eingewiesen|einweis*|belehr*|fortgebildet|fortbildung*|weiterbildung*|educated|briefed"]
    observation "training.passed" {
      subject      = "person"
      max_age      = "365d"
      max_age_from = "days"
    }
  }
  promise "data-protection" {
    title      = { en = "training on data protection", de = "Schulung zum Datenschutz" }
    parameters = { days = 365 }
    sure       = ["datenschutz*|dsgvo|data protection|privacy|gdpr"]
    observation "training.data-protection" {
      subject      = "person"
      max_age      = "365d"
      max_age_from = "days"
    }
  }
  promise "phishing" {
    title      = { en = "training on phishing", de = "Schulung zu Phishing" }
    parameters = { days = 365 }
    sure       = ["phishing|social engineering"]
    observation "training.phishing" {
      subject      = "person"
      max_age      = "365d"
      max_age_from = "days"
    }
  }
  promise "secure-coding" {
    title      = { en = "training on secure coding", de = "Schulung zum sicheren Programmieren" }
    parameters = { days = 365 }
    sure       = ["secure coding|secure programming|secure development|coding|programmier*|owasp|sichere entwicklung|sichere softwareentwicklung"]
    observation "training.secure-coding" {
      subject      = "person"
      max_age      = "365d"
      max_age_from = "days"
    }
  }
}
