/* A made-up estate in the API's shapes: a small one that shows every state, and one of ten thousand subjects. */
const hours = (n) => new Date(Date.now() - n * 3_600_000).toISOString();
const both = (english, german) => ({ english, german });
export const PAGE = 1000;

const words = {
  judged: both('observed and judged', 'gemessen und beurteilt'),
  seen: both('can be observed; not observed yet', 'messbar; noch nicht gemessen'),
  'not covered': both('no probe of this release sees it from here', 'keine Messung dieser Fassung sieht das von hier aus'),
};
const reasons = {
  kept: both('Everything asked of it was seen.', 'Alles, was verlangt ist, wurde gesehen.'),
  stale: both('The last observation is 9 days old; 1 day is allowed.', 'Die letzte Beobachtung ist 9 Tage alt; erlaubt ist 1 Tag.'),
  unproven: both('The firewall could not be read: nft needs CAP_NET_ADMIN.', 'Die Firewall war nicht lesbar: nft braucht CAP_NET_ADMIN.'),
};

/* name, kind, state or verdict, attributes, known from, reason of the worst */
function subject(kind, name, look, attributes = {}, source = 'estate', reason = null) {
  const id = `${kind}:${name}`;
  const isJudged = !(look in words);
  return {
    subject: { id, kind, name, source, confirmed: source !== 'discovered', attributes },
    covered: { subject: id, state: isJudged ? 'judged' : look, ...words[isJudged ? 'judged' : look], ...(isJudged ? { verdict: look, kind: `${kind}.seen`, reason: reason ?? reasons[look], observed: hours(0.3), index: 3 } : {}) },
  };
}

const found = 'discovered';
const small = [
  subject('vogt', 'this', 'kept', {}, 'vogt'),
  subject('host', 'this', 'unproven', { address: '192.0.2.7', environment: 'production' }),
  subject('endpoint', 'localhost:8200', 'kept', { host: 'this', own: true }),
  subject('volume', '/var/lib/vogt', 'broken', { path: '/var/lib/vogt' }, 'confirmed', both('/var/lib/vogt is not encrypted.', '/var/lib/vogt ist nicht verschlüsselt.')),
  subject('host', 'web-1', 'kept', { address: '192.0.2.10', environment: 'production', provider: 'hetzner' }),
  subject('endpoint', 'app.example.org:443', 'kept', { host: 'web-1', protocol: 'https' }),
  subject('endpoint', 'web-1:8080', 'unproven', { host: 'web-1' }, found),
  subject('container', 'web-1/traefik', 'kept', { host: 'web-1', image: 'traefik:v3.5' }, 'confirmed'),
  subject('container', 'web-1/shop', 'broken', { host: 'web-1', image: 'registry.example.org/shop:latest' }, 'confirmed', both('It runs as root and has the engine’s socket.', 'Er läuft als root und hat den Socket der Engine.')),
  subject('volume', 'web-1/srv/data', 'kept', { host: 'web-1', path: '/srv/data', cipher_bits: 256 }, 'confirmed'),
  subject('host', 'db-1', 'kept', { address: '192.0.2.20', environment: 'production', provider: 'hetzner' }),
  subject('endpoint', 'db-1:5432', 'broken', { host: 'db-1', protocol: 'postgres' }, found, both('It answers without encryption.', 'Er antwortet unverschlüsselt.')),
  subject('database', 'orders', 'kept', { host: 'db-1', url: 'postgres://db-1/orders' }),
  subject('volume', 'db-1/var/lib/postgresql', 'stale', { host: 'db-1', path: '/var/lib/postgresql' }, 'confirmed'),
  subject('host', 'staging-1', 'seen', { environment: 'staging', provider: 'hetzner' }, found),
  subject('endpoint', 'staging.example.org:443', 'stale', { host: 'staging-1', protocol: 'https' }),
  subject('endpoint', 'status.example.org:443', 'kept', { protocol: 'https' }),
  subject('service', 'payments', 'not covered', { url: 'https://pay.example.org' }),
  subject('network', 'internal', 'not covered', { provider: 'hetzner' }, found),
  subject('account', 'github/example/anna', 'kept', { provider: 'github', admin: true }, 'confirmed'),
  subject('account', 'github/example/ben', 'broken', { provider: 'github', admin: true }, 'confirmed', both('ben has no second factor.', 'ben hat keinen zweiten Faktor.')),
  subject('account', 'github/example/ci-bot', 'unproven', { provider: 'github', service: true }, found),
  subject('repository', 'github/example/shop', 'kept', { provider: 'github', private: true }, 'confirmed'),
  subject('repository', 'github/example/infra', 'kept', { provider: 'github', private: true }, 'confirmed'),
  subject('account', 'keycloak/company/anna', 'kept', { provider: 'keycloak' }, 'confirmed'),
  ...Array.from({ length: 40 }, (_, i) => subject('account', `keycloak/company/user${String(i).padStart(2, '0')}`, i < 3 ? 'stale' : 'kept', { provider: 'keycloak' }, i > 36 ? found : 'confirmed')),
  subject('bucket', 'aws/backups', 'kept', { provider: 'aws', region: 'eu-central-1' }),
  subject('bucket', 'aws/logs', 'not covered', { provider: 'aws', region: 'us-east-1' }, found),
  subject('secret', 'deploy-key', 'not covered'),
  subject('source', 'hetzner', 'kept', { kind: 'hetzner', feeds: ['host', 'network'] }, 'configured'),
  subject('source', 'github', 'stale', { kind: 'github', feeds: ['account', 'repository'] }, 'configured'),
  subject('vantage', 'frankfurt', 'kept', {}, 'configured'),
];

function large() {
  const verdicts = (i) => (i % 503 === 0 ? 'broken' : i % 211 === 0 ? 'stale' : i % 97 === 0 ? 'unproven' : 'kept');
  const rows = [];
  for (let h = 0; rows.length < 8000; h++) {
    const host = `node-${String(h).padStart(3, '0')}`;
    rows.push(subject('host', host, verdicts(h), { environment: ['production', 'staging', 'test'][h % 3], provider: 'hetzner' }, h % 50 === 7 ? found : 'confirmed'));
    for (let i = 0; i < 39 && rows.length < 8000; i++) {
      const kind = ['endpoint', 'container', 'volume'][i % 3];
      rows.push(subject(kind, kind === 'endpoint' ? `${host}:${8000 + i}` : `${host}/${kind}-${i}`, verdicts(h * 39 + i), { host }, (h + i) % 83 === 0 ? found : 'confirmed'));
    }
  }
  for (let i = 0; i < 2000; i++) {
    rows.push(subject(i % 4 === 0 ? 'repository' : 'account', `github/example/thing${i}`, verdicts(i), { provider: 'github' }, 'confirmed'));
  }
  return rows;
}

const byId = (a, b) => (a.subject.id < b.subject.id ? -1 : 1);
const sets = { small: [...small].sort(byId), empty: [], get large() { return (this.made ??= large().sort(byId)); } };

export const text = 'host "this" {\n  address = "192.0.2.7"\n}\n\nendpoint "localhost:8200" {\n  host = "this"\n}\n';
export const ignored = [{ subject: 'host:lab-3', reason: 'A test bench that holds no data.', by: 'anna', at_ms: Date.now() - 90 * 3_600_000 }];

/* As GET estate answers: a page of a thousand by id, counts of all. */
export function estate(which, query) {
  const all = sets[which];
  const kind = query.get('kind'), q = query.get('q') ?? '', after = query.get('after') ?? '';
  const wanted = all.filter(({ subject }) => (!kind || subject.kind === kind) && subject.id.includes(q) && subject.id > after);
  const page = wanted.slice(0, PAGE);
  const counts = {};
  all.forEach(({ subject }) => { counts[subject.kind] = (counts[subject.kind] ?? 0) + 1; });
  return {
    counts,
    subjects: page.map((one) => one.subject),
    coverage: page.map((one) => one.covered),
    ...(wanted.length > PAGE ? { next: page.at(-1).subject.id } : {}),
    ...(after === '' ? whole : {}),
  };
}

/* What the first page says of the whole. */
const whole = {
  text,
  allowed: [{ subject: 'endpoint:this:53', reason: 'Resolver of the machine.' }],
  ignored,
  not_covered: [{ ...both('Firewall: reading it needs root.', 'Firewall: Sie zu lesen verlangt root.'), subject: 'host:this' }, both('Nobody looks from outside: no vantage sees IPv6.', 'Von außen blickt niemand: Kein Außenposten sieht IPv6.')],
};

export function inbox(which) {
  const items = sets[which].filter(({ subject }) => !subject.confirmed).map(({ subject }) => ({
    id: subject.id, kind: subject.kind, name: subject.name, state: 'new', attributes: subject.attributes,
    seen: [{ source: subject.attributes.provider ? `source:${subject.attributes.provider}` : `host:${subject.attributes.host ?? 'this'}`, where: subject.kind === 'endpoint' ? '0.0.0.0' : 'api', at_ms: Date.now() - 700_000 }],
  }));
  if (which === 'small') {
    items.push({ id: 'host:old-1', kind: 'host', name: 'old-1', state: 'gone', attributes: { environment: 'production' }, since: hours(30), seen: [] });
  }
  return { items, ignored: which === 'small' ? ignored : [] };
}

export const kinds = [
  {
    id: 'hetzner', title: both('Hetzner Cloud', 'Hetzner Cloud'), address: 'https://api.hetzner.cloud', feeds: ['host', 'network', 'volume', 'endpoint', 'account'],
    rights: both('In the project: Security, API tokens, Generate API token, permissions "Read". One token a project.', 'Im Projekt: Sicherheit, API-Tokens, API-Token generieren, Berechtigung „Lesen“. Ein Token je Projekt.'),
    fields: [
      { name: 'token', credential: true, required: true, secret: true, title: both('API token', 'API-Token') },
      { name: 'attempt', credential: false, required: false, secret: false, form: 'switch', title: both('ask once for something that no token can do', 'einmal etwas Unmögliches verlangen') },
    ],
  },
  {
    id: 'keycloak', title: both('Keycloak realm', 'Keycloak-Realm'), address: '', feeds: ['account', 'person', 'team'],
    rights: both('A confidential client with service accounts and the roles view-users, view-realm, query-groups.', 'Ein vertraulicher Client mit Dienstkonto und den Rollen view-users, view-realm, query-groups.'),
    fields: [
      { name: 'client_id', credential: true, required: true, secret: false, title: both('client ID', 'Client-ID') },
      { name: 'client_secret', credential: true, required: true, secret: true, title: both('client secret', 'Client-Secret') },
      { name: 'realm', credential: false, required: true, secret: false, title: both('name of the realm', 'Name des Realms') },
      { name: 'admin_groups', credential: false, required: false, secret: false, form: 'list', title: both('groups whose members are admins', 'Gruppen, deren Mitglieder Admins sind') },
    ],
  },
];

export const sources = [
  {
    name: 'hetzner', kind: 'hetzner', title: kinds[0].title, address: 'https://api.hetzner.cloud', options: { attempt: true }, credential_fields: ['token'], feeds: kinds[0].feeds, found: 7, gone: 1, set: hours(900),
    complete: { verdict: 'kept', reason: both('All 5 lists were read to their end.', 'Alle 5 Listen wurden bis zum Ende gelesen.'), observed: hours(0.3), index: 3 },
    read_only: { verdict: 'broken', reason: both('The token may write.', 'Das Token darf schreiben.'), observed: hours(0.3), index: 4 },
    powers: [both('It could create and delete servers.', 'Es könnte Server anlegen und löschen.'), both('It could open the firewall.', 'Es könnte die Firewall öffnen.')],
  },
  {
    name: 'staff', kind: 'keycloak', title: kinds[1].title, address: 'https://login.example.org', options: { realm: 'company', days: 30 }, credential_fields: ['client_id', 'client_secret'], feeds: kinds[1].feeds, found: 0, gone: 0, set: hours(1),
    complete: { verdict: 'unproven', reason: both('Never observed.', 'Nie beobachtet.'), observed: null }, powers: [],
  },
];

export const agents = [
  { name: 'web-1', kind: 'host', state: 'well', ...both('well', 'wohlauf'), every_s: 900, by: 'anna', hostname: 'web-1.example.org', created_at: hours(500), enrolled_at: hours(499), last_seen_at: hours(0.1), certificate_expires_at: hours(-20), version: '0.1.0', spooled: 0, spooled_bytes: 0, lost: 0, skew_ms: 12, refused: [], cannot_see: [] },
  {
    name: 'db-1', kind: 'host', state: 'silent', ...both('nothing was heard from it lately: what it observed grows old', 'von ihm war zuletzt nichts zu hören: was er beobachtet hat, veraltet'), every_s: 900, by: 'anna', hostname: 'db-1', created_at: hours(500), enrolled_at: hours(499), last_seen_at: hours(9), certificate_expires_at: hours(-11), version: '0.1.0', spooled: 42, lost: 3, skew_ms: -95_000, refused: ['collect.ldap'],
    cannot_see: [{ id: 'no-net-admin', ...both('CAP_NET_ADMIN is missing: the kernel does not show the firewall’s rules', 'CAP_NET_ADMIN fehlt: der Kernel zeigt die Firewallregeln nicht') }],
  },
  { name: 'frankfurt', kind: 'vantage', state: 'invited', ...both('invited, not enrolled yet', 'eingeladen, noch nicht angemeldet'), every_s: 900, by: 'anna', created_at: hours(0.2), lost: 0, cannot_see: [] },
];

export const invitation = (body) => ({ name: body.name, kind: body.kind ?? 'host', every_s: 900, token: `vga.${'Zm9vYmFy'.repeat(4)}`, expires_at: hours(-1), server: 'https://vogt.example.org:8200', pin: '19ed52'.repeat(10) + '19ed' });
