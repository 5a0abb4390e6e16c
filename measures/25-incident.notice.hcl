measure "incident.notice" {
  number     = 25
  section    = "8"
  title      = { en = "Breach notice to customers in time", de = "Rechtzeitige Meldung von Verletzungen an Kunden" }
  runs       = { en = "A clock from the first logged awareness, a draft, phases, per customer.", de = "Eine Uhr ab der ersten vermerkten Kenntnis, ein Entwurf, Stufen, je Kunde." }
  proves     = { en = "In drill and in earnest: the customer's own confirmation, not the mail server's; contacts verified.", de = "In Probe und Ernstfall: die Bestätigung des Kunden selbst, nicht die des Mailservers; Kontakte geprüft." }
  frameworks = { iso27001 = ["5.26"], gdpr = ["28(3)(f)", "33(2)"], nis2 = ["23(1)"] }
  sure       = ["breach|datenschutzverletz*|datenpanne*|sicherheitsverletz*|verletzung*|sicherheitsvorf*|vorfall*|vorfäll*|incident|incidents|schutzverletz* + notif*|notice|benachrichtig*|melde*|meldung*|gemeldet|inform*|unterricht*|report*|told|mitgeteilt|anzeig* + stunden|hours|48|72|24|unverzüglich*|undue|kunde*|kunden|auftraggeber*|customer|controller|verantwortlich*|client|betroffene*|promptly|umgehend*", "breach notification|breach notice|breach-benachrichtigung*|datenpannenmeldung*|meldung von datenpannen|meldefrist*|meldepflicht*|notification of breaches", "art 33|artikel 33|article 33", "datenpanne*|breach|breaches|datenschutzvorf*|datenschutzverletz*|datenleck*|data leak + kunden|kunde*|customer*|auftraggeber*|controller|client* + stunde*|hour*|tag*|day*|unverzüglich|immediately|umgehend"]
  likely     = ["breach|datenschutzverletz*|datenpanne*|sicherheitsverletz*|schutzverletz*", "48 stunden|48 hours|48h=|72 stunden|72 hours|forty eight hours"]
  hint       = ["benachrichtig*|notif*|melde*|gemeldet"]
  not        = ["besucher*|visitor", "bereitschaft*|on call"]
  promise "deadline" {
    title      = { en = "customers learn of a breach within the promised hours", de = "Kunden erfahren von einer Verletzung binnen der zugesagten Stunden" }
    parameters = { hours = 48 }
    sure       = ["breach|benachrichtig*|notif*|notice|melde*|meldung*|gemeldet|inform*|unterricht*|report*|mitgeteilt|told|stunden|hours"]
    observation "notice.drill" {
      subject = "customer"
      max_age = "365d"
    }
    observation "notice.contact" {
      subject = "customer"
      max_age = "180d"
    }
  }
}
