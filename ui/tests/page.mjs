/* The built page (dist/) in Chromium against the fixture server. page.mjs [FOLDER for pictures] */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

import { launch } from './browser.mjs';
import { finish, test } from './check.mjs';
import { estateTests } from './page_estate.mjs';
import { leaseTests } from './page_leases.mjs';
import { CODE, PASSPHRASE, policy, Server } from './server.mjs';

const pictures = process.argv[2];
const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const TIMEOUT_MS = 8000;

const server = new Server();
await server.start();
const browser = await launch();
if (pictures) {
  mkdirSync(pictures, { recursive: true });
}

/* A new browser profile; `complaints` gathers what the console, the page or the policy objects to. */
async function open({ language = 'en', theme = 'light', width = 1200, loggedIn = true } = {}) {
  const context = await browser.newContext({ locale: language === 'de' ? 'de-DE' : 'en-GB', colorScheme: theme, viewport: { width, height: 900 } });
  if (loggedIn) {
    await context.addCookies([{ name: 'vogt', value: 'token', url: server.address, httpOnly: true, sameSite: 'Strict' }]);
  }
  const page = await context.newPage();
  page.setDefaultTimeout(TIMEOUT_MS);
  page.complaints = [];
  page.on('console', (message) => message.type() === 'error' && !/status of 40[034]|status of 503/.test(message.text()) && page.complaints.push(message.text()));
  page.on('pageerror', (error) => page.complaints.push(String(error)));
  page.on('request', (request) => request.url().startsWith(server.address) || /^(data|blob):/.test(request.url()) || page.complaints.push(`asked ${request.url()}`));
  return page;
}

async function go(page, hash) {
  await page.goto(`${server.address}/ui/${hash}`);
  await page.waitForFunction(() => document.querySelector('h1') && !document.querySelector('.waiting:not(:empty)'));
}

async function inPage(options, hash, run) {
  const page = await open(options);
  try {
    await go(page, hash);
    await run(page);
    assert.deepEqual(page.complaints, []);
  } finally {
    await page.context().close();
  }
}

/* axe goes in by the debugger, past the policy; the page's own policy stays in force. */
async function axe(page) {
  if (!(await page.evaluate(() => 'axe' in globalThis))) {
    await page.evaluate(axeSource);
  }
  const result = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
  assert.deepEqual(result.violations.map((one) => `${one.id}: ${one.nodes.map((node) => `${node.target.join(' ')} ${node.failureSummary}`).join(' | ')}`), []);
  assert.ok(result.passes.length > 10, 'axe looked at something');
}

async function fits(page) {
  const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(content <= window, `content is ${content} wide in a window of ${window}`);
}

const views = {
  morning: '#/morning', annex: '#/annex', clause: '#/clause/3.1', broken: '#/clause/3.2', entry: '#/entry/3', periods: '#/periods',
  estate: '#/estate', inventory: '#/inventory', subject: '#/subject/host%3Aweb-1', inbox: '#/inbox', sources: '#/sources', agents: '#/agents', uncovered: '#/uncovered', hcl: '#/hcl',
  ledger: '#/ledger', status: '#/status', adopt: '#/adopt', measure: '#/measure/crypto.transit',
};

/* One page for each view and width; language and colours are switched in it, as a reader does. */
async function isGood(page, view, language, theme, width) {
  assert.equal(await page.getAttribute('html', 'lang'), language);
  assert.equal(await page.locator('h1').count(), 1);
  await page.evaluate(() => document.querySelectorAll('details').forEach((one) => { one.open = true; }));
  if ((language === 'de') === (theme === 'light')) {
    await axe(page); /* contrast hangs on the colours, labels on the language: each of both is looked at */
  }
  await fits(page);
  if (pictures) {
    await page.evaluate(() => document.querySelectorAll('details').forEach((one) => { one.open = false; }));
    await page.screenshot({ path: `${pictures}/${view}-${language}-${theme}-${width}.png`, fullPage: true });
  }
}

for (const [view, hash] of Object.entries(views)) {
  for (const width of [360, 1200]) {
    await test(`${view} ${width}: no findings, fits, in both languages and colours`, () =>
      inPage({ language: 'de', width }, hash, async (page) => {
        for (const language of ['de', 'en']) {
          for (const theme of ['light', 'dark']) {
            await page.selectOption('.settings select >> nth=0', language);
            await page.selectOption('.settings select >> nth=1', theme);
            await isGood(page, view, language, theme, width);
          }
        }
      }));
  }
}

for (const language of ['de', 'en']) {
  for (const theme of ['light', 'dark']) {
    await test(`login ${language} ${theme}: no findings, fits`, () =>
      inPage({ language, theme, width: 360, loggedIn: false }, '', async (page) => {
        await page.waitForSelector('input[name=passphrase]');
        await axe(page);
        await fits(page);
        if (pictures) {
          await page.screenshot({ path: `${pictures}/login-${language}-${theme}-360.png` });
        }
      }));
  }
}

await test('the policy is gate\'s, and a script put into the page does not run', () =>
  inPage({}, '#/morning', async (page) => {
    const source = readFileSync(new URL('../../src/roles/gate_page.c', import.meta.url), 'utf8');
    const quoted = /#define PAGE_POLICY([\s\S]*?)\n\n/.exec(source)[1].match(/"[^"]*"/g).map((part) => part.slice(1, -1)).join('');
    assert.equal(policy, quoted);
    const ran = await page.evaluate(async () => {
      const script = document.createElement('script');
      script.textContent = 'globalThis.ran = true';
      document.body.append(script);
      await new Promise((done) => setTimeout(done, 50));
      return globalThis.ran === true;
    });
    assert.equal(ran, false);
    assert.match(page.complaints.splice(0).join(), /Content Security Policy/);
  }));

await test('login by link: code leaves the address, a short passphrase is refused, a good one is set', () =>
  inPage({ loggedIn: false }, `#login=${encodeURIComponent(CODE)}`, async (page) => {
    await page.waitForSelector('input[name=new]');
    assert.equal(page.url(), `${server.address}/ui/`);
    await page.fill('input[name=new]', 'short');
    await page.fill('input[name=again]', 'short');
    await page.click('button.main');
    assert.match(await page.textContent('.trouble'), /5 characters/);
    await axe(page);
    await page.fill('input[name=new]', PASSPHRASE);
    await page.fill('input[name=again]', 'another passphrase');
    await page.click('button.main');
    assert.match(await page.textContent('.trouble'), /differ/);
    await page.fill('input[name=again]', PASSPHRASE);
    await page.click('button.main');
    await page.waitForSelector('nav a[aria-current=page]');
    assert.deepEqual(server.seen.at(-1), { method: 'POST', path: 'auth/passphrase/set', name: null, body: { name: 'admin', passphrase: PASSPHRASE } });
  }));

await test('a spent link says so and offers the login', () =>
  inPage({ loggedIn: false }, `#login=${encodeURIComponent(CODE)}`, async (page) => {
    await page.waitForSelector('.trouble');
    assert.match(await page.textContent('.trouble'), /this link was used/);
    await page.waitForSelector('input[name=passphrase]');
  }));

await test('login by passphrase: a wrong one is refused in words, a right one opens, logging out ends it', () =>
  inPage({ loggedIn: false, language: 'de' }, '', async (page) => {
    await page.fill('input[name=name]', 'admin');
    await page.fill('input[name=passphrase]', 'wrong');
    await page.click('form button');
    await page.waitForSelector('.trouble');
    assert.match(await page.textContent('.trouble'), /Passphrase ist falsch/);
    await page.fill('input[name=passphrase]', PASSPHRASE);
    await page.keyboard.press('Enter');
    await page.waitForSelector('nav[aria-label=Hauptmenü]');
    assert.equal(await page.evaluate(() => document.cookie), '');
    await page.click('text=Abmelden');
    await page.waitForSelector('input[name=passphrase]');
    await page.reload();
    await page.waitForSelector('input[name=passphrase]');
  }));

await test('a sealed Vogt is said to be sealed', async () => {
  server.sealed = true;
  try {
    await inPage({}, '', async (page) => {
      await page.waitForSelector('text=Vogt is sealed');
      await axe(page);
      server.sealed = false;
      await page.click('text=Try again');
      await page.waitForSelector('text=Good morning');
    });
  } finally {
    server.sealed = false;
  }
});

await test('without an annex the page leads to adopting one', async () => {
  server.hasAnnex = false;
  try {
    await inPage({}, '#/annex', async (page) => {
      await page.click('main a.button');
      await page.waitForSelector('input[type=file]');
    });
  } finally {
    server.hasAnnex = true;
  }
});

await test('every sentence shows its verdict as a word; the counts filter', () =>
  inPage({ language: 'de' }, '#/annex', async (page) => {
    assert.deepEqual(await page.locator('.clause .mark .word').allTextContents(), ['veraltet', 'unbewiesen', 'erfüllt', 'gebrochen', 'bescheinigt']);
    await page.click('.count:has-text("gebrochen")');
    assert.deepEqual(await page.locator('.clause .id').allTextContents(), ['3.2']);
    assert.match(await page.textContent('.clause'), /nicht verschlüsselt/);
    await page.click('.count:has-text("gebrochen")');
    assert.equal(await page.locator('.clause').count(), 5);
  }));

await test('language and colours are switched and remembered', () =>
  inPage({}, '#/annex', async (page) => {
    await page.selectOption('.settings select >> nth=0', 'de');
    assert.equal(await page.getAttribute('html', 'lang'), 'de');
    await page.selectOption('.settings select >> nth=1', 'dark');
    const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    assert.equal(await ground(), 'rgb(22, 25, 29)');
    await page.reload();
    await page.waitForSelector('.clause');
    assert.equal(await page.getAttribute('html', 'lang'), 'de');
    assert.equal(await ground(), 'rgb(22, 25, 29)');
  }));

await test('keyboard alone: skip link, menu, a sentence, its evidence; the focus follows', () =>
  inPage({}, '#/annex', async (page) => {
    const focused = () => page.evaluate(() => document.activeElement.textContent.trim());
    await page.keyboard.press('Tab');
    assert.equal(await focused(), 'Skip to the content');
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
    const reach = async (pattern) => {
      for (let i = 0; i < 80; i++) {
        await page.keyboard.press('Tab');
        if (pattern.test(await focused())) {
          const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
          assert.notEqual(outline, 'none', 'the focus is visible');
          return;
        }
      }
      assert.fail(`${pattern} was not reached`);
    };
    await reach(/^Daten werden unterwegs/);
    await page.keyboard.press('Enter');
    await page.waitForSelector('blockquote');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
    await reach(/^Entry 3: facts/);
    await page.keyboard.press('Enter');
    await page.waitForSelector('text=Evidence entry 3');
    await page.goBack();
    await page.waitForSelector('blockquote');
  }));

await test('forms of a clause send what the API takes', () =>
  inPage({}, '#/clause/3.1', async (page) => {
    const sent = async (path, run) => {
      await run();
      await page.waitForFunction(() => [...document.querySelectorAll('.done')].some((one) => one.textContent.includes('Recorded')));
      const last = server.seen.at(-1);
      assert.equal(last.path, path);
      await page.reload();
      await page.waitForSelector('blockquote');
      return last;
    };
    const bound = await sent('annex/clauses/3.1/bindings', async () => {
      await page.click('text=Confirm or correct');
      await page.uncheck('label:has-text("Encryption at rest") input');
      await page.fill('label:has-text("Why") input', 'only transport');
      await page.click('text=Confirm binding');
    });
    assert.deepEqual(bound.body, { measures: ['crypto.transit'], reason: 'only transport' });
    const signed = await sent('annex/clauses/3.1/interpretations', async () => {
      await page.click('text=Sign or change');
      await page.fill('label:has-text("Values") input', '{"bits":256}');
      await page.click('text=Sign “');
    });
    assert.deepEqual(signed.body.values, { bits: 256 });
    assert.equal(signed.body.term, 'weak-cipher');
    const attested = await sent('annex/clauses/3.1/attestations', async () => {
      await page.click('text=Attest a promise');
      await page.selectOption('details select', '3.1.b');
      await page.fill('label:has-text("I state that") textarea', 'set by hand');
      await page.click('text=Sign attestation');
    });
    assert.deepEqual(attested.body, { promise: '3.1.b', statement: 'set by hand', expires_days: 90 });
    const deviation = await sent('annex/clauses/3.1/deviation', async () => {
      await page.click('text=Record or change a deviation');
      await page.fill('label:has-text("Owner") input', 'anna');
      await page.fill('label:has-text("Plan") textarea', 'renew');
      await page.fill('input[type=date]', '2027-01-31');
      await page.click('button:has-text("Record deviation")');
    });
    assert.deepEqual(deviation.body, { owner: 'anna', plan: 'renew', due: '2027-01-31' });
  }));

await test('values that are no JSON object are refused before they are sent', () =>
  inPage({}, '#/clause/3.1', async (page) => {
    const before = server.seen.length;
    await page.click('text=Sign or change');
    await page.fill('label:has-text("Values") input', '[1]');
    await page.click('text=Sign “');
    await page.waitForSelector('.trouble');
    assert.equal(server.seen.length, before);
  }));

await test('adopting: dry run, then differences; the weakened sentence is named', () =>
  inPage({}, '#/adopt', async (page) => {
    await page.setInputFiles('input[type=file]', { name: 'annex.md', mimeType: 'text/markdown', buffer: Buffer.from('# Anlage\n') });
    await page.click('text=Read it (dry run)');
    await page.waitForSelector('text=3 sections, 5 sentences');
    assert.match(await page.textContent('.document'), /bound to no measure/);
    await axe(page);
    await page.click('text=Adopt it');
    await page.waitForSelector('.kind.weakened');
    assert.deepEqual(await page.locator('.kind').allTextContents(), ['weakened', 'removed']);
    await axe(page);
    assert.equal(server.seen.at(-1).name, 'annex.md');
    assert.equal(server.seen.at(-1).body, '# Anlage\n');
  }));

await test('a bad estate is refused with its line and column', () =>
  inPage({}, '#/hcl', async (page) => {
    await page.fill('textarea', 'bad');
    await page.click('text=Save the estate');
    await page.waitForSelector('.trouble');
    assert.match(await page.textContent('.trouble'), /unknown word "bad"[\s\S]*line 3, column 5/);
    await page.fill('textarea', 'host "b" {}');
    await page.click('text=Save the estate');
    await page.waitForSelector('text=Saved and recorded.');
    assert.deepEqual(server.seen.at(-1).body, { hcl: 'host "b" {}' });
  }));

await test('observing tells how many; the report is downloaded', () =>
  inPage({}, '#/annex', async (page) => {
    await page.click('text=Observe now');
    await page.waitForSelector('text=9 observations made, 1 failed.');
    const [download] = await Promise.all([page.waitForEvent('download'), page.click('text=PDF report')]);
    assert.equal(download.suggestedFilename(), 'vogt-revision-2.pdf');
  }));

await test('the proof of an entry is checked here', () =>
  inPage({}, '#/entry/3', async (page) => {
    await page.click('text=Check the proof here');
    await page.waitForSelector('section[aria-labelledby=proof] .findings');
    assert.equal(await page.locator('section[aria-labelledby=proof] .outcome.good').count(), 3);
    assert.match(await page.textContent('section[aria-labelledby=proof] .findings'), /Entry 3 is in the log of 600/);
    await axe(page);
  }));

for (const [what, change] of [
  ['payload', (answer) => ({ ...answer, payload: `${answer.payload} ` })],
  ['entry', (answer) => ({ ...answer, entry: Buffer.alloc(33, 1).toString('base64') })],
  ['index', () => server.logs.evidence.prove(5)],
  ['signature', (answer) => ({ ...answer, proof: answer.proof.replace(/(— \S+ .{20})(.)/, (_, start, letter) => start + (letter === 'A' ? 'B' : 'A')) })],
]) {
  await test(`a proof with another ${what} is seen to be wrong`, async () => {
    const prove = server.logs.evidence.prove;
    server.logs.evidence.prove = function (index) {
      server.logs.evidence.prove = prove;
      return change(this.prove(index));
    };
    await inPage({}, '#/entry/3', async (page) => {
      await page.click('text=Check the proof here');
      await page.waitForSelector('section[aria-labelledby=proof] .findings');
      assert.ok((await page.locator('section[aria-labelledby=proof] .outcome.bad').count()) > 0);
    });
  });
}

async function checkLog(page, log) {
  await page.click(`section[aria-labelledby=log-${log}] button.main`);
  await page.waitForSelector(`[data-check=${log}][data-findings]`);
  return page.textContent(`[data-check=${log}]`);
}

await test('both logs are checked whole in the browser; a second check compares with the first; a grown log agrees', () =>
  inPage({}, '#/ledger', async (page) => {
    const first = await checkLog(page, 'evidence');
    assert.match(first, /The log is whole\.[\s\S]*600 entries read[\s\S]*signature is good[\s\S]*first check/);
    assert.match(await checkLog(page, 'audit'), /The log is whole\.[\s\S]*7 entries read/);
    await axe(page);
    if (pictures) {
      await page.screenshot({ path: `${pictures}/checked-en-light-1200.png`, fullPage: true });
    }
    server.logs.evidence.add('{"type":"observation"}');
    server.files.evidence = server.logs.evidence.files();
    await go(page, '#/ledger');
    await page.reload();
    await page.waitForSelector('section.log');
    assert.match(await checkLog(page, 'evidence'), /601 entries read[\s\S]*Nothing was rewritten since this browser’s last check \(600 entries/);
  }));

await test('a log rewritten and signed anew, or rolled back, is seen by a browser that checked before', () =>
  inPage({}, '#/ledger', async (page) => {
    await checkLog(page, 'audit');
    const log = server.logs.audit;
    const whole = { entries: [...log.entries], files: server.files.audit };
    log.entries[2] = Buffer.alloc(33, 1);
    server.files.audit = log.files();
    assert.match(await checkLog(page, 'audit'), /not whole[\s\S]*were changed/);
    log.entries = whole.entries.slice(0, 5);
    server.files.audit = log.files();
    assert.match(await checkLog(page, 'audit'), /not whole[\s\S]*rolled back/);
    log.entries = whole.entries;
    server.files.audit = whole.files;
  }));

await test('every file of a log damaged, cut short or missing is seen', () =>
  inPage({}, '#/ledger', async (page) => {
    const whole = server.files.evidence;
    for (const path of whole.keys()) {
      for (const [how, change] of [
        ['flipped', (bytes) => Buffer.from(bytes.map((byte, i) => (i === bytes.length >> 1 ? byte ^ 1 : byte)))],
        ['cut', (bytes) => bytes.subarray(0, bytes.length - 1)],
        ['missing', () => undefined],
      ]) {
        server.files.evidence = new Map(whole).set(path, change(whole.get(path)));
        assert.match(await checkLog(page, 'evidence'), /The log is not whole\./, `${path} ${how}`);
      }
    }
    server.files.evidence = whole;
    page.complaints = page.complaints.filter((text) => !/404/.test(text));
  }));

await test('another key than the log\'s is seen', () =>
  inPage({}, '#/ledger', async (page) => {
    await page.fill('section[aria-labelledby=log-audit] textarea', server.logs.evidence.vkey);
    assert.match(await checkLog(page, 'audit'), /not whole[\s\S]*not signed by this key/);
  }));

await estateTests({ server, inPage, axe, fits, go, pictures });
await leaseTests({ server, inPage, axe, fits });

await test('printed: sentences and verdicts, no menu', () =>
  inPage({ theme: 'dark' }, '#/annex', async (page) => {
    await page.emulateMedia({ media: 'print' });
    assert.equal(await page.isVisible('header.top'), false);
    assert.equal(await page.isVisible('.clause .mark'), true);
    assert.equal(await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor), 'rgb(255, 255, 255)');
  }));

await browser.close();
server.stop();
finish();
