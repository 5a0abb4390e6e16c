/* The shapes of the API's answers (their `data`). */

export type VerdictWord = 'kept' | 'broken' | 'stale' | 'unproven' | 'attested';
export const verdictWords: VerdictWord[] = ['broken', 'stale', 'unproven', 'attested', 'kept'];

/** A sentence in both languages; a few answers give a plain string or nothing. */
export type Said = { english?: string; german?: string } | string | null | undefined;

export type Counts = Partial<Record<VerdictWord, number>>;

export interface Section {
  id: string;
  number?: string;
  title?: string;
}

export interface Deviation {
  owner?: string;
  plan?: string;
  due?: string;
  at?: string;
  by?: string;
}

export interface Clause {
  id: string;
  section: string;
  text: string;
  lead?: string;
  verdict: VerdictWord;
  since?: string | null;
  age_s?: number | null;
  reason?: Said;
  measures?: string[];
  confirmed?: boolean;
  deviation?: Deviation | null;
}

export interface Annex {
  revision: number;
  adopted?: string;
  name?: string;
  language?: string;
  title?: string;
  digest?: string;
  counts?: Counts;
  sections?: Section[];
  clauses?: Clause[];
}

export interface Subject {
  subject: string;
  verdict: VerdictWord;
  reason?: Said;
  observed?: string | null;
  age_s?: number | null;
  index?: number | null;
  plant?: boolean;
}

export interface Observed {
  kind: string;
  title?: Said;
  max_age_s?: number;
  probe?: string | null;
  population?: number;
  classes?: Record<string, number>;
  needs?: string;
  subjects?: Subject[];
}

export interface Promised {
  id: string;
  text?: string;
  measure?: string;
  promise?: string;
  title?: Said;
  verdict: VerdictWord;
  reason?: Said;
  'term values'?: Record<string, unknown>;
  observations?: Observed[];
}

export interface Binding {
  measure: string;
  number?: number;
  title?: Said;
  score?: number;
  reason?: Said;
  confirmed?: boolean;
  by?: string | null;
  at?: string | null;
}

export interface Interpretation {
  term: string;
  word?: string;
  english?: string;
  german?: string;
  values?: Record<string, unknown>;
  state?: 'proposed' | 'confirmed' | 'signed';
  by?: string | null;
  at?: string | null;
}

export interface Attestation {
  promise?: string;
  statement?: string;
  by?: string;
  at?: string;
  expires?: string;
}

export interface OpenedClause extends Clause {
  promises?: Promised[];
  bindings?: Binding[];
  interpretations?: Interpretation[];
  attestations?: Attestation[];
  history?: { at: string; verdict: VerdictWord }[];
}

export interface Change {
  clause: string;
  text?: string;
  from?: VerdictWord;
  to: VerdictWord;
  at?: string;
  reason?: Said;
}

export interface Fix {
  english?: string;
  german?: string;
  minutes?: number;
  clauses?: string[];
  reason_id?: string;
}

export interface Duty {
  english?: string;
  german?: string;
  title?: Said;
  due?: string;
  owner?: string;
  clause?: string;
}

export interface Morning {
  since?: string;
  changes?: Change[];
  fixes?: Fix[];
  duties?: Duty[];
  counts?: Counts;
  own?: { kind: string; verdict: VerdictWord; reason?: Said }[];
  not_covered?: { english?: string; german?: string }[];
  inbox?: { new?: number; gone?: number };
}

export interface EstateSubject {
  id: string;
  kind?: string;
  name?: string;
  attributes?: Record<string, unknown>;
  source?: 'estate' | 'configured' | 'confirmed' | 'discovered' | 'vogt';
  confirmed?: boolean;
}

/** How a subject is covered; of one that was judged also the worst that was found, and where that stands in the log. */
export interface Coverage {
  subject: string;
  state: 'judged' | 'seen' | 'not covered';
  english?: string;
  german?: string;
  verdict?: VerdictWord;
  kind?: string;
  reason?: Said;
  observed?: string | null;
  index?: number;
}

export interface Gap {
  english?: string;
  german?: string;
  subject?: string;
}

export interface Ignored {
  subject: string;
  reason?: string;
  by?: string;
  at_ms?: number;
}

export interface Estate {
  text?: string;
  subjects?: EstateSubject[];
  coverage?: Coverage[];
  counts?: Record<string, number>;
  allowed?: Ignored[];
  ignored?: Ignored[];
  not_covered?: Gap[];
  next?: string;
}

export interface InboxItem {
  id: string;
  kind?: string;
  name?: string;
  state: 'new' | 'gone';
  attributes?: Record<string, unknown>;
  since?: string | null;
  seen?: { source: string; where?: string; at_ms?: number }[];
}

export interface Inbox {
  items?: InboxItem[];
  ignored?: Ignored[];
}

export interface SourceField {
  name: string;
  credential: boolean;
  required: boolean;
  secret: boolean;
  form?: 'text' | 'long' | 'list' | 'number' | 'switch';
  title?: Said;
}

export interface SourceKind {
  id: string;
  title?: Said;
  rights?: Said;
  address?: string;
  feeds?: string[];
  fields?: SourceField[];
}

export interface SourceStanding {
  verdict: VerdictWord;
  reason?: Said;
  observed?: string | null;
  index?: number;
}

export interface Source {
  name: string;
  kind: string;
  title?: Said;
  address?: string;
  options?: Record<string, unknown>;
  credential_fields?: string[];
  feeds?: string[];
  complete?: SourceStanding;
  read_only?: SourceStanding;
  powers?: Said[];
  found?: number;
  gone?: number;
  set?: string | null;
}

export interface Sources {
  sources?: Source[];
  kinds?: SourceKind[];
}

export interface Agent {
  name: string;
  kind?: 'host' | 'vantage';
  state: 'revoked' | 'invited' | 'lapsed' | 'expired' | 'silent' | 'well';
  english?: string;
  german?: string;
  every_s?: number;
  by?: string;
  hostname?: string;
  created_at?: string | null;
  enrolled_at?: string | null;
  revoked_at?: string | null;
  last_seen_at?: string | null;
  certificate_expires_at?: string | null;
  version?: string;
  spooled?: number;
  spooled_bytes?: number;
  lost?: number;
  skew_ms?: number;
  refused?: unknown[];
  confinement?: unknown;
  cannot_see?: { id?: string; english?: string; german?: string }[];
}

export interface Invitation {
  name: string;
  kind: string;
  token: string;
  server: string;
  pin: string;
  expires_at?: string;
}

/** One recorded entry: the payload as the log commits to it, and what was judged of it, in words. */
export interface EntryAnswer {
  index: number;
  payload?: Record<string, unknown>;
  observations?: ObservationRow[];
}

export interface ObservationRow {
  kind: string;
  subject: string;
  outcome: 'pass' | 'fail' | 'error';
  reason?: Said;
  at: string;
  index: number;
  facts_index?: number | null;
  plant?: boolean;
}

export interface LogStatus {
  origin: string;
  size: number;
  root?: string;
  published_size?: number;
  published_at?: string | null;
  unwitnessed_since?: string | null;
  witnesses?: (string | { name?: string; at?: string | null; behind?: number; failed_since?: string | null; reason?: Said })[];
  vkey?: string;
  timestamp?: { at?: string | null; size?: number; failed_since?: string | null; reason?: Said } | null;
}

export type LogName = 'evidence' | 'audit';
export type LedgerStatus = Record<LogName, LogStatus> & { reopen_needed?: boolean };

export interface Status {
  version?: string;
  catalogue?: string;
  started?: string;
  roles?: { role: string; index?: number; pid?: number; confinement?: string; features?: string[]; restarts?: number }[];
  minimum?: string;
  seal?: { type?: string; sealed?: boolean };
  schema?: number | string;
  counters?: Record<string, number>;
}

export interface DryRun {
  language?: string;
  title?: string;
  sections?: Section[];
  clauses?: { id: string; section: string; text: string; promises?: unknown[]; bindings?: Binding[]; interpretations?: Interpretation[] }[];
}

export type ChangeKind = 'added' | 'removed' | 'changed' | 'weakened' | 'moved' | 'unchanged';

export interface Adopted extends DryRun {
  revision?: number;
  changes?: { clause: string; kind: ChangeKind; english?: string; german?: string; old?: string; new?: string }[];
}

export interface Period {
  from?: string;
  to?: string;
  clauses?: { id: string; kept_s?: number; total_s?: number; percent?: number; gaps?: { from: string; to: string; verdict: VerdictWord }[] }[];
}

export interface Person {
  display_name?: string;
  policies?: string[];
  expire_time?: string | null;
}

/** A mount as sys/mounts and sys/internal/ui/mounts show it. */
export interface Mount {
  type: string;
  description?: string;
  accessor?: string;
  uuid?: string;
  config?: Record<string, unknown>;
  options?: Record<string, string> | null;
}

/** kv version 2: what is known of a secret, and of each of its versions. */
export interface SecretVersion {
  created_time: string;
  deletion_time: string;
  destroyed: boolean;
}

export interface SecretMetadata {
  current_version: number;
  oldest_version: number;
  max_versions: number;
  cas_required: boolean;
  delete_version_after: string;
  custom_metadata: Record<string, string> | null;
  created_time: string;
  updated_time: string;
  versions: Record<string, SecretVersion>;
}

/** sys/policies/test. */
export interface TestedRule {
  policy: string;
  path: string;
  capabilities: string[];
  line?: number;
  decides: boolean;
}

export interface Tested {
  path: string;
  policies: string[];
  missing: string[];
  root: boolean;
  capabilities: string[];
  rules: TestedRule[];
  requests: { capability: string; allowed: boolean; answered: boolean; needs_sudo: boolean; public: boolean }[];
}

export interface TokenSeen {
  accessor: string;
  display_name?: string;
  policies?: string[];
  identity_policies?: string[];
  path?: string;
  type?: string;
  orphan?: boolean;
  renewable?: boolean;
  num_uses?: number;
  creation_time?: number;
  expire_time?: string | null;
  ttl?: number;
  role?: string;
  bound_cidrs?: string[];
  meta?: Record<string, string> | null;
}

/** A secret that a hook changes (sys/rotation). */
export interface Rotation {
  path: string;
  field: string;
  user: string;
  every_s: number;
  length: number;
  hook: string;
  target: string;
  version?: number;
  rotated?: string | null;
  due: string;
  under_way: boolean;
  paused: boolean;
  failed?: { at: string; english?: string; german?: string; detail?: string };
}

export interface LeaseSeen {
  id: string;
  issue_time: string;
  expire_time: string;
  last_renewal?: string | null;
  renewable: boolean;
  ttl: number;
}

export interface Device {
  type: string;
  description?: string;
  options?: Record<string, string>;
  state?: { stuck: boolean; waiting: number; failures: number; taken?: string; failed?: string; cause?: Said };
}

export interface SealStatus {
  type: string;
  initialized: boolean;
  sealed: boolean;
  t: number;
  n: number;
  progress: number;
  version?: string;
  vogt_version?: string;
}
