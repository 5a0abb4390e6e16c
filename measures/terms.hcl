# Vague words and how Vogt proposes to read them. {days} and the like are filled from the promise's parameter, else from values.

term "regular" {
  parameter = "days"
  values    = { days = 90 }
  sure      = ["regular*|regelmäßig*", "periodic*|periodisch*|turnusmäßig*|turnus", "routinely|wiederkehrend*|laufend", "from time to time|gelegentlich"]
  proposal  = { en = "at least every {days} days", de = "mindestens alle {days} Tage" }
}
term "interval.unstated" {
  parameter = "days"
  proposal  = { en = "the sentence names no interval; taken as {days} days", de = "der Satz nennt keinen Abstand; angenommen sind {days} Tage" }
}
term "deadline.unstated" {
  parameter = "hours"
  proposal  = { en = "the sentence names no number of hours; taken as {hours} hours", de = "der Satz nennt keine Stundenzahl; angenommen sind {hours} Stunden" }
}
term "version.unstated" {
  parameter = "version"
  proposal  = { en = "the sentence names no version; taken as TLS {version} or newer", de = "der Satz nennt keine Fassung; angenommen ist TLS {version} oder neuer" }
}
term "bits.unstated" {
  parameter = "bits"
  proposal  = { en = "the sentence names no key size; taken as a true size of at least {bits} bits", de = "der Satz nennt keine Schlüssellänge; angenommen ist eine wahre Länge von mindestens {bits} Bit" }
}
term "prompt" {
  parameter = "hours"
  values    = { hours = 48 }
  sure      = ["undue delay|unverzüglich*", "prompt*|immediate*|umgehend*|sofort*", "timely|zeitnah*|rechtzeitig*", "without delay|asap=|schnellstmöglich*"]
  proposal  = { en = "within {hours} hours after we became aware", de = "binnen {hours} Stunden nach Kenntnis" }
}
term "minimal" {
  measures = ["infra.images"]
  sure     = ["minimal*|slim|schlank*", "hardened|gehärtet*", "distroless"]
  proposal = { en = "an image within its budget of size and packages (by default 300 MB and 150 packages), without a shell account for root", de = "ein Image innerhalb seines Budgets an Größe und Paketen (ohne Angabe 300 MB und 150 Pakete), das nicht als root läuft" }
}
term "strict" {
  measures = ["crypto.transit"]
  sure     = ["strict*|streng*|strikt*", "strong*|stark*", "modern*|zeitgemäß*", "state of the art|stand der technik"]
  proposal = { en = "only cipher suites with forward secrecy and authenticated encryption (AES-GCM, AES-CCM, ChaCha20-Poly1305)", de = "nur Cipher-Suites mit Forward Secrecy und authentisierter Verschlüsselung (AES-GCM, AES-CCM, ChaCha20-Poly1305)" }
}
term "state-of-the-art" {
  measures = ["crypto.rest", "infra.default-deny", "secrets.vault"]
  sure     = ["state of the art|stand der technik", "appropriate|angemessen*|geeignet*", "strong encryption|starke verschlüsselung|stark verschlüsselt"]
  proposal = { en = "what the catalogue asks for this measure; for encryption at rest AES with at least 128 bits", de = "was der Katalog für diese Maßnahme verlangt; bei ruhenden Daten AES mit mindestens 128 Bit" }
}
term "region" {
  measures = ["backup.copies"]
  sure     = ["region*", "separate*|separat*|getrennt*|anderer standort|other location|offsite|off site|geografisch*|geographic*|räumlich*|standort*"]
  proposal = { en = "another location id of the storage provider than that of the source, at least 100 km away where the provider says where it is", de = "eine andere Standortkennung des Speicheranbieters als die der Quelle, mindestens 100 km entfernt, wo der Anbieter den Ort nennt" }
}
term "anomaly" {
  measures = ["monitor.alarms"]
  sure     = ["anomal*", "suspicious|verdächtig*|auffällig*|ungewöhnlich*|unusual|abnormal*"]
  proposal = { en = "a count of an event kind within ten minutes beyond three times its median of the last fourteen days at that hour", de = "eine Zahl gleichartiger Ereignisse in zehn Minuten, die das Dreifache ihres Medians der letzten vierzehn Tage zu dieser Stunde übersteigt" }
}
term "central" {
  measures = ["monitor.logs"]
  sure     = ["central*|zentral*", "aggregat*|zusammengeführt"]
  proposal = { en = "one log store for all services in scope, reached within five minutes", de = "ein Protokollspeicher für alle Dienste im Geltungsbereich, erreicht binnen fünf Minuten" }
}
term "critical" {
  measures = ["continuity.exercises", "continuity.objectives", "runbooks", "incident.review", "access.mfa"]
  sure     = ["critical*|kritisch*|geschäftskritisch*", "wesentlich*|essential", "severe|schwerwiegend*|schwer|major|significant|erheblich*", "privileged|privilegiert*"]
  proposal = { en = "the scenarios, systems and accounts that the estate marks as critical; if none is marked, all of production", de = "die Szenarien, Systeme und Konten, die in der Bestandsliste als kritisch stehen; ist keines markiert, die ganze Produktion" }
}
term "clear" {
  measures = ["continuity.objectives", "incident.response"]
  sure     = ["clear*|klar*|eindeutig*|well defined|defined|definiert*|festgelegt*"]
  proposal = { en = "written down as numbers or named roles for each service in scope, approved within the last 365 days", de = "für jeden Dienst im Geltungsbereich als Zahl oder benannte Rolle niedergelegt und in den letzten 365 Tagen freigegeben" }
}
term "least" {
  measures = ["access.least-privilege"]
  sure     = ["need to know|notwendig*|erforderlich*|necessary|required|benötigt*|nötig*|minimal*"]
  proposal = { en = "rights that were used within the last 90 days or stand in the approved matrix of roles", de = "Rechte, die in den letzten 90 Tagen genutzt wurden oder in der freigegebenen Rollenmatrix stehen" }
}
term "automated" {
  measures = ["change.tests", "change.scans"]
  sure     = ["automat*"]
  proposal = { en = "run by the CI pipeline for every commit that is deployed, without a person starting it", de = "von der CI-Pipeline für jeden ausgelieferten Commit ausgeführt, ohne dass ein Mensch es anstößt" }
}
term "production" {
  measures = ["access.break-glass"]
  sure     = ["produktivsystem*|production system|produktionssystem*|produktiv*|production"]
  proposal = { en = "every host, database and cloud account of an environment marked as production", de = "jeder Host, jede Datenbank und jedes Cloud-Konto einer als Produktion markierten Umgebung" }
}
