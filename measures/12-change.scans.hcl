measure "change.scans" {
  number     = 12
  section    = "4"
  title      = { en = "Static analysis and dependency scans in CI", de = "Statische Analyse und Abhängigkeitsprüfung in der CI" }
  runs       = { en = "A workflow; matching of software bills of materials against advisories.", de = "Ein Ablauf; Abgleich der Stücklisten mit Sicherheitsmeldungen." }
  proves     = { en = "A successful report and a bill of materials for the deployed digest with tool and rule versions; planted flaws are found; advisories are fresh; unmatched components are listed.", de = "Ein gelungener Bericht und eine Stückliste für den ausgelieferten Digest mit Werkzeug- und Regelversionen; eingebaute Mängel werden gefunden; Meldungen sind frisch; nicht zugeordnete Bestandteile sind gelistet." }
  frameworks = { iso27001 = ["8.28", "8.8"], gdpr = ["32(1)(d)"], nis2 = ["21(2)(e)"] }
  sure       = ["sast=|sca=|dast=|static application security testing|software composition analysis", "statisch* + analyse*|codeanalyse*|sicherheitsprüfung*", "static analysis|static code analysis|static security|code scanning|codeanalyse*|quellcodeanalyse*", "dependency scan*|dependency check*|dependencies|dependency|abhängigkeit*|bibliothek*|third party component|third-party|komponenten|open source|libraries|drittkomponente* + scan*|prüf*|check*|vulnerab*|schwachstelle*|sicherheitslück*|cve=|known|bekannte*|analys*|untersucht", "sbom=|software bill of materials|stückliste*", "schwachstellenscan*|vulnerability scan*|sicherheitsscan*|security scan*|schwachstellenprüf*|schwachstellenmanagement|vulnerability management", "dependabot|renovate|semgrep|trivy|snyk|codeql|bandit", "quellcode|quelltext|source code|code|codebase + scan*|durchsuch*|untersuch*|analys* + schwachstelle*|sicherheitslück*|vulnerab*|security defect|defect|security flaw|weakness*", "code-scan*|code scan*|sicherheitstest* + automat*|pipeline|build|ci="]
  likely     = ["schwachstelle*|vulnerab*|sicherheitslück* + pipeline|ci=|build|code|scan*|image|images", "scan|scans|gescannt|scanned|scanner|scanning + pipeline|ci=|build|code|commit|release"]
  hint       = ["ci=|pipeline", "schwachstelle|vulnerability"]
  not        = ["penetration*|pentest*", "port scan|portscan*", "virenscan*|antivirus|malware"]
  promise "sast" {
    title = { en = "static analysis of the deployed code", de = "statische Analyse des ausgelieferten Codes" }
    sure  = ["sast=|static*|statisch*|codeanalyse*|quellcodeanalyse*|code scanning|semgrep|codeql|bandit|sicherheitslück*|security scan*|sicherheitsscan*"]
    observation "scan.sast" {
      subject = "repository"
      max_age = "7d"
    }
  }
  promise "dependencies" {
    title = { en = "dependencies matched against known vulnerabilities", de = "Abgleich der Abhängigkeiten mit bekannten Schwachstellen" }
    sure  = ["sca=|dependenc*|abhängigkeit*|bibliothek*|librar*|third party|third-party|drittkomponente*|komponenten|component|sbom=|stückliste*|open source|composition|schwachstelle*|vulnerab*|dependabot|renovate|snyk|trivy|cve="]
    observation "scan.dependencies" {
      subject = "repository"
      max_age = "24h"
    }
  }
}
