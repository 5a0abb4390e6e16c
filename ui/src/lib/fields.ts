/* Fields as the API describes them (OpenAPI): what a form needs to ask for them, and what it sends. Nothing here knows any of them by name. */
import { ask, send } from './api';
import { duration } from './time';
import type { Said } from './types';

export interface Field {
  name: string;
  type: 'string' | 'integer' | 'boolean' | 'duration' | 'array' | 'object' | 'any';
  isLong: boolean;
  isRequired: boolean;
  isSecret: boolean;
  said: Said;
}

interface Schema {
  required?: string[];
  properties?: Record<string, { type?: string; format?: string; description?: string; 'x-description-de'?: string; writeOnly?: boolean; deprecated?: boolean }>;
}
interface Operation {
  summary?: string;
  'x-summary-de'?: string;
  requestBody?: { content?: Record<string, { schema?: Schema }> };
}
export type Description = { info?: { title?: string; 'x-title-de'?: string }; paths: Record<string, Partial<Record<'get' | 'post' | 'delete' | 'patch', Operation>>> };

let whole: Promise<Description> | undefined;
/** Of Vogt's own paths; engines describe theirs apart (engineOf). */
export function description(): Promise<Description> {
  whole ??= send('/openapi.json').then((response) => response.json() as Promise<Description>);
  whole.catch(() => { whole = undefined; });
  return whole;
}

const engines = new Map<string, Promise<Description>>();
export function engineOf(what: 'mounts' | 'auth', type: string): Promise<Description> {
  const path = `sys/internal/ui/engines/${what === 'auth' ? 'auth' : 'secret'}/${encodeURIComponent(type)}`;
  const known = engines.get(path) ?? ask<Description>(path);
  engines.set(path, known);
  known.catch(() => engines.delete(path));
  return known;
}

/** What may be written to a path ("/role/{name}"). Older names of fields are left out: they mean the same. */
export function fieldsOf(from: Description, path: string): Field[] {
  const schema = from.paths[path]?.post?.requestBody?.content?.['application/json']?.schema;
  return Object.entries(schema?.properties ?? {}).filter(([, one]) => !one.deprecated).map(([name, one]) => ({
    name,
    type: one.format === 'duration' ? 'duration' : ((one.type ?? 'any') as Field['type']),
    isLong: one.format === 'lines' || one.type === 'object' || one.type === undefined,
    isRequired: schema?.required?.includes(name) ?? false,
    isSecret: one.writeOnly ?? false,
    said: { english: one.description, german: one['x-description-de'] },
  }));
}

/* Written to for a question, or to take back what a person would have to have kept. */
const ASKS = /\/(lookup|lookup-self|destroy)$/;

/** What an engine holds that is set once ("/config"), and what it holds by name ("/role/{name}", read, written and listed). `below`: "/auth/token" among Vogt's own paths. */
export function partsOf(from: Description, below = ''): { settings: string[]; collections: string[] } {
  const inside = Object.keys(from.paths).filter((path) => path.startsWith(`${below}/`)).map((path) => path.slice(below.length));
  const has = (path: string, ...methods: ('get' | 'post')[]) => methods.every((method) => from.paths[below + path]?.[method]);
  return {
    settings: inside.filter((path) => !path.includes('{') && !path.endsWith('/') && !ASKS.test(path) && has(path, 'get', 'post')),
    collections: inside.filter((path) => /^\/[^{/]+\/\{\w+\}$/.test(path) && has(path, 'get', 'post') && has(path.replace(/\{\w+\}$/, ''), 'get')),
  };
}

/** What else can be done with one of a collection: "/role/{name}/secret-id". */
export function deedsOf(from: Description, path: string): string[] {
  return Object.keys(from.paths).filter((one) => one.startsWith(`${path}/`) && !one.slice(path.length).includes('{') && from.paths[one]?.post && !ASKS.test(one));
}

export const saidOf = (operation: Operation | undefined): Said => ({ english: operation?.summary, german: operation?.['x-summary-de'] });

/** A value as it stands in a form. */
export function asText(field: Field, value: unknown): string {
  if (value === undefined || value === null) {
    return '';
  }
  switch (field.type) {
    case 'array': return Array.isArray(value) ? value.map(String).join(field.isLong ? '\n' : ', ') : String(value);
    case 'duration': return typeof value === 'number' ? duration(value) : String(value);
    case 'object': case 'any': return typeof value === 'string' ? value : JSON.stringify(value, null, 2);
    default: return String(value);
  }
}

/** What is sent for it; throws where an object is no JSON. */
export function fromText(field: Field, text: string): unknown {
  switch (field.type) {
    case 'array': return (field.isLong ? (text.match(/-----BEGIN[^]*?-----END[^-]*-----/g) ?? []) : text.split(/[,\n]/)).map((one) => one.trim()).filter((one) => one !== '');
    case 'integer': return text.trim() === '' ? 0 : Number(text);
    case 'boolean': return text === 'true';
    case 'duration': return text.trim() === '' ? '0s' : text.trim();
    case 'object': return text.trim() === '' ? {} : (JSON.parse(text) as unknown);
    case 'any': try { return JSON.parse(text) as unknown; } catch { return text; }
    default: return text;
  }
}
