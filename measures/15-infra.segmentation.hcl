measure "infra.segmentation" {
  number     = 15
  section    = "5"
  title      = { en = "Production and staging apart, with separate secrets", de = "Produktion und Staging getrennt, mit eigenen Secrets" }
  runs       = { en = "Networks, name spaces.", de = "Netze, Namensräume." }
  proves     = { en = "A connection from staging to production fails; keyed fingerprints of secrets are disjoint.", de = "Eine Verbindung von Staging zur Produktion scheitert; geschlüsselte Fingerabdrücke der Secrets überschneiden sich nicht." }
  frameworks = { iso27001 = ["8.31", "8.22"], gdpr = ["32(1)(b)"] }
  sure       = ["segmentier*|segmentation|segmented|netzsegment*|netzwerksegment*|network segment", "production|produktion*|produktiv*|prod= + staging|testumgebung*|testsystem*|entwicklungsumgebung*|test environment|test system|development environment|non production|development|test|abnahmeumgebung*|vorproduktion*", "getrennt*|trennung|separat*|separate*|isolat*|isoliert* + umgebung*|environment|netz|netzwerk*|network|networks|netze|staging", "mandantentrennung|tenant isolation|tenant separation", "testsystem*|testumgebung*|test system|test systems|test environment|staging|entwicklungssystem*|non production|non-production + eigene|eigenes|own|separate|getrennt|segregat*|segreg*|isolat*|abgeschottet|keine verbindung|apart|cannot reach", "segregat*|abgeschottet|logically separated|logisch getrennt + production|produktion*|produktiv*|umgebung*|environment|kunden*|customer|mandant*|tenant|network|netz*", "mandantenfähig*|multi tenant|multi-tenant|multitenan*"]
  likely     = ["getrennte secrets|separate secrets|eigene secrets|own secrets|getrennte zugangsdaten|separate credential", "staging", "produktivdaten|production data|echtdaten|real data|live data + test*|staging|entwicklung*|development|never|keine|nicht|not"]
  hint       = ["umgebung|umgebungen|environment", "vlan=|vpc=|subnet|private network|privates netz"]
  not        = ["backup*|datensicherung*|region", "break glass|notfallzugang*", "duties|funktionstrennung|aufgabentrennung"]
  promise "environments" {
    title = { en = "production and staging are separated networks", de = "Produktion und Staging sind getrennte Netze" }
    sure  = ["segment*|getrennt|trennung|separat*|isolat*|isolier*|staging|umgebung*|environment|testumgebung*|testsystem*|vlan=|network|netzwerk*|mandantentrennung|tenant|produktivdaten|production data|echtdaten"]
    observation "network.staging-refused" {
      subject = "environment"
      max_age = "24h"
      probe   = "connect"
    }
  }
  promise "secrets" {
    title = { en = "environments share no secrets", de = "Umgebungen teilen keine Secrets" }
    sure  = ["secret|secrets|zugangsdaten|credential|passwörter|schlüssel|keys"]
    observation "secrets.disjoint" {
      subject = "environment"
      max_age = "24h"
      probe   = "disjoint"
    }
  }
}
