/* A value goes to the clipboard for half a minute. Then the clipboard is emptied, at the latest when the window has the focus again: a page may not do it without. */
import { t } from './words';

export const KEPT_S = 30;

class Clipboard {
  /** Seconds until it is emptied; 0: nothing of ours is in it. */
  left = $state(0);
  said = $state('');
  private until = 0;
  private timer: ReturnType<typeof setInterval> | undefined;

  async copy(text: string, name: string): Promise<void> {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      this.said = t('clip.failed');
      return;
    }
    this.until = Date.now() + KEPT_S * 1000;
    this.left = KEPT_S;
    this.said = t('clip.copied', { name, seconds: KEPT_S });
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
      this.said = t('clip.cleared');
    } catch {
      this.said = t('clip.later');
      addEventListener('focus', () => void this.clear(), { once: true });
    }
  }
}

export const clipboard = new Clipboard();
