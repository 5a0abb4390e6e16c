/*
 * Secrets, policies, tokens, leases, devices, seal against a real daemon: page_secrets.mjs ADDRESS LOGIN_LINK [FOLDER for pictures]
 * A value must be in the page only while somebody asked for it, and never in an address, a log or what the browser keeps. The link must be unused; at the end Vogt is sealed.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { transformWithEsbuild } from 'vite';

import { test } from './check.mjs';
import { visit } from './visit.mjs';

const FIRST = 'correct-horse-1';
const SECOND = 'battery-staple-2';
const HALF_MINUTE_MS = 31_000;
const { address, given, base, browser, page, asked, api, made, go, holds, shot, logIn, isAccessible, dresses, leave } = await visit('LOGIN_LINK');
await page.clock.install();
await page.clock.resume();

const reads = (path) => asked.filter((one) => one.method === 'GET' && new URL(one.url).pathname === `/v1/${path}`).length;
const row = (name) => page.locator('main tbody tr', { has: page.locator(`th:text-is("${name}")`) });

await test('JSON comes back byte for byte: numbers, order, names like numbers; what is none is refused at its place', async () => {
  const source = readFileSync(new URL('../src/lib/exact.ts', import.meta.url), 'utf8');
  const { code } = await transformWithEsbuild(source, 'exact.ts', { sourcemap: false });
  const { readExact, writeExact, shownExact, NotJson } = await import(`data:text/javascript,${encodeURIComponent(code)}`);
  const same = ['{"b":1.0,"10":12345678901234567890,"2":1e400,"a":-0,"":"\\u2028"}', '[]', '{}', '[[{"x":[null,true,false,""]}],0.10,"\\"\\\\"]', '"ä\\n"'];
  same.forEach((text) => assert.equal(writeExact(readExact(text)).replaceAll('\u2028', '\\u2028'), text));
  same.forEach((text) => assert.equal(writeExact(readExact(writeExact(readExact(text), 2))), writeExact(readExact(text)), 'indented it says the same'));
  assert.equal(shownExact('a"b'), 'a"b');
  const places = { '': '1,1', '{"a":1,}': '1,8', '{"a":1,\n"a":2}': '2,1', '01': '1,2', '[1 2]': '1,4', '"a\nb"': '1,1', '{a:1}': '1,2', 'tru': '1,1', '"\\x"': '1,1', [`${'['.repeat(70)}`]: '1,66' };
  for (const [text, place] of Object.entries(places)) {
    assert.throws(() => readExact(text), (error) => error instanceof NotJson && `${error.line},${error.column}` === place, `${text}: ${place}`);
  }
});

await test('login by link', () => logIn(given[0]));

await test('a kv engine with versions is enabled on the page, its recycle bin is set', async () => {
  await go('#/mounts');
  await page.click('summary:has-text("Eine Engine einbinden")');
  await page.selectOption('section[aria-labelledby=of-mounts] details.form select[name=type]', 'kv-v2');
  await page.fill('section[aria-labelledby=of-mounts] details.form input[name=path]', 'app');
  await page.fill('section[aria-labelledby=of-mounts] details.form input[name=description]', 'Shop');
  await page.click('section[aria-labelledby=of-mounts] details.form button.main');
  await page.waitForSelector('text=app/ ist eingebunden.');
  await page.click('article[aria-labelledby=mounts-app] summary');
  await page.fill('article[aria-labelledby=mounts-app] input[name=deleted_keep]', '24h');
  await page.click('article[aria-labelledby=mounts-app] button:has-text("Einstellungen der Versionen")');
  await page.waitForSelector('article[aria-labelledby=mounts-app] .done:has-text("Gespeichert")');
  await made('POST', 'sys/mounts/old', { type: 'kv', options: { version: '1' } });
});

await test('a secret is made: its names are there, its values are not in the page', async () => {
  await go('#/secrets/app%2F');
  await page.click('summary:has-text("Neues Secret")');
  await page.fill('input[name=path]', 'app/team/db');
  await page.fill('input[name=name-0]', 'password');
  await page.fill('textarea[name=value-0]', FIRST);
  await page.click('text=Noch ein Eintrag');
  await page.fill('input[name=name-1]', 'port');
  await page.fill('textarea[name=value-1]', '12345678901234567890');
  await page.selectOption('select[name=form-1]', { label: 'JSON' });
  await page.click('form.secret button.main');
  await page.waitForSelector('h1:text-is("db")');
  await row('password').waitFor();
  await row('port').waitFor();
  assert.equal(await holds(FIRST), false);
  assert.equal(reads('app/data/team/db'), 0, 'nothing was read, so nothing was recorded as read');
  await isAccessible();
  await shot('secret-hidden');
});

await test('a value is shown when it is asked for, alone, and hidden again after half a minute', async () => {
  await page.click('button[aria-label="Wert von password zeigen"]');
  await page.waitForSelector(`pre.value:has-text("${FIRST}")`);
  assert.equal(reads('app/data/team/db'), 1);
  assert.equal(await holds('12345678901234567890'), false, 'only the one that was asked for');
  await isAccessible();
  await shot('secret-shown');
  await page.clock.fastForward(10_000);
  assert.equal(await holds(FIRST), true, 'ten seconds later it is still there');
  await page.clock.fastForward(21_000);
  await page.waitForFunction(() => !document.querySelector('pre.value'));
  assert.equal(await holds(FIRST), false);
  await page.waitForSelector('text=Die Werte sind wieder verborgen.', { state: 'attached' });
  await page.click('button[aria-label="Wert von password zeigen"]');
  await page.waitForSelector('pre.value');
  assert.equal(reads('app/data/team/db'), 2, 'it had been forgotten');
  await page.click('text=Jetzt verbergen');
  assert.equal(await holds(FIRST), false);
});

await test('a value is copied without being shown, and the clipboard is emptied after half a minute', async () => {
  await page.click('button[aria-label="Wert von password kopieren"]');
  await page.waitForSelector('text=password ist in der Zwischenablage');
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), FIRST);
  assert.equal(await holds(FIRST), false);
  await page.clock.fastForward(HALF_MINUTE_MS);
  await page.waitForSelector('text=Die Zwischenablage ist wieder leer.');
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), '');
});

await test('the timer of the clipboard goes on in another view', async () => {
  await page.click('button[aria-label="Wert von password kopieren"]');
  await page.waitForSelector('text=password ist in der Zwischenablage');
  await page.click('nav.parts a:has-text("Richtlinien")');
  await page.waitForSelector('text=noch 3');
  await page.click('text=Jetzt leeren');
  await page.waitForSelector('text=Die Zwischenablage ist wieder leer.');
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), '');
});

await test('one value is changed, the others stay as they came, numbers too', async () => {
  await go('#/secret/app%2Fteam%2Fdb');
  await page.click('button.main:has-text("Bearbeiten")');
  assert.equal(await holds(FIRST), false, 'the form holds no value that was not asked for');
  await page.click('button[aria-label="Wert von password ersetzen"]');
  await page.fill('textarea[name=value-0]', SECOND);
  await page.click('text=Noch ein Eintrag');
  await page.fill('input[name=name-2]', 'user');
  await page.fill('textarea[name=value-2]', 'shop');
  await isAccessible();
  await shot('secret-edit');
  await page.click('text=Als Version 2 speichern');
  await page.waitForSelector('text=Als Version 2 gespeichert.');
  assert.equal(await holds(SECOND), false);
  const { text } = await api('GET', 'app/data/team/db');
  assert.match(text, /"data":\{"password":"battery-staple-2","port":12345678901234567890,"user":"shop"\}/);
});

await test('a JSON value that is none is said at its place; as JSON the whole is edited, and what it says is kept', async () => {
  await page.click('button.main:has-text("Bearbeiten")');
  await page.click('button[aria-label="Wert von port lesen und ändern"]');
  await page.waitForFunction(() => document.querySelector('textarea[name=value-1]')?.value === '12345678901234567890');
  await page.fill('textarea[name=value-1]', '{"a": 01}');
  await page.click('text=Als Version 3 speichern');
  await page.waitForSelector('.pair .bad:has-text("Zeile 1, Spalte 8")');
  assert.equal(await page.evaluate(() => document.activeElement.name), 'value-1');
  await page.fill('textarea[name=value-1]', '1.0');
  await page.click('text=Als JSON bearbeiten');
  await page.waitForSelector('textarea[name=json]');
  assert.match(await page.inputValue('textarea[name=json]'), /"port": 1\.0,/);
  await page.click('text=Abbrechen');
});

await test('who writes meanwhile is not overwritten: the page says so, shows what differs, and saves only when told', async () => {
  await go('#/secrets');
  await go('#/secret/app%2Fteam%2Fdb');
  await page.click('button.main:has-text("Bearbeiten")');
  await page.click('button[aria-label="Wert von user ersetzen"]');
  await page.fill('textarea[name=value-2]', 'mine');
  await made('POST', 'app/data/team/db', '{"options":{"cas":2},"data":{"password":"theirs-3","port":5432}}');
  await page.click('text=Als Version 3 speichern');
  await page.waitForSelector('.notice:has-text("Inzwischen hat jemand Version 3 geschrieben")');
  assert.equal(await page.inputValue('textarea[name=value-2]'), 'mine', 'what was typed is still there');
  await page.click('text=Was wurde geändert?');
  await page.waitForSelector('.difference .kind');
  assert.deepEqual(await page.locator('.difference .kind').allTextContents(), ['geändert', 'geändert', 'entfallen']);
  assert.equal(await holds('theirs-3') || await holds(SECOND), false, 'differences hide values too');
  await isAccessible();
  await shot('secret-conflict');
  await page.click('text=Meine trotzdem als Version 4 speichern');
  await page.waitForSelector('text=Als Version 4 gespeichert.');
  const { text } = await api('GET', 'app/data/team/db');
  assert.match(text, /"data":\{"password":"battery-staple-2","port":12345678901234567890,"user":"mine"\}/);
});

await test('a new secret does not replace one that is there', async () => {
  await go('#/secrets/app%2Fteam%2F');
  await page.click('summary:has-text("Neues Secret")');
  await page.fill('input[name=path]', 'app/team/db');
  await page.fill('input[name=name-0]', 'x');
  await page.fill('textarea[name=value-0]', 'y');
  await page.click('form.secret button.main');
  await page.waitForSelector('text=gibt es schon ein Secret');
  await page.click('.notice a');
  await page.waitForSelector('h1:text-is("db")');
});

await test('versions: compared with their values hidden until asked, deleted, taken back, destroyed', async () => {
  await page.selectOption('select[name=left]', '1');
  await page.selectOption('select[name=right]', '3');
  await page.click('text=Unterschiede zeigen');
  await page.waitForSelector('.difference .kind');
  assert.equal(await holds(FIRST) || await holds('theirs-3'), false);
  await page.click('.difference button[aria-label="Wert von password zeigen"]');
  await page.waitForSelector('.difference pre.value');
  assert.deepEqual(await page.locator('.difference pre.value').allTextContents(), [FIRST, 'theirs-3']);
  await shot('secret-difference');
  await page.clock.fastForward(HALF_MINUTE_MS);
  await page.waitForFunction(() => !document.querySelector('pre.value'));
  await page.click('button[aria-label="Version 4 löschen"]');
  await page.waitForSelector('text=Version 4 ist gelöscht; unten');
  await page.click('button[aria-label="Version 4 zurückholen"]');
  await row('password').waitFor();
  await page.click('button[aria-label="Version 1 vernichten"]');
  await page.click('text=Ja, vernichten');
  await page.waitForSelector('.state.destroyed');
  assert.match((await api('GET', 'app/data/team/db?version=1')).text, /"destroyed":true/);
  await page.click('button[aria-label="Version 2 zeigen"]');
  await page.waitForSelector('text=die neueste ist 4');
});

await test('deleted with all versions it lies in the recycle bin and comes back', async () => {
  await page.click('button:has-text("Mit allen Versionen löschen")');
  await page.click('text=Ja, löschen');
  await page.waitForSelector('text=Unter app/team/db gibt es kein Secret.');
  await page.click('a.button:has-text("Papierkorb")');
  await page.waitForSelector('button[aria-label="Zurückholen: team/db"]');
  await isAccessible();
  await shot('bin');
  await page.click('button[aria-label="Zurückholen: team/db"]');
  await page.waitForSelector('text=team/db ist wieder da.');
  assert.match((await api('GET', 'app/data/team/db')).text, /"version":4/);
});

await test('a mount of version 1: read only when told, then hidden all the same', async () => {
  await made('POST', 'old/mail', { password: 'old-secret-7', host: 'mail.example.org' });
  await go('#/secrets/old%2F');
  await page.click('.tree a:text-is("mail")');
  await page.waitForSelector('text=Secret lesen');
  assert.equal(reads('old/mail'), 0);
  await page.click('text=Secret lesen');
  await row('password').waitFor();
  assert.equal(await holds('old-secret-7'), false);
  await page.click('button[aria-label="Wert von password zeigen"]');
  await page.waitForSelector('pre.value:has-text("old-secret-7")');
});

await test('search finds by a part of the path, in all mounts that may be listed', async () => {
  await go('#/secrets');
  await page.fill('input[name=q]', 'MAI');
  await page.waitForSelector('.found a:text-is("old/mail")');
  await page.fill('input[name=q]', 'no such thing');
  await page.waitForSelector('text=Nichts, was Sie auflisten dürfen');
  await page.fill('input[name=q]', 'db');
  await page.click('.found a:text-is("app/team/db")');
  await page.waitForSelector('h1:text-is("db")');
});

await test('a policy: an error is said at its line while it is typed, and saving goes there', async () => {
  await go('#/policies');
  await page.fill('input[name=name]', 'dev');
  await page.click('text=Schreiben');
  await page.waitForSelector('textarea[name=policy]');
  await page.fill('textarea[name=policy]', 'path "app/data/team/*" {\n  capabilities = ["read", "peek"]\n}\n');
  await page.waitForSelector('#policy-problem .bad:has-text("peek")');
  assert.deepEqual(await page.locator('.lines .bad').allTextContents(), ['2']);
  assert.match(await page.textContent('#policy-problem'), /Zeile 2, Spalte 28\s+keine solche Fähigkeit/);
  await page.click('text=Richtlinie speichern');
  await page.waitForFunction(() => document.activeElement?.name === 'policy' && document.activeElement.selectionStart > 40);
  assert.equal((await api('GET', 'sys/policies/acl/dev')).status, 404, 'nothing was written');
  await isAccessible();
  await shot('policy-error');
  await page.fill('textarea[name=policy]', '# team\npath "app/data/team/*" {\n  capabilities = ["read"]\n}\n\npath "app/data/team/db" {\n  capabilities = ["update"]\n}\n');
  await page.waitForFunction(() => !document.querySelector('#policy-problem .bad'));
});

await test('the tester names the deciding line, of a draft before it is saved and of what is saved', async () => {
  await page.fill('.tester input[name=path]', 'app/data/team/db');
  await page.click('.tester button.main');
  await page.waitForSelector('.deciding li');
  assert.match(await page.textContent('.deciding li'), /dev, Zeile 6[\s\S]*path "app\/data\/team\/db"/);
  assert.deepEqual(await page.locator('.lines .mark').allTextContents(), ['6']);
  const may = async (capability) => (await page.textContent(`.tested tr:has(th:has-text("${capability}")) td`)).trim();
  assert.match(await may('update'), /erlaubt/);
  assert.match(await may('read'), /verboten/);
  await isAccessible();
  await shot('policy-tested');
  await page.click('text=Richtlinie speichern');
  await page.waitForSelector('text=sie gilt sofort');
  await go('#/tester');
  await page.check('input[value=policies]');
  await page.fill('input[name=policies]', 'dev, nobody');
  await page.fill('input[name=path]', 'app/data/team/web');
  await page.click('.tester button.main');
  await page.waitForSelector('.deciding li');
  assert.match(await page.textContent('.deciding li'), /dev, Zeile 2[\s\S]*path "app\/data\/team\/\*"/);
  assert.match(await page.textContent('.tested'), /gibt es nicht: nobody/);
  assert.match(await may('read'), /erlaubt/);
  await isAccessible();
  await shot('tester');
  await page.click('.deciding a');
  await page.waitForSelector('h1:text-is("dev")');
  await page.waitForSelector('.lines .mark:text-is("2")');
});

await test('tokens by accessor: looked up, asked what they may, ended', async () => {
  const created = JSON.parse((await api('POST', 'auth/token/create', { policies: ['default'], ttl: '1h', display_name: 'ci' })).text).auth;
  await go('#/tokens');
  await page.fill('input[name=accessor]', created.accessor);
  await page.click('text=Nachsehen');
  const card = page.locator('article.token[aria-label*="ci"]').first();
  await card.waitFor();
  assert.match(await card.textContent(), /default/);
  assert.equal(await holds(created.client_token), false);
  await card.locator('text=Was darf es?').click();
  await card.locator('input[name=path]').fill('auth/token/lookup-self');
  await card.locator('.tester button.main').click();
  await card.locator('.deciding li').waitFor();
  assert.match(await card.textContent(), /default, Zeile \d+/);
  await isAccessible();
  await shot('tokens');
  await card.locator('button:has-text("Beenden")').click();
  await card.locator('text=Ja, beenden').click();
  await page.waitForFunction((accessor) => !document.body.textContent.includes(accessor), created.accessor);
  assert.equal((await api('POST', 'auth/token/lookup-accessor', { accessor: created.accessor })).status >= 400, true);
});

await test('leases: that there are none is said', async () => {
  await go('#/leases');
  await page.waitForSelector('text=Kein Lease.');
  await isAccessible();
});

await test('a login method is enabled, tuned, and disabled only by typing its path', async () => {
  await go('#/mounts');
  await page.click('summary:has-text("Ein Anmeldeverfahren einbinden")');
  await page.selectOption('section[aria-labelledby=of-auth] details.form select[name=type]', 'approle');
  await page.click('section[aria-labelledby=of-auth] details.form button.main');
  const card = page.locator('article[aria-labelledby=auth-approle]');
  await card.locator('summary').click();
  await card.locator('input[name=max_lease_ttl]').fill('2h');
  await card.locator('button.main').first().click();
  await card.locator('.done:has-text("Gespeichert")').waitFor();
  assert.match((await api('GET', 'sys/auth/approle/tune')).text, /"max_lease_ttl":7200/);
  await isAccessible();
  await shot('mounts');
  assert.equal(await card.locator('button.danger').isDisabled(), true);
  await card.locator('input[name=typed]').fill('approle');
  await card.locator('button.danger').click();
  await page.waitForSelector('text=approle/ ist gelöst.');
  await card.waitFor({ state: 'detached' });
});

await test('audit devices: a refusal in words, one added, a text found in its records, ended', async () => {
  await go('#/devices');
  await page.fill('input[name=file_path]', '/etc/shadow');
  await page.click('details.form button.main');
  await page.waitForSelector('.trouble:has-text("Verzeichnis")');
  await page.fill('input[name=file_path]', 'page.log');
  await page.click('details.form button.main');
  await page.waitForSelector('article[aria-label="file/"]');
  await page.selectOption('select[name=device]', 'file/');
  await page.fill('input[name=input]', SECOND);
  await page.click('text=HMAC zeigen');
  await page.waitForSelector('text=/hmac-sha256:[0-9a-f]{64}/');
  assert.equal(await holds(SECOND), false);
  await isAccessible();
  await shot('devices');
  await page.click('button[aria-label="Gerät beenden: file/"]');
  await page.click('text=Ja, beenden');
  await page.waitForSelector('text=Es gibt kein Gerät');
});

await test('by keyboard alone: to a secret, a value shown, hidden', async () => {
  await go('#/secrets/app%2Fteam%2F');
  const reach = async (is) => {
    for (let i = 0; i < 80; i++) {
      await page.keyboard.press('Tab');
      if (await page.evaluate(is)) {
        assert.notEqual(await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle), 'none', 'the focus is visible');
        return;
      }
    }
    assert.fail(`${is} was not reached`);
  };
  await page.focus('main');
  await reach(() => document.activeElement.textContent === 'db');
  await page.keyboard.press('Enter');
  await row('password').waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
  await reach(() => document.activeElement.getAttribute('aria-label') === 'Wert von password zeigen');
  await page.keyboard.press('Enter');
  await page.waitForSelector('pre.value');
  await reach(() => document.activeElement.textContent === 'Jetzt verbergen');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => !document.querySelector('pre.value'));
});

await test('whoever may only read is led there all the same, and told in words what is denied', async () => {
  await made('POST', 'sys/policies/acl/reader', { policy: 'path "app/metadata/team/" {\n  capabilities = ["list"]\n}\npath "app/data/team/*" {\n  capabilities = ["read"]\n}\n' });
  const { data } = JSON.parse((await api('POST', 'auth/link/create', { name: 'ben', policies: ['default', 'reader'] })).text);
  const other = await browser.newContext({ ignoreHTTPSErrors: true, locale: 'de-DE' });
  const his = await other.newPage();
  his.setDefaultTimeout(15_000);
  try {
    await his.goto(new URL(data.link, address).href);
    await his.click('text=Später');
    await his.click('nav a:text-is("Secrets")');
    await his.click('.tree a:text-is("app/")');
    await his.waitForSelector('.trouble:has-text("Ihr Token darf das nicht.")'); /* the mount's top may not be listed */
    await his.goto(`${base}#/secrets/app%2Fteam%2F`);
    await his.click('.tree a:text-is("db")');
    await his.waitForSelector('text=Die Namen allein dürfen Sie nicht abfragen');
    await his.click('text=Secret lesen');
    await his.click('button[aria-label="Wert von user zeigen"]');
    await his.waitForSelector('pre.value:has-text("mine")');
    await his.click('button.main:has-text("Bearbeiten")');
    await his.click('button[aria-label="Wert von user ersetzen"]');
    await his.fill('textarea[name=value-2]', 'not allowed');
    await his.click('form.secret button.main');
    await his.waitForSelector('.trouble');
    assert.equal(await his.inputValue('textarea[name=value-2]'), 'not allowed', 'what was typed is still there');
    await his.goto(`${base}#/tokens`);
    await his.waitForSelector('.trouble');
  } finally {
    await other.close();
  }
});

await dresses({
  secrets: '#/secrets', folder: '#/secrets/app%2Fteam%2F', secret: '#/secret/app%2Fteam%2Fdb', bin: '#/bin', mounts: '#/mounts', policies: '#/policies', policy: '#/policy/dev',
  tester: '#/tester', tokens: '#/tokens', leases: '#/leases', devices: '#/devices', seal: '#/seal',
});

await test('no value ever stood in an address, and the browser keeps none', async () => {
  const values = [FIRST, SECOND, 'theirs-3', 'old-secret-7'];
  assert.deepEqual(asked.filter((one) => values.some((value) => one.url.includes(value))), []);
  const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, history.state, document.cookie]));
  assert.deepEqual(values.filter((value) => kept.includes(value)), []);
});

await test('sealing asks once more; then the page says that it is sealed and how it opens', async () => {
  await go('#/seal');
  await page.click('button:has-text("Vogt versiegeln")');
  await page.waitForSelector('text=Jedes Programm, das Vogt fragt, steht still');
  assert.equal((await api('GET', 'sys/seal-status')).text.includes('"sealed":false'), true);
  await isAccessible();
  await page.click('text=Ja, versiegeln');
  await page.waitForSelector('h1:has-text("Vogt ist versiegelt")');
  await page.waitForSelector('text=Vogt neu starten');
  assert.equal((await api('GET', 'sys/seal-status')).text.includes('"sealed":true'), true);
  await isAccessible();
  await shot('sealed');
});

await leave();
