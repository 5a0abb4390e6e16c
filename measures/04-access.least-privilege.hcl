measure "access.least-privilege" {
  number     = 4
  section    = "2"
  title      = { en = "Least privilege by roles", de = "Least Privilege über Rollen" }
  runs       = { en = "Roles, grants that expire, reviews over a frozen population.", de = "Rollen, befristete Berechtigungen, Überprüfungen über einen eingefrorenen Bestand." }
  proves     = { en = "Effective rights equal the approved matrix; rights granted are compared with rights used; a probe with few rights is denied; leavers have none.", de = "Wirksame Rechte entsprechen der freigegebenen Matrix; gewährte werden mit genutzten verglichen; eine Probe mit wenigen Rechten wird abgewiesen; Ausgeschiedene haben keine." }
  frameworks = { iso27001 = ["5.15", "5.18"], gdpr = ["25(2)", "32(1)(b)", "32(4)"], nis2 = ["21(2)(i)"] }
  sure       = ["least privilege|geringste rechte|geringsten rechte|minimalprinzip|minimale rechte|minimal rights|least-privilege", "rbac=|role based|rollenbasiert*|rollenmodell*|rollenkonzept*|roles and permission|rollen und berechtigung*", "need to know|need-to-know", "berechtigungskonzept|berechtigungsmatrix|authorisation concept|authorization concept|access matrix|rollen- und berechtigungskonzept", "access review|berechtigungsreview|rezertifizier*|recertif*|berechtigungsprüfung|zugriffsüberprüfung|user access review", "benutzerrecht*|nutzerrecht*|zugriffsberechtigung*|user right|user rights|user permission|access permission", "privileged access management|pam=", "rechtevergabe|berechtigungsvergabe|rechteverwaltung|rights management", "zugriff|access + braucht|brauchen|benötigt|benötigen|need|needs|arbeit|work|aufgabe*|notwendig*|erforderlich*|required|befugt*|authorised|authorized|autorisiert*", "inaktiv*|inactive|dormant|verwaist*|orphaned + konten|konto|account|accounts|benutzer*|user"]
  likely     = ["zugriffsrecht*|berechtigung*|permission|access right|privilege|privileges|right + role|rolle|rollen|minim*|notwendig*|necessary|only|nur|job|function|funktion|aufgabe*|task|duty|duties|required|erforderlich*", "berechtigung*|zugriffsrecht*|konten|account|permission|access right|access + entzogen|revok*|gesperrt|deaktiviert|removed|withdrawn|disabled|ausscheid*|ausgeschieden*|austritt*|leaver|leaves|departure|offboarding|leave", "zugriff*|berechtigung*|zugriffsrecht*|permission|access right|entitlement|access + überprüf*|review*|geprüft|kontrolliert|rezertifiz*", "administrator*|admin + anzahl|number|minimum|minim*|wenige|few|limited", "konten|account|accounts|zugäng*|user + employment|termination|terminated|ausscheiden|kündigung|offboarding|disabled|deaktiviert"]
  hint       = ["berechtigung|zugriffsrecht|permission|entitlement", "zugriff|access"]
  not        = ["zutritt*|gebäude*|premises|building", "notfallzugang*|break glass|emergency access", "security group|firewall*", "code review|pull request"]
  promise "least-privilege" {
    title = { en = "nobody and nothing holds more rights than needed", de = "niemand und nichts hat mehr Rechte als nötig" }
    sure  = ["least privilege|least-privilege|geringste rechte|geringsten rechte|minimal*|need to know|notwendig*|erforderlich*|necessary|required|benötig*|nötig*|minimum|only", "nur|only + recht*|zugriff*|access|right|permission"]
    observation "privilege.used" {
      subject = "vogt"
      max_age = "24h"
      probe   = "privilege"
    }
    observation "privilege.denied" {
      subject = "vogt"
      max_age = "24h"
      probe   = "privilege"
    }
    observation "access.unused-rights" {
      subject = "account"
      max_age = "30d"
      probe   = "source"
    }
  }
  promise "roles" {
    title = { en = "rights are given by roles", de = "Rechte werden über Rollen vergeben" }
    sure  = ["rbac=|role|roles|rolle|rollen|rollenbasiert*|role-based|berechtigungskonzept*|berechtigungsmatrix|rollenmodell*|rollenkonzept*"]
    observation "access.matrix" {
      subject = "account"
      max_age = "24h"
      probe   = "source"
    }
  }
  promise "reviews" {
    title      = { en = "rights are reviewed within the interval", de = "Rechte werden im Zeitabstand überprüft" }
    parameters = { days = 180 }
    sure       = ["access review|rezertifiz*|recertif*|berechtigungsreview*|berechtigungsprüfung*|überprüf*|review*|geprüft|kontrolliert"]
    observation "access.reviewed" {
      subject      = "account"
      max_age      = "180d"
      max_age_from = "days"
    }
  }
  promise "leavers" {
    title      = { en = "leavers lose their rights in time", de = "Ausgeschiedene verlieren ihre Rechte rechtzeitig" }
    parameters = { hours = 24 }
    sure       = ["ausscheid*|ausgeschieden*|austritt*|leaver|leaves|leave|leaving|departure|offboarding|entzogen|revok*|deaktivier*|withdrawn|disabled|removed|gesperrt"]
    observation "access.leavers" {
      subject = "account"
      max_age = "24h"
    }
  }
}
