/* Rotation against a real daemon, a real hook and target: page_rotation.mjs ADDRESS LOGIN_LINK FIELDS [FOLDER]. FIELDS is what tests/test_rotation.py sets; the value is "first one". */
import assert from 'node:assert/strict';

import { test } from './check.mjs';
import { visit } from './visit.mjs';

const { given, page, made, go, holds, shot, logIn, isAccessible, dresses, leave } = await visit('LOGIN_LINK', 'FIELDS');
const fields = JSON.parse(given[1]);
const card = page.locator('article[aria-labelledby=rotation-app-team-db]');

await test('login by link', async () => {
  await logIn(given[0]);
  await made('POST', 'sys/mounts/app', { type: 'kv', options: { version: '2' } });
  await made('POST', 'app/data/team/db', { data: { password: 'first one', port: 5432 } });
  await made('POST', 'sys/mounts/transit', { type: 'transit' });
  await made('POST', 'transit/keys/orders', {});
});

await test('a rotation is set up with the fields of the API; a refusal is said in words, and what was typed stays', async () => {
  await go('#/rotation');
  await page.waitForSelector('text=Noch wird kein Secret per Hook rotiert.');
  await go('#/secret/app%2Fteam%2Fdb');
  await page.click('dl.facts a:has-text("Rotation einrichten")');
  await page.waitForFunction(() => document.querySelector('details[open] input[name=path]')?.value === 'app/team/db');
  for (const [name, value] of Object.entries({ ...fields, every: '5s' })) {
    await page.fill(`details [name=${name}]`, String(value));
  }
  await page.click('text=Rotation einrichten');
  await page.waitForSelector('.trouble:has-text("every reicht von einer Stunde")');
  await page.fill('details [name=every]', '24h');
  await isAccessible();
  await shot('rotation-new');
  await page.click('text=Rotation einrichten');
  await page.waitForSelector('text=app/team/db wird von jetzt an rotiert.');
  assert.match(await card.textContent(), /noch keine[\s\S]*noch nicht beobachtet/);
  assert.equal(await holds(fields.hook_token), false);
});

await test('rotated now: the new version, and by which observation the old value was seen to be refused', async () => {
  await page.click('button[aria-label="Jetzt rotieren: app/team/db"]');
  await page.waitForSelector('text=Erledigt: Version 2.', { timeout: 60_000 });
  await made('POST', 'observe', {});
  await card.locator('a[href^="#/entry/"]').waitFor();
  const text = await card.textContent();
  assert.match(text, /Version 2/);
  assert.match(text, /bestanden: .* weist den alten Wert von app\/team\/db für app ab \(HTTP 401\)/);
  await isAccessible();
  await shot('rotation');
  await card.locator('a[href^="#/entry/"]').click();
  await page.waitForSelector('h1:has-text("Beweis-Eintrag")');
  await page.goBack();
  const { data } = await made('GET', 'app/data/team/db');
  assert.equal(await holds(data.password), false);
});

await test('paused and going on; changed without giving token and certificates anew; still rotated', async () => {
  await card.waitFor();
  await page.click('button[aria-label="Aussetzen: app/team/db"]');
  await card.locator('dd:has-text("ausgesetzt")').waitFor();
  assert.equal((await made('GET', 'sys/rotation/of/app/team/db')).paused, true);
  await page.click('button[aria-label="Rotation von app/team/db ändern"]');
  await card.locator('input[name=every]').fill('48h');
  await card.locator('button:has-text("Speichern")').click();
  await card.locator('.done:has-text("Gespeichert")').waitFor();
  await page.click('button[aria-label="Fortsetzen: app/team/db"]');
  await card.locator('.done:has-text("Die Rotation geht weiter.")').waitFor();
  const now = await made('GET', 'sys/rotation/of/app/team/db');
  assert.deepEqual([now.paused, now.every_s], [false, 172800]);
  await page.click('button[aria-label="Jetzt rotieren: app/team/db"]');
  await page.waitForSelector('text=Erledigt: Version 3.', { timeout: 60_000 });
  await card.locator('h3 a').click();
  await page.waitForSelector('dl.facts a:has-text("nächste")');
  await go('#/rotation');
});

await test('a key of transit that nobody rotates gets an interval, and a new version now', async () => {
  await page.waitForSelector('section[aria-labelledby=of-transit] .warn:has-text("nie von selbst")');
  await page.click('button[aria-label="Abstand des Schlüssels orders"]');
  await page.fill('input[name=auto_rotate_period]', '720h');
  await page.click('section[aria-labelledby=of-transit] form button');
  await page.waitForFunction(() => !document.querySelector('section[aria-labelledby=of-transit] .warn'));
  await page.click('button[aria-label="Neue Version des Schlüssels orders"]');
  await page.waitForSelector('text=orders hat eine neue Version.');
  const key = await made('GET', 'transit/keys/orders');
  assert.deepEqual([key.latest_version, key.auto_rotate_period], [2, 2592000]);
  await shot('rotation-transit');
});

await test("Vogt's own key: an interval, and a new one now", async () => {
  await page.fill('input[name=interval]', '2160h');
  await page.click('section[aria-labelledby=own] form button');
  await page.waitForSelector('section[aria-labelledby=own] .done:has-text("Gespeichert")');
  assert.equal((await made('GET', 'sys/rotate/config')).interval, 7776000);
  const before = (await made('GET', 'sys/key-status')).term;
  await page.click('text=Schlüssel wechseln');
  await page.waitForSelector('text=Ein neuer Schlüssel ist aktiv.');
  assert.equal((await made('GET', 'sys/key-status')).term, before + 1);
});

await dresses({ rotation: '#/rotation', seal: '#/seal' });

await test('ended, the secret stays', async () => {
  await go('#/rotation');
  await page.click('button[aria-label="Beenden: Rotation von app/team/db"]');
  await page.click('text=Ja, beenden');
  await page.waitForSelector('text=app/team/db wird nicht mehr rotiert.');
  assert.equal((await made('GET', 'app/data/team/db')).metadata.version, 3);
});

await leave();
