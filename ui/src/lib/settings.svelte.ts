/* What the reader chose: language and light or dark. Kept in the browser, never sent. */

export type Language = 'en' | 'de';
export type Theme = 'auto' | 'light' | 'dark';

function stored(name: string): string | null {
  try {
    return localStorage.getItem(`vogt.${name}`);
  } catch {
    return null; /* a browser that keeps nothing: the page works without */
  }
}

export function remember(name: string, value: string): void {
  try {
    localStorage.setItem(`vogt.${name}`, value);
  } catch {
    /* as above */
  }
}

export function recall(name: string): string | null {
  return stored(name);
}

function firstLanguage(): Language {
  const chosen = stored('language');
  if (chosen === 'en' || chosen === 'de') {
    return chosen;
  }
  const wanted = navigator.languages.find((name) => /^(de|en)\b/i.test(name));
  return wanted?.toLowerCase().startsWith('de') ? 'de' : 'en';
}

function firstTheme(): Theme {
  const chosen = stored('theme');
  return chosen === 'light' || chosen === 'dark' ? chosen : 'auto';
}

class Settings {
  language = $state<Language>(firstLanguage());
  theme = $state<Theme>(firstTheme());

  chooseLanguage(language: Language): void {
    this.language = language;
    remember('language', language);
  }

  chooseTheme(theme: Theme): void {
    this.theme = theme;
    remember('theme', theme);
  }
}

export const settings = new Settings();
