/*
 * What operators do, against a real daemon: page_operation.mjs ADDRESS LOGIN_LINK [FOLDER]. tests/test_page_operation.py has made two audit devices, "file/" that works and
 * "gone/" whose other side has gone.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { test } from './check.mjs';
import { visit } from './visit.mjs';

const { given, page, api, made, go, shot, logIn, isAccessible, dresses, leave } = await visit('LOGIN_LINK');

await test('login by link', () => logIn(given[0]));

await test('each audit device says how it fares', async () => {
  await go('#/devices');
  await page.waitForSelector('article[aria-label="file/"]:has-text("nimmt Einträge an")');
  await page.waitForSelector('article[aria-label="gone/"]:has-text("nahm den neuesten Eintrag nicht an")');
  assert.match(await page.textContent('article[aria-label="gone/"]'), /Seit dem Start nicht angenommene Einträge\s*\d+/);
  await isAccessible();
  await shot('devices');
});

await test('a copy of the store is downloaded as a file', async () => {
  await go('#/operation');
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('text=Kopie herunterladen')]);
  await page.waitForSelector('.done:has-text("KiB; der Browser hat sie gespeichert.")');
  assert.match(download.suggestedFilename(), /^vogt-\d{8}-\d{4}\.snap$/);
  const bytes = readFileSync(await download.path());
  assert.deepEqual([...bytes.subarray(0, 2)], [0x1f, 0x8b], 'an archive');
  assert.ok(bytes.length > 10_000);
});

await test('a rate limit is set, counts, and is removed', async () => {
  const quotas = page.locator('section[aria-labelledby=quotas]');
  await quotas.locator('summary').click();
  await quotas.locator('input[name=name]').fill('slow');
  await quotas.locator('[name=path]').fill('sys/internal/ui/engines');
  await quotas.locator('[name=rate]').fill('2');
  await quotas.locator('[name=interval]').fill('1h');
  await quotas.locator('button.main').click();
  await quotas.locator('td:has-text("2 in 1h")').waitFor();
  await isAccessible();
  const asked = [];
  for (let i = 0; i < 4; i++) {
    asked.push((await api('GET', 'sys/internal/ui/engines')).status);
  }
  assert.ok(asked.includes(200) && asked.includes(429), asked.join());
  await page.click('button[aria-label="slow entfernen"]');
  await page.click('text=Ja, entfernen');
  await page.waitForSelector('text=Kein Limit gesetzt.');
});

await test('a namespace is made and worked in: what is in it is not outside', async () => {
  await page.fill('input[name=namespace]', 'team-a');
  await page.click('section[aria-labelledby=spaces] button:has-text("Anlegen")');
  await page.waitForSelector('text=team-a ist angelegt.');
  await isAccessible();
  await page.click('button[aria-label="Darin arbeiten: team-a/"]');
  await page.waitForSelector('.space:has-text("team-a/")');
  await go('#/mounts');
  const form = page.locator('section[aria-labelledby=of-mounts] details.form');
  await form.locator('summary').click();
  await form.locator('select[name=type]').selectOption('kv-v2');
  await form.locator('input[name=path]').fill('app');
  await form.locator('button.main').click();
  await page.waitForSelector('text=app/ ist eingebunden.');
  await go('#/secrets/app%2F');
  await page.click('summary:has-text("Neues Secret")');
  await page.fill('input[name=path]', 'app/db');
  await page.fill('input[name=name-0]', 'password');
  await page.fill('textarea[name=value-0]', 'of team a');
  await page.click('form.secret button.main');
  await page.waitForSelector('h1:text-is("db")');
  await shot('namespace');
  await isAccessible();
  assert.equal((await made('GET', 'team-a/app/data/db')).data.password, 'of team a');
  assert.equal((await api('GET', 'app/data/db')).status, 404);
  await go('#/morning');
  assert.equal(await page.locator('main .trouble').count(), 0, 'what there is once is shown in a namespace too');
  await page.click('.space button');
  await page.waitForFunction(() => !document.querySelector('.space'));
  await go('#/secrets');
  await page.waitForFunction(() => document.querySelector('.tree') && !document.body.textContent.includes('app/'));
});

let again = '';
await test('who belongs to a namespace logs in there', async () => {
  await made('POST', 'team-a/sys/auth/staff', { type: 'userpass', config: { listing_visibility: 'unauth' } });
  await made('POST', 'sys/policies/acl/dev', { policy: 'path "app/*" {\n  capabilities = ["create", "read", "update", "list"]\n}\n' }, { 'X-Vault-Namespace': 'team-a' });
  await made('POST', 'team-a/auth/staff/users/eva', { password: 'correct horse', token_policies: 'dev' });
  again = (await made('POST', 'auth/link/create', { name: 'ops', policies: ['default', 'admin'] })).link;
  await page.click('text=Abmelden');
  await page.waitForSelector('select[name=way]');
  assert.equal(await page.locator('select[name=way] option[value="staff/"]').count(), 0);
  await page.click('summary:has-text("Namensraum")');
  await page.fill('input[name=namespace]', 'team-a');
  await page.press('input[name=namespace]', 'Tab');
  await page.waitForSelector('select[name=way] option[value="staff/"]', { state: 'attached' });
  await page.selectOption('select[name=way]', 'staff/');
  await page.fill('input[name=name]', 'eva');
  await page.fill('input[name=secret]', 'correct horse');
  await isAccessible();
  await page.click('form button:has-text("Anmelden")');
  await page.waitForSelector('button[title="Angemeldet als staff-eva"]');
  await go('#/secret/app%2Fdb');
  await page.locator('main tbody th:text-is("password")').waitFor();
  await page.reload();
  await page.waitForSelector('.space:has-text("team-a/")');
  await page.click('text=Abmelden');
});

await test('locked out after wrong passwords, and let in again', async () => {
  await page.fill('input[name=namespace]', '');
  await page.press('input[name=namespace]', 'Tab');
  await page.waitForFunction(() => !sessionStorage.getItem('vogt.namespace'));
  await logIn(again);
  await made('POST', 'sys/auth/staff', { type: 'userpass' });
  await made('POST', 'auth/staff/users/udo', { password: 'correct horse' });
  for (let i = 0; i < 5; i++) {
    await api('POST', 'auth/staff/login/udo', { password: 'wrong' });
  }
  await go('#/logins');
  await page.waitForSelector('section[aria-labelledby=locked] .tree:has-text("udo")');
  await isAccessible();
  await shot('locked');
  await page.click('button[aria-label="Wieder zulassen: udo"]');
  await page.waitForSelector('text=udo darf es wieder versuchen.');
});

await dresses({ operation: '#/operation', devices: '#/devices', logins: '#/logins' });

await test('a namespace is deleted only by typing its name', async () => {
  await go('#/operation');
  await page.click('button[aria-label="Namensraum team-a löschen"]');
  assert.equal(await page.locator('button.danger').isDisabled(), true);
  await page.fill('input[name=typed]', 'team-a');
  await page.click('button.danger');
  await page.waitForSelector('text=team-a wird gelöscht.');
  await page.waitForSelector('section[aria-labelledby=spaces] li:has-text("nichts"), section[aria-labelledby=spaces] li.quiet');
});

await leave();
