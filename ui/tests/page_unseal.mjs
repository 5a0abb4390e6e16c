/* A Vogt sealed by Shamir, opened on the page: page_unseal.mjs ADDRESS KEYS (separated by commas, three are needed). */
import assert from 'node:assert/strict';

import { launch } from './browser.mjs';
import { finish, test } from './check.mjs';

const [address, given] = process.argv.slice(2);
const keys = given?.split(',') ?? [];
if (!address || keys.length < 3) {
  console.error('usage: node tests/page_unseal.mjs ADDRESS KEY,KEY,KEY');
  process.exit(2);
}
const browser = await launch();
const context = await browser.newContext({ ignoreHTTPSErrors: true, locale: 'de-DE' });
const page = await context.newPage();
page.setDefaultTimeout(15_000);
const asked = [];
page.on('request', (request) => asked.push(request.url()));

const give = async (key) => {
  await page.fill('input[name=key]', key);
  await page.click('text=Schlüssel eingeben');
};

await test('sealed: the page says how many keys are needed and given', async () => {
  await page.goto(new URL('/ui/', address).href);
  await page.waitForSelector('h1:has-text("Vogt ist versiegelt")');
  await page.waitForSelector('text=3 von 5 Entsiegelungsschlüsseln öffnen es.');
  await page.waitForSelector('text=0 von 3 Schlüsseln eingegeben');
});

await test('what is no key is refused in words, and is not repeated', async () => {
  await give('no such key');
  await page.waitForSelector('.trouble:has-text("hat 33 Bytes")');
  assert.ok(!(await page.content()).includes('no such key'));
  assert.equal(await page.inputValue('input[name=key]'), '');
});

await test('progress is shown and can begin again; the third key opens, and the login is there', async () => {
  await give(keys[0]);
  await page.waitForSelector('text=1 von 3 Schlüsseln eingegeben');
  assert.equal(await page.evaluate(() => document.activeElement.name), 'key', 'ready for the next');
  await page.click('text=Von vorn beginnen');
  await page.waitForSelector('text=0 von 3 Schlüsseln eingegeben');
  await give(keys[0]);
  await page.waitForSelector('text=1 von 3 Schlüsseln eingegeben');
  await give(keys[1]);
  await page.waitForSelector('text=2 von 3 Schlüsseln eingegeben');
  await give(keys[2]);
  await page.waitForSelector('input[name=passphrase]');
  const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]));
  assert.ok(keys.every((key) => !kept.includes(key) && !asked.some((url) => url.includes(key))));
});

await browser.close();
finish();
