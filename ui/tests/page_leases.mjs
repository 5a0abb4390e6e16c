/* Leases as a tree: opened, prolonged, ended alone and below a path; those that could not be ended. Called by page.mjs. */
import assert from 'node:assert/strict';

import { test } from './check.mjs';

export async function leaseTests({ server, inPage, axe, fits }) {
  await test('leases: down the tree to one, prolonged, ended, and all below a path', () =>
    inPage({ language: 'de', width: 360 }, '#/leases', async (page) => {
      await page.waitForSelector('text=the database does not answer');
      await axe(page);
      await page.click('.tree a:text-is("database/")');
      await page.click('.tree a:text-is("creds/")');
      await page.click('.tree a:text-is("app/")');
      await page.click('.tree button:text-is("b2")');
      await page.waitForSelector('dl.facts');
      assert.match(await page.textContent('dl.facts'), /database\/creds\/app\/b2[\s\S]*59 Sekunden/);
      assert.equal(await page.locator('text=Verlängern').count(), 0, 'what is not renewable has no button');
      await page.click('.tree button:text-is("a1")');
      await page.click('button:text-is("Verlängern")');
      await page.waitForSelector('text=Verlängert.');
      assert.deepEqual(server.seen.findLast((one) => one.path === 'sys/leases/renew').body, { lease_id: 'database/creds/app/a1' });
      await axe(page);
      await fits(page);
      await page.click('button[aria-label="Beenden: Lease database/creds/app/a1"]');
      await page.click('text=Ja, beenden');
      await page.waitForFunction(() => !document.body.textContent.includes('a1'));
      assert.ok(!server.leases.has('database/creds/app/a1') && server.leases.has('database/creds/app/b2'));
      await page.click('button:has-text("Alle darunter beenden")');
      await page.click('text=Ja, alle beenden');
      await page.waitForSelector('text=Kein Lease.');
      assert.deepEqual([...server.leases.keys()], ['database/creds/web/c3']);
    }));
}
