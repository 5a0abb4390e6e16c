/* Mounts that the caller may use, and secrets in them. Values pass through here and stay nowhere. */
import { asProblem, ask, askExact, type Problem, writeText } from './api';
import { type Exact, type ExactObject, member, writeExact } from './exact';
import { session } from './session.svelte';
import type { Mount } from './types';

/** Where a path lies: in which mount, and what follows there ("team/db" of "secret/team/db"). */
export interface Place {
  path: string;
  mount: string;
  inside: string;
  isVersioned: boolean;
}

export const encodePath = (path: string) => path.split('/').map(encodeURIComponent).join('/');
/** Vogt's own: always there, neither tuned nor disabled. */
export const fixedTypes = new Set(['system', 'cubbyhole', 'identity', 'token']);
export const isVersioned = (mount: Mount | undefined) => mount?.options?.version === '2';

class MountsRead {
  secret = $state.raw<Record<string, Mount>>({});
  auth = $state.raw<Record<string, Mount>>({});
  isRead = $state(false);
  problem = $state<Problem | null>(null);

  async get(): Promise<void> {
    try {
      const seen = await ask<{ secret?: Record<string, Mount>; auth?: Record<string, Mount> }>('sys/internal/ui/mounts');
      this.secret = seen.secret ?? {};
      this.auth = seen.auth ?? {};
      this.problem = null;
    } catch (error) {
      this.problem = asProblem(error);
      session.noticed(this.problem);
    }
    this.isRead = true;
  }

  get kv(): [string, Mount][] {
    return Object.entries(this.secret).filter(([, mount]) => mount.type === 'kv');
  }
}

export const mounts = new MountsRead();

/** The longest mount that the path lies in; null when none of those that the caller may use does. */
export function placeOf(path: string): Place | null {
  const mount = mounts.kv.map(([name]) => name).filter((name) => path.startsWith(name)).sort((a, b) => b.length - a.length)[0];
  return mount === undefined ? null : { path, mount, inside: path.slice(mount.length), isVersioned: isVersioned(mounts.secret[mount]) };
}

/** "secret/metadata/team/db": where something of a secret is asked for; a mount of version 1 has one place for all. */
export function of(place: Place, what: string): string {
  return encodePath(place.isVersioned ? `${place.mount}${what}/${place.inside}` : place.path);
}

export interface Read {
  values: ExactObject;
  version: number;
}

const numberOf = (value: Exact | undefined) => Number(value && typeof value === 'object' && 'text' in value ? value.text : 0);

/** The names in a secret without its values; null where that is not to be had (version 1, or the caller may not). */
export async function readNames(place: Place, version: number): Promise<{ names: string[]; version: number } | null> {
  if (!place.isVersioned) {
    return null;
  }
  try {
    const answer = await askExact(`${of(place, 'subkeys')}?depth=1${version > 0 ? `&version=${version}` : ''}`);
    const names = member(answer, 'data', 'subkeys');
    return names instanceof Map ? { names: [...names.keys()], version: numberOf(member(answer, 'data', 'metadata', 'version')) } : null;
  } catch (error) {
    const problem = asProblem(error);
    if (problem.status !== 403) {
      throw error;
    }
    return null;
  }
}

export async function readValues(place: Place, version: number): Promise<Read> {
  const answer = await askExact(`${of(place, 'data')}${place.isVersioned && version > 0 ? `?version=${version}` : ''}`);
  const values = place.isVersioned ? member(answer, 'data', 'data') : member(answer, 'data');
  return { values: values instanceof Map ? values : new Map(), version: numberOf(member(answer, 'data', 'metadata', 'version')) };
}

/** Writes all of a secret; `cas` is the version that it replaces, 0: there must be none. Version 1 knows no versions and replaces what is there. */
export async function writeValues(place: Place, values: ExactObject, cas: number): Promise<number> {
  const text = writeExact(values);
  const answer = await writeText(of(place, 'data'), place.isVersioned ? `{"options":{"cas":${cas}},"data":${text}}` : text);
  return numberOf(member(answer, 'data', 'version'));
}

export function isConflict(problem: Problem | null): boolean {
  return problem?.status === 400 && problem.message.includes('did not match the current version');
}
