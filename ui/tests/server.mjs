/* Plays gate: the built page under gate's own headers, the API's shapes, two logs. What was written is kept in `seen`. */
import { readFileSync, existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

import * as estate from './estate.mjs';
import * as fixtures from './fixtures.mjs';
import { Log } from './log.mjs';

const dist = fileURLToPath(new URL('../dist/', import.meta.url));
const types = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8', '.svg': 'image/svg+xml' };

/* As src/roles/gate_page.c has it. */
export const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
const pageHeaders = {
  'Content-Security-Policy': policy,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'X-Frame-Options': 'DENY',
  'Permissions-Policy': 'camera=(), microphone=(), geolocation=()',
};

export const PASSPHRASE = 'correct horse battery';
export const CODE = 'one-time+code';

const payloads = (count) => Array.from({ length: count }, (_, i) => JSON.stringify({ type: 'observation', time: '2026-11-23T09:27:32.123Z', index: i }));

export class Server {
  seen = [];
  sealed = false;
  hasAnnex = true;
  isLinkSpent = false;
  leases = new Map([['database/creds/app/a1', { issue_time: '2026-11-26T10:00:00Z', expire_time: '2026-11-26T11:00:00Z', last_renewal: null, renewable: true, ttl: 3599 }],
    ['database/creds/app/b2', { issue_time: '2026-11-26T10:00:00Z', expire_time: '2026-11-26T11:00:00Z', last_renewal: '2026-11-26T10:30:00Z', renewable: false, ttl: 59 }],
    ['database/creds/web/c3', { issue_time: '2026-11-26T10:00:00Z', expire_time: '2026-11-26T11:00:00Z', last_renewal: null, renewable: true, ttl: 7200 }]]);
  which = 'small'; /* estate: small, large or empty */
  logs = { evidence: new Log('vogt.example.org/evidence', payloads(600)), audit: new Log('vogt.example.org/audit', payloads(7)) };
  files = { evidence: this.logs.evidence.files(), audit: this.logs.audit.files() };

  async start() {
    this.http = createServer((request, response) => this.answer(request, response));
    await new Promise((done) => this.http.listen(0, '127.0.0.1', done));
    this.address = `http://localhost:${this.http.address().port}`;
  }

  stop() {
    this.http.close();
    this.http.closeAllConnections();
  }

  async answer(request, response) {
    const chunks = [];
    for await (const chunk of request) {
      chunks.push(chunk);
    }
    const { pathname, searchParams } = new URL(request.url, this.address);
    if (pathname.startsWith('/v1/')) {
      this.api(request, response, decodeURIComponent(pathname.slice(4)), searchParams, Buffer.concat(chunks));
    } else if (pathname.startsWith('/ledger/')) {
      this.ledger(response, pathname);
    } else {
      this.page(response, pathname);
    }
  }

  page(response, pathname) {
    const name = normalize(pathname.replace(/^\/ui\//, '/').replace(/\/$/, '/index.html'));
    const path = join(dist, name);
    if (!existsSync(path)) {
      response.writeHead(404, pageHeaders).end();
      return;
    }
    response.writeHead(200, { ...pageHeaders, 'Content-Type': types[extname(path)] ?? 'application/octet-stream', 'Cache-Control': 'no-cache' });
    response.end(readFileSync(path));
  }

  ledger(response, pathname) {
    const [, , log, ...rest] = pathname.split('/');
    const file = this.files[log]?.get(rest.join('/'));
    response.writeHead(file ? 200 : 404, { 'Content-Type': 'application/octet-stream' }).end(file);
  }

  describe(name) {
    const log = this.logs[name];
    return {
      origin: log.origin,
      size: log.entries.length,
      root: 'ab'.repeat(32),
      published_size: log.entries.length,
      published_at: new Date(Date.now() - 60_000).toISOString(),
      unwitnessed_since: new Date(Date.now() - 86_400_000).toISOString(),
      witnesses: name === 'audit' ? [] : [{ name: 'witness.example.org/w1', url: 'https://witness.example.org', size: 590, at: new Date(Date.now() - 7_200_000).toISOString(), behind: 10, failed_since: null, reason: null }],
      vkey: log.vkey,
      timestamp: name === 'audit' ? null : { at: new Date(Date.now() - 7_200_000).toISOString(), size: 590, chained: true, checkpoint: '', failed_since: new Date(Date.now() - 3_600_000).toISOString(), reason: { id: 'unreachable', english: 'It does not answer.', german: 'Er antwortet nicht.' } },
    };
  }

  api(request, response, path, query, body) {
    const send = (status, answer, headers = {}) => {
      response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store', ...headers });
      response.end(answer === undefined ? undefined : JSON.stringify(answer));
    };
    const refuse = (status, english, german, more = {}) => send(status, { errors: [english], complaint: { english, german, line: 0, column: 0, detail: '', ...more } });
    const session = request.headers['x-vogt-session'];
    const isIn = session !== undefined && /(^|; )vogt=token(;|$)/.test(request.headers.cookie ?? '');
    const cookie = { 'Set-Cookie': 'vogt=token; HttpOnly; SameSite=Strict; Path=/' };
    const json = () => JSON.parse(body.toString('utf8'));
    const ok = (data, headers) => send(200, { data }, headers);

    if (this.sealed) {
      return send(503, { errors: ['Vault is sealed'] });
    }
    if (path === 'auth/link/login') {
      if (json().code !== CODE || this.isLinkSpent || session !== 'cookie') {
        return refuse(403, 'this link was used or is too old', 'dieser Link wurde benutzt oder ist zu alt');
      }
      this.isLinkSpent = true;
      return send(200, { auth: { client_token: '', policies: ['admin'], metadata: { name: 'admin' } } }, cookie);
    }
    if (path === 'auth/passphrase/login') {
      return json().passphrase === PASSPHRASE && session === 'cookie'
        ? send(200, { auth: { client_token: '' } }, cookie)
        : refuse(403, 'name or passphrase is wrong', 'Name oder Passphrase ist falsch');
    }
    if (path === 'sys/internal/ui/mounts' && session === undefined) {
      return ok({ secret: {}, auth: { 'oidc/': { type: 'oidc', description: 'Acme' }, 'people/': { type: 'userpass', description: '' } } });
    }
    if (!isIn) {
      return refuse(403, 'permission denied', 'keine Berechtigung');
    }
    if (request.method !== 'GET') {
      this.seen.push({ method: request.method, path, name: query.get('name'), body: request.headers['content-type'] === 'application/json' ? json() : body.toString('utf8') });
    }
    const leases = /^sys\/leases\/lookup\/(.*)$/.exec(path)?.[1];
    if (query.get('list') === 'true' && leases !== undefined) {
      const keys = [...new Set([...this.leases.keys()].filter((id) => id.startsWith(leases)).map((id) => id.slice(leases.length).replace(/\/.*$/, '/')))];
      return keys.length > 0 ? ok({ keys }) : send(404, { errors: [] });
    }
    if (path === 'sys/leases/lookup') {
      const lease = this.leases.get(json().lease_id);
      return lease ? ok({ id: json().lease_id, ...lease }) : refuse(400, 'invalid lease', 'diesen Lease gibt es nicht');
    }
    if (/^sys\/leases\/revoke/.test(path)) {
      const gone = json().lease_id ?? path.replace('sys/leases/revoke-prefix/', '');
      [...this.leases.keys()].filter((id) => id.startsWith(gone)).forEach((id) => this.leases.delete(id));
      return send(204);
    }
    if (path === 'sys/leases') {
      return ok({ lease_count: 1, leases: [{ lease_id: 'database/creds/old/x1', error: 'the database does not answer' }] });
    }
    const clause = /^annex\/clauses\/([^/]+)$/.exec(path)?.[1];
    const proved = /^ledger\/evidence\/prove\/(\d+)$/.exec(path)?.[1];
    const fixed = {
      'auth/token/lookup-self': { display_name: 'admin', policies: ['admin'] },
      morning: fixtures.morning,
      'annex/revisions': fixtures.revisions,
      'estate/inbox': estate.inbox(this.which),
      'estate/sources': { sources: this.which === 'empty' ? [] : estate.sources, kinds: estate.kinds },
      'estate/sources/hetzner/run': { ...estate.sources[0], found: 7 },
      'agent/list': { agents: this.which === 'empty' ? [] : estate.agents },
      'sys/status': fixtures.status,
      measures: fixtures.measures,
      'measures/crypto.transit': fixtures.measure,
      periods: fixtures.periods,
      'observations/3': fixtures.observation,
      'observations/4': fixtures.observation,
      observe: { observed: 9, failed: 1 },
      'ledger/status': { evidence: this.describe('evidence'), audit: this.describe('audit'), reopen_needed: false },
      'annex/read': fixtures.dryRun,
      'annex/adopt': fixtures.adopted,
      'ledger/evidence/checkpoint': { size: 600 },
      'ledger/audit/checkpoint': { size: 7 },
    };
    if (path === 'auth/token/revoke-self') {
      return send(204, undefined, { 'Set-Cookie': 'vogt=; Max-Age=0; Path=/' });
    }
    if (path === 'estate' && request.method === 'PUT' && json().hcl.includes('bad')) {
      return refuse(400, 'unknown word "bad"', 'unbekanntes Wort „bad“', { line: 3, column: 5 });
    }
    if (path === 'estate') {
      return ok(estate.estate(this.which, query));
    }
    if (/^estate\/inbox\/(confirm|ignore|remove|restore)$/.test(path)) {
      return ok({ decided: json().subjects.length });
    }
    if (path === 'agent/create') {
      return /\s/.test(json().name) ? refuse(400, 'bad name', 'schlechter Name') : ok(estate.invitation(json()));
    }
    if (/^estate\/sources\/[^/]+$/.test(path) && request.method === 'POST') {
      return json().credential?.token === 'bad' ? refuse(400, 'the credential lacks a field', 'den Zugangsdaten fehlt ein Feld', { detail: 'token' }) : ok(estate.sources[0]);
    }
    if (path === 'annex/current') {
      return this.hasAnnex ? ok(fixtures.annex) : send(404, { errors: [] });
    }
    if (path === 'annex/report') {
      response.writeHead(200, { 'Content-Type': 'application/pdf' });
      return response.end('%PDF-1.7\n');
    }
    if (clause && request.method === 'GET') {
      return fixtures.opened(clause) ? ok(fixtures.opened(clause)) : send(404, { errors: [] });
    }
    if (proved) {
      return ok(this.logs.evidence.prove(Number(proved)));
    }
    if (fixed[path]) {
      return ok(fixed[path]);
    }
    return request.method === 'GET' ? send(404, { errors: [] }) : send(204);
  }
}
