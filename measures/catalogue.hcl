# Sections, kinds of subjects, probes of this release, and topics that no measure covers.

section "1" {
  title = { en = "Organisation and governance", de = "Organisation und Governance" }
  sure  = ["organisation*|organization*|organisator*", "governance", "richtlinie*|policy", "awareness|sensibilisierung", "management system", "personal*|personnel|people|mitarbeiter*", "schulung*|training"]
}
section "2" {
  title = { en = "Access control", de = "Zugriffskontrolle" }
  sure  = ["zugriff*|zugang*|zutritt*", "access", "identit*|identity", "berechtigung*|authoris*|authoriz*|authentifizierung*|authentication", "konten|account"]
}
section "3" {
  title = { en = "Encryption and key management", de = "Verschlüsselung und Schlüsselmanagement" }
  sure  = ["verschlüssel*|encrypt*", "kryptogra*|kryptograph*|cryptograph*", "schlüssel*|key", "secret", "geheimniss*", "vertraulichkeit|confidentiality"]
}
section "4" {
  title = { en = "Software development", de = "Softwareentwicklung" }
  sure  = ["software*", "sdlc", "development|entwicklung*", "applikation*|application", "anwendung*", "change", "änderung*", "code|quellcode"]
}
section "5" {
  title = { en = "Infrastructure and network", de = "Infrastruktur und Netzwerk" }
  sure  = ["infrastruktur*|infrastructure", "netzwerk*|network|netz", "hosting", "plattform*|platform", "trennung*|separation", "container*"]
}
section "6" {
  title = { en = "Monitoring and logging", de = "Monitoring und Logging" }
  sure  = ["monitoring|überwachung*", "logging|protokollierung*", "observability|beobachtbarkeit", "detection|erkennung*", "eingabekontrolle"]
}
section "7" {
  title = { en = "Backup and recovery", de = "Datensicherung und Wiederherstellung" }
  sure  = ["backup*|datensicherung*|sicherungskop*|datensicherheit", "recovery|wiederherstell*|restore", "verfügbarkeit*|availability"]
}
section "8" {
  title = { en = "Incident response", de = "Umgang mit Sicherheitsvorfällen" }
  sure  = ["incident*", "vorfall*|vorfäll*|sicherheitsvorf*", "störung*", "breach", "notfall*|emergency", "datenpanne*"]
}
section "9" {
  title = { en = "Business continuity", de = "Geschäftsfortführung" }
  sure  = ["continuity", "kontinuität*", "geschäftsfortführ*|betriebskontinuität|notbetrieb", "resilience|resilienz|belastbarkeit", "notfall*|disaster"]
}

subject "endpoint" {
  title = { en = "endpoint", de = "Endpunkt" }
  found = true
}
subject "host" {
  title = { en = "host", de = "Host" }
  found = true
}
subject "volume" {
  title = { en = "volume", de = "Volume" }
  found = true
}
subject "service"      { title = { en = "service", de = "Dienst" } }
subject "person" {
  title = { en = "person", de = "Person" }
  found = true
}
subject "account" {
  title = { en = "account", de = "Konto" }
  found = true
}
subject "team" {
  title = { en = "team", de = "Team" }
  found = true
}
subject "repository" {
  title = { en = "repository", de = "Repository" }
  found = true
}
subject "container" {
  title = { en = "container", de = "Container" }
  found = true
}
subject "environment"  { title = { en = "environment", de = "Umgebung" } }
subject "bucket" {
  title = { en = "bucket", de = "Bucket" }
  found = true
}
subject "database" {
  title = { en = "database", de = "Datenbank" }
  found = true
}
subject "vault" {
  title = { en = "secrets server", de = "Secrets-Server" }
  found = true
}
subject "secret"       { title = { en = "secret", de = "Secret" } }
subject "channel"      { title = { en = "alert channel", de = "Alarmkanal" } }
subject "customer"     { title = { en = "customer", de = "Kunde" } }
subject "policy"       { title = { en = "policy", de = "Richtlinie" } }
subject "runbook"      { title = { en = "runbook", de = "Runbook" } }
subject "incident"     { title = { en = "incident", de = "Vorfall" } }
subject "organisation" { title = { en = "organisation", de = "Organisation" } }
subject "source"       { title = { en = "source", de = "Quelle" } }
subject "network"      { title = { en = "network", de = "Netz" } }
subject "vantage"      { title = { en = "outside vantage", de = "Außenposten" } }
subject "vogt"         { title = { en = "this Vogt", de = "dieser Vogt" } }

probe "machine" {
  title        = { en = "what there is on a host", de = "was es auf einem Host gibt" }
  subject      = "host"
  observations = ["host.discovered"]
}
probe "tls" {
  title        = { en = "TLS handshakes with an endpoint", de = "TLS-Handshakes mit einem Endpunkt" }
  subject      = "endpoint"
  observations = ["tls.version", "tls.ciphers", "tls.hsts", "tls.certificate"]
}
probe "outside" {
  title        = { en = "TLS handshakes with an endpoint, from outside", de = "TLS-Handshakes mit einem Endpunkt, von außen" }
  subject      = "endpoint"
  observations = ["outside.version", "outside.ciphers", "outside.hsts", "outside.certificate"]
}
probe "firewall" {
  title        = { en = "the host's packet filter", de = "Paketfilter des Hosts" }
  subject      = "host"
  observations = ["firewall.default-deny"]
}
probe "sockets" {
  title        = { en = "listening sockets of the host", de = "lauschende Sockets des Hosts" }
  subject      = "host"
  observations = ["sockets.listed"]
}
probe "ports" {
  title        = { en = "a host's ports, from outside", de = "Ports eines Hosts, von außen" }
  subject      = "host"
  observations = ["ports.outside"]
}
probe "volume" {
  title        = { en = "encryption below a file system", de = "Verschlüsselung unter einem Dateisystem" }
  subject      = "volume"
  observations = ["volume.cipher"]
}
probe "exposure" {
  title        = { en = "all layers of default deny together", de = "alle Schichten des Ablehnens ohne Regel zusammen" }
  subject      = "host"
  observations = ["exposure.default-deny"]
}
probe "secrets" {
  title        = { en = "files with secrets of the host", de = "Dateien mit Secrets des Hosts" }
  subject      = "host"
  observations = ["secrets.files-closed"]
}
probe "disjoint" {
  title        = { en = "secrets of two environments compared", de = "Secrets zweier Umgebungen verglichen" }
  subject      = "environment"
  about        = ["environment"]
  observations = ["secrets.disjoint"]
}
probe "connect" {
  title        = { en = "connection attempts from another environment", de = "Verbindungsversuche aus einer anderen Umgebung" }
  subject      = "environment"
  about        = ["environment"]
  observations = ["network.staging-refused"]
}
probe "docker" {
  title        = { en = "container engines of the host", de = "Container-Engines des Hosts" }
  subject      = "host"
  about        = ["container"]
  observations = ["engine.read", "container.image-known", "container.image-budget", "container.not-root", "container.engine-socket", "container.capabilities", "container.no-secrets"]
}
probe "seal" {
  title        = { en = "where the root key comes from", de = "Herkunft des Wurzelschlüssels" }
  subject      = "vogt"
  observations = ["seal.kms"]
}
probe "keys" {
  title        = { en = "the age of the key that seals every row", de = "das Alter des Schlüssels, der jede Zeile versiegelt" }
  subject      = "vogt"
  observations = ["keys.rotated"]
}
probe "ledger" {
  title        = { en = "the ledger's integrity and completeness", de = "Unversehrtheit und Vollständigkeit des Hauptbuchs" }
  subject      = "vogt"
  observations = ["ledger.integrity", "ledger.completeness"]
}
probe "privilege" {
  title        = { en = "rights granted against rights used", de = "gewährte gegen genutzte Rechte" }
  subject      = "vogt"
  observations = ["privilege.used", "privilege.denied"]
}

probe "source" {
  title        = { en = "what a provider shows of itself", de = "was ein Anbieter von sich zeigt" }
  subject      = "source"
  about        = ["account", "host", "bucket", "vault"]
  observations = ["source.complete", "source.read-only", "mfa.factor", "mfa.cloud-factor", "access.unused-rights", "access.matrix", "cloud.security-groups", "population.invoice", "bucket.encryption", "image.budget", "image.not-root", "vault.version", "vault.seal", "vault.kms", "vault.audit", "vault.key-age"]
}

probe "rotation" {
  title        = { en = "a secret's old value at its target", de = "der alte Wert eines Secrets an seinem Ziel" }
  subject      = "secret"
  observations = ["secret.rotated"]
}

outside "physical" {
  title = { en = "physical security of buildings and rooms", de = "physische Sicherheit von Gebäuden und Räumen" }
  sure  = ["gebäude*|building|büro*|office|premises|räumlichkeit*|serverraum|server room|rechenzentrum + zutritt*|schloss|schließ*|besuch*|visitor|chip*|badge|empfang|reception|tür|türen|door|physical*|physisch*|lock|schlüssel=|ausweis*|video*|alarmanlage|überwacht", "besucher*|visitor", "videoüberwachung|cctv|camera", "türschl*|schließanlage|schließsystem*", "wachdienst|wachpersonal|pförtner*|security guard|guard", "badge|chipkarte*|zutrittskarte*", "zutrittskontrolle*|physical access", "einbruchmeld*|burglar|intruder alarm", "rauchmelder|feuerlösch*|smoke detector|fire extinguish*|brandmelde*|sprinkler", "klimaanlage|klimatis*|air conditioning|unterbrechungsfreie stromversorgung|usv=|ups=|uninterruptible|notstrom*|diesel*"]
}
outside "cleaning" {
  title = { en = "cleaning and other external staff", de = "Reinigung und andere Fremdfirmen" }
  sure  = ["reinigung*|putz*|cleaning|cleaner", "hausmeister|janitor"]
}
outside "officer" {
  title = { en = "data protection officer and records of processing", de = "Datenschutzbeauftragte und Verarbeitungsverzeichnis" }
  sure  = ["datenschutzbeauftragt*|data protection officer|dpo=", "verzeichnis + verarbeitungstätigkeit*", "verarbeitungsverzeichnis*|records of processing", "folgenabschätzung|impact assessment"]
}
outside "processors" {
  title = { en = "contracts with sub-processors and suppliers", de = "Verträge mit Unterauftragnehmern und Lieferanten" }
  sure  = ["unterauftrag*|subunternehm*|sub processor|subprocessor|subcontractor", "auftragskontrolle", "weisung* + auftraggeber*|verantwortlich*", "lieferantenbewert*|lieferantenaudit*|supplier audit|supplier assessment", "documented instruction", "standardvertragsklauseln|standard contractual clause", "adäquanzbeschluss*|angemessenheitsbeschluss*|adequacy decision"]
}
outside "staff" {
  title = { en = "duties of staff in their contracts", de = "Pflichten des Personals aus Verträgen" }
  sure  = ["verpflicht* + datengeheimnis|vertraulichkeit|verschwiegenheit|geheimhaltung", "verschwiegenheitserklärung*|vertraulichkeitserklärung*|geheimhaltungsvereinbarung*|confidentiality agreement|non disclosure", "führungszeugnis*|background check", "clean desk|clear desk|aufgeräumt*|schreibtisch*", "homeoffice|home office|mobiles arbeiten|remote work*"]
}
outside "media" {
  title = { en = "paper, media and devices", de = "Papier, Datenträger und Geräte" }
  sure  = ["aktenvernicht*|schredder*|shredder|paper", "datenträgervernicht*|datenträgerentsorg*|disposal", "papier*|akten", "din 66399", "endgerät*|laptop|notebook|mobilgerät*|mobile device + verwaltet|virenschutz|mdm=|managed|antivirus|sperr*|festplatte*|full disk", "virenscann*|virenschutz|antivirus|malware"]
}
outside "rights" {
  title = { en = "rights of data subjects, minimisation and deletion of data", de = "Betroffenenrechte, Datenminimierung und Löschung von Daten" }
  sure  = ["betroffenenrecht*|betroffenenanfrag*|data subject", "auskunft*|auskünfte + betroffen*|person", "pseudonym*", "anonym*", "löschkonzept*|löschfrist*|deletion concept", "privacy by design|privacy by default", "end of contract|vertragsende|beendigung des vertrag* + lösch*|delet*|return*|rückgab*"]
}
outside "insurance" {
  title = { en = "insurance, certificates and law", de = "Versicherung, Zertifikate und Recht" }
  sure  = ["versicherung*|cyberversicherung*|insurance", "zertifiziert nach|certified to|certified under|certified according", "gerichtsstand|governing law|jurisdiction", "haftung|liability"]
}
