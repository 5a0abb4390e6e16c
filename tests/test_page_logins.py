"""Roles, users and their secrets on the page, in Debian's Chromium against a running Vogt; what its forms are made of."""
import tempfile

from scenario import Daemon
from test_page import node, run


def logins_on_a_running_vogt():
    with Daemon() as vogt, tempfile.TemporaryDirectory() as pictures:
        return node("tests/page_logins.mjs", vogt.address, vogt.ready["login_link"], pictures)


def engines_describe_themselves_to_everybody():
    with Daemon() as vogt:
        status, reply = vogt.call("GET", "/v1/sys/internal/ui/engines", token="")
        assert status == 200 and {"kv", "transit", "approle", "oidc"} <= {one["type"] for one in reply["data"]["engines"]}, reply
        assert [one["version"] for one in reply["data"]["engines"] if one["type"] == "kv"] == ["2", "1"]
        for one in reply["data"]["engines"]:
            status, told = vogt.call("GET", f"/v1/sys/internal/ui/engines/{one['class']}/{one['type']}?version={one.get('version', '')}", token="")
            assert status == 200 and told["data"]["openapi"] == "3.1.0" and told["data"]["paths"], told
        fields = vogt.call("GET", "/v1/sys/internal/ui/engines/auth/jwt", token="")[1]["data"]["paths"]["/config"]["post"]["requestBody"]["content"]["application/json"]["schema"]["properties"]
        assert fields["oidc_client_secret"]["writeOnly"] and fields["jwks_ca_pem"]["format"] == "lines", fields
        for wrong in ("auth/kv", "secret/approle", "auth/none", "other/kv"):
            assert vogt.call("GET", f"/v1/sys/internal/ui/engines/{wrong}", token="")[0] == 404


if __name__ == "__main__":
    run([logins_on_a_running_vogt, engines_describe_themselves_to_everybody])
