measure "secrets.vault" {
  number     = 9
  section    = "3"
  title      = { en = "Secrets in a Vault-compatible store, with KMS and rotation", de = "Secrets in einem Vault-kompatiblen Speicher, mit KMS und Rotation" }
  runs       = { en = "The secrets server; delivery into containers; also watching an existing Vault or OpenBao.", de = "Der Secrets-Server; Auslieferung in Container; auch Beobachtung eines vorhandenen Vault oder OpenBao." }
  proves     = { en = "After a rotation the target refuses the old value; ages lie within the limit; the KMS was really asked at unsealing.", de = "Nach einer Rotation weist das Ziel den alten Wert ab; das Alter liegt in der Grenze; das KMS wurde beim Entsiegeln wirklich gefragt." }
  frameworks = { iso27001 = ["8.24", "5.17"], gdpr = ["32(1)(a)", "32(1)(b)"], nis2 = ["21(2)(h)"] }
  sure       = ["hashicorp|openbao|vault|secrets manager|secret manager|secret store|secrets store", "secrets management|secret management|secrets-management|secret-management|geheimnisverwalt*|secretverwalt*|secrets verwalt*", "kms=|key management service|hsm=|hardware security module|hardwaresicherheitsmodul*", "secret|zugangsdaten|api key|api-schlüssel|credential|passwörter|password|token|schlüssel|key + rotation|rotier*|rotat*|gewechselt|erneuert|ausgetauscht|wechsel", "schlüsselverwalt*|key management|schlüsselmanagement", "verschlüsselungsschlüssel|encryption key|encryption keys|cryptographic key|kryptographische schlüssel|kryptografische schlüssel|signing key", "passwortmanager|password manager|kennwortmanager|passworttresor"]
  likely     = ["secret|secrets|zugangsdaten|credential|api key|api-schlüssel|passwörter|geheimniss* + zentral*|central*|tresor*|verwalt*|managed|stored|abgelegt|gespeichert|quellcode|source code|repository|hard coded|hartkodiert|klartext|plaintext|plain text", "tresor*", "rotation|rotiert|rotated|rotate"]
  hint       = ["secret|secrets|credential"]
  not        = ["getrennte secrets|separate secrets|staging|testumgebung*|test environment", "log rotation|protokollrotation|notfall*|emergency|break glass", "türschlüssel|schließ*"]
  promise "vault" {
    title = { en = "secrets lie in a secrets server, not among the variables of containers", de = "Secrets liegen in einem Secrets-Server, nicht unter den Variablen von Containern" }
    sure  = ["vault|openbao|secrets management|secrets-management|secret management|secrets manager|secret store|secret|secrets|zugangsdaten|credential|api key|api-schlüssel|tresor*|geheimnis*|schlüsselverwalt*|key management|schlüsselmanagement"]
    observation "container.no-secrets" {
      subject = "container"
      max_age = "24h"
      probe   = "docker"
    }
    observation "ledger.integrity" {
      subject = "vogt"
      max_age = "24h"
      probe   = "ledger"
    }
    observation "vault.version" {
      subject = "vault"
      max_age = "24h"
      probe   = "source"
      needs   = "vault"
    }
    observation "vault.seal" {
      subject = "vault"
      max_age = "24h"
      probe   = "source"
      needs   = "vault"
    }
    observation "vault.audit" {
      subject = "vault"
      max_age = "24h"
      probe   = "source"
      needs   = "vault"
    }
  }
  promise "kms" {
    title = { en = "the root key comes from a key management service", de = "der Wurzelschlüssel kommt aus einem Schlüsseldienst (KMS)" }
    sure  = ["kms=|key management service|hsm=|hardware security module|hardwaresicherheitsmodul*|tpm="]
    observation "seal.kms" {
      subject = "vogt"
      max_age = "24h"
      probe   = "seal"
    }
    observation "vault.kms" {
      subject = "vault"
      max_age = "24h"
      probe   = "source"
      needs   = "vault"
    }
  }
  promise "rotation" {
    title      = { en = "secrets are rotated within the interval", de = "Secrets werden im Zeitabstand rotiert" }
    parameters = { days = 90 }
    sure       = ["rotation|rotier*|rotat*|gewechselt|wechsel|erneuert|renewed|ausgetauscht|replaced|changed"]
    observation "secret.rotated" {
      subject = "secret"
      max_age = "24h"
      probe   = "rotation"
    }
    observation "keys.rotated" {
      subject = "vogt"
      max_age = "24h"
      probe   = "keys"
    }
    observation "vault.key-age" {
      subject = "vault"
      max_age = "24h"
      probe   = "source"
      needs   = "vault"
    }
  }
}
