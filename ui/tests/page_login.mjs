/* Every way in, against a real daemon: page_login.mjs ADDRESS {"jwt","token","bare"} [FOLDER for pictures]. What stands where is in tests/test_page_login.py. */
import assert from 'node:assert/strict';

import { test } from './check.mjs';
import { visit } from './visit.mjs';

const { given, base, page, isAccessible, shot, leave } = await visit('TOKENS');
const known = JSON.parse(given[0]);
const visited = [];
const told = [];
page.on('response', async (response) => response.url().includes('/v1/') && told.push(await response.text().catch(() => '')));
page.on('framenavigated', (frame) => visited.push(frame.url()));

async function isIn(name) {
  await page.waitForSelector(`button[title="Angemeldet als ${name}"]`);
  assert.equal(await page.evaluate(() => document.cookie), '', 'no script sees the token');
  const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, history.state, location.href]));
  assert.ok(![known.jwt, known.token, 'correct horse', 'vogt.oidc'].some((one) => kept.includes(one)), kept);
}

async function out() {
  await page.click('text=Abmelden');
  await page.waitForSelector('select[name=way]');
}

const choose = (label) => page.selectOption('select[name=way]', { label });

await test('what shows itself before a login is offered, and nothing else', async () => {
  await page.goto(`${base}#/tokens`);
  await page.waitForSelector('.providers button');
  assert.deepEqual(await page.locator('.providers button').allTextContents(), ['Mit Forms anmelden', 'Mit Acme anmelden']);
  const ways = await page.locator('select[name=way] option').allTextContents();
  assert.deepEqual(ways, ['Staff', 'Passphrase', 'Name und Passwort (userpass)', 'Anbieter (OpenID Connect)', 'Signiertes Token (JWT)', 'Token']);
  for (const way of ways) {
    await choose(way);
    await isAccessible();
  }
});

for (const [language, theme, width] of [['de', 'light', 360], ['en', 'dark', 1200]]) {
  await test(`the ways in, ${language}, ${theme}, ${width} wide: no findings, fits`, async () => {
    await page.setViewportSize({ width, height: 800 });
    await page.selectOption('.settings select >> nth=0', language);
    await page.selectOption('.settings select >> nth=1', theme);
    await page.selectOption('select[name=way]', 'oidc');
    await isAccessible();
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
    await shot(`login-${language}-${theme}-${width}`);
  });
}

await test('by the provider, with the keyboard: there, back to where one wanted to go, and no code stays in the address or behind "back"', async () => {
  await page.setViewportSize({ width: 1200, height: 900 });
  await page.selectOption('.settings select >> nth=0', 'de');
  await page.focus('.providers button:has-text("Acme")');
  await page.keyboard.press('Enter');
  await page.click('text=I am ada');
  await isIn('oidc-ada');
  assert.equal(page.url(), `${base}#/tokens`);
  await page.waitForSelector('h1:text-is("Tokens")');
  const entries = await page.evaluate(() => globalThis.navigation.entries().map((one) => one.url));
  assert.ok(!entries.some((url) => url.includes('code=')), entries.join());
  await out();
  const callback = visited.find((url) => url.startsWith(`${base}vault/auth/oidc/oidc/callback?`) && url.includes('code='));
  await page.goto(callback); /* who only saw the address */
  await page.waitForSelector('text=Diese Anmeldung wurde nicht in diesem Fenster begonnen.');
  assert.equal(page.url(), base);
});

await test('by a provider that answers with a form: the code is in no address that a server sees, and none stays', async () => {
  const asked = [];
  const note = (request) => asked.push(`${request.method()} ${request.url()}`);
  page.on('request', note);
  await page.click('.providers button:has-text("Forms")');
  await page.click('text="No"');
  await page.waitForSelector('.trouble:has-text("Der Anbieter lehnte ab")');
  await page.click('.providers button:has-text("Forms")');
  await page.click('text=I am ada');
  await isIn('forms-ada');
  page.off('request', note);
  assert.equal(asked.filter((one) => one === `POST ${base.replace('/ui/', '/v1/auth/forms/oidc/callback')}`).length, 2, asked.join());
  assert.ok(!page.url().includes('code='), page.url());
  const entries = await page.evaluate(() => globalThis.navigation.entries().map((one) => one.url));
  assert.ok(!entries.some((url) => url.includes('code=')), entries.join());
  await out();
});

await test('the provider says no, and a role that does not send back here', async () => {
  await page.click('.providers button:has-text("Acme")');
  await page.click('text="No"');
  await page.waitForSelector('.trouble:has-text("Der Anbieter lehnte ab")');
  assert.equal(page.url().includes('state='), false);
  await choose('Anbieter (OpenID Connect)');
  await page.fill('input[name=role]', 'elsewhere');
  await page.click('text=Weiter zum Anbieter');
  await page.waitForSelector(`.trouble:has-text("allowed_redirect_uris muss ${base}vault/auth/oidc/oidc/callback stehen")`);
  await page.fill('input[name=role]', 'waiting');
  await page.click('text=Weiter zum Anbieter');
  await page.waitForSelector('.trouble:has-text("für Befehlszeilen")');
  await page.fill('input[name=role]', 'dev');
  await page.click('text=Weiter zum Anbieter');
  await page.click('text=I am ada');
  await isIn('oidc-ada');
  await out();
});

await test('name and password: of a mount that shows itself, and of one by its path; a wrong one is refused in words', async () => {
  await choose('Staff');
  await page.fill('input[name=name]', 'eva');
  await page.fill('input[name=secret]', 'wrong');
  await page.click('form button');
  await page.waitForSelector('.trouble');
  assert.equal(await page.inputValue('input[name=secret]'), '');
  await page.fill('input[name=secret]', 'correct horse');
  await page.click('form button');
  await isIn('staff-eva');
  await out();
  assert.equal(await page.inputValue('select[name=way]'), 'staff/', 'the way is remembered');
  await choose('Name und Passwort (userpass)');
  await page.fill('input[name=mount]', 'hidden/');
  await page.fill('input[name=name]', 'udo');
  await page.fill('input[name=secret]', 'correct horse');
  await page.keyboard.press('Enter');
  await isIn('hidden-udo');
  await out();
});

await test('a signed token, and a token: neither stays in the page', async () => {
  await choose('Signiertes Token (JWT)');
  await page.fill('input[name=role]', 'ci');
  await page.fill('input[name=secret]', known.jwt);
  await page.click('form button');
  await isIn('jwt-robot');
  await out();
  await choose('Token');
  await page.fill('input[name=secret]', 'hvs.guessed');
  await page.click('form button');
  await page.waitForSelector('.trouble');
  await page.fill('input[name=secret]', known.token);
  await page.click('form button');
  await isIn('token-ops');
  await out();
});

await test('who may not see the morning is led to the secrets', async () => {
  await page.goto(base);
  await choose('Staff');
  await page.fill('input[name=name]', 'leo');
  await page.fill('input[name=secret]', 'correct horse');
  await page.click('form button');
  await isIn('staff-leo');
  await page.waitForSelector('h1:text-is("Secrets")');
  assert.equal(await page.locator('main .trouble').count(), 0);
  await shot('led-to-secrets');
  await out();
  await choose('Token');
});

await test('whose policies show nothing is told why', async () => {
  await page.fill('input[name=secret]', known.bare);
  await page.click('form button');
  await page.waitForSelector('.trouble:has-text("Richtlinie default")');
});

await test('no answer that the page got holds a token, and none was wrapped', () => {
  const tokens = [...told.join().matchAll(/"client_token":"([^"]*)"/g)].map((one) => one[1]);
  assert.ok(tokens.length >= 7 && tokens.every((one) => one === ''), tokens.join());
  assert.ok(!/"wrap_info":\{/.test(told.join()));
});

await leave();
