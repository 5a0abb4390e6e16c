/* Times and ages in the reader's language. */
import { settings } from './settings.svelte';

/* "en" alone would mean American dates; the reader's own region, if it is one of this language, says which. */
function locale(): string {
  return navigator.languages.find((name) => name.toLowerCase().startsWith(`${settings.language}-`)) ?? (settings.language === 'en' ? 'en-GB' : 'de-DE');
}

const steps: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_557_600],
  ['month', 2_629_800],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];

export function ago(seconds: number): string {
  const format = new Intl.RelativeTimeFormat(locale(), { numeric: 'always' });
  const step = steps.find(([, length]) => Math.abs(seconds) >= length);
  return step ? format.format(-Math.round(seconds / step[1]), step[0]) : format.format(-Math.round(seconds), 'second');
}

export function span(seconds: number): string {
  const [unit, length] = steps.find(([, size]) => seconds >= size) ?? (['second', 1] as const);
  return new Intl.NumberFormat(locale(), { style: 'unit', unit, unitDisplay: 'long', maximumFractionDigits: 1 }).format(seconds / length);
}

/** As the API takes it, in the largest unit that is whole: "720h". */
export function duration(seconds: number): string {
  const [unit, length] = ([['h', 3_600], ['m', 60]] as const).find(([, size]) => seconds > 0 && seconds % size === 0) ?? (['s', 1] as const);
  return `${seconds / length}${unit}`;
}

export function secondsSince(time: string): number {
  return (Date.now() - Date.parse(time)) / 1000;
}

export function moment(time: string): string {
  const at = new Date(time);
  return Number.isNaN(at.getTime()) ? time : new Intl.DateTimeFormat(locale(), { dateStyle: 'medium', timeStyle: 'short' }).format(at);
}

export function day(time: string): string {
  const at = new Date(time);
  return Number.isNaN(at.getTime()) ? time : new Intl.DateTimeFormat(locale(), { dateStyle: 'medium' }).format(at);
}

export function number(value: number): string {
  return new Intl.NumberFormat(locale()).format(value);
}
