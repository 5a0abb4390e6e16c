/*
 * Against a real daemon: live.mjs ADDRESS LOGIN_LINK [FOLDER for pictures]
 * Logs in by the one-time link, sets a passphrase, and walks through every view. The link must be unused.
 */
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';

import { launch } from './browser.mjs';
import { finish, test } from './check.mjs';

const [address, link, pictures] = process.argv.slice(2);
if (!address || !link) {
  console.error('usage: node tests/live.mjs ADDRESS LOGIN_LINK [FOLDER]');
  process.exit(2);
}
if (pictures) {
  mkdirSync(pictures, { recursive: true });
}

const NAME = 'admin';
const PASSPHRASE = 'a long passphrase for this test';
const OBSERVE_MS = 120_000;
const base = new URL('/ui/', address).href;
const browser = await launch();
/* The daemon's certificate is its own; localhost over TLS is a secure context all the same. */
const context = await browser.newContext({ ignoreHTTPSErrors: true, locale: 'de-DE', viewport: { width: 1200, height: 900 } });
const page = await context.newPage();
page.setDefaultTimeout(20_000);
const complaints = [];
page.on('pageerror', (error) => complaints.push(String(error)));
page.on('console', (message) => message.type() === 'error' && /Content Security Policy/.test(message.text()) && complaints.push(message.text()));

async function shoot(name) {
  if (pictures) {
    await page.screenshot({ path: `${pictures}/${name}.png`, fullPage: true });
  }
}

async function go(hash) {
  await page.goto(base + hash);
  await page.waitForFunction(() => document.querySelector('h1') && !document.querySelector('.waiting:not(:empty)'));
}

async function isWell(name) {
  assert.equal(await page.locator('main .trouble').count(), 0, await page.locator('main').innerText());
  await shoot(name);
}

await test('login by link, then a passphrase', async () => {
  await page.goto(new URL(link, address).href);
  await page.waitForSelector('input[name=new]');
  assert.ok(!page.url().includes('login='), 'the code left the address');
  await page.fill('input[name=name]', NAME);
  await page.fill('input[name=new]', PASSPHRASE);
  await page.fill('input[name=again]', PASSPHRASE);
  await page.click('button.main');
  await page.waitForSelector('nav a[aria-current=page]');
  assert.equal(await page.evaluate(() => document.cookie), '', 'no script sees the token');
});

await test('log out and in again by passphrase', async () => {
  await page.click('text=Abmelden');
  await page.waitForSelector('input[name=passphrase]');
  await shoot('login');
  await page.fill('input[name=name]', NAME);
  await page.fill('input[name=passphrase]', PASSPHRASE);
  await page.click('button.main');
  await page.waitForSelector('nav a[aria-current=page]');
});

await test('morning', async () => {
  await go('#/morning');
  await page.waitForSelector('.counts');
  await isWell('morning');
});

await test('annex: every sentence has a number, a text and one of the five words', async () => {
  await go('#/annex');
  await page.waitForSelector('.clause');
  const count = await page.locator('.clause').count();
  const words = await page.locator('.clause .mark .word').allTextContents();
  assert.equal(words.length, count);
  words.forEach((word) => assert.match(word, /^(erfüllt|gebrochen|veraltet|unbewiesen|bescheinigt)$/));
  await isWell('annex');
});

await test('observing now', async () => {
  await page.click('text=Jetzt beobachten');
  await page.waitForSelector('text=/\\d+ Beobachtungen gemacht/', { timeout: OBSERVE_MS });
  await isWell('observed');
});

let clause = '';
await test('a clause opened: promises, measures', async () => {
  const observed = page.locator('.clause:has(.mark.kept), .clause:has(.mark.broken)');
  const one = (await observed.count()) > 0 ? observed.first() : page.locator('.clause').first();
  clause = (await one.locator('.id').textContent()).trim();
  await one.locator('a').click();
  await page.waitForSelector('.promise');
  await isWell('clause');
});

await test('facts and proof of an observation, checked here', async () => {
  const entry = page.locator('td a[href^="#/entry/"]').first();
  assert.ok((await entry.count()) > 0, `clause ${clause} shows no evidence`);
  await entry.click();
  await page.waitForSelector('text=/Beweis-Eintrag/');
  await page.click('button.main');
  await page.waitForSelector('section[aria-labelledby=proof] .findings');
  assert.equal(await page.locator('section[aria-labelledby=proof] .outcome.bad').count(), 0, await page.locator('section[aria-labelledby=proof]').innerText());
  await page.waitForSelector('section[aria-labelledby=part-facts] pre');
  await isWell('entry');
});

for (const log of ['evidence', 'audit']) {
  await test(`the ${log} log checked in the browser`, async () => {
    await go('#/ledger');
    const section = page.locator(`section[aria-labelledby=log-${log}]`);
    await section.locator('.deed button').click();
    await section.locator('.deed .done:not(:empty)').waitFor();
    await section.locator('button.main').click();
    const result = section.locator('[data-findings]');
    await result.waitFor({ timeout: OBSERVE_MS });
    const text = await result.innerText();
    assert.equal(await result.getAttribute('data-findings'), '0', text);
    assert.match(text, /Das Logbuch ist unversehrt/);
    await isWell(`ledger-${log}`);
  });
}

await test('the estate as a map: this machine and what lies on it, every subject counted', async () => {
  await go('#/estate');
  await page.waitForSelector('.map .host h4');
  assert.match(await page.textContent('.map'), /this[\s\S]*Vogts eigene Maschine/);
  const counts = (await page.locator('.counts .figure').allTextContents()).map((text) => Number(text.replace(/\D/g, '')));
  assert.ok(counts.reduce((sum, one) => sum + one, 0) >= 3, String(counts));
  await isWell('estate');
});

await test('a subject, opened from the map, leads to its evidence', async () => {
  await page.locator('.host .tile').first().click();
  await page.waitForSelector('dl.facts');
  await isWell('subject');
  await page.locator('a[href^="#/entry/"]').first().click();
  await page.waitForSelector('text=/Beweis-Eintrag/');
});

const people = 'login,email,admin\nanna,anna@example.org,true\nben,ben@example.org,false\ncleo,cleo@example.org,false\n';
await test('a source is set up, asked, and shows what it found', async () => {
  await go('#/sources');
  await page.selectOption('form.source select[name=kind]', 'csv');
  assert.ok((await page.textContent('.rights')).length > 40, 'the rights are explained');
  await page.fill('form.source input[name=name]', 'staff');
  await page.fill('form.source input[name=address]', 'https://localhost:1');
  await page.fill('form.source textarea[name=text]', people);
  await page.click('form.source button.main');
  await page.waitForSelector('article[aria-labelledby=source-staff]');
  await page.click('article[aria-labelledby=source-staff] button >> nth=0');
  await page.waitForSelector('article[aria-labelledby=source-staff] .done:has-text("Gegenstände gefunden")', { timeout: OBSERVE_MS });
  assert.equal(await page.locator('article[aria-labelledby=source-staff] dt:has-text("Letzter Lauf") + dd .mark.kept').count(), 1, 'the list was read whole');
  await isWell('sources');
});

async function decide(id, button, reason) {
  await page.check(`input[aria-label="${id} auswählen"]`);
  await page.fill('input[name=reason]', reason);
  await page.click(`text=${button}`);
  await page.waitForSelector('text=Für 1 festgehalten.');
  await page.waitForFunction((name) => !document.querySelector(`input[aria-label="${name} auswählen"]`), id);
}

await test('inbox: what was found is confirmed, corrected, ignored, and taken back', async () => {
  await go('#/morning');
  await page.click('text=/entdeckte Gegenstände warten auf ein Wort/');
  await page.waitForSelector('tbody tr');
  await isWell('inbox');
  await decide('person:anna@example.org', 'Bestätigen: gehört zu uns', 'works here');
  await decide('person:ben@example.org', 'Ausnehmen: gehört nicht zu uns', 'left in spring');
  await page.click('button[aria-label="Merkmale von person:cleo@example.org berichtigen"]');
  await page.fill('.correct label:has-text("login") input', 'cleopatra');
  await page.click('text=Damit bestätigen');
  await page.waitForFunction(() => !document.querySelector('.correct'));
  await go('#/subject/person%3Acleo%40example.org');
  await page.waitForSelector('dl.facts');
  assert.match(await page.textContent('dl.facts'), /entdeckt, bestätigt[\s\S]*cleopatra/);
  await go('#/inbox');
  await page.fill('input[name=restore-reason]', 'is back');
  await page.click('button[aria-label="Zurücknehmen: person:ben@example.org"]');
  await page.waitForFunction(() => !document.querySelector('section[aria-labelledby=ignored]'));
  await isWell('inbox-after');
});

await test('the list finds what the source brought', async () => {
  await go('#/inventory');
  await page.fill('input[name=q]', 'cleo');
  await page.waitForSelector('tbody tr');
  assert.ok((await page.locator('tbody tr').count()) >= 1);
  await isWell('inventory');
});

await test('an agent is invited and revoked', async () => {
  await go('#/agents');
  await page.fill('input[name=name]', 'web-1');
  await page.click('details button.main');
  await page.waitForSelector('.notice pre');
  const [command, token] = await page.locator('.notice pre').allTextContents();
  assert.match(command, /^vogt-agent .* --pin [0-9a-f]{64} --name web-1 --token -$/);
  assert.match(token, /^vga\.[\w-]{32}$/);
  await isWell('invited');
  await go('#/agents');
  await page.reload();
  await page.waitForSelector('article.agent.invited');
  assert.ok(!(await page.content()).includes(token), 'shown once');
  await page.click('button[aria-label="Agent web-1: Zugang entziehen"]');
  await page.click('text=Ja, entziehen');
  await page.waitForSelector('article.agent.revoked');
  await isWell('agents');
});

await test('a source is removed', async () => {
  await go('#/sources');
  await page.click('button[aria-label="Quelle staff entfernen"]');
  await page.click('text=Ja, entfernen');
  await page.waitForFunction(() => !document.querySelector('article[aria-labelledby=source-staff]'));
});

for (const view of ['uncovered', 'hcl', 'status', 'periods', 'adopt']) {
  await test(view, async () => {
    await go(`#/${view}`);
    await isWell(view);
  });
}

await test('English, dark, narrow', async () => {
  await page.setViewportSize({ width: 360, height: 800 });
  await page.selectOption('.settings select >> nth=0', 'en');
  await page.selectOption('.settings select >> nth=1', 'dark');
  await go('#/annex');
  await page.waitForSelector('.clause');
  const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(content <= window, `content is ${content} wide in a window of ${window}`);
  await isWell('annex-narrow');
});

await test('no error in the page and no breach of its policy', () => assert.deepEqual(complaints, []));

await browser.close();
finish();
