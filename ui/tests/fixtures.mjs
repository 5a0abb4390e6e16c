/* Answers in the API's shapes, for a made-up company. */
const hours = (n) => new Date(Date.now() - n * 3_600_000).toISOString();
const both = (english, german) => ({ english, german });

const sentences = {
  de: [
    ['2.1', '2', 'Rechte werden über Rollen und nur im geringsten nötigen Umfang vergeben.', 'stale'],
    ['2.2', '2', 'Administrative Konten verlangen einen zweiten Faktor (MFA).', 'unproven'],
    ['3.1', '3', 'Daten werden unterwegs mit TLS 1.3 geschützt; HSTS ist gesetzt, schwache Cipher sind abgeschaltet.', 'kept'],
    ['3.2', '3', 'Datenbanken, Objektspeicher und Sicherungen liegen auf Volumes, die mit AES-256 verschlüsselt sind.', 'broken'],
    ['7.1', '7', 'Datenverlust und Ausfall des Hosters werden regelmäßig in Tabletop-Übungen durchgespielt.', 'attested'],
  ],
};

const reasons = {
  kept: both('12 endpoints accept TLS 1.3 only.', '12 Endpunkte nehmen nur TLS 1.3 an.'),
  broken: both('Volume /srv/data on host:this is not encrypted.', 'Das Volume /srv/data auf host:this ist nicht verschlüsselt.'),
  stale: both('The last access review is 120 days old; 90 are allowed.', 'Die letzte Prüfung der Zugriffe ist 120 Tage alt; erlaubt sind 90.'),
  unproven: both('Nothing observes this yet.', 'Das beobachtet bisher nichts.'),
  attested: both('Signed by anna, until 1 March.', 'Unterschrieben von anna, bis 1. März.'),
};

const deviation = { owner: 'anna', plan: 'Move /srv/data to a LUKS volume', due: '2027-01-31' };

const clauses = sentences.de.map(([id, section, text, verdict]) => ({
  id,
  section,
  text,
  verdict,
  since: hours(50),
  age_s: verdict === 'unproven' ? null : verdict === 'stale' ? 120 * 86_400 : 740,
  reason: reasons[verdict],
  measures: ['crypto.transit'],
  confirmed: verdict === 'kept',
  deviation: verdict === 'broken' ? deviation : null,
}));

const counts = { kept: 1, broken: 1, stale: 1, unproven: 1, attested: 1 };
const sections = [
  { id: '2', number: '2', title: 'Zugang zu Systemen' },
  { id: '3', number: '3', title: 'Kryptographie' },
  { id: '7', number: '7', title: 'Fortführung des Geschäfts' },
];

export const bindings = [
  { measure: 'crypto.transit', number: 7, title: both('Encryption in transit', 'Verschlüsselung der Übertragung'), score: 0.94, reason: both('“TLS 1.3”, “HSTS”, “cipher”', '„TLS 1.3“, „HSTS“, „Cipher“'), confirmed: true, by: 'anna', at: hours(90) },
  { measure: 'crypto.rest', number: 8, title: both('Encryption at rest', 'Verschlüsselung gespeicherter Daten'), score: 0.41, reason: both('“protected”', '„geschützt“'), confirmed: false, by: null, at: null },
];

export const opened = (id) => {
  const clause = clauses.find((one) => one.id === id);
  return clause && {
    ...clause,
    promises: [
      {
        id: `${id}.a`,
        text: 'TLS 1.3',
        measure: 'crypto.transit',
        promise: 'tls13',
        title: both('Connections use TLS 1.3', 'Verbindungen benutzen TLS 1.3'),
        verdict: clause.verdict,
        reason: clause.reason,
        'term values': { min_version: '1.3' },
        observations: [
          {
            kind: 'tls.version',
            title: both('Versions that an endpoint accepts', 'Versionen, die ein Endpunkt annimmt'),
            max_age_s: 86_400,
            probe: 'tls',
            population: 231,
            classes: { fail: 1, unseen: 1, pass: 229 },
            subjects: [
              { subject: 'endpoint:localhost:8200', verdict: 'kept', reason: both('Only TLS 1.3 was accepted.', 'Nur TLS 1.3 wurde angenommen.'), observed: hours(0.2), age_s: 740, index: 3, plant: true },
              { subject: 'endpoint:app.example.org:443', verdict: 'broken', reason: both('TLS 1.2 was accepted.', 'TLS 1.2 wurde angenommen.'), observed: hours(0.2), age_s: 741, index: 4, plant: true },
              { subject: 'endpoint:mail.example.org:465', verdict: 'unproven', reason: both('Never observed.', 'Nie beobachtet.'), observed: null, age_s: null, index: null, plant: false },
            ],
          },
          { kind: 'tls.outside', title: both('Seen from outside', 'Von außen gesehen'), max_age_s: 86_400, probe: 'tls', needs: 'vantage', subjects: [] },
          { kind: 'ciphers', max_age_s: 604_800, probe: null, subjects: [] },
        ],
      },
      { id: `${id}.b`, text: 'HSTS', measure: 'crypto.transit', promise: 'hsts', title: both('HSTS is set', 'HSTS ist gesetzt'), verdict: 'kept', reason: reasons.kept, observations: [{ kind: 'http.hsts', title: both('HSTS header', 'HSTS-Kopfzeile'), max_age_s: 86_400, probe: 'hsts', subjects: [{ subject: 'endpoint:localhost:8200', verdict: 'kept', reason: both('max-age is two years.', 'max-age beträgt zwei Jahre.'), observed: hours(0.2), age_s: 740, index: 5, plant: true }] }] },
    ],
    bindings,
    interpretations: [
      { term: 'weak-cipher', word: 'schwache Cipher', english: 'Ciphers without forward secrecy or below 128 bit.', german: 'Cipher ohne Forward Secrecy oder unter 128 Bit.', values: { bits: 128 }, state: 'proposed', by: null, at: null },
    ],
    attestations: [{ promise: `${id}.b`, statement: 'HSTS was set by hand on the mail gateway.', by: 'anna', at: hours(200), expires: hours(-2000) }],
    history: [
      { at: hours(800), verdict: 'unproven' },
      { at: hours(700), verdict: 'kept' },
      { at: hours(300), verdict: 'broken' },
      { at: hours(260), verdict: 'kept' },
      { at: hours(60), verdict: 'stale' },
      { at: hours(50), verdict: clause.verdict },
    ],
  };
};

export const annex = { revision: 2, adopted: hours(400), name: 'annex.de.md', language: 'de', title: 'Anlage 2: Technische und organisatorische Maßnahmen', digest: 'a3f1'.repeat(16), counts, sections, clauses };

export const morning = {
  since: hours(24),
  counts,
  changes: [{ clause: '3.2', text: clauses[3].text, from: 'kept', to: 'broken', at: hours(6), reason: reasons.broken }],
  fixes: [
    { english: 'Encrypt the volume /srv/data.', german: 'Das Volume /srv/data verschlüsseln.', minutes: 45, clauses: ['3.2'], reason_id: 'volume.plain' },
    { english: 'Confirm the proposed meaning of “weak cipher”.', german: 'Die vorgeschlagene Bedeutung von „schwache Cipher“ bestätigen.', minutes: 2, clauses: ['3.1'], reason_id: 'term.proposed' },
    { english: 'Give Vogt a token to read who has MFA.', german: 'Vogt ein Token geben, das liest, wer MFA hat.', minutes: 10, clauses: ['2.1', '2.2'], reason_id: 'mfa.no-credential' },
  ],
  duties: [{ english: 'Review of access rights', german: 'Prüfung der Zugriffsrechte', due: hours(-72), owner: 'anna' }],
  own: [
    { kind: 'ledger.integrity', verdict: 'kept', reason: both('Both logs are whole.', 'Beide Logbücher sind unversehrt.') },
    { kind: 'seal.kind', verdict: 'broken', reason: both('The root key lies in a key file.', 'Der Wurzelschlüssel liegt in einer Schlüsseldatei.') },
  ],
  not_covered: [both('Firewall: reading it needs root.', 'Firewall: Sie zu lesen verlangt root.')],
  inbox: { new: 8, gone: 1 },
};

export const status = {
  version: '0.1.0',
  catalogue: '1',
  started: hours(30),
  roles: [
    { role: 'gate', index: 0, pid: 4711, confinement: 'full', features: ['empty root', 'landlock', 'seccomp'], restarts: 0 },
    { role: 'keep', index: 0, pid: 4712, confinement: 'full', features: ['empty root', 'landlock', 'seccomp'], restarts: 0 },
    { role: 'judge', index: 1, pid: 4713, confinement: 'partial', features: ['seccomp'], restarts: 2 },
  ],
  minimum: 'partial',
  seal: { type: 'keyfile', sealed: false },
  schema: 1,
  counters: { requests: 120_341, 'requests.refused': 12 },
};

export const observation = {
  index: 3,
  payload: {
    type: 'observation',
    time: hours(0.2),
    probe: 'tls',
    subject: 'endpoint:localhost:8200',
    observations: [{ kind: 'tls.version', outcome: 'pass', reason: 'tls.only-13', values: { versions: ['1.3'] } }],
    plant: { caught: true, reason: 'tls.old-version-accepted' },
    facts: { hello: { '1.2': 'refused', '1.3': 'accepted' }, cipher: 'TLS_AES_256_GCM_SHA384', chain: ['MIIB…'] },
    planted: { hello: { '1.2': 'accepted' } },
  },
  observations: [
    { kind: 'tls.version', subject: 'endpoint:localhost:8200', probe: 'tls', outcome: 'pass', reason: both('Only TLS 1.3 was accepted.', 'Nur TLS 1.3 wurde angenommen.'), at: hours(0.2), index: 3, facts_index: 3, plant: true },
    { kind: 'tls.chain', subject: 'endpoint:localhost:8200', probe: 'tls', outcome: 'error', reason: both('The handshake broke off.', 'Der Handshake brach ab.'), at: hours(0.2), index: 3, facts_index: 3, plant: false },
  ],
};

export const periods = {
  clauses: clauses.map((clause, i) => ({ id: clause.id, kept_s: 86_400 * (90 - 9 * i), total_s: 86_400 * 90, percent: 100 - 10 * i, gaps: i === 0 ? [] : [{ from: hours(300), to: hours(260), verdict: 'broken' }] })),
};

export const dryRun = { language: 'de', title: annex.title, sections, clauses: clauses.map(({ id, section, text }, i) => ({ id, section, text, promises: [], bindings: i === 4 ? [] : [bindings[0]], interpretations: [] })) };

export const adopted = {
  ...dryRun,
  revision: 3,
  changes: [
    { clause: '3.1', kind: 'weakened', ...both('“TLS 1.3” became “TLS 1.2”.', 'Aus „TLS 1.3“ wurde „TLS 1.2“.'), old: 'Daten werden mit TLS 1.3 geschützt.', new: 'Daten werden mit TLS 1.2 geschützt.' },
    { clause: '2.3', kind: 'removed', ...both('The sentence is gone.', 'Der Satz ist entfallen.'), old: 'Der Notfallzugang wird protokolliert.', new: null },
    { clause: '2.1', kind: 'unchanged', ...both('', ''), old: null, new: null },
  ],
};

export const measure = {
  number: 7,
  title: both('Encryption in transit', 'Verschlüsselung der Übertragung'),
  runs: both('TLS 1.3 on every endpoint, HSTS.', 'TLS 1.3 an jedem Endpunkt, HSTS.'),
  proves: both('A handshake with each version, daily.', 'Ein Handshake mit jeder Version, täglich.'),
  promises: [{ id: 'tls13', title: both('Connections use TLS 1.3', 'Verbindungen benutzen TLS 1.3') }],
  frameworks: { iso27001: ['A.8.24'], bsi: ['CON.1'] },
};

export const revisions = { revisions: [{ revision: 2, adopted: hours(400), name: 'annex.de.md', digest: annex.digest, clauses: 5 }] };
export const measures = { keys: ['crypto.rest', 'crypto.transit', 'policy.review'] };
