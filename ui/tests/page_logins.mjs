/* Login methods and what they hold, against a real daemon: page_logins.mjs ADDRESS LOGIN_LINK [FOLDER]. What the forms ask for comes from the API. */
import assert from 'node:assert/strict';

import { test } from './check.mjs';
import { visit } from './visit.mjs';

const { given, page, api, made, go, holds, shot, logIn, isAccessible, dresses, leave } = await visit('LOGIN_LINK');
const section = (name) => page.locator(`section[aria-labelledby=of-${name}]`);
const action = (title) => page.locator('details', { has: page.locator(`summary:has-text("${title}")`) }).first();
const answered = (name) => page.locator('tr', { has: page.locator(`th:text-is("${name}")`) });

/* As a program that has no session. */
const guest = (path, body, token) => page.evaluate(async ([where, sent, mine]) => {
  const response = await fetch(`/v1/${where}`, { method: 'POST', headers: { 'Content-Type': 'application/json', ...(mine ? { 'X-Vault-Token': mine } : {}) }, body: JSON.stringify(sent) });
  return { status: response.status, answer: await response.json() };
}, [path, body, token]);

async function add(name, fields) {
  const form = section(name).locator('details.form');
  await form.locator('summary').first().click();
  for (const [field, value] of Object.entries(fields)) {
    await form.locator(`[name=${field}]`).fill(value);
  }
  await form.locator('button.main').click();
}

await test('login by link', () => logIn(given[0]));

await test('the kinds of engines come from the API; a login method is enabled and leads to its roles', async () => {
  await go('#/mounts');
  const form = page.locator('section[aria-labelledby=of-auth] details.form');
  await form.locator('summary').click();
  const kinds = await form.locator('select[name=type] option').allTextContents();
  assert.ok(kinds.includes('approle: Anmeldung von Programmen (AppRole)') && kinds.length >= 7, kinds.join());
  await form.locator('select[name=type]').selectOption('approle');
  await form.locator('button.main').click();
  await page.waitForSelector('text=approle/ ist eingebunden.');
  await page.click('article[aria-labelledby=auth-approle] a:text-is("Rollen und Benutzer")');
  await page.waitForSelector('h1:text-is("approle/")');
});

await test('a role of programs is made with the fields of the API, none of them twice; a bad one is refused in words', async () => {
  const names = await section('role').locator('details.form label.field .mono').allTextContents();
  assert.ok(names.includes('secret_id_ttl') && names.includes('token_policies') && !names.includes('bound_cidr_list') && !names.includes('policies'), names.join());
  await add('role', { name: 'web', token_policies: 'dev, shop', secret_id_num_uses: '5', secret_id_ttl: 'soon' });
  await page.waitForSelector('.trouble');
  await section('role').locator('[name=secret_id_ttl]').fill('24h');
  await section('role').locator('details.form button.main').click();
  await page.waitForSelector('h1:text-is("web")');
  const role = await made('GET', 'auth/approle/role/web');
  assert.deepEqual([role.token_policies, role.secret_id_num_uses, role.secret_id_ttl], [['dev', 'shop'], 5, 86400]);
});

await test('one field is changed, the others stay', async () => {
  const form = page.locator('section[aria-labelledby=entry-fields]');
  assert.equal(await form.locator('[name=secret_id_ttl]').inputValue(), '24h');
  await form.locator('[name=token_ttl]').fill('15m');
  await form.locator('select[name=bind_secret_id]').selectOption('true');
  await form.locator('button.main').click();
  await page.waitForSelector('section[aria-labelledby=entry-fields]');
  await page.waitForFunction(() => document.querySelector('[name=token_ttl]')?.value === '15m');
  const role = await made('GET', 'auth/approle/role/web');
  assert.deepEqual([role.token_ttl, role.secret_id_num_uses], [900, 5]);
});

let secretId = '';
await test('a secret id is shown once, hidden until asked for, and opens; ended by its accessor it no longer does', async () => {
  const issue = action('Erzeugt eine secret_id');
  await issue.locator('summary').first().click();
  await issue.locator('button.main').click();
  await answered('secret_id').waitFor();
  await isAccessible();
  await shot('secret-id');
  await page.click('button[aria-label="Wert von secret_id kopieren"]');
  await page.waitForSelector('text=secret_id ist in der Zwischenablage');
  secretId = await page.evaluate(() => navigator.clipboard.readText());
  assert.equal(secretId.length, 36);
  assert.equal(await holds(secretId), false, 'copied without being shown');
  await page.click('button[aria-label="Wert von secret_id zeigen"]');
  await page.waitForSelector(`pre.value:has-text("${secretId}")`);
  const { role_id } = await made('GET', 'auth/approle/role/web/role-id');
  assert.equal(await page.locator('dt:text-is("role_id") + dd').textContent(), role_id);
  assert.equal((await guest('auth/approle/login', { role_id, secret_id: secretId })).status, 200);
  await page.click('text=Fertig, ausblenden');
  await page.waitForFunction(() => !document.querySelector('pre.value'));
  assert.equal(await holds(secretId), false);
  await page.click('button[aria-label^="Beenden: Secret-ID"]');
  await page.click('text=Ja, beenden');
  await page.waitForSelector('text=Sie ist beendet.');
  assert.equal((await guest('auth/approle/login', { role_id, secret_id: secretId })).status, 400);
});

await test('wrapped, the page never has the secret id: its token gives it out once', async () => {
  const issue = action('Erzeugt eine secret_id');
  await issue.locator('select[name=wrap]').selectOption({ label: 'wird eingepackt: ein Token öffnet sie einmal, binnen 1h' });
  await issue.locator('button.main').click();
  await page.waitForSelector('button[aria-label="Wert von Token zum Auspacken zeigen"]');
  assert.equal(await answered('secret_id').count(), 0);
  await page.click('button[aria-label="Wert von Token zum Auspacken zeigen"]');
  const token = await page.locator('pre.value').textContent();
  const first = await guest('sys/wrapping/unwrap', {}, token);
  assert.equal(first.answer.data.secret_id.length, 36);
  assert.equal((await guest('sys/wrapping/unwrap', {}, token)).status, 400);
});

await test('deleted it is gone', async () => {
  await page.click('button[aria-label="web: Löschen"]');
  await page.click('text=Ja, löschen');
  await page.waitForSelector('h1:text-is("approle/")');
  assert.equal((await api('GET', 'auth/approle/role/web')).status, 404);
});

await test('users with a password: made, it is in no field afterwards, changed, and they log in', async () => {
  await made('POST', 'sys/auth/staff', { type: 'userpass', description: 'Belegschaft' });
  await go('#/logins');
  await page.click('.tree a:text-is("staff/")');
  await add('users', { name: 'eva', password: 'correct horse 1', token_policies: 'default' });
  await page.waitForSelector('h1:text-is("eva")');
  assert.equal(await holds('correct horse 1'), false);
  assert.equal((await guest('auth/staff/login/eva', { password: 'correct horse 1' })).status, 200);
  const change = action('Setzt das Passwort');
  await change.locator('summary').first().click();
  await change.locator('input[name=password]').fill('battery staple 2');
  await change.locator('button.main').click();
  await change.locator('.done:has-text("Erledigt.")').waitFor();
  assert.equal(await holds('battery staple 2'), false);
  assert.equal((await guest('auth/staff/login/eva', { password: 'battery staple 2' })).status, 200);
  await isAccessible();
  await shot('user');
});

await test('the other methods have their settings, roles and entries', async () => {
  for (const [type, collections] of Object.entries({ jwt: ['role'], kubernetes: ['role'], cert: ['certs', 'crls'], oidc: ['role'] })) {
    await made('POST', `sys/auth/${type}`, { type });
    await go(`#/logins/${type}%2F`);
    for (const name of collections) {
      await section(name).waitFor();
    }
    await page.locator('details.form summary').first().click();
    await page.waitForSelector('details[open] form');
    await isAccessible();
  }
  await go('#/logins/kubernetes%2F');
  await page.locator('details.form summary').first().click();
  await page.fill('[name=kubernetes_host]', 'https://10.0.0.1:6443');
  await page.locator('details[open] button.main').first().click();
  await page.waitForSelector('.done:has-text("Gespeichert")');
  assert.equal((await made('GET', 'auth/kubernetes/config')).kubernetes_host, 'https://10.0.0.1:6443');
  await add('role', { name: 'shop', bound_service_account_names: 'shop, job-*', bound_service_account_namespaces: 'web', token_policies: 'shop' });
  await page.waitForSelector('h1:text-is("shop")');
  assert.deepEqual((await made('GET', 'auth/kubernetes/role/shop')).bound_service_account_names, ['shop', 'job-*']);
  await go('#/logins/jwt%2F');
  await add('role', { name: 'ci', user_claim: 'sub', bound_claims: '{"project": ["shop"' });
  await page.waitForSelector('.trouble:has-text("bound_claims ist kein JSON.")');
});

await test('a long list comes in pages and is narrowed by name', async () => {
  for (let i = 0; i < 60; i++) {
    await made('POST', `auth/approle/role/job-${String(i).padStart(2, '0')}`, {});
  }
  await go('#/logins/approle%2F');
  await section('role').locator('.tree a').first().waitFor();
  assert.equal(await section('role').locator('.tree li').count(), 50);
  await page.click('text=Nächste Seite');
  assert.equal(await section('role').locator('.tree li').count(), 10);
  await page.fill('input[name=narrow]', 'JOB-4');
  assert.equal(await section('role').locator('.tree li').count(), 10);
  assert.deepEqual(await section('role').locator('.tree li').first().allTextContents(), ['job-40']);
  await isAccessible();
});

await test('a token is issued, wrapped or shown once', async () => {
  await go('#/tokens');
  const issue = action('Ein Token ausgeben');
  await issue.locator('summary').first().click();
  await issue.locator('[name=policies]').fill('default');
  await issue.locator('[name=ttl]').fill('1h');
  await issue.locator('button.main').click();
  await answered('client_token').waitFor();
  await page.click('button[aria-label="Wert von client_token zeigen"]');
  const token = await page.locator('pre.value').first().textContent();
  assert.equal((await made('POST', 'auth/token/lookup', { token })).creation_ttl, 3600);
  await shot('token-issued');
});

await dresses({ logins: '#/logins', approle: '#/logins/approle%2F', user: '#/logins/staff%2Fusers%2Feva', kubernetes: '#/logins/kubernetes%2F', role: '#/logins/kubernetes%2Frole%2Fshop', tokenroles: '#/logins/token%2F' });

await leave();
