measure "monitor.alerting" {
  number     = 17
  section    = "6"
  title      = { en = "Metrics, traces and alerts to people on call", de = "Metriken, Traces und Alarme an die Bereitschaft" }
  runs       = { en = "Metrics and traces, rules, heartbeats, on-call.", de = "Metriken und Traces, Regeln, Herzschläge, Bereitschaft." }
  proves     = { en = "Per service the target is up and a trace canary arrives; a synthetic alert is received on each channel.", de = "Je Dienst ist das Ziel erreichbar und ein Probe-Trace kommt an; ein künstlicher Alarm kommt auf jedem Kanal an." }
  frameworks = { iso27001 = ["8.16"], gdpr = ["32(1)(b)"], nis2 = ["21(2)(b)"] }
  sure       = ["prometheus|grafana|opentelemetry|otel=|datadog", "metrik*|metric|metrics", "traces|tracing|distributed tracing|verteilte traces", "pagerduty|opsgenie|on call|on-call|oncall", "verfügbarkeit*|availability|uptime|auslastung*|performance|health|erreichbarkeit + überwach*|monitor*|alarm*|alert*", "ausfall|ausfälle|fällt|outage|down|störung*|fails|failure|unavailable|überschreit*|schwellwert* + bereitschaft*|on call|on duty|paged|page|pager*|telefon|phone|benachrichtig*|notified|alarmiert|alert*", "engineer|engineers|techniker*|team|administrator* + on duty|on-duty|bereitschaft*|on call + notif*|alarm*|alert*|page*|monitor*|benachrichtig*"]
  likely     = ["rufbereitschaft*|bereitschaftsdienst*|bereitschaft|on duty|24 7|stand by", "alerting|alarmierung|signal=|alert|alerts", "monitoring|überwachung|überwacht|monitored + system*|service|dienst*|server|rund um die uhr|continuous*|kontinuierlich*|clock|infrastructure|infrastruktur", "synthetic*|synthetisch*|heartbeat|herzschlag"]
  hint       = ["monitoring|überwach*", "schwellwert*|threshold"]
  not        = ["login|anmelde*|authentication|authentifizierung*|anomal*|rate limit*|brute force", "videoüberwachung|video", "log storage|log store|zentrale* log*", "eskalationskette*|escalation chain", "break glass|notfallzugang*", "playbook*|runbook*|schritt für schritt|step by step", "emergency account*|sealed|versiegelt*"]
  promise "metrics" {
    title = { en = "every service is measured", de = "jeder Dienst wird gemessen" }
    sure  = ["metri*|prometheus|grafana|monitor*|überwach*|uptime|verfügbarkeit*|availability|auslastung*|performance|health|datadog"]
    observation "metrics.target-up" {
      subject = "service"
      max_age = "1h"
    }
  }
  promise "traces" {
    title = { en = "every service sends traces", de = "jeder Dienst sendet Traces" }
    sure  = ["trace|traces|tracing|opentelemetry|otel="]
    observation "traces.canary" {
      subject = "service"
      max_age = "24h"
    }
  }
  promise "alerts" {
    title = { en = "alerts reach people on every channel", de = "Alarme erreichen Menschen auf jedem Kanal" }
    sure  = ["alert*|alarm*|pagerduty|opsgenie|signal=|on call|on-call|bereitschaft*|rufbereitschaft*|notif*|benachrichtig*"]
    observation "alert.synthetic-received" {
      subject = "channel"
      max_age = "7d"
    }
  }
}
