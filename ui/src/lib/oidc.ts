/*
 * Logging in through an OpenID Connect provider: the browser goes there, and comes back to this page with a code. Vogt makes state, nonce and PKCE and trades the code for
 * a session; the page adds a word of its own (client_nonce), so that only the window that began a login ends it. The word is kept until then, and nothing else.
 */
import { ask, Problem } from './api';
import { randomValue } from './draft';
import { encodePath } from './secrets.svelte';
import { space } from './space.svelte';

const KEPT = 'vogt.oidc';

interface Kept { mount: string; nonce: string; hash: string }

/** Where providers send the browser back to: what a role's allowed_redirect_uris must name. Vault's own page has the same. */
const returnAddress = (mount: string) => new URL(`/ui/vault/auth/${encodePath(mount)}/oidc/callback`, location.href).href;

export async function goToProvider(mount: string, role: string): Promise<void> {
  const nonce = randomValue(32);
  const redirect_uri = returnAddress(mount);
  const { auth_url, poll_interval } = await ask<{ auth_url: string; poll_interval?: number }>(`auth/${encodePath(mount)}/oidc/auth_url`, { method: 'POST', body: { redirect_uri, client_nonce: nonce, ...(role ? { role } : {}) }, session: 'none' });
  if (poll_interval) {
    throw new Problem(0, { english: 'This role is for command lines (callback_mode), not for this page.', german: 'Diese Rolle ist für Befehlszeilen (callback_mode), nicht für diese Seite.' });
  }
  if (!/^https?:/.test(auth_url)) {
    const by_form = redirect_uri.replace('/ui/vault/', `/v1/${space.path}`);
    throw new Problem(0, {
      english: `The role does not send browsers back to this page: its allowed_redirect_uris must name ${redirect_uri} (with oidc_response_mode=form_post: ${by_form})`,
      german: `Die Rolle schickt Browser nicht zu dieser Seite zurück: In ihren allowed_redirect_uris muss ${redirect_uri} stehen (mit oidc_response_mode=form_post: ${by_form}).`,
    });
  }
  sessionStorage.setItem(KEPT, JSON.stringify({ mount, nonce, hash: location.hash } satisfies Kept));
  location.assign(auth_url);
}

/** In the address; where the provider sent a form, gate put it behind the '#'. */
const given = () => new URLSearchParams(location.search || location.hash.slice(1));

export function isComingBack(): boolean {
  return given().has('state') && (given().has('code') || given().has('error'));
}

/** The request that ends the login. */
export function comeBack(): string {
  const query = given();
  const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? 'null') as Kept | null;
  sessionStorage.removeItem(KEPT);
  history.replaceState(null, '', '/ui/' + (kept?.hash ?? ''));
  dispatchEvent(new HashChangeEvent('hashchange')); /* replaceState says nothing, and the route is read already */
  if (!kept) {
    throw new Problem(0, { english: 'This login was not begun in this window. Please begin it here.', german: 'Diese Anmeldung wurde nicht in diesem Fenster begonnen. Bitte hier neu beginnen.' });
  }
  query.set('client_nonce', kept.nonce);
  return `auth/${encodePath(kept.mount)}/oidc/callback?${query.toString()}`;
}
