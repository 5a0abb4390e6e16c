/* The namespace that the page works in, for as long as the window lives: "team-a/", or "" for the topmost. */
const KEPT = 'vogt.namespace';

/* What there is once for all of Vogt: asked without a namespace whichever is chosen. All else is said to be in it, and where there is no such thing the answer says so. */
const WHOLE = /^\/v1\/(agent|annex|auth\/link|auth\/passphrase|estate|evidence|ledger|measures|morning|observ\w*|periods|sys\/(audit|internal\/ui\/engines|key-status|quotas|rotate|seal|status|storage|unseal))/;

class Space {
  path = $state(sessionStorage.getItem(KEPT) ?? '');

  choose(path: string): void {
    const clean = path.trim().replace(/^\/+|\/+$/g, '');
    this.path = clean && `${clean}/`;
    sessionStorage.setItem(KEPT, this.path);
  }

  headers(path: string): Record<string, string> {
    return this.path && !WHOLE.test(path) ? { 'X-Vault-Namespace': this.path } : {};
  }
}

export const space = new Space();
