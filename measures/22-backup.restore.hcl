measure "backup.restore" {
  number     = 22
  section    = "7"
  title      = { en = "Restore tests each quarter", de = "Wiederherstellungstests jedes Quartal" }
  runs       = { en = "Scratch restores to a point in time.", de = "Probeweise Wiederherstellung auf einen Zeitpunkt." }
  proves     = { en = "The copy was booted, its heartbeat row found, checks and dump passed; the point and time of recovery were measured.", de = "Die Kopie wurde gestartet, ihre Herzschlagzeile gefunden, Prüfungen und Dump bestanden; Wiederherstellungspunkt und -zeit wurden gemessen." }
  frameworks = { iso27001 = ["8.13"], gspp = ["NOT.4.16"], gdpr = ["32(1)(c)", "32(1)(d)"], nis2 = ["21(2)(c)"] }
  sure       = ["restore test|restore-test|restoretest*|restore tests|restore exercise|restore drill|restore rehears*|restoration test|recovery test|wiederherstellungstest*|rücksicherungstest*|rücksicherung*|wiederherstellungsprob*|wiederherstellungsübung*|recovery drill", "restore*|restoring|restoration|wiederherstell*|einspiel*|rückspiel*|rücksicher*|zurückgespielt|eingespielt + test*|getestet|geprüft|probe|prob*|verif*|prüf*|übung*|exercise|drill|rehears*|quartal*|quarter*|proven", "sicherung*|backup*|datensicherung*|kopie*|copy + zurück|zurückspielen|restored|restoring|restor*|wiederherstell*|wiedereinspiel*|einspiel* + leer*|scratch|probe*|test*|monat*|quartal*|quarter*|jahr*|year|empty|regelmäßig*|regular*|times"]
  likely     = ["restore*|restorab*|wiederherstellbarkeit|rückspiel*|wiederherstell* + backup*|sicherung*|datensicherung*"]
  hint       = ["restore*|wiederherstell*"]
  not        = ["rto=|rpo=|objective|wiederanlauf*", "tabletop*|planspiel*"]
  promise "tested" {
    title      = { en = "a restore succeeded within the interval", de = "eine Wiederherstellung gelang im Zeitabstand" }
    parameters = { days = 92 }
    sure       = ["restor*|zurück|wiederherstell*|rücksicher*|rückspiel*|einspiel*|eingespielt|zurückgespielt|recovery|test"]
    observation "backup.restored" {
      subject      = "database"
      max_age      = "92d"
      max_age_from = "days"
    }
  }
}
