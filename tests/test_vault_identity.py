"""Identity with a real client (python3-hvac) over TLS: entities of logins, groups, aliases, merging, policies that name the caller."""
import threading

from scenario import Daemon, main
from vault_client import client, hvac, refused


def with_approle(vogt):
    """A login of programs: (admin's client, function that logs the role in and gives its auth)."""
    vault = client(vogt)
    vault.sys.enable_auth_method("approle")
    vault.auth.approle.create_or_update_approle("web", token_policies=["web"], token_ttl="1h")
    role_id = vault.auth.approle.read_role_id("web")["data"]["role_id"]

    def log_in():
        secret_id = vault.auth.approle.generate_secret_id("web")["data"]["secret_id"]
        return vault.auth.approle.login(role_id, secret_id, use_token=False)["auth"]

    accessor = vault.sys.list_auth_methods()["data"]["approle/"]["accessor"]
    return vault, log_in, role_id, accessor


def a_login_has_an_entity():
    with Daemon() as vogt:
        vault, log_in, role_id, accessor = with_approle(vogt)
        auth = log_in()
        entity_id = auth["entity_id"]
        assert len(entity_id) == 36 and log_in()["entity_id"] == entity_id
        entity = vault.secrets.identity.read_entity(entity_id)["data"]
        alias = entity["aliases"][0]
        assert (alias["name"], alias["mount_accessor"], alias["mount_path"], alias["mount_type"], alias["metadata"]) == (role_id, accessor, "auth/approle/", "approle", {"role_name": "web"}), alias
        assert entity["disabled"] is False and entity["policies"] == [] and entity["group_ids"] == []
        assert vault.secrets.identity.lookup_entity(alias_name=role_id, alias_mount_accessor=accessor)["data"]["id"] == entity_id
        assert vault.secrets.identity.lookup_entity(name="nobody").status_code == 204
        # policies count at once, and are shown apart from the token's own
        vault.secrets.identity.update_entity(entity_id, name="web-servers", policies=["extra"], metadata={"team": "blue"})
        vault.sys.create_or_update_policy("extra", 'path "cubbyhole/*" { capabilities = ["read", "list"] }\npath "sys/mounts" { capabilities = ["read"] }')
        web = client(vogt, auth["client_token"])
        assert "cubbyhole/" in web.sys.list_mounted_secrets_engines()["data"]
        seen = web.auth.token.lookup_self()["data"]
        assert seen["entity_id"] == entity_id and seen["identity_policies"] == ["extra"] and seen["policies"] == ["default", "web"]
        assert log_in()["identity_policies"] == ["extra"]
        # disabled: barred at once, also over a restart; and good again
        vault.secrets.identity.update_entity(entity_id, disabled=True)
        refused(web.auth.token.lookup_self, hvac.exceptions.Forbidden, "permission denied")
        refused(log_in, hvac.exceptions.Forbidden, "permission denied")
        vogt.restart()
        web, vault = client(vogt, web.token), client(vogt, vault.token)
        refused(web.auth.token.lookup_self, hvac.exceptions.Forbidden, "permission denied")
        vault.secrets.identity.update_entity(entity_id, disabled=False)
        assert web.auth.token.lookup_self()["data"]["entity_id"] == entity_id
        vault.secrets.identity.delete_entity(entity_id)
        refused(web.auth.token.lookup_self, hvac.exceptions.Forbidden, "permission denied")
        refused(lambda: vault.secrets.identity.read_entity(entity_id), hvac.exceptions.InvalidPath)


def first_logins_at_once_make_one_entity():
    with Daemon() as vogt:
        vault, log_in, _, _ = with_approle(vogt)
        told = []
        threads = [threading.Thread(target=lambda: told.append(log_in()["entity_id"])) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(told) == 16 and len(set(told)) == 1, told
        assert vault.secrets.identity.list_entities()["data"]["keys"] == told[:1]


def groups_and_their_members():
    with Daemon() as vogt:
        vault, log_in, _, accessor = with_approle(vogt)
        identity = vault.secrets.identity
        auth = log_in()
        web = client(vogt, auth["client_token"])
        vault.sys.create_or_update_policy("of-group", 'path "sys/mounts" { capabilities = ["read"] }')
        refused(web.sys.list_mounted_secrets_engines, hvac.exceptions.Forbidden, "permission denied")
        inner = identity.create_or_update_group("inner", member_entity_ids=[auth["entity_id"]])["data"]["id"]
        outer = identity.create_or_update_group("outer", policies=["of-group"], member_group_ids=[inner])["data"]["id"]
        assert "sys/" in web.sys.list_mounted_secrets_engines()["data"]
        group = identity.read_group(inner)["data"]
        assert group["parent_group_ids"] == [outer] and group["member_entity_ids"] == [auth["entity_id"]] and group["type"] == "internal" and group["alias"] == {}
        assert identity.read_group_by_name("outer")["data"]["member_group_ids"] == [inner]
        assert sorted(identity.list_groups()["data"]["keys"]) == sorted([inner, outer])
        assert identity.list_groups_by_name()["data"]["keys"] == ["inner", "outer"]
        assert identity.lookup_group(name="outer")["data"]["id"] == outer
        entity = identity.read_entity(auth["entity_id"])["data"]
        assert entity["direct_group_ids"] == [inner] and entity["inherited_group_ids"] == [outer]
        refused(lambda: identity.update_group(inner, name="inner", member_group_ids=[outer]), hvac.exceptions.InvalidRequest, f"cyclic relationship detected for member group ID: {outer}")
        outside = identity.create_or_update_group("outside", group_type="external")["data"]["id"]
        alias = identity.create_or_update_group_alias("cn=ops", mount_accessor=accessor, canonical_id=outside)["data"]
        assert alias["canonical_id"] == outside and identity.read_group_alias(alias["id"])["data"]["name"] == "cn=ops"
        assert identity.read_group(outside)["data"]["alias"]["mount_type"] == "approle"
        assert identity.list_group_aliases()["data"]["keys"] == [alias["id"]]
        identity.delete_group_alias(alias["id"])
        identity.delete_group(outer)
        refused(web.sys.list_mounted_secrets_engines, hvac.exceptions.Forbidden, "permission denied")
        assert identity.read_group(inner)["data"]["parent_group_ids"] == []


def aliases_and_merging():
    with Daemon() as vogt:
        vault, log_in, role_id, accessor = with_approle(vogt)
        identity = vault.secrets.identity
        token_accessor = vault.sys.list_auth_methods()["data"]["token/"]["accessor"]
        first = identity.create_or_update_entity("first")["data"]
        assert first["name"] == "first"
        alias = identity.create_or_update_entity_alias(role_id, canonical_id=first["id"], mount_accessor=accessor)["data"]
        assert log_in()["entity_id"] == first["id"]
        second = identity.create_or_update_entity("second")["data"]["id"]
        identity.create_or_update_entity_alias("job", canonical_id=second, mount_accessor=token_accessor)
        identity.merge_entities(from_entity_ids=[first["id"]], to_entity_id=second)
        assert log_in()["entity_id"] == second
        merged = identity.read_entity(second)["data"]
        assert merged["merged_entity_ids"] == [first["id"]] and sorted(one["name"] for one in merged["aliases"]) == sorted([role_id, "job"])
        assert identity.read_entity_alias(alias["id"])["data"]["canonical_id"] == second
        assert sorted(identity.list_entity_aliases()["data"]["keys"]) == sorted(one["id"] for one in merged["aliases"])
        assert identity.list_entities()["data"]["keys"] == [second] and identity.list_entities_by_name()["data"]["keys"] == ["second"]
        refused(lambda: identity.create_or_update_entity_alias("x", canonical_id=second, mount_accessor="none"), hvac.exceptions.InvalidRequest, "invalid mount accessor: none")
        identity.delete_entity_alias(alias["id"])
        assert log_in()["entity_id"] not in (first["id"], second)
        identity.create_or_update_entity_by_name("third", metadata={"a": "b"})
        assert identity.read_entity_by_name("third")["data"]["metadata"] == {"a": "b"}
        vault.adapter.post("/v1/identity/entity/name/third", json={"metadata": ["c=d", "e=f=g"]})  # as the command line of Vault writes it
        assert identity.read_entity_by_name("third")["data"]["metadata"] == {"c": "d", "e": "f=g"}
        identity.delete_entity_by_name("third")
        refused(lambda: identity.read_entity_by_name("third"), hvac.exceptions.InvalidPath)
        assert any(entry and entry["type"] == "entity.merged" for entry in vogt.evidence())


def paths_that_name_the_caller():
    with Daemon() as vogt:
        vault, log_in, role_id, accessor = with_approle(vogt)
        vault.sys.enable_secrets_engine("kv", path="app", options={"version": "1"})
        vault.sys.create_or_update_policy("web", 'path "app/by-name/{{identity.entity.name}}/*" { capabilities = ["create", "read", "update"] }\n'
                                                 'path "app/by-team/{{identity.entity.metadata.team}}" { capabilities = ["create", "read"] }\n'
                                                 f'path "app/by-role/{{{{identity.entity.aliases.{accessor}.metadata.role_name}}}}" {{ capabilities = ["create", "read"] }}\n'
                                                 'path "app/of-groups/{{identity.groups.names.ops.id}}" { capabilities = ["create", "read"] }')
        auth = log_in()
        web = client(vogt, auth["client_token"])
        kv = web.secrets.kv.v1
        name = vault.secrets.identity.read_entity(auth["entity_id"])["data"]["name"]
        kv.create_or_update_secret(f"by-name/{name}/a", {"a": 1}, mount_point="app")
        refused(lambda: kv.create_or_update_secret("by-name/other/a", {"a": 1}, mount_point="app"), hvac.exceptions.Forbidden, "permission denied")
        kv.create_or_update_secret("by-role/web", {"a": 1}, mount_point="app", method="PUT")
        refused(lambda: kv.create_or_update_secret("by-team/blue", {"a": 1}, mount_point="app"), hvac.exceptions.Forbidden, "permission denied")
        vault.secrets.identity.update_entity(auth["entity_id"], metadata={"team": "blue"})
        kv.create_or_update_secret("by-team/blue", {"a": 1}, mount_point="app", method="PUT")
        vault.secrets.identity.update_entity(auth["entity_id"], metadata={"team": "*"})
        refused(lambda: kv.create_or_update_secret("by-team/red", {"a": 1}, mount_point="app"), hvac.exceptions.Forbidden, "permission denied")
        group = vault.secrets.identity.create_or_update_group("ops", member_entity_ids=[auth["entity_id"]])["data"]["id"]
        kv.create_or_update_secret(f"of-groups/{group}", {"a": 1}, mount_point="app", method="PUT")
        assert web.secrets.identity.read_entity(auth["entity_id"])["data"]["name"] == name  # the policy default lets everybody see himself
        assert web.sys.get_capabilities([f"app/by-name/{name}/x"])["data"]["capabilities"] == ["create", "read", "update"]
        refused(lambda: vault.sys.create_or_update_policy("bad", 'path "a/{{identity.entity.age}}" { capabilities = ["read"] }'), hvac.exceptions.InvalidRequest,
                "this path names something between {{ and }} that is not known, or lacks an end: a/{{identity.entity.age}}")


if __name__ == "__main__":
    main([a_login_has_an_entity, first_logins_at_once_make_one_entity, groups_and_their_members, aliases_and_merging, paths_that_name_the_caller])
