measure "continuity.exercises" {
  number     = 28
  section    = "9"
  title      = { en = "Tabletop exercises for data loss and hosting failure", de = "Planspiele zu Datenverlust und Ausfall des Hostings" }
  runs       = { en = "Two ready scenarios, with events drawn from the team's own plans.", de = "Zwei fertige Szenarien, mit Ereignissen aus den eigenen Plänen." }
  proves     = { en = "Logins of each participant, timed answers, actions closed; the rest is attested.", de = "Anmeldungen aller Beteiligten, gemessene Antworten, geschlossene Maßnahmen; der Rest wird bescheinigt." }
  frameworks = { iso27001 = ["5.29"], gspp = ["NOT.2.1.4"], gdpr = ["32(1)(d)"], nis2 = ["21(2)(c)"] }
  sure       = ["tabletop*|table top|table-top|planspiel*|stabsübung*|notfallübung*|krisenübung*|krisenstabsübung*|krisensimulation*|disaster exercise|emergency exercise|continuity exercise|emergency drill|disaster drill|war game|schreibtischübung*|game day", "übung|übungen|geübt|üben|üb*|exercise|exercises|exercised|drill|rehears*|simulat*|durchgespielt|durchspielen|durchgesprochen + szenari*|scenario|ausfall*|outage|failure|datenverlust|data loss|krise*|crisis|notfall*|emergenc*|hosting*|ransomware|disaster", "proben|probt|prob*|üben|übt|geübt|rehears*|simulier*|simulat*|practis*|practic*|spielen wir|walk through|walks through|play through + ausfall*|totalausfall*|outage*|failure|loss|verlust*|krise*|crisis|notfall*|emergenc*|katastroph*|disaster|hoster*|hosting*|provider|scenario*|szenari*", "runden tisch|round table|am tisch + ausfall*|notfall*|krise*|szenari*|outage"]
  likely     = ["übung|übungen|exercise|exercises|drill", "szenari*|scenario"]
  hint       = ["ausfall*|outage|datenverlust|data loss"]
  not        = ["restore*|wiederherstellungstest*|rücksicher*", "evakuier*|evacuation|brandschutz*|fire", "playbook*|phishing"]
  promise "exercise" {
    title      = { en = "an exercise took place within the interval", de = "eine Übung fand im Zeitabstand statt" }
    attestable = true
    parameters = { days = 365 }
    sure       = ["tabletop*|table top|planspiel*|übung*|exercise*|geübt|drill|rehears*|simulat*|durchgespielt|durchgesprochen|krisen*|game day|war game"]
    observation "exercise.held" {
      subject      = "organisation"
      max_age      = "365d"
      max_age_from = "days"
    }
  }
  promise "data-loss" {
    title      = { en = "the scenario of data loss is exercised", de = "das Szenario Datenverlust wird geübt" }
    attestable = true
    parameters = { days = 365 }
    sure       = ["datenverlust*|data loss|loss of data|verlust von daten|ransomware"]
    observation "exercise.data-loss" {
      subject      = "organisation"
      max_age      = "365d"
      max_age_from = "days"
    }
  }
  promise "hosting" {
    title      = { en = "the scenario of a hosting failure is exercised", de = "das Szenario Ausfall des Hostings wird geübt" }
    attestable = true
    parameters = { days = 365 }
    sure       = ["ausfall*|outage|hosting*|provider|anbieter*|rechenzentrum*|data centre|data center|failure"]
    observation "exercise.hosting" {
      subject      = "organisation"
      max_age      = "365d"
      max_age_from = "days"
    }
  }
}
