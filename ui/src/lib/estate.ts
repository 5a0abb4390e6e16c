/*
 * The estate as a map: which subjects belong to which environment, host or provider, and how each group stands. Pure functions
 * over what the API gave; bounded, so that an estate of ten thousand subjects becomes a few hundred boxes with counts.
 */
import type { Coverage, EstateSubject, VerdictWord } from './types';

/** How a subject looks on the map: a verdict of its own, or why it has none. */
export type Look = VerdictWord | 'unlisted' | 'uncovered';
/** Worst first: the order in which a group is read. */
export const looks: Look[] = ['broken', 'unlisted', 'uncovered', 'unproven', 'stale', 'attested', 'kept'];
/** Those that a subject of the estate can have. */
export const shownLooks = looks.filter((look) => look !== 'attested');

export interface Row {
  subject: EstateSubject;
  covered: Coverage | undefined;
  look: Look;
  host: string;
  provider: string;
  environment: string;
}

export type Tally = Partial<Record<Look, number>> & { count: number };

export interface Group {
  kind: string;
  rows: Row[];
  tally: Tally;
}

/** An environment, a host, a provider: its own row where it is a subject itself, and what lies in it by kind. */
export interface Place {
  name: string;
  row: Row | undefined;
  groups: Group[];
  tally: Tally;
}

export interface Environment extends Place {
  hosts: Place[];
  kinds: { kind: string; tally: Tally }[];
  rest: { count: number; tally: Tally };
}

export interface EstateMap {
  environments: Environment[];
  providers: Place[];
  eyes: Group[];
  moreEnvironments: number;
  moreProviders: number;
  tally: Tally;
}

/** What a map shows one by one; the rest becomes counts. */
export const bounds = { environments: 8, providers: 12, hostsInAll: 72, hostsLeast: 9 };

const eyeKinds = new Set(['vogt', 'source', 'vantage']);
const besideKinds = new Set(['account', 'person', 'team', 'repository', 'bucket', 'vault', 'organisation']);
const kindOrder = ['host', 'endpoint', 'volume', 'container', 'database', 'service', 'network', 'account', 'person', 'team', 'repository', 'bucket', 'vault'];

export function lookOf(subject: EstateSubject, covered: Coverage | undefined): Look {
  if (covered?.verdict === 'broken') {
    return 'broken';
  }
  if (!subject.confirmed) {
    return 'unlisted';
  }
  if (covered?.state === 'not covered') {
    return 'uncovered';
  }
  return covered?.verdict ?? 'unproven';
}

function attribute(subject: EstateSubject, name: string): string {
  const value = subject.attributes?.[name];
  return typeof value === 'string' ? value : '';
}

/* A reference is written with or without the kind in front of it. */
function bare(name: string, kind: string): string {
  return name.startsWith(`${kind}:`) ? name.slice(kind.length + 1) : name;
}

function hostOf(subject: EstateSubject): string {
  const named = attribute(subject, 'host');
  if (named) {
    return bare(named, 'host');
  }
  const name = subject.name ?? '';
  if (subject.kind === 'volume' && name.startsWith('/')) {
    return 'this'; /* a mount path alone is one of Vogt's own machine */
  }
  const slash = name.indexOf('/');
  return (subject.kind === 'container' || subject.kind === 'volume') && slash > 0 ? name.slice(0, slash) : '';
}

function providerOf(subject: EstateSubject): string {
  const named = attribute(subject, 'provider');
  const name = subject.name ?? '';
  const slash = name.indexOf('/');
  return named || (besideKinds.has(subject.kind ?? '') && slash > 0 ? name.slice(0, slash) : '');
}

export function rowsOf(subjects: EstateSubject[], coverage: Coverage[]): Row[] {
  const covered = new Map(coverage.map((one) => [one.subject, one]));
  return subjects.map((subject) => ({
    subject,
    covered: covered.get(subject.id),
    look: lookOf(subject, covered.get(subject.id)),
    host: subject.kind === 'host' ? '' : hostOf(subject),
    provider: providerOf(subject),
    environment: bare(attribute(subject, 'environment'), 'environment'),
  }));
}

/** What names no environment is in its host's. */
export function inherit(rows: Row[]): Row[] {
  const hosts = new Map(rows.filter((row) => row.subject.kind === 'host' && row.environment).map((row) => [row.subject.name ?? '', row.environment]));
  return rows.map((row) => (row.environment || !hosts.has(row.host) ? row : { ...row, environment: hosts.get(row.host) ?? '' }));
}

export function tallyOf(rows: Row[]): Tally {
  const tally: Tally = { count: rows.length };
  for (const row of rows) {
    tally[row.look] = (tally[row.look] ?? 0) + 1;
  }
  return tally;
}

export function add(tallies: Tally[]): Tally {
  const sum: Tally = { count: 0 };
  for (const tally of tallies) {
    sum.count += tally.count;
    for (const look of looks) {
      if (tally[look]) {
        sum[look] = (sum[look] ?? 0) + (tally[look] ?? 0);
      }
    }
  }
  return sum;
}

/* Worst first, then the larger, then by name. */
function compareTallies(a: Tally, b: Tally): number {
  for (const look of looks.slice(0, 5)) {
    const difference = (b[look] ?? 0) - (a[look] ?? 0);
    if (difference !== 0) {
      return difference;
    }
  }
  return b.count - a.count;
}

function compareRows(a: Row, b: Row): number {
  return looks.indexOf(a.look) - looks.indexOf(b.look) || (a.subject.id < b.subject.id ? -1 : 1);
}

function rankOf(kind: string): number {
  return kindOrder.includes(kind) ? kindOrder.indexOf(kind) : kindOrder.length;
}

function groupsOf(rows: Row[]): Group[] {
  const kinds = new Map<string, Row[]>();
  for (const row of rows) {
    const kind = row.subject.kind ?? '';
    const list = kinds.get(kind);
    if (list) {
      list.push(row);
    } else {
      kinds.set(kind, [row]);
    }
  }
  return [...kinds]
    .map(([kind, list]) => ({ kind, rows: list.sort(compareRows), tally: tallyOf(list) }))
    .sort((a, b) => rankOf(a.kind) - rankOf(b.kind) || (a.kind < b.kind ? -1 : 1));
}

function placeOf(name: string, row: Row | undefined, rows: Row[]): Place {
  return { name, row, groups: groupsOf(rows), tally: tallyOf(row ? [row, ...rows] : rows) };
}

function bucketsOf(rows: Row[], key: (row: Row) => string): Map<string, Row[]> {
  const buckets = new Map<string, Row[]>();
  for (const row of rows) {
    const name = key(row);
    const list = buckets.get(name);
    if (list) {
      list.push(row);
    } else {
      buckets.set(name, [row]);
    }
  }
  return buckets;
}

const byBadness = (a: Place, b: Place) => compareTallies(a.tally, b.tally) || (a.name < b.name ? -1 : 1);

function environmentsOf(rows: Row[]): Environment[] {
  const hostRows = new Map(rows.filter((row) => row.subject.kind === 'host').map((row) => [row.subject.name ?? row.subject.id, row]));
  const environmentRows = new Map(rows.filter((row) => row.subject.kind === 'environment').map((row) => [row.subject.name ?? row.subject.id, row]));
  const lying = bucketsOf(rows.filter((row) => row.subject.kind !== 'host' && row.subject.kind !== 'environment'), (row) => row.host);
  const hosts: { place: Place; environment: string }[] = [];
  for (const name of new Set([...hostRows.keys(), ...lying.keys()])) {
    if (name !== '') {
      const row = hostRows.get(name), on = lying.get(name) ?? [];
      hosts.push({ place: placeOf(name, row, on), environment: row?.environment || on.find((one) => one.environment)?.environment || '' });
    }
  }
  const loose = bucketsOf(lying.get('') ?? [], (row) => row.environment);
  const names = new Set([...hosts.map((host) => host.environment), ...loose.keys(), ...environmentRows.keys()]);
  return [...names].map((name) => {
    const places = hosts.filter((host) => host.environment === name).map((host) => host.place).sort(byBadness);
    const place = placeOf(name, environmentRows.get(name), loose.get(name) ?? []);
    return { ...place, hosts: places, kinds: kindsOf(places), rest: { count: 0, tally: { count: 0 } }, tally: add([place.tally, ...places.map((one) => one.tally)]) };
  });
}

/* Of all hosts of an environment together: how each kind stands. */
function kindsOf(places: Place[]): { kind: string; tally: Tally }[] {
  const tallies = new Map<string, Tally[]>();
  const note = (kind: string, tally: Tally) => tallies.set(kind, [...(tallies.get(kind) ?? []), tally]);
  for (const place of places) {
    place.groups.forEach((group) => note(group.kind, group.tally));
    if (place.row) {
      note(place.row.subject.kind ?? '', tallyOf([place.row]));
    }
  }
  return [...tallies].map(([kind, list]) => ({ kind, tally: add(list) })).sort((a, b) => rankOf(a.kind) - rankOf(b.kind));
}

/* Cuts what would be too much to look at; what is cut is the best, and stays as counts. */
function bound(environments: Environment[]): void {
  const most = Math.max(bounds.hostsLeast, Math.floor(bounds.hostsInAll / Math.max(1, environments.length)));
  for (const environment of environments) {
    const cut = environment.hosts.slice(most);
    environment.hosts = environment.hosts.slice(0, most);
    environment.rest = { count: cut.length, tally: add(cut.map((host) => host.tally)) };
  }
}

export function mapOf(rows: Row[]): EstateMap {
  const eyes = rows.filter((row) => eyeKinds.has(row.subject.kind ?? ''));
  const beside = rows.filter((row) => besideKinds.has(row.subject.kind ?? '') && !row.host);
  const taken = new Set([...eyes, ...beside]);
  const environments = environmentsOf(rows.filter((row) => !taken.has(row))).sort(byBadness);
  const providers = [...bucketsOf(beside, (row) => row.provider)].map(([name, list]) => placeOf(name, undefined, list)).sort(byBadness);
  const shown = environments.slice(0, bounds.environments);
  bound(shown);
  return {
    environments: shown,
    providers: providers.slice(0, bounds.providers),
    eyes: groupsOf(eyes),
    moreEnvironments: environments.length - shown.length,
    moreProviders: Math.max(0, providers.length - bounds.providers),
    tally: tallyOf(rows),
  };
}

/** What the list can be narrowed to; the address carries it: "look=broken&kind=endpoint". */
export interface Filter {
  look: string;
  kind: string;
  host: string;
  environment: string;
  provider: string;
  q: string;
}

const filterNames = ['look', 'kind', 'host', 'environment', 'provider', 'q'] as const;

export function filterOf(text: string): Filter {
  const read = new URLSearchParams(text);
  return Object.fromEntries(filterNames.map((name) => [name, read.get(name) ?? ''])) as unknown as Filter;
}

export function filterText(filter: Partial<Filter>): string {
  const write = new URLSearchParams();
  filterNames.forEach((name) => filter[name] && write.set(name, filter[name]));
  return write.toString();
}

export function fits(row: Row, filter: Filter): boolean {
  const query = filter.q.trim().toLowerCase();
  const isThere = (wanted: string, value: string) => wanted === '' || (wanted === '-' ? value === '' : wanted === value);
  return (
    (filter.look === '' || row.look === filter.look || (filter.look === 'unlisted' && !row.subject.confirmed)) &&
    (filter.kind === '' || row.subject.kind === filter.kind) &&
    (isThere(filter.host, row.host) || (row.subject.kind === 'host' && row.subject.name === filter.host)) &&
    isThere(filter.environment, row.environment) &&
    isThere(filter.provider, row.provider) &&
    (query === '' || row.subject.id.toLowerCase().includes(query) || JSON.stringify(row.subject.attributes ?? {}).toLowerCase().includes(query))
  );
}

export function sortedRows(rows: Row[]): Row[] {
  return [...rows].sort(compareRows);
}
