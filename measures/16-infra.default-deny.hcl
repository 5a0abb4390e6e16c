measure "infra.default-deny" {
  number     = 16
  section    = "5"
  title      = { en = "Firewalls that deny by default", de = "Firewalls, die ohne Regel ablehnen" }
  runs       = { en = "nftables, provider firewalls as code.", de = "nftables, Firewalls der Anbieter als Code." }
  proves     = { en = "Rulesets, published ports and provider firewalls judged together; a scan from outside over both address families equals the allow-list.", de = "Regelsätze, veröffentlichte Ports und Firewalls der Anbieter gemeinsam beurteilt; eine Abtastung von außen über beide Adressfamilien entspricht der Freigabeliste." }
  frameworks = { iso27001 = ["8.20"], gdpr = ["32(1)(b)"], nis2 = ["21(2)(e)"] }
  sure       = ["firewall*|paketfilter*|packet filter|nftables|iptables", "security group|security-group|sicherheitsgruppe*", "default deny|deny by default|default-deny|deny all|standardmäßig verboten|standardmäßig blockiert|standardmäßig gesperrt|denied by default|blocked by default", "port|ports|dienste + geschlossen|closed|offen*|open|freigegeben|erlaubt|allowed|exposed|benötigt*|required|freigab* + netz*|network|internet|außen|outside|server|dienste|services|geschlossen|closed|port|ports", "inbound|eingehend*|incoming + traffic|verbindung*|connection|datenverkehr*|verkehr", "network|netzwerk*|netz|netzverkehr|traffic|verkehr|datenverkehr*|verbindung*|connection|connections + filter*|gefiltert|blocked|blockiert*|reject*|drop*|verworfen|verwirft|deny|denied|abgewiesen|gesperrt|unless|expressly|explicitly|ausdrücklich", "filter* + reject|deny|denied|drop|verwirft|verworfen|not expressly|nicht ausdrücklich"]
  likely     = ["verboten|blocked|blockiert*|denied|deny|allowlist|allow list|whitelist*|freigabeliste* + netzwerk*|traffic|verkehr|verbindung*|connection|network|port*|ip="]
  hint       = ["netzwerk|network", "waf=|ddos=|intrusion*"]
  not        = ["anmeldung*|login", "web application firewall"]
  promise "default-deny" {
    title = { en = "traffic that no rule allows is dropped", de = "Verkehr, den keine Regel erlaubt, wird verworfen" }
    sure  = ["firewall*|paketfilter*|packet filter|nftables|iptables|deny|denied|verboten|blocked|blockiert*|default|grundsätzlich|inbound|eingehend*|incoming", "filter*|reject*|drop|dropped|verwirft|verworfen|abgewiesen|unless|expressly|ausdrücklich"]
    observation "firewall.default-deny" {
      subject = "host"
      max_age = "24h"
      probe   = "firewall"
    }
    observation "exposure.default-deny" {
      subject = "host"
      max_age = "24h"
      probe   = "exposure"
    }
  }
  promise "ports" {
    title = { en = "only listed services listen", de = "nur gelistete Dienste lauschen" }
    sure  = ["port|ports|dienste|services|allowlist|allow list|whitelist*|freigabeliste*|exposed|offen*|open"]
    observation "sockets.listed" {
      subject = "host"
      max_age = "1h"
      probe   = "sockets"
    }
  }
  promise "outside" {
    title = { en = "from outside only listed ports answer", de = "von außen antworten nur gelistete Ports" }
    sure  = ["portscan*|port scan|von außen|from outside|from the internet|aus dem internet|external scan|externe abtastung"]
    observation "ports.outside" {
      subject = "host"
      max_age = "24h"
      probe   = "ports"
    }
  }
  promise "security-groups" {
    title = { en = "the provider's security groups deny by default", de = "die Security-Groups des Anbieters lehnen ohne Regel ab" }
    sure  = ["security group|security-group|sicherheitsgruppe*|cloud firewall"]
    observation "cloud.security-groups" {
      subject = "host"
      max_age = "24h"
      probe   = "source"
    }
  }
}
