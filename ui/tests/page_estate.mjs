/* The estate: map, list, inbox, sources, agents, what is not covered. Called by page.mjs, which has the browser and the server. */
import assert from 'node:assert/strict';

import { test } from './check.mjs';

const NODES_MAX = 4000;

export async function estateTests({ server, inPage, axe, fits, go, pictures }) {
  const last = () => server.seen.at(-1);
  const count = async (page, look) => Number((await page.textContent(`.count.${look} .figure`)).replace(/\D/g, ''));

  async function withEstate(which, options, hash, run) {
    server.which = which;
    try {
      await inPage(options, hash, run);
    } finally {
      server.which = 'small';
    }
  }

  await test('the map says at a glance what is red, unlisted and not covered, and leads there', () =>
    inPage({ language: 'de' }, '#/estate', async (page) => {
      await page.waitForSelector('.map');
      assert.deepEqual(await Promise.all(['broken', 'unlisted', 'uncovered', 'stale'].map((look) => count(page, look))), [4, 9, 2, 6]);
      const first = page.locator('.environment').first();
      assert.match(await first.locator('h3').textContent(), /Umgebung production/);
      assert.deepEqual(await first.locator('.host h4 .name').allTextContents(), ['web-1', 'this', 'db-1'], 'worst first');
      assert.match(await page.locator('.host:has-text("db-1") .tile.broken').textContent(), /db-1:5432, gebrochen, unbestätigt/);
      assert.equal(await page.locator('#provider-keycloak').locator('..').locator('svg.share').count(), 1, 'many are folded to a bar');
      await page.click('.count.uncovered');
      await page.waitForSelector('text=Diese sieht keine Messung');
      await go(page, '#/estate');
      await page.click('.count.broken');
      await page.waitForSelector('table');
      assert.equal(await page.locator('tbody tr').count(), 4);
      await go(page, '#/estate');
      await page.click('.count.unlisted');
      await page.waitForSelector('text=9 auswählen');
    }));

  await test('the map by keyboard alone: a host, a subject, its evidence', () =>
    inPage({}, '#/estate', async (page) => {
      await page.waitForSelector('.map');
      const reach = async (pattern) => {
        for (let i = 0; i < 120; i++) {
          await page.keyboard.press('Tab');
          if (pattern.test(await page.evaluate(() => document.activeElement.textContent.trim()))) {
            assert.notEqual(await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle), 'none', 'the focus is visible');
            return;
          }
        }
        assert.fail(`${pattern} was not reached`);
      };
      await page.focus('main');
      await reach(/^\/var\/lib\/vogt, broken/);
      await page.keyboard.press('Enter');
      await page.waitForSelector('h1:has-text("/var/lib/vogt")');
      assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
      assert.match(await page.textContent('main'), /not encrypted/);
      await reach(/^Entry 3/);
    }));

  await test('an estate of ten thousand folds: every subject counted, few boxes, the red ones among them', () =>
    withEstate('large', {}, '#/estate', async (page) => {
      await page.waitForSelector('.map');
      await page.waitForFunction(() => !document.querySelector('.waiting')?.textContent, null, { timeout: 60_000 });
      const looks = ['broken', 'unlisted', 'uncovered', 'unproven', 'stale', 'kept'];
      const counts = await Promise.all(looks.map((look) => count(page, look)));
      assert.ok(counts[0] > 15 && counts[1] > 20, String(counts));
      const inMap = await page.evaluate(() => [...document.querySelectorAll('.place > h3 .look .figure')].reduce((sum, one) => sum + Number(one.textContent.replace(/\D/g, '')), 0));
      assert.equal(inMap, 10_000);
      const nodes = await page.evaluate(() => document.querySelectorAll('*').length);
      assert.ok(nodes < NODES_MAX, `${nodes} elements`);
      assert.ok((await page.locator('.host.broken').count()) >= 10, 'hosts with something red are not folded away');
      await axe(page);
      if (pictures) {
        await page.screenshot({ path: `${pictures}/large-en-light-1200.png`, fullPage: true });
      }
      await page.setViewportSize({ width: 360, height: 800 });
      await fits(page);
      await go(page, '#/inventory');
      await page.waitForFunction(() => /10,000 of 10,000/.test(document.querySelector('main').textContent), null, { timeout: 60_000 });
      assert.equal(await page.locator('tbody tr').count(), 100);
      await page.click('text=Next page');
      assert.match(await page.textContent('.pager'), /Page 2 of 100/);
      await page.fill('input[name=q]', 'node-007');
      assert.match(await page.textContent('main'), /40 of 10,000 subjects/);
      assert.equal(await page.locator('tbody tr').count(), 40);
    }));

  await test('the list is narrowed, and the address carries how', () =>
    inPage({}, '#/inventory', async (page) => {
      await page.waitForSelector('tbody tr');
      await page.selectOption('select[name=look]', 'unlisted');
      await page.selectOption('select[name=kind]', 'endpoint');
      assert.deepEqual(await page.locator('tbody th').allTextContents(), ['db-1:5432', 'web-1:8080'], 'one that is red as well is unlisted all the same');
      await page.reload();
      await page.waitForSelector('tbody tr');
      assert.equal(await page.locator('tbody tr').count(), 2);
      await page.click('text=Show all');
      assert.ok((await page.locator('tbody tr').count()) > 60);
      await page.fill('input[name=q]', 'registry.example.org');
      assert.deepEqual(await page.locator('tbody th').allTextContents(), ['web-1/shop'], 'attributes are searched');
      await page.fill('input[name=q]', 'no such thing');
      await page.waitForSelector('text=Nothing in the estate fits.');
    }));

  await test('the morning leads to what waits', () =>
    inPage({ language: 'de' }, '#/morning', async (page) => {
      await page.click('text=8 entdeckte Gegenstände warten auf ein Wort');
      await page.waitForSelector('h1:has-text("auf ein Wort wartet")');
    }));

  await test('inbox: many at once are confirmed or ignored; a missing reason is said before anything is sent', () =>
    inPage({}, '#/inbox', async (page) => {
      await page.waitForSelector('tbody tr');
      const before = server.seen.length;
      await page.click('text=Ignore: it is none of ours');
      assert.match(await page.textContent('.trouble'), /Nothing is selected/);
      await page.fill('input[name=q]', 'keycloak');
      await page.click('text=Select all 3');
      await page.waitForSelector('text=3 selected');
      await page.click('text=Ignore: it is none of ours');
      assert.match(await page.textContent('.trouble'), /needs a reason/);
      assert.equal(server.seen.length, before);
      await axe(page);
      await page.fill('input[name=reason]', 'left the company');
      await page.click('text=Ignore: it is none of ours');
      await page.waitForSelector('text=Recorded for 3.');
      assert.equal(last().path, 'estate/inbox/ignore');
      assert.deepEqual(last().body, { subjects: ['account:keycloak/company/user37', 'account:keycloak/company/user38', 'account:keycloak/company/user39'], reason: 'left the company' });
      await page.fill('input[name=q]', '');
      await page.check('input[aria-label="Select endpoint:db-1:5432"]');
      await page.check('input[aria-label="Select host:staging-1"]');
      await page.click('text=Confirm: it belongs to us');
      await page.waitForSelector('text=Recorded for 2.');
      assert.deepEqual(last().body, { subjects: ['endpoint:db-1:5432', 'host:staging-1'] });
    }));

  await test('inbox: attributes are corrected, only what changed is sent; what is gone is removed; an exception is taken back', () =>
    inPage({}, '#/inbox', async (page) => {
      await page.waitForSelector('tbody tr');
      await page.click('button[aria-label="Correct attributes of endpoint:db-1:5432"]');
      await axe(page);
      await page.fill('.correct label:has-text("protocol") input', 'https');
      await page.fill('.correct input[name=more]', 'families');
      await page.fill('.correct input[name=value]', '["ipv4"]');
      await page.click('text=Confirm with these');
      await page.waitForFunction(() => !document.querySelector('.correct'));
      assert.deepEqual(last().body, { subjects: ['endpoint:db-1:5432'], attributes: { protocol: 'https', families: ['ipv4'] } });
      await page.selectOption('select[name=state]', 'gone');
      await page.check('input[aria-label="Select host:old-1"]');
      await page.fill('input[name=reason]', 'switched off');
      await page.click('text=Remove: it is gone');
      await page.waitForSelector('text=Recorded for 1.');
      assert.equal(last().path, 'estate/inbox/remove');
      await page.fill('input[name=restore-reason]', 'it holds data now');
      await page.click('button[aria-label="Take back: host:lab-3"]');
      await page.waitForSelector('text=Recorded in the ledger.', { state: 'attached' });
      assert.deepEqual(last().body, { subjects: ['host:lab-3'], reason: 'it holds data now' });
    }));

  await test('a source is set up: rights are explained, the secret goes to Vogt and nowhere else', () =>
    inPage({}, '#/sources', async (page) => {
      await page.click('summary');
      await page.selectOption('select[name=kind]', 'hetzner');
      assert.match(await page.textContent('.rights'), /permissions "Read"/);
      assert.equal(await page.getAttribute('input[name=token]', 'type'), 'password');
      await page.fill('form.source input[name=name]', 'cloud');
      await page.fill('input[name=token]', 'bad');
      await page.click('text=Save the source');
      assert.match(await page.textContent('.trouble'), /lacks a field/);
      await page.fill('input[name=token]', 'a-very-secret-token');
      await page.selectOption('select[name=attempt]', 'false');
      await axe(page);
      await page.click('text=Save the source');
      await page.waitForSelector('text=Saved. Ask it now');
      assert.equal(last().path, 'estate/sources/cloud');
      assert.deepEqual(last().body, { kind: 'hetzner', credential: { token: 'a-very-secret-token' }, options: { attempt: false } });
      const kept = await page.evaluate(() => document.documentElement.outerHTML + [...document.querySelectorAll('input, textarea')].map((one) => one.value).join() + JSON.stringify({ ...localStorage, ...sessionStorage }) + location.href);
      assert.ok(!kept.includes('a-very-secret-token'), 'nothing in the page still holds it');
    }));

  await test('a source is asked now, changed without its secret, removed only after a second word', () =>
    inPage({}, '#/sources', async (page) => {
      assert.match(await page.textContent('article[aria-labelledby=source-hetzner]'), /could create and delete servers[\s\S]*could open the firewall/);
      await page.click('button[aria-label="Ask it now: hetzner"]');
      await page.waitForSelector('text=Asked: 7 subjects found.');
      assert.equal(last().path, 'estate/sources/hetzner/run');
      await page.click('button[aria-label="Change source staff"]');
      assert.match(await page.textContent('form.source fieldset'), /Set: client_id, client_secret\. Never shown again/);
      assert.equal(await page.inputValue('input[name=client_secret]'), '');
      await axe(page);
      await page.fill('input[name=admin_groups]', 'ops, board');
      await page.click('article[aria-labelledby=source-staff] >> text=Save the source');
      await page.waitForFunction(() => !document.querySelector('article form.source'));
      assert.deepEqual(last().body, { kind: 'keycloak', address: 'https://login.example.org', options: { days: 30, realm: 'company', admin_groups: ['ops', 'board'] } });
      const before = server.seen.length;
      await page.click('button[aria-label="Remove source staff"]');
      assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Cancel');
      await page.keyboard.press('Enter');
      assert.equal(server.seen.length, before);
      await page.click('button[aria-label="Remove source staff"]');
      await page.click('text=Yes, remove');
      await page.waitForFunction(() => !document.querySelector('.sure'));
      assert.deepEqual([last().method, last().path], ['DELETE', 'estate/sources/staff']);
    }));

  await test('an agent is invited: the command and the token are shown once', () =>
    inPage({}, '#/agents', async (page) => {
      await page.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin: server.address });
      await page.click('summary');
      await page.fill('input[name=name]', 'web-2');
      await page.fill('input[name=every]', '5');
      await page.click('text=Make the invitation');
      await page.waitForSelector('.notice');
      assert.deepEqual(last().body, { name: 'web-2', kind: 'host', every: '5m' });
      await axe(page);
      await fits(page);
      if (pictures) {
        await page.screenshot({ path: `${pictures}/invited-en-light-1200.png`, fullPage: true });
      }
      await page.click('button[aria-label="Copy the command"]');
      await page.waitForSelector('text=Copied.');
      const command = await page.evaluate(() => navigator.clipboard.readText());
      assert.match(command, /^vogt-agent --dir \S+ --server https:\/\/vogt\.example\.org:8200 --pin [0-9a-f]{64} --name web-2 --token -$/);
      await page.click('button[aria-label="Copy the token"]');
      await page.waitForFunction(() => navigator.clipboard.readText().then((text) => text.startsWith('vga.')));
      const token = await page.evaluate(() => navigator.clipboard.readText());
      assert.ok(!command.includes(token), 'the token stands in no command line');
      await go(page, '#/morning');
      await go(page, '#/agents');
      assert.ok(!(await page.content()).includes(token));
    }));

  await test('agents: the unwell first, what they cannot see, revoked after a second word', () =>
    inPage({ language: 'de' }, '#/agents', async (page) => {
      await page.waitForSelector('article.agent');
      assert.deepEqual(await page.locator('article.agent h2 .name').allTextContents(), ['db-1', 'frankfurt', 'web-1']);
      assert.match(await page.textContent('article.agent.silent'), /vor 9 Stunden[\s\S]*42 Berichte[\s\S]*1,6 Minuten zurück[\s\S]*CAP_NET_ADMIN fehlt/);
      await page.click('button[aria-label="Agent db-1: Zugang entziehen"]');
      await page.click('text=Ja, entziehen');
      await page.waitForSelector('text=Zugang entzogen.');
      assert.deepEqual([last().path, last().body], ['agent/revoke', { name: 'db-1' }]);
    }));

  for (const [view, words] of [['estate', /There is nothing yet/], ['inbox', /Nothing waits/], ['sources', /No source is set up yet/], ['agents', /There are no agents yet/]]) {
    await test(`an empty estate: ${view} says what to do`, () =>
      withEstate('empty', { width: 360 }, `#/${view}`, async (page) => {
        assert.match(await page.textContent('main'), words);
        await axe(page);
        await fits(page);
      }));
  }
}
