/*
 * The pictures of the README: pictures.mjs ADDRESS LOGIN_LINK FIELDS FOLDER, called by tools/pictures.py, which brings a Vogt with an annex and a rotation's hook and target.
 * All are of that Vogt but the estate, which is a made-up one.
 */
import { launch } from './browser.mjs';
import { Server } from './server.mjs';

const [address, link, fields, folder] = process.argv.slice(2);
const browser = await launch();
const open = async () => {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, locale: 'en-GB', timezoneId: 'Europe/Berlin', viewport: { width: 1100, height: 760 } });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  return page;
};
const page = await open();
const settled = (one) => one.waitForFunction(() => document.querySelector('h1') && !document.querySelector('.waiting:not(:empty)'));
const shot = async (one, name) => {
  await one.mouse.move(0, 0);
  await one.screenshot({ path: `${folder}/${name}.png` });
};

async function go(hash) {
  await page.goto(`${address}/ui/${hash}`);
  await settled(page);
}
const write = (path, body) => page.evaluate(async ([where, sent]) => {
  const response = await fetch(`/v1/${where}`, { method: 'POST', headers: { 'X-Vogt-Session': 'cookie', 'Content-Type': 'application/json' }, body: JSON.stringify(sent) });
  if (!response.ok) {
    throw new Error(`${where}: ${response.status} ${await response.text()}`);
  }
}, [path, body]);

await page.goto(new URL(link, address).href);
await page.click('text=Later');
await page.waitForSelector('.counts');
await shot(page, 'morning');
await go('#/annex');
await page.waitForSelector('.clause');
await page.locator('.clause').nth(3).evaluate((one) => scrollTo(0, one.getBoundingClientRect().top + scrollY - 120));
await shot(page, 'annex');
await page.locator('.clause:has(.mark.broken) a').nth(1).click();
await page.waitForSelector('.promise');
await settled(page);
await shot(page, 'clause');

await write('sys/mounts/secret', { type: 'kv', options: { version: '2' } });
const secret = { host: 'db-2.example.org', port: 5432, user: 'app', password: 'first one' };
for (const host of ['db-0.example.org', 'db-1.example.org', secret.host]) {
  await write('secret/data/shop/database', { data: { ...secret, host } });
}
await write('secret/metadata/shop/database', { custom_metadata: { owner: 'Anna', ticket: 'OPS-71' } });
await go('#/secret/secret%2Fshop%2Fdatabase');
await page.click('button[aria-label="Show the value of host"]');
await page.waitForSelector('pre.value');
await shot(page, 'secret');

await write('sys/policies/acl/shop', { policy: '# What the shop\'s deployment may read\npath "secret/data/shop/*" {\n  capabilities = ["read"]\n}\n\n# Not the accounts of people\npath "secret/data/shop/people" {\n  capabilities = ["deny"]\n}\n' });
await go('#/policy/shop');
await page.fill('.tester input[name=path]', 'secret/data/shop/database');
await page.click('.tester button.main');
await page.waitForSelector('.deciding li');
await page.locator('h1').evaluate((one) => scrollTo(0, one.getBoundingClientRect().top + scrollY - 12));
await shot(page, 'policy');

await write('sys/mounts/transit', { type: 'transit' });
await write('transit/keys/orders', { auto_rotate_period: '720h' });
await write('sys/rotation/of/secret/shop/database', JSON.parse(fields));
await go('#/rotation');
await page.click('button[aria-label="Rotate now: secret/shop/database"]');
await page.waitForSelector('text=Done: version 4.');
await write('observe', {});
await page.locator('article dd a[href^="#/entry/"]').waitFor();
await shot(page, 'rotation');

const server = new Server();
await server.start();
const estate = await open();
await estate.context().addCookies([{ name: 'vogt', value: 'token', url: server.address, httpOnly: true, sameSite: 'Strict' }]);
await estate.goto(`${server.address}/ui/#/estate`);
await estate.waitForSelector('.map .host h4');
await settled(estate);
await shot(estate, 'estate');
server.stop();
await browser.close();
