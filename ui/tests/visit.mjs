/* What tests of the page against a running Vogt share: a browser on it, axe, pictures, and the API as another client of the same person. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

import { launch } from './browser.mjs';
import { finish, test } from './check.mjs';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** The arguments are ADDRESS, then as many as `names` has, then the folder for pictures, which may be missing. */
export async function visit(...names) {
  const [address, ...rest] = process.argv.slice(2);
  const given = rest.slice(0, names.length);
  const pictures = rest[names.length];
  if (!address || given.length < names.length) {
    console.error(`usage: node ${process.argv[1]} ADDRESS ${names.join(' ')} [FOLDER]`);
    process.exit(2);
  }
  if (pictures) {
    mkdirSync(pictures, { recursive: true });
  }
  const base = new URL('/ui/', address).href;
  const browser = await launch();
  const context = await browser.newContext({ ignoreHTTPSErrors: true, locale: 'de-DE', viewport: { width: 1200, height: 900 } });
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: new URL(address).origin });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const complaints = [];
  const asked = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => message.type() === 'error' && !/status of 4[0-9]{2}|status of 503/.test(message.text()) && complaints.push(message.text()));
  page.on('request', (request) => asked.push({ method: request.method(), url: request.url() }));

  const api = (method, path, body, headers = {}) => page.evaluate(async ([verb, where, sent, more]) => {
    const response = await fetch(`/v1/${where}`, { method: verb, headers: { 'X-Vogt-Session': 'cookie', 'Content-Type': 'application/json', ...more }, body: sent });
    return { status: response.status, text: await response.text() };
  }, [method, path, body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body), headers]);

  const seen = {
    address, given, base, browser, context, page, complaints, asked, api,
    async made(...what) {
      const answer = await api(...what);
      assert.ok(answer.status < 300, `${what[1]}: ${answer.status} ${answer.text}`);
      return answer.text ? JSON.parse(answer.text).data : undefined;
    },
    async logIn(link) {
      await page.goto(new URL(link, address).href);
      await page.click('text=Später');
      await page.waitForSelector('nav a[aria-current=page]');
    },
    async go(hash) {
      await page.goto(base + hash);
      await page.waitForFunction((wanted) => location.hash === wanted && document.querySelector('h1') && !document.querySelector('.waiting:not(:empty)'), hash);
    },
    /** Every text, attribute and field of the page. */
    holds: (value) => page.evaluate((text) => document.documentElement.outerHTML.includes(text) || [...document.querySelectorAll('input, textarea')].some((field) => field.value.includes(text)), value),
    shot: (name) => pictures && page.screenshot({ path: `${pictures}/${name}.png`, fullPage: true }),
    async isAccessible() {
      if (!(await page.evaluate(() => 'axe' in globalThis))) {
        await page.evaluate(axeSource);
      }
      const result = await page.evaluate((rules) => globalThis.axe.run(document, { runOnly: rules }), RULES);
      assert.deepEqual(result.violations.map((one) => `${one.id}: ${one.nodes.map((node) => `${node.target.join(' ')} ${node.failureSummary}`).join(' | ')}`), []);
    },
    /** Every view in three dresses, all `details` opened: no findings, one h1, no wider than the window. */
    async dresses(views) {
      for (const [language, theme, width] of [['de', 'light', 360], ['en', 'dark', 1200], ['en', 'light', 360]]) {
        await test(`every view, ${language}, ${theme}, ${width} wide: no findings, fits`, async () => {
          await page.setViewportSize({ width, height: 900 });
          await page.selectOption('.settings select >> nth=0', language);
          await page.selectOption('.settings select >> nth=1', theme);
          for (const [view, hash] of Object.entries(views)) {
            await seen.go(hash);
            await page.waitForTimeout(150);
            assert.equal(await page.locator('h1').count(), 1, view);
            await seen.shot(`${view}-${language}-${theme}-${width}`);
            await page.evaluate(() => document.querySelectorAll('details').forEach((one) => { one.open = true; }));
            await page.waitForTimeout(100);
            await seen.isAccessible();
            const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
            assert.ok(content <= window, `${view}: content is ${content} wide in a window of ${window}`);
          }
        });
      }
      await page.setViewportSize({ width: 1200, height: 900 });
      await page.selectOption('.settings select >> nth=0', 'de');
      await page.selectOption('.settings select >> nth=1', 'light');
    },
    async leave() {
      await test('no error in the page and no breach of its policy', () => assert.deepEqual(complaints, []));
      await browser.close();
      finish();
    },
  };
  return seen;
}
