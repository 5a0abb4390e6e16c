measure "change.tests" {
  number     = 11
  section    = "4"
  title      = { en = "Automated tests: unit, integration, end to end", de = "Automatisierte Tests: Unit, Integration, Ende zu Ende" }
  runs       = { en = "The CI workflow of the kit.", de = "Der CI-Ablauf aus dem Baukasten." }
  proves     = { en = "A report per kind bound to the deployed commit or digest; a stable count; a planted bug makes it fail.", de = "Ein Bericht je Art, gebunden an den ausgelieferten Commit oder Digest; eine stabile Zahl; ein eingebauter Fehler lässt ihn scheitern." }
  frameworks = { iso27001 = ["8.29"], gdpr = ["32(1)(d)"], nis2 = ["21(2)(e)"] }
  sure       = ["automatisiert*|automated|automatic*|automatisch* + test|tests|testsuite|getestet|tested|unit", "unit test|unit-test|unittest*|unit tests|integrationstest*|integration test|end to end test|e2e=|end-to-end|ende-zu-ende-test*|regressionstest*|regression test|test suite|testsuite|akzeptanztest*|komponententest*|modultest*|systemtest*", "unit + integration", "testabdeckung|test coverage|code coverage"]
  likely     = ["test|tests|getestet|tested + software|release|deploy*|code|änderung*|change|merge|build|pipeline|auslieferung*|rollout"]
  hint       = ["ci=|ci/cd|pipeline|build", "test|tests"]
  not        = ["restore*|wiederherstell*|backup*|datensicherung*", "sast=|static*|penetration*|pentest*|schwachstelle*|vulnerab*|dependency", "tabletop*|übung*|exercise|drill", "testumgebung*|staging|test environment", "end to end encrypt*|ende-zu-ende-verschlüssel*"]
  promise "unit" {
    title = { en = "unit tests pass for what is deployed", de = "Unit-Tests bestehen für das Ausgelieferte" }
    sure  = ["unit|unittest*|komponententest*|modultest*|automat*|test|tests|testsuite|getestet|tested"]
    observation "tests.unit" {
      subject = "repository"
      max_age = "30d"
    }
  }
  promise "integration" {
    title = { en = "integration tests pass for what is deployed", de = "Integrationstests bestehen für das Ausgelieferte" }
    sure  = ["integration*"]
    observation "tests.integration" {
      subject = "repository"
      max_age = "30d"
    }
  }
  promise "end-to-end" {
    title = { en = "end-to-end tests pass for what is deployed", de = "Ende-zu-Ende-Tests bestehen für das Ausgelieferte" }
    sure  = ["e2e=|end to end|ende zu ende|systemtest*|akzeptanztest*|acceptance|browser*"]
    observation "tests.end-to-end" {
      subject = "repository"
      max_age = "30d"
    }
  }
}
