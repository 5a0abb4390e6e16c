"""No refusal and no log repeats a value: every field of every route is given one in each wrong form, kv and the login methods get bodies that are broken in many ways."""
import json

from scenario import Daemon, main

VALUE = "hunter2-9f"
# Fields that name a thing or a choice among known words; what they hold is no secret, and repeating it helps.
NAMES = {"role_name", "type", "token_type", "token_bound_cidrs", "bound_cidrs", "name", "path", "from", "to", "kind", "address", "language", "file", "format"}
NOT_ASKED = {"/sys/seal", "/sys/init", "/sys/rotate", "/auth/token/revoke-self"}
FORMS = (VALUE, [VALUE], {"a": VALUE}, [{"a": VALUE}])
MOUNTS = (("mounts", "one", {"type": "kv", "options": {"version": "1"}}), ("mounts", "two", {"type": "kv", "options": {"version": "2"}}),
          ("auth", "approle", {"type": "approle"}), ("auth", "userpass", {"type": "userpass"}),
          ("auth", "jwt", {"type": "jwt"}), ("auth", "kubernetes", {"type": "kubernetes"}))
PATHS = ("one/a", "two/a", "two/data/a", "two/metadata/a", "two/config", "two/delete/a", "two/undelete/a", "two/destroy/a", "cubbyhole/a", "auth/approle/role/r",
         "auth/approle/role/r/secret-id", "auth/approle/login", "auth/userpass/users/u", "auth/userpass/login/u",
         "auth/jwt/config", "auth/jwt/role/r", "auth/jwt/login", "auth/jwt/oidc/auth_url", "auth/kubernetes/config", "auth/kubernetes/role/r", "auth/kubernetes/login")
BODIES = ('{"data":%s}', '{"data":"%s"}', '{"data":["%s"]}', '"%s"', '["%s"]', "%s", '{"a":"%s" "b":1}', '{"a":"\\%s"}', '{"a":"%s', '{"a":%s,"a":1}', '{"data":{"a":"%s"},"options":"%s"}',
          '{"data":{"a":"%s"},"options":{"cas":"%s"}}', '{"versions":["%s"]}', '{"versions":"%s"}', '{"custom_metadata":"%s"}', '{"custom_metadata":{"a":["%s"]}}',
          '{"custom_metadata":{"a":"%s\\u0001"}}', '{"max_versions":"%s"}', '{"delete_version_after":"%s"}', '{"deleted_keep":"%s"}', '{"cas_required":"%s"}', '{"password":["%s"]}',
          '{"password":{"a":"%s"}}', '{"password_hash":"%s"}', '{"role_id":"%s","secret_id":"%s"}', '{"secret_id":["%s"]}', '{"secret_id_num_uses":"%s"}', '{"token_ttl":"%s"}', '{"metadata":"%s"}',
          '{"jwt":"%s","role":"r"}', '{"jwt":["%s"],"role":"r"}', '{"jwt_validation_pubkeys":["%s"]}', '{"jwt_validation_pubkeys":{"a":"%s"}}', '{"oidc_client_secret":"%s"}', '{"oidc_client_id":"a","oidc_client_secret":["%s"]}',
          '{"oidc_discovery_url":"https://u:%s@localhost"}', '{"jwks_url":"%s"}', '{"jwks_ca_pem":["%s"]}', '{"bound_claims":"%s"}', '{"claim_mappings":"%s"}', '{"expiration_leeway":"%s"}',
          '{"redirect_uri":"%s","client_nonce":["%s"]}', '{"kubernetes_host":"https://u:%s@h"}', '{"kubernetes_host":"h","token_reviewer_jwt":["%s"]}', '{"kubernetes_host":"h","pem_keys":["%s"]}',
          '{"kubernetes_host":"h","disable_iss_validation":"%s"}')
KINDS = (("POST", "application/json"), ("POST", "application/x-www-form-urlencoded"), ("PATCH", "application/merge-patch+json"))


class Asker:
    """One connection for thousands of requests; gathers what was repeated."""

    def __init__(self, vogt):
        code = vogt.ready["login_link"].split("#login=")[1]
        self.token = vogt.call("POST", "/v1/auth/link/login", {"code": code}, token="")[1]["auth"]["client_token"]
        self.connection = vogt.connection()
        self.asked = self.refused = 0
        self.repeated = []

    def send(self, method, path, body, kind="application/json"):
        self.connection.request(method, path, body=body, headers={"X-Vault-Token": self.token, "Content-Type": kind})
        answer = self.connection.getresponse()
        text = answer.read().decode("utf-8", "replace")
        self.asked += 1
        self.refused += answer.status >= 400
        if answer.status >= 400 and VALUE in text:
            self.repeated.append(f"{method} {path} {body}: {text[:200]}")
        return answer.status, text


def schema_of(operation):
    return operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})


def every_field_of_every_route():
    with Daemon() as vogt:
        asker = Asker(vogt)
        paths = json.loads(asker.send("GET", "/openapi.json", None)[1])["paths"]
        assert len(paths) > 100, len(paths)
        for path, item in paths.items():
            for operation in (item[verb] for verb in ("post", "put") if verb in item and path not in NOT_ASKED):
                schema = schema_of(operation)
                given = {name: "x" for name in schema.get("required", [])}
                for field in [name for name in schema.get("properties", {}) if name not in NAMES] + ["unknown_field"]:
                    for form in FORMS:
                        asker.send("POST", "/v1" + path.replace("{", "").replace("}", ""), json.dumps({**given, field: form}))
        assert asker.repeated == [], "\n".join(asker.repeated[:20])
        assert asker.refused > 500, asker.refused
        assert VALUE not in vogt.log_text()
        return f"{asker.asked} asked, {asker.refused} refused"


def broken_bodies_for_secrets_and_logins():
    with Daemon() as vogt:
        asker = Asker(vogt)
        for what, path, body in MOUNTS:
            status, text = asker.send("POST", f"/v1/sys/{what}/{path}", json.dumps(body))
            assert status == 204, text
        for path in PATHS:
            for body in BODIES:
                for method, kind in KINDS:
                    asker.send(method, "/v1/" + path, body.replace("%s", VALUE), kind)
            asker.send("POST", "/v1/" + path, f"password={VALUE}%zz", "application/x-www-form-urlencoded")
            asker.send("POST", "/v1/" + path, f"{VALUE}%zz", "application/x-www-form-urlencoded")
        assert asker.repeated == [], "\n".join(asker.repeated[:20])
        assert asker.refused > 500, asker.refused
        assert VALUE not in vogt.log_text()
        return f"{asker.asked} asked, {asker.refused} refused"


if __name__ == "__main__":
    main([every_field_of_every_route, broken_bodies_for_secrets_and_logins])
