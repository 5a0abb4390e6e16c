measure "change.iac" {
  number     = 13
  section    = "4"
  title      = { en = "Infrastructure as code by pull requests", de = "Infrastructure as Code über Pull-Requests" }
  runs       = { en = "Plan and check runs.", de = "Plan- und Prüfläufe." }
  proves     = { en = "What runs equals the repository (empty plan, clean check, no changes by click); each change belongs to a reviewed commit.", de = "Was läuft, entspricht dem Repository (leerer Plan, sauberer Prüflauf, keine Änderungen per Klick); jede Änderung gehört zu einem geprüften Commit." }
  frameworks = { iso27001 = ["8.9"], gdpr = ["32(1)(b)"], nis2 = ["21(2)(e)"] }
  sure       = ["infrastructure as code|infrastructure-as-code|iac=|infrastrukturcode|infrastruktur als code|infrastruktur-code|configuration as code|gitops", "terraform|opentofu|ansible|pulumi|puppet", "version controlled|version-controlled|versionskontroll*|versionsverwalt*|versioniert=|versionierte=|versioned=|version control + infrastru*|server|servers|netz*|konfiguration*|configuration|definition*|definitions|umgebung*|environment", "provision*|bereitgestellt|aufgesetzt|ausgerollt|rolled out + definition*|code|repository|automation|automat*|skript*|script* + server|servers|infrastru*|umgebung*|environment|system*"]
  likely     = ["infrastruktur*|infrastructure|server configuration|serverkonfiguration*|konfiguration*|configuration|environment|umgebung* + version*|repository|git=|deklarativ*|declarative|code|pull request", "by hand|von hand|manuell* + server*|configuration|konfiguration*|infrastru*|change|geändert", "manual change|manuelle änderung*|configuration drift|konfigurationsabweich*|drift"]
  hint       = ["pull request|merge request", "infrastruktur|infrastructure"]
  not        = ["firewall*|security group|netzwerkrichtlinie*"]
  promise "code" {
    title = { en = "infrastructure is described in code and matches it", de = "die Infrastruktur ist als Code beschrieben und entspricht ihm" }
    sure  = ["infrastructure as code|infrastructure-as-code|infrastrukturcode|infrastruktur als code|iac=|terraform|opentofu|ansible|pulumi|puppet|declarative|deklarativ*|code|gitops|drift|versionier*|versioned|repository|konfiguration*|configuration"]
    observation "iac.plan-empty" {
      subject = "repository"
      max_age = "24h"
    }
  }
  promise "pull-requests" {
    title = { en = "infrastructure changes go through pull requests", de = "Änderungen der Infrastruktur laufen über Pull-Requests" }
    sure  = ["pull request|pull-request|merge request|merge-request|review*|geprüft"]
    observation "iac.reviewed" {
      subject = "repository"
      max_age = "24h"
    }
  }
}
