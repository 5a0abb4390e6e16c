/* The page logs in through a real provider's own login page: page_provider.mjs ADDRESS, called by tests/wide_keycloak_login.py. */
import assert from 'node:assert/strict';

import { launch } from './browser.mjs';
import { finish, test } from './check.mjs';

const base = new URL('/ui/', process.argv[2]).href;
const browser = await launch();
const context = await browser.newContext({ ignoreHTTPSErrors: true, locale: 'de-DE' });
const page = await context.newPage();
page.setDefaultTimeout(30_000);

async function logIn(name) {
  await page.goto(`${base}#/tokens`);
  await page.click('.providers button');
  await page.fill('input[name=username]', name);
  await page.fill('input[name=password]', 'correct horse battery staple');
  await page.click('[type=submit]');
}

await test('who belongs to the group is in, and the address holds no code', async () => {
  await logIn('ada');
  await page.waitForSelector('button[title="Angemeldet als oidc-ada"]');
  assert.equal(page.url(), `${base}#/tokens`);
  assert.equal(await page.evaluate(() => document.cookie), '');
  await page.click('text=Abmelden');
  await page.waitForSelector('.providers button');
});

await test('who does not is told, and nobody is in', async () => {
  await context.clearCookies();
  await logIn('eve');
  await page.waitForSelector('.trouble');
  assert.match(await page.textContent('.trouble'), /groups/);
  assert.equal(await page.locator('nav[aria-label=Hauptmenü]').count(), 0);
});

await browser.close();
finish();
