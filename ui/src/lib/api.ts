/*
 * Asks the API under /v1/. The token never reaches this page: it lives in an HttpOnly cookie, and the header
 * X-Vogt-Session, which no other site can send, is what makes gate take it.
 */
import { type Exact, readExact } from './exact';
import { settings } from './settings.svelte';
import { space } from './space.svelte';
import type { Said } from './types';

export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly said: Said,
    readonly line = 0,
    readonly column = 0,
    readonly detail = '',
  ) {
    super(typeof said === 'string' ? said : (said?.english ?? 'failed'));
  }
}

export interface Asking {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'LIST';
  body?: unknown;
  text?: string; /* JSON as it shall be sent, instead of `body` */
  raw?: Blob;
  session?: 'cookie' | 'end' | 'none'; /* none: as somebody who is not logged in */
  token?: string; /* for this request alone, instead of the cookie's */
  wrap_s?: number; /* the answer is put away; what comes is a token that gives it out once, within these seconds */
}

interface Answer {
  data?: unknown;
  auth?: unknown;
  errors?: string[];
  complaint?: { english?: string; german?: string; line?: number; column?: number; detail?: string };
}

/* What keep says in one language, because Vault's clients match the words. */
const known: Record<string, Said> = {
  'permission denied': { english: 'Your token may not do this.', german: 'Ihr Token darf das nicht.' },
  'Vault is sealed': { english: 'Vogt is sealed.', german: 'Vogt ist versiegelt.' },
};
const plain: Record<number, Said> = { 404: { english: 'There is nothing at this place.', german: 'Hier gibt es nichts.' } };

function refusal(status: number, answer: Answer | null): Problem {
  const complaint = answer?.complaint;
  if (complaint?.english || complaint?.german) {
    return new Problem(status, complaint, complaint.line, complaint.column, complaint.detail);
  }
  const errors = answer?.errors?.filter((text) => text.length > 0) ?? [];
  if (errors.length > 0) {
    return new Problem(status, known[errors.join()] ?? errors.join('; '));
  }
  return new Problem(status, plain[status] ?? { english: `The server answered ${status}.`, german: `Der Server antwortete mit ${status}.` });
}

export async function send(path: string, asking: Asking = {}): Promise<Response> {
  const session = asking.session ?? 'cookie';
  const headers: Record<string, string> = { 'Accept-Language': settings.language, ...space.headers(path), ...(session === 'none' ? {} : { 'X-Vogt-Session': session }), ...(asking.token ? { 'X-Vault-Token': asking.token } : {}), ...(asking.wrap_s ? { 'X-Vault-Wrap-TTL': String(asking.wrap_s) } : {}) };
  let body: BodyInit | undefined = asking.raw;
  if (asking.raw) {
    headers['Content-Type'] = 'application/octet-stream';
  } else if (asking.body !== undefined || asking.text !== undefined) {
    headers['Content-Type'] = 'application/json';
    body = asking.text ?? JSON.stringify(asking.body);
  }
  let response: Response;
  try {
    const isList = asking.method === 'LIST'; /* asked by GET: proxies may not know the verb */
    const target = isList ? `${path}${path.includes('?') ? '&' : '?'}list=true` : path;
    response = await fetch(target, { method: isList ? 'GET' : (asking.method ?? 'GET'), headers, body, cache: 'no-store', redirect: 'error' });
  } catch {
    throw new Problem(0, {
      english: 'Vogt does not answer. Is it running, and is the network up?',
      german: 'Vogt antwortet nicht. Läuft es, und besteht eine Netzverbindung?',
    });
  }
  if (!response.ok) {
    throw refusal(response.status, (await response.json().catch(() => null)) as Answer | null);
  }
  return response;
}

/** The answer's `data`; undefined where an operation answers with nothing. */
export async function ask<T>(path: string, asking: Asking = {}): Promise<T> {
  const response = await send(`/v1/${path}`, asking);
  if (response.status === 204) {
    return undefined as T;
  }
  const answer = (await response.json().catch(() => ({}))) as Answer;
  return (answer.data ?? answer) as T;
}

/** Lets an answer be put away: the token that gives it out, once. */
export async function askWrapped(path: string, asking: Asking, wrap_s: number): Promise<string> {
  return (await ask<{ wrap_info: { token: string } }>(path, { ...asking, wrap_s })).wrap_info.token;
}

/** The whole answer, numbers as they came. */
export async function askExact(path: string): Promise<Exact> {
  return readExact(await (await send(`/v1/${path}`)).text());
}

/** Sends JSON as it is; the answer likewise. */
export async function writeText(path: string, text: string): Promise<Exact> {
  const answer = await (await send(`/v1/${path}`, { method: 'POST', text })).text();
  return answer.trim() === '' ? null : readExact(answer);
}

/** Names below a path; where there is nothing, there are none. */
export async function list(path: string): Promise<string[]> {
  try {
    return (await ask<{ keys?: string[] }>(path, { method: 'LIST' })).keys ?? [];
  } catch (error) {
    if (error instanceof Problem && error.status === 404) {
      return [];
    }
    throw error;
  }
}

export function write<T>(path: string, body: unknown = {}): Promise<T> {
  return ask<T>(path, { method: 'POST', body });
}

export function asProblem(error: unknown): Problem {
  return error instanceof Problem ? error : new Problem(0, String(error));
}
