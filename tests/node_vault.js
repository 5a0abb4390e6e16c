// What wide_node_vault.py runs with node: a program that uses node-vault as its documentation shows it.
"use strict";
const assert = require("assert");
const vault = require("node-vault");

async function refused(promise, word) {
    await assert.rejects(promise, (error) => String(error.message).includes(word));
}

async function main() {
    const endpoint = process.env.VAULT_ADDR;
    const root = vault({ apiVersion: "v1", endpoint, token: process.env.VAULT_TOKEN });
    const health = await root.health();
    assert.ok(health.initialized && !health.sealed);
    assert.strictEqual((await root.initialized()).initialized, true);
    await root.mount({ mount_point: "secret", type: "kv", options: { version: "2" } });
    await root.mount({ mount_point: "old", type: "kv", options: { version: "1" } });
    assert.strictEqual((await root.mounts())["secret/"].type, "kv");
    await root.addPolicy({ name: "app", rules: 'path "secret/*" { capabilities = ["create", "read", "update", "delete", "list"] }' });
    assert.ok((await root.policies()).policies.includes("app"));

    await root.write("old/db", { password: "s3cret", port: 5432 });
    assert.deepStrictEqual((await root.read("old/db")).data, { password: "s3cret", port: 5432 });
    assert.deepStrictEqual((await root.list("old")).data.keys, ["db"]);
    await root.delete("old/db");
    await refused(root.read("old/db"), "404");

    await root.enableAuth({ mount_point: "approle", type: "approle" });
    await root.addApproleRole({ role_name: "web", policies: "app", token_ttl: 600 });
    const role = (await root.getApproleRoleId({ role_name: "web" })).data.role_id;
    const made = (await root.getApproleRoleSecret({ role_name: "web" })).data;
    const app = vault({ endpoint });
    const login = await app.approleLogin({ role_id: role, secret_id: made.secret_id });
    assert.deepStrictEqual(login.auth.policies, ["app", "default"]);
    await app.write("secret/data/db", { data: { password: "s3cret" } });
    assert.strictEqual((await app.read("secret/data/db")).data.data.password, "s3cret");
    assert.strictEqual((await app.tokenLookupSelf()).data.path, "auth/approle/login");
    assert.strictEqual((await app.tokenRenewSelf()).auth.lease_duration, 600);
    await refused(app.read("sys/mounts"), "permission denied");
    await refused(vault({ endpoint }).approleLogin({ role_id: role, secret_id: "wrong" }), "invalid role or secret ID");

    await root.enableAuth({ mount_point: "userpass", type: "userpass" });
    await root.write("auth/userpass/users/ada", { password: "correct horse", token_policies: "app" });
    const ada = vault({ endpoint });
    await ada.userpassLogin({ username: "ada", password: "correct horse" });
    assert.strictEqual((await ada.read("secret/data/db")).data.data.password, "s3cret");
    await refused(vault({ endpoint }).userpassLogin({ username: "ada", password: "wrong" }), "invalid username or password");

    const child = await vault({ endpoint, token: process.env.VAULT_TOKEN }).tokenCreate({ policies: ["app"], ttl: "1h" });
    const lean = vault({ endpoint, token: child.auth.client_token });
    assert.strictEqual((await lean.read("secret/data/db")).data.data.password, "s3cret");
    await root.tokenRevoke({ token: child.auth.client_token });
    await refused(lean.read("secret/data/db"), "permission denied");
    await app.tokenRevokeSelf();
    await refused(app.read("secret/data/db"), "permission denied");
    await root.disableAuth({ mount_point: "userpass" });
    await root.unmount({ mount_point: "old" });
}

main().then(() => console.log("done"), (error) => {
    console.error(error.stack, error.message, error.dataPath, error.response && error.response.body);
    process.exit(1);
});
