measure "continuity.objectives" {
  number     = 27
  section    = "9"
  title      = { en = "Continuity plan with recovery objectives", de = "Kontinuitätsplan mit Wiederherstellungszielen" }
  runs       = { en = "A plan drawn from the estate, with targets.", de = "Ein Plan aus dem Bestand, mit Zielen." }
  proves     = { en = "The age of the last point that could really be restored; the time in which the whole service was rebuilt on an empty host.", de = "Das Alter des letzten wirklich wiederherstellbaren Punktes; die Zeit, in der der ganze Dienst auf einem leeren Host neu entstand." }
  frameworks = { iso27001 = ["5.30"], gdpr = ["32(1)(b)", "32(1)(c)"], nis2 = ["21(2)(c)"] }
  sure       = ["rto=|rpo=|recovery time|recovery point|wiederanlaufzeit*|wiederherstellungszeit*|wiederherstellungspunkt*|recovery objective|maximal* datenverlust|maximum data loss|data loss of at most|tolerierbar* datenverlust", "bcp=|business continuity plan*|continuity plan|kontinuitätsplan*|geschäftsfortführungsplan*|notfallvorsorgekonzept*|business-continuity-plan*|betriebskontinuität*|bcm=|business continuity management", "spätestens|within|höchstens|at most|maximal*|innerhalb + stunde*|hour*|minute*|tag* + wieder verfügbar|wieder da|wiederhergestellt|restored|back online|operational|available again|verlieren|verlust|lose|lost|data loss|datenverlust", "ausfallzeit*|downtime + maximal*|maximum|höchstens|zulässig*|tolerab*|tolerier*"]
  likely     = ["business continuity|geschäftsfortführung*|geschäftskontinuität*|notfallkonzept*|notfallvorsorge", "wiederanlauf*|recovery|wiederherstell* + ziel*|objective|target|stunden|hours"]
  hint       = ["continuity|kontinuität*"]
  not        = ["tabletop*|planspiel*|stabsübung*"]
  promise "plan" {
    title      = { en = "a continuity plan is in force", de = "ein Kontinuitätsplan gilt" }
    attestable = true
    parameters = { days = 365 }
    sure       = ["bcp=|bcm=|plan|plans|continuity|kontinuität*|geschäftsfortführ*|notfallkonzept*|notfallvorsorg*"]
    observation "continuity.plan-approved" {
      subject      = "organisation"
      max_age      = "365d"
      max_age_from = "days"
    }
  }
  promise "rto" {
    title      = { en = "the service is back within the recovery time", de = "der Dienst ist in der Wiederanlaufzeit zurück" }
    parameters = { hours = 24 }
    sure       = ["rto=|recovery time|wiederanlauf*|wiederherstellungszeit*|recovery objective"]
    observation "continuity.rto-measured" {
      subject = "service"
      max_age = "92d"
    }
  }
  promise "rpo" {
    title      = { en = "no more data is lost than the recovery point allows", de = "es geht nicht mehr verloren, als der Wiederherstellungspunkt erlaubt" }
    parameters = { hours = 24 }
    sure       = ["rpo=|recovery point|wiederherstellungspunkt*|datenverlust|data loss|recovery objective"]
    observation "continuity.rpo-measured" {
      subject = "service"
      max_age = "24h"
    }
  }
}
