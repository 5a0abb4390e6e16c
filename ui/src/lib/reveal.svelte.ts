/* Which values are shown, and for how long: half a minute after the last one was asked for all are hidden again and forgotten. */
import { KEPT_S } from './clipboard.svelte';

export class Reveal {
  names = $state.raw<ReadonlySet<string>>(new Set());
  left = $state(0);
  wasHidden = $state(false);
  private until = 0;
  private timer: ReturnType<typeof setInterval> | undefined;

  /** `forget` drops the values themselves. */
  constructor(private readonly forget: () => void) {}

  private readonly away = () => this.hide();

  show(names: Iterable<string>): void {
    this.names = new Set([...this.names, ...names]);
    this.until = Date.now() + KEPT_S * 1000;
    this.left = KEPT_S;
    this.wasHidden = false;
    clearInterval(this.timer);
    this.timer = setInterval(() => this.tick(), 1000);
    addEventListener('pagehide', this.away); /* a page that the browser keeps for "back" keeps no value */
  }

  private tick(): void {
    this.left = Math.max(0, Math.ceil((this.until - Date.now()) / 1000));
    if (this.left === 0) {
      this.hide();
      this.wasHidden = true;
    }
  }

  has(name: string): boolean {
    return this.names.has(name);
  }

  hide(): void {
    clearInterval(this.timer);
    removeEventListener('pagehide', this.away);
    this.left = 0;
    this.names = new Set();
    this.forget();
  }
}
