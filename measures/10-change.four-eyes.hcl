measure "change.four-eyes" {
  number     = 10
  section    = "4"
  title      = { en = "A second pair of eyes on every change", de = "Vier-Augen-Prinzip bei jeder Änderung" }
  runs       = { en = "A gate in CI, settings of the forge.", de = "Eine Schranke in der CI, Einstellungen der Forge." }
  proves     = { en = "For every commit that was deployed another person approved the final tree, recomputed per merge.", de = "Für jeden ausgelieferten Commit hat eine andere Person den endgültigen Stand freigegeben, je Merge nachgerechnet." }
  frameworks = { iso27001 = ["8.32"], gdpr = ["32(1)(b)"], nis2 = ["21(2)(e)"] }
  sure       = ["four eyes|four-eyes|vier augen|vieraugen*|vier-augen|4 augen|second pair of eyes|two person|dual control", "code review|code-review|codereview|peer review|peer-review|merge review|codeprüfung", "approv*|review*|looked|freigegeben|freigabe|genehmig*|okay|ok|zugestimmt|sign off|signed off|examination|examined|prüft|geprüft|checked|inspect*|gegengelesen + colleague|kolleg*|peer|zweite*|second|another|anderen|andere*|weitere*|independent|unabhängig* + change|changes|änderung*|code|quellcode|source|commit|merge|production|release|modification|programm*|software", "review*|approv*|freigegeben|freigabe|genehmig*|geprüft|prüfung + second|another|other|zweite*|andere*|weitere*|anderen + developer|engineer|person|entwickler*|entwicklerin|kolleg*|colleague|mitarbeit* + code|change|änderung*|merge|commit|production|pull|quellcode|programmänderung*"]
  likely     = ["branch protection|protected branch|geschützte* branch|branch-schutz|hauptzweig", "code|quellcode|änderung*|change|changes + review*|freigabe|freigegeben|approv*|genehmig*"]
  hint       = ["pull request|merge request", "merge|gemergt|commit"]
  not        = ["terraform|ansible|infrastructure as code|iac=|infrastrukturcode", "incident|vorfall*|post mortem", "break glass|notfallzugang*", "access review|policy|richtlinie"]
  promise "approval" {
    title = { en = "another person approves each change before it is deployed", de = "eine andere Person gibt jede Änderung vor der Auslieferung frei" }
    sure  = ["four eyes|vier augen|vieraugen*|4 augen|review*|approv*|freigabe*|freigegeben|genehmig*|second pair|peer|dual control|geprüft|prüfung", "okay|ok|zugestimmt|looked|examin*|sign-off|inspect*|gegengelesen|checked|merge request|merge-request|pull request"]
    observation "change.approved" {
      subject = "repository"
      max_age = "24h"
    }
  }
  promise "protection" {
    title = { en = "protected branches cannot be bypassed", de = "geschützte Branches lassen sich nicht umgehen" }
    sure  = ["branch protection|protected branch|geschützt* branch|geschützt*|branch-schutz|direct push|direkt* push|push"]
    observation "change.protected" {
      subject = "repository"
      max_age = "24h"
    }
  }
}
