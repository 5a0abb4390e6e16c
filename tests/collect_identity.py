#!/usr/bin/env python3
"""Sources of people: GitLab, Forgejo, Keycloak, Entra, Google Workspace, SCIM, CSV. Providers on loopback hold to the published schemas.

usage: collect_identity.py PATH-OF-COLLECT_RUN
"""
import base64
import json
import subprocess
import sys
import tempfile
import time
import urllib.parse

from source_case import Seen, main, run, test
from source_fake import Provider, pages

SECRET = "must-never-be-a-fact"
TOKEN = {"token": "s3cret-token-value"}
CLIENT = {"client_id": "vogt", "client_secret": "s3cret-token-value"}
RECENT = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 3 * 86400))
OLD = "2020-01-01T00:00:00Z"


def expect_account(seen, name, factor, cloud, unused, matrix):
    for kind, wanted in (("mfa.factor", factor), ("mfa.cloud-factor", cloud), ("access.unused-rights", unused), ("access.matrix", matrix)):
        seen.expect(kind, wanted, "account:" + name)


def clean(provider, seen):
    assert not provider.faults, provider.faults
    assert not seen.holds(SECRET) and not seen.holds("s3cret")


# ---- GitLab ----

def headed(items, size=2):
    return pages(items, size, lambda part, number, last: (200, {"X-Next-Page": str(number + 1) if number < last else ""}, part))


def gitlab(scopes, users):
    project = {"id": 3, "path_with_namespace": "shop/web", "visibility": "private", "archived": False, "default_branch": "main", "runners_token": SECRET}
    group = {"id": 2, "name": "Shop", "full_path": "shop", "visibility": "private", "require_two_factor_authentication": False}
    return Provider("gitlab", {"/api/v4/personal_access_tokens/self": {"id": 1, "name": "vogt", "scopes": scopes, "active": True, "revoked": False, "expires_at": None},
                               "/api/v4/users": headed(users), "/api/v4/groups": headed([group]), "/api/v4/projects": headed([project])})


def gitlab_user(number, login, **more):
    return {"id": number, "username": login, "state": "active", "is_admin": False, "two_factor_enabled": True, "bot": False, "created_at": OLD, "last_activity_on": RECENT[:10],
            "private_email": SECRET} | more


@test
def gitlab_instance():
    users = [gitlab_user(1, "root", is_admin=True, two_factor_enabled=False), gitlab_user(2, "alice", is_admin=True), gitlab_user(3, "bob", last_activity_on="2020-01-02"),
             gitlab_user(4, "bot", bot=True, two_factor_enabled=False), gitlab_user(5, "gone", state="blocked", is_admin=True, two_factor_enabled=False)]
    provider = gitlab(["read_api"], users)
    with provider.serve() as port:
        seen = Seen("gitlab", port, TOKEN, {"admins": ["alice"]})
    clean(provider, seen)
    seen.expect("source.complete", "pass source.all-read")
    seen.expect("source.read-only", "pass source.reads-only")
    host = f"gitlab/127.0.0.1:{port}/"
    expect_account(seen, host + "root", "fail mfa.none", "fail mfa.none", "pass access.used", "fail access.unapproved-admin")
    expect_account(seen, host + "alice", "pass mfa.has-factor", "pass mfa.has-factor", "pass access.used", "pass access.approved-admin")
    expect_account(seen, host + "bob", "pass mfa.not-admin", "pass mfa.has-factor", "fail access.unused", "pass access.no-admin-right")
    expect_account(seen, host + "bot", "pass mfa.service-account", "pass mfa.service-account", "pass access.used", "pass access.no-admin-right")
    expect_account(seen, host + "gone", "pass mfa.inactive", "pass mfa.inactive", "pass access.inactive", "pass access.inactive")
    assert host + "gone" not in seen.proposals("account") and host + "shop/web" in seen.proposals("repository") and host + "shop" in seen.proposals("team")
    with gitlab(["read_api", "write_repository"], users).serve() as port:
        seen = Seen("gitlab", port, TOKEN)
    seen.expect("source.read-only", "fail source.can-write")
    assert seen.powers() == ["write_repository"]


@test
def gitlab_group_shows_factors_only_by_demand():
    for demanded, factor in ((True, "pass mfa.enforced"), (False, "unprovable mfa.no-field")):
        provider = gitlab(["read_api"], [])
        group = {"id": 2, "name": "Shop", "full_path": "shop/core", "require_two_factor_authentication": demanded, "two_factor_grace_period": 48}
        member = {"id": 1, "username": "alice", "state": "active", "access_level": 50, "created_at": OLD, "expires_at": None}
        provider.replies |= {"/api/v4/groups/shop%2Fcore": group, "/api/v4/groups/shop%2Fcore/members/all": headed([member]), "/api/v4/groups/shop%2Fcore/descendant_groups": headed([]),
                             "/api/v4/groups/shop%2Fcore/projects": headed([])}
        with provider.serve() as port:
            seen = Seen("gitlab", port, TOKEN, {"group": "shop/core", "admins": ["alice"]})
        clean(provider, seen)
        seen.expect("source.complete", "pass source.all-read")
        seen.expect("mfa.factor", factor, f"account:gitlab/127.0.0.1:{port}/alice")
        seen.expect("access.unused-rights", "unprovable access.use-unseen", f"account:gitlab/127.0.0.1:{port}/alice")
        assert {"source.optional-unread"} < {one["reason"] for one in seen.output["not_covered"]}


# ---- Forgejo and Gitea ----

def forgejo(users, attempt, total=None):
    def counted(items):
        return pages(items, 2, lambda part, number, last: (200, {"X-Total-Count": str(total or len(items))}, part))
    repository = {"id": 1, "full_name": "shop/web", "private": True, "archived": False, "default_branch": "main", "clone_url": SECRET}
    return Provider("forgejo", {"/api/v1/admin/users": counted(users), "/api/v1/admin/orgs": counted([{"id": 1, "username": "shop", "name": "shop", "visibility": "private"}]),
                                "/api/v1/repos/search": lambda query, headers, body: (200, {"X-Total-Count": "1"}, {"ok": True, "data": [repository] if query["page"] == "1" else []}),
                                "/api/v1/user/emails": lambda query, headers, body: (attempt[0], {}, {"message": attempt[1]})})


READS = (403, "token does not have at least one of required scope(s), required=[write:user], token scope=read:admin,read:organization,read:repository,read:user")


@test
def forgejo_instance():
    users = [{"id": 1, "login": "root", "is_admin": True, "active": True, "prohibit_login": False, "last_login": RECENT, "created": OLD, "email": "root@example.org"},
             {"id": 2, "login": "bob", "is_admin": False, "active": True, "prohibit_login": False, "last_login": "1970-01-01T00:00:00Z", "created": OLD, "email": "x@example.org"},
             {"id": 3, "login": "gone", "is_admin": True, "active": True, "prohibit_login": True, "last_login": OLD, "created": OLD, "email": ""}]
    provider = forgejo(users, READS)
    with provider.serve() as port:
        seen = Seen("forgejo", port, TOKEN)
    clean(provider, seen)
    host = f"forgejo/127.0.0.1:{port}/"
    seen.expect("source.complete", "pass source.all-read")
    seen.expect("source.read-only", "pass source.reads-only")
    expect_account(seen, host + "root", "unprovable mfa.no-field", "pass mfa.not-cloud", "pass access.used", "error access.no-matrix")
    expect_account(seen, host + "bob", "pass mfa.not-admin", "pass mfa.not-cloud", "fail access.never-used", "pass access.no-admin-right")
    assert host + "shop/web" in seen.proposals("repository") and host + "gone" not in seen.proposals("account")
    for attempt, wanted in (((422, "Email list empty"), "fail source.can-write"), ((403, READS[1].replace("read:user", "write:user")), "fail source.can-write"), ((403, "no"), "unprovable source.powers-unseen"),
                            ((403, READS[1].replace("read:admin", "all")), "fail source.can-write")):
        with forgejo(users, attempt).serve() as port:
            Seen("forgejo", port, TOKEN).expect("source.read-only", wanted)
    with forgejo(users, READS, total=9).serve() as port:
        Seen("forgejo", port, TOKEN).expect("source.complete", "fail source.incomplete")


# ---- Keycloak ----

def jwt(claims):
    return "e30." + base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=") + ".c2ln"


def token_of(claims, check=None):
    def reply(query, headers, body):
        form = dict(urllib.parse.parse_qsl(body.decode()))
        if check:
            check(form)
        return 200, {}, {"access_token": jwt(claims), "token_type": "Bearer", "expires_in": 300}
    return reply


def keycloak(users, roles, credentials, powers=("view-users", "query-users")):
    def offset(items):
        return lambda query, headers, body: (200, {}, items[int(query["first"]):int(query["first"]) + 2])
    realm = "/admin/realms/acme"
    replies = {"/realms/acme/protocol/openid-connect/token": token_of({"resource_access": {"realm-management": {"roles": list(powers)}}}), realm: {"id": "r", "realm": "acme", "enabled": True},
               realm + "/users": offset(users), realm + "/clients": [{"id": "c", "clientId": "realm-management", "secret": SECRET}],
               realm + "/groups": offset([{"id": "g", "name": "All staff", "path": "/All staff"}]), realm + "/groups/g/members": offset(users[:1])}
    for one in users:
        replies[f"{realm}/users/{one['id']}/role-mappings/clients/c/composite"] = [{"name": name} for name in roles.get(one["username"], [])]
        replies[f"{realm}/users/{one['id']}/credentials"] = [{"type": kind, "secretData": SECRET} for kind in credentials.get(one["username"], [])]
    return Provider("keycloak", replies)


def person(number, login, **more):
    return {"id": f"id-{number}", "username": login, "email": login.capitalize() + "@Example.org", "enabled": True, "totp": False, "createdTimestamp": 1700000000000,
            "attributes": {"x": [SECRET]}} | more


@test
def keycloak_realm():
    users = [person(1, "alice", totp=True), person(2, "bob"), person(3, "carol"), person(4, "dave"), person(5, "eve", enabled=False), person(6, "frank")]
    roles = {"alice": ["realm-admin"], "bob": ["manage-users", "view-users"], "carol": ["view-users"], "dave": ["impersonation"], "frank": ["manage-realm"]}
    provider = keycloak(users, roles, {"bob": ["password"], "carol": ["password"], "dave": ["password", "webauthn"]})
    with provider.serve() as port:
        seen = Seen("keycloak", port, CLIENT, {"realm": "acme", "admins": ["alice", "bob", "dave", "frank"]})
        as_cloud = Seen("keycloak", port, CLIENT, {"realm": "acme", "cloud": True})
    clean(provider, seen)
    seen.expect("source.complete", "pass source.all-read")
    seen.expect("source.read-only", "pass source.reads-only")
    for login, factor in (("alice", "pass mfa.has-factor"), ("bob", "fail mfa.none"), ("carol", "pass mfa.not-admin"), ("dave", "pass mfa.has-factor"), ("eve", "pass mfa.inactive"),
                          ("frank", "unprovable mfa.signs-in-elsewhere")):
        seen.expect("mfa.factor", factor, "account:keycloak/acme/" + login)
    seen.expect("mfa.cloud-factor", "pass mfa.not-cloud", "account:keycloak/acme/carol")
    as_cloud.expect("mfa.cloud-factor", "fail mfa.none", "account:keycloak/acme/carol")
    assert seen.proposals("person")["alice@example.org"]["login"] == "alice" and "eve@example.org" not in seen.proposals("person")
    assert seen.proposals("team")["keycloak/acme/All-staff"]["members"] == ["alice"]


@test
def keycloak_powers_and_refusals():
    with keycloak([], {}, {}, powers=("view-users", "manage-users")).serve() as port:
        seen = Seen("keycloak", port, CLIENT, {"realm": "acme"})
    seen.expect("source.read-only", "fail source.can-write")
    assert seen.powers() == ["manage-users"]
    provider = keycloak([person(1, "alice", totp=True)], {"alice": ["realm-admin"]}, {})
    provider.replies["/admin/realms/acme/users/id-1/role-mappings/clients/c/composite"] = lambda query, headers, body: (403, {}, {"error": "no"})
    with provider.serve() as port:
        seen = Seen("keycloak", port, CLIENT, {"realm": "acme"})
    seen.expect("source.complete", "fail source.incomplete")
    seen.expect("access.matrix", "error access.no-matrix", "account:keycloak/acme/alice")
    provider.replies["/realms/acme/protocol/openid-connect/token"] = lambda query, headers, body: (400, {}, {"error": "unauthorized_client"})
    with provider.serve() as port:
        seen = Seen("keycloak", port, CLIENT, {"realm": "acme"})
    seen.expect("source.complete", "error source.unauthorised")
    seen.expect("source.read-only", "error source.unauthorised")
    provider.replies["/realms/acme/protocol/openid-connect/token"] = lambda query, headers, body: (200, {}, {"access_token": "a\r\nX-More: b"})
    with provider.serve() as port:
        Seen("keycloak", port, CLIENT, {"realm": "acme"}).expect("source.complete", "error source.wrong-shape")


# ---- Entra ----

POLICY = {"id": "p", "displayName": "MFA", "state": "enabled", "conditions": {"users": {"includeUsers": ["All"], "excludeUsers": []}, "applications": {"includeApplications": ["All"]},
                                                                           "clientAppTypes": ["all"]},
          "grantControls": {"operator": "OR", "builtInControls": ["mfa"], "authenticationStrength": None}}


def entra(policies=(), defaults=False, roles=("User.Read.All", "AuditLog.Read.All"), **more):
    provider = None
    users = [{"id": f"u{number}", "userPrincipalName": login + "@example.org", "mail": login + "@example.org", "accountEnabled": login != "gone", "userType": "Member", "createdDateTime": OLD}
             for number, login in enumerate(("alice", "bob", "carol", "gone"))]

    def users_of(query, headers, body):
        if "signInActivity" in query.get("$select", ""):
            return 200, {}, {"value": [{"id": one["id"], "signInActivity": {"lastSignInDateTime": RECENT if one["id"] != "u2" else OLD}} for one in users]}
        if "$skiptoken" in query:
            return 200, {}, {"value": users[2:]}
        return 200, {}, {"value": users[:2], "@odata.nextLink": f"http://127.0.0.1:{provider.port}/v1.0/users?$skiptoken=two"}
    factors = [{"id": "u0", "isAdmin": True, "isMfaRegistered": True}, {"id": "u1", "isAdmin": False, "isMfaRegistered": False}, {"id": "u2", "isAdmin": False, "isMfaRegistered": True}]
    provider = Provider("entra", {"/tenant-1/oauth2/v2.0/token": token_of({"roles": list(roles)}, lambda form: form["scope"].endswith("/.default") or 1 / 0), "/v1.0/users": users_of,
                                  "/v1.0/reports/authenticationMethods/userRegistrationDetails": {"value": factors}, "/v1.0/directoryRoles": {"value": [{"id": "r", "displayName": "Helpdesk"}]},
                                  "/v1.0/directoryRoles/r/members": {"value": [{"id": "u1"}]}, "/v1.0/groups": {"value": [{"id": "g", "displayName": "Dev Team", "securityEnabled": True}]},
                                  "/v1.0/policies/identitySecurityDefaultsEnforcementPolicy": {"id": "d", "isEnabled": defaults},
                                  "/v1.0/identity/conditionalAccess/policies": {"value": list(policies)}} | more)
    return provider


def entra_run(provider, **options):
    with provider.serve() as port:
        seen = Seen("entra", port, CLIENT, {"tenant": "tenant-1", "token_address": f"http://127.0.0.1:{port}"} | options)
    clean(provider, seen)
    return seen


@test
def entra_tenant():
    seen = entra_run(entra(defaults=True), admins=["alice@example.org"])
    seen.expect("source.complete", "pass source.all-read")
    seen.expect("source.read-only", "pass source.reads-only")
    expect_account(seen, "entra/alice@example.org", "pass mfa.has-factor", "pass mfa.has-factor", "pass access.used", "pass access.approved-admin")
    expect_account(seen, "entra/bob@example.org", "fail mfa.none", "fail mfa.none", "pass access.used", "fail access.unapproved-admin")
    expect_account(seen, "entra/carol@example.org", "pass mfa.not-admin", "pass mfa.has-factor", "fail access.unused", "pass access.no-admin-right")
    expect_account(seen, "entra/gone@example.org", "pass mfa.inactive", "pass mfa.inactive", "pass access.inactive", "pass access.inactive")
    assert set(seen.proposals("person")) == {"alice@example.org", "bob@example.org", "carol@example.org"} and "entra/Dev-Team" in seen.proposals("team")


@test
def entra_registered_is_not_demanded():
    def changed(**parts):
        policy = json.loads(json.dumps(POLICY))
        for path, value in parts.items():
            at = policy
            *steps, last = path.split("__")
            for step in steps:
                at = at[step]
            at[last] = value
        return policy
    for policy, wanted in ((POLICY, "pass mfa.has-factor"), (None, "fail mfa.not-enforced"), (changed(state="enabledForReportingButNotEnforced"), "fail mfa.not-enforced"),
                           (changed(conditions__users__excludeUsers=["u0"]), "fail mfa.not-enforced"), (changed(conditions__users__excludeUsers=["u9"]), "pass mfa.has-factor"),
                           (changed(conditions__users__excludeGroups=["g"]), "fail mfa.not-enforced"), (changed(conditions__applications__includeApplications=["x"]), "fail mfa.not-enforced"),
                           (changed(conditions__applications__applicationFilter={"mode": "exclude", "rule": "x"}), "fail mfa.not-enforced"),
                           (changed(conditions__locations={"includeLocations": ["All"], "excludeLocations": ["AllTrusted"]}), "fail mfa.not-enforced"),
                           (changed(conditions__platforms={"includePlatforms": ["all"], "excludePlatforms": ["iOS"]}), "fail mfa.not-enforced"),
                           (changed(conditions__devices={"deviceFilter": {"mode": "exclude", "rule": "x"}}), "fail mfa.not-enforced"), (changed(conditions__signInRiskLevels=["high"]), "fail mfa.not-enforced"),
                           (changed(conditions__clientAppTypes=["browser"]), "fail mfa.not-enforced"), (changed(grantControls__builtInControls=["mfa", "compliantDevice"]), "fail mfa.not-enforced"),
                           (changed(grantControls={"operator": "AND", "builtInControls": ["mfa", "compliantDevice"]}), "pass mfa.has-factor"),
                           (changed(grantControls={"operator": "OR", "builtInControls": [], "authenticationStrength": {"id": "s", "requirementsSatisfied": "mfa"}}), "pass mfa.has-factor"),
                           (changed(grantControls={"operator": "OR", "builtInControls": [], "authenticationStrength": {"id": "s", "requirementsSatisfied": "none"}}), "fail mfa.not-enforced"),
                           (changed(grantControls={"operator": "OR", "builtInControls": ["compliantDevice"], "authenticationStrength": {"id": "s", "requirementsSatisfied": "mfa"}}), "fail mfa.not-enforced")):
        seen = entra_run(entra([policy] if policy else []))
        assert seen.said("mfa.factor", "account:entra/alice@example.org") == [wanted], (policy, seen.said("mfa.factor", "account:entra/alice@example.org"))


@test
def entra_without_licence_or_with_too_much():
    refused = lambda query, headers, body: (403, {}, {"error": {"code": "Authentication_RequestFromNonPremiumTenantOrB2CTenant"}})
    seen = entra_run(entra(defaults=True, **{"/v1.0/reports/authenticationMethods/userRegistrationDetails": refused}))
    seen.expect("source.complete", "error source.forbidden")
    seen.expect("mfa.cloud-factor", "error mfa.not-readable", "account:entra/alice@example.org")
    seen = entra_run(entra(roles=["User.Read.All", "User.ReadWrite.All", "RoleManagement.ReadWrite.Directory"]))
    seen.expect("source.read-only", "fail source.can-write")
    assert seen.powers() == ["User.ReadWrite.All", "RoleManagement.ReadWrite.Directory"]


# ---- Google Workspace ----

@test
def google_workspace():
    with tempfile.TemporaryDirectory() as directory:
        key = subprocess.run(["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"], check=True, capture_output=True, text=True).stdout
        public = subprocess.run(["openssl", "pkey", "-pubout"], input=key, check=True, capture_output=True, text=True).stdout
        statements = []

        def token(query, headers, body):
            form = dict(urllib.parse.parse_qsl(body.decode()))
            assert form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
            head, claims, signature = form["assertion"].split(".")
            pad = lambda text: base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
            for name, content in (("signed", f"{head}.{claims}".encode()), ("signature", pad(signature)), ("public.pem", public.encode())):
                with open(f"{directory}/{name}", "wb") as file:
                    file.write(content)
            subprocess.run(["openssl", "dgst", "-sha256", "-verify", "public.pem", "-signature", "signature", "signed"], cwd=directory, check=True, capture_output=True)
            assert json.loads(pad(head)) == {"alg": "RS256", "typ": "JWT"}
            statements.append(json.loads(pad(claims)))
            return 200, {}, {"access_token": "ya29.s3cret", "token_type": "Bearer", "expires_in": 3599}

        def users(query, headers, body):
            first = [{"id": "1", "primaryEmail": "Alice@example.org", "isAdmin": True, "isEnrolledIn2Sv": True, "isEnforcedIn2Sv": True, "suspended": False, "lastLoginTime": RECENT, "creationTime": OLD,
                      "recoveryPhone": SECRET}]
            second = [{"id": "2", "primaryEmail": "bob@example.org", "isDelegatedAdmin": True, "isEnrolledIn2Sv": False, "lastLoginTime": "1970-01-01T00:00:00.000Z", "creationTime": OLD}]
            return 200, {}, {"users": second} if query.get("pageToken") == "a/b+c" else {"users": first, "nextPageToken": "a/b+c"}
        provider = Provider("google", {"/token": token, "/admin/directory/v1/users": users, "/admin/directory/v1/groups": {"kind": "admin#directory#groups"}})
        with provider.serve() as port:
            seen = Seen("google", port, {"client_email": "vogt@example.iam", "private_key": key}, {"subject": "admin@example.org", "token_address": f"http://127.0.0.1:{port}", "admins": ["alice@example.org"]})
        clean(provider, seen)
    assert statements[0]["aud"] == f"http://127.0.0.1:{port}/token" and statements[0]["sub"] == "admin@example.org" and statements[0]["exp"] - statements[0]["iat"] == 600
    assert all(scope.endswith(".readonly") for scope in statements[0]["scope"].split())
    seen.expect("source.complete", "pass source.all-read")
    seen.expect("source.read-only", "unprovable source.powers-unseen")
    expect_account(seen, "google/alice@example.org", "pass mfa.has-factor", "pass mfa.has-factor", "pass access.used", "fail access.unapproved-admin")
    expect_account(seen, "google/bob@example.org", "fail mfa.none", "fail mfa.none", "fail access.never-used", "fail access.unapproved-admin")
    said = run({"work": "collect.source", "input": {"kind": "google", "address": "http://127.0.0.1:9", "port": 9, "credential": {"client_email": "a", "private_key": "no key"},
                                                    "options": {"subject": "a", "token_address": "http://127.0.0.1:9"}}}, expect_refusal=True)
    assert "private_key" in said


# ---- SCIM and CSV ----

@test
def scim_people():
    users = [{"id": "1", "userName": "alice", "active": True, "emails": [{"value": "old@example.org"}, {"value": "alice@example.org", "primary": True}], "x509Certificates": [{"value": SECRET}]},
             {"id": "2", "userName": "bob@example.org", "active": True}, {"id": "3", "userName": "gone", "active": False, "roles": [{"value": "admin"}]}]

    def listed(items):
        def reply(query, headers, body):
            start = int(query["startIndex"])
            part = items[start - 1:start + 1]
            return 200, {}, {"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": len(items), **({"Resources": part, "startIndex": start} if part else {})}
        return reply
    provider = Provider("scim", {"/scim/v2/Users": listed(users), "/scim/v2/Groups": listed([{"id": "g", "displayName": "Site Admins", "members": [{"value": "1", "display": "alice"}]}])})
    with provider.serve() as port:
        output = run({"collect": "collect.source", "judge": "judge.source", "subject": {"kind": "source", "name": "people"}, "options": {"admin_groups": ["Site Admins"], "admins": []},
                      "input": {"kind": "scim", "address": f"http://127.0.0.1:{port}/scim/v2", "port": port, "credential": TOKEN, "options": {"admin_groups": ["Site Admins"]}}})
    seen = Seen.__new__(Seen)
    seen.output, seen.facts = output, output["facts"]
    clean(provider, seen)
    assert output["plant"]["caught"]
    seen.expect("source.complete", "pass source.all-read")
    seen.expect("source.read-only", "unprovable source.powers-unseen")
    expect_account(seen, "scim/people/alice", "unprovable mfa.no-field", "pass mfa.not-cloud", "unprovable access.use-unseen", "fail access.unapproved-admin")
    expect_account(seen, "scim/people/bob@example.org", "pass mfa.not-admin", "pass mfa.not-cloud", "unprovable access.use-unseen", "pass access.no-admin-right")
    seen.expect("mfa.factor", "pass mfa.inactive", "account:scim/people/gone")
    assert set(seen.proposals("person")) == {"alice@example.org", "bob@example.org"}


@test
def csv_that_is_pasted_in():
    def judged(text):
        output = run({"collect": "collect.source", "judge": "judge.source", "subject": {"kind": "source", "name": "list"}, "options": {"admins": ["alice"]},
                      "input": {"kind": "csv", "credential": {}, "options": {"text": text}}})
        assert output["plant"]["caught"]
        seen = Seen.__new__(Seen)
        seen.output, seen.facts = output, output["facts"]
        return seen
    seen = judged("\ufeffEmail;Login;Admin;Second_Factor;Active;Last_Login;Note\r\nalice@example.org;alice;ja;ja;ja;" + RECENT[:10] + ";\"a;\"\"b\"\"\"\r\n"
                  "bob@example.org;bob;yes;no;yes;2020-01-01;" + SECRET + "\r\ncarol@example.org;;no;;nein;;\r\n")
    seen.expect("source.complete", "pass source.text-read")
    seen.expect("source.read-only", "pass source.no-credential")
    expect_account(seen, "csv/list/alice", "unprovable mfa.only-said", "pass mfa.not-cloud", "pass access.used", "pass access.approved-admin")
    expect_account(seen, "csv/list/bob", "fail mfa.none", "pass mfa.not-cloud", "fail access.unused", "fail access.unapproved-admin")
    seen.expect("mfa.factor", "pass mfa.inactive", "account:csv/list/carol@example.org")
    assert not seen.holds(SECRET)
    for text in ("email\n\"a", "email,email\na,b", "email,name\na", "email,\na,b", "email\n\"a\"b", "email\na\rb"):
        judged(text).expect("source.complete", "error source.malformed")


if __name__ == "__main__":
    sys.exit(main())
