measure "access.mfa" {
  number     = 5
  section    = "2"
  title      = { en = "Multi-factor authentication for admin and cloud access", de = "Multi-Faktor-Authentifizierung für Admin- und Cloud-Zugänge" }
  runs       = { en = "Vogt's own login, the policy of the identity provider.", de = "Vogts eigene Anmeldung, die Richtlinie des Identitätsanbieters." }
  proves     = { en = "Factors per admin and cloud account: proven, refuted, or unprovable with a dated attestation; a login with a password alone is refused.", de = "Faktoren je Admin- und Cloud-Konto: bewiesen, widerlegt oder nicht beweisbar mit datierter Bescheinigung; eine Anmeldung nur mit Passwort wird abgewiesen." }
  frameworks = { iso27001 = ["8.5"], gspp = ["BER.5.9"], gdpr = ["32(1)(b)"], nis2 = ["21(2)(j)"] }
  sure       = ["mfa=|2fa=|totp=", "multi faktor*|multifaktor*|mehr faktor*|mehrfaktor*|zwei faktor*|zweifaktor*|two factor|multi factor|multifactor|twofactor|two-step|zweistufig*", "second factor|zweiter faktor|zweiten faktor|zweitem faktor|weiterer faktor|weiteren faktor|additional factor", "fido2|passkey|webauthn|hardware token|hardwaretoken|security key|sicherheitsschlüssel|yubikey", "password alone|passwort allein|passwort alleine", "zwei|two|second|zweite*|zusätzlich*|additional|mehrere|multiple|weiterer|weiteren|independent + faktor*|factor|factors|authentication factor", "einmalpasswort*|one time password|one-time password|one-time code|authenticator app|authenticator-app"]
  likely     = ["authentifizier*|authenticat*|anmeld*|login + admin*|cloud|privilegiert*|privileged|stark|strong|konsole|console"]
  hint       = ["admin|administrator|administrativ*", "authentifizierung|authentication|login|anmeldung"]
  not        = ["fehlgeschlag*|failed|fehlversuch*|brute force", "alarm*|alert*|meld*"]
  promise "admin" {
    title      = { en = "admin access needs a second factor", de = "Admin-Zugänge brauchen einen zweiten Faktor" }
    attestable = true
    sure       = ["admin*|privileged|privilegiert*|mfa=|2fa=|multi faktor*|multifaktor*|multi factor|mehrfaktor*|zwei faktor*|zweifaktor*|two factor|two-factor|second factor|zweite* faktor|faktor|factor|passkey|fido2|hardware*"]
    observation "mfa.factor" {
      subject = "account"
      max_age = "24h"
      probe   = "source"
    }
    observation "mfa.password-refused" {
      subject = "service"
      max_age = "24h"
    }
  }
  promise "cloud" {
    title      = { en = "cloud access needs a second factor", de = "Cloud-Zugänge brauchen einen zweiten Faktor" }
    attestable = true
    sure       = ["cloud*|konsole|console|provider|anbieter*|hosting*"]
    observation "mfa.cloud-factor" {
      subject = "account"
      max_age = "24h"
      probe   = "source"
    }
  }
}
