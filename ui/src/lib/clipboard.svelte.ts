/* A value goes to the clipboard for half a minute. Then the clipboard is emptied, at the latest when the window has the focus again: a page may not do it without. */
import type { Values, Word } from './words';

export const KEPT_S = 30;
const FADE_MS = 10_000;

class Clipboard {
  /** Seconds until it is emptied; 0: nothing of ours is in it. */
  left = $state(0);
  said = $state.raw<{ word: Word; values: Values } | null>(null);
  private until = 0;
  private timer: ReturnType<typeof setInterval> | undefined;
  private fade: ReturnType<typeof setTimeout> | undefined;

  private say(word: Word, values: Values = {}): void {
    clearTimeout(this.fade);
    this.said = { word, values };
  }

  async copy(text: string, name: string): Promise<void> {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      this.say('clip.failed');
      return;
    }
    this.until = Date.now() + KEPT_S * 1000;
    this.left = KEPT_S;
    this.say('clip.copied', { name, seconds: KEPT_S });
    clearInterval(this.timer);
    this.timer = setInterval(() => void this.tick(), 1000);
  }

  private async tick(): Promise<void> {
    this.left = Math.max(0, Math.ceil((this.until - Date.now()) / 1000));
    if (this.left === 0) {
      await this.clear();
    }
  }

  async clear(): Promise<void> {
    clearInterval(this.timer);
    this.left = 0;
    try {
      await navigator.clipboard.writeText('');
      this.say('clip.cleared');
      this.fade = setTimeout(() => { this.said = null; }, FADE_MS);
    } catch {
      this.say('clip.later');
      addEventListener('focus', () => void this.clear(), { once: true });
    }
  }
}

export const clipboard = new Clipboard();
