measure "monitor.alarms" {
  number     = 19
  section    = "6"
  title      = { en = "Alarms on failed logins, rate limits and anomalies", de = "Alarme bei Anmeldefehlern, Ratenbegrenzung und Anomalien" }
  runs       = { en = "Detection rules.", de = "Erkennungsregeln." }
  proves     = { en = "Each of the three is injected per service and the page arrives.", de = "Jeder der drei Fälle wird je Dienst eingespielt, und der Alarm kommt an." }
  frameworks = { iso27001 = ["8.16"], gdpr = ["32(1)(b)"], nis2 = ["21(2)(b)"] }
  sure       = ["fehlgeschlagene* anmeld*|fehlgeschlagen* login*|failed login|failed logins|failed authentication|authentifizierungsfehler*|anmeldefehler*|fehlanmeld*|anmeldeversuch*|login attempt|login failure|authentication failure|authentication error|failed sign|brute force|brute-force|failed attempt|fehlversuch*", "rate limit|rate-limit|ratelimit*|ratenbegrenz*|rate limiting|zugriffslimit*|anfragelimit*", "anomal*", "verdächtig*|suspicious|auffällig*|ungewöhnlich*|unusual|abnormal* + alarm*|alert*|erkannt|detect*|meld*|notif*|gemeldet|benachrichtig*|erkenn*|zugriff*|aktivität*|activit*|login*|anmeld*", "intrusion detection|angriffserkennung*|einbruchserkennung*|ids=", "falsche passwörter|falsche kennwörter|falschen passwörtern|wrong password|wrong passwords|invalid password|invalid login|abgelehnte anmeldungen + alarm*|warn*|alert*|meld*|notif*|page*|erkannt|detect*", "zugriff*|nutzung*|usage|access|pattern*|muster|verhalten|behaviour|behavior + ungewöhnlich*|unusual|verdächtig*|suspicious|auffällig*|abnormal + alarm*|alert*|warn*|meld*|notif*|trigger*"]
  likely     = ["alarm*|alert*|page|meldung + anmeld*|login*|authentif*|authentic*|angriff*|attack"]
  hint       = ["alarm*|alert*"]
  not        = ["sperr*|gesperrt|lockout|locked out|locked", "burglar|einbruchmelde*|alarmanlage|rauchmelder"]
  promise "logins" {
    title = { en = "failed logins raise an alarm", de = "Anmeldefehler lösen einen Alarm aus" }
    sure  = ["authentifizierungsfehl*|authentication|authentifizierung*|anmelde*|login*|logins|sign-in|brute force|brute-force|fehlanmeld*|fehlversuch*"]
    observation "alarm.login-injected" {
      subject = "service"
      max_age = "7d"
    }
  }
  promise "rate-limits" {
    title = { en = "exceeded rate limits raise an alarm", de = "überschrittene Ratenbegrenzungen lösen einen Alarm aus" }
    sure  = ["rate limit*|rate-limit*|ratelimit*|ratenbegrenz*|limit|limits|zugriffslimit*|anfragelimit*"]
    observation "alarm.rate-injected" {
      subject = "service"
      max_age = "7d"
    }
  }
  promise "anomalies" {
    title = { en = "anomalies raise an alarm", de = "Anomalien lösen einen Alarm aus" }
    sure  = ["anomal*|verdächtig*|suspicious|auffällig*|ungewöhnlich*|unusual|abnormal*|intrusion|angriff*|attack"]
    observation "alarm.anomaly-injected" {
      subject = "service"
      max_age = "7d"
    }
  }
}
