/* One thing asked from the API: waiting, there, or refused. */
import { asProblem, ask, type Problem } from './api';
import { session } from './session.svelte';

export class Load<T> {
  value = $state<T | null>(null);
  problem = $state<Problem | null>(null);
  waiting = $state(true);
  private turn = 0;

  get(path: string): Promise<void> {
    return this.by(() => ask<T>(path));
  }

  /** Asked in another way than by reading a path. */
  async by(read: () => Promise<T>): Promise<void> {
    const turn = ++this.turn;
    this.waiting = true;
    try {
      const value = await read();
      if (turn === this.turn) {
        this.value = value;
        this.problem = null;
      }
    } catch (error) {
      if (turn === this.turn) {
        this.problem = asProblem(error);
        this.value = null;
        session.noticed(this.problem);
      }
    }
    if (turn === this.turn) {
      this.waiting = false;
    }
  }
}

/* One thing done: a form sent, a button pressed. */
export class Deed {
  busy = $state(false);
  problem = $state<Problem | null>(null);
  done = $state('');

  async run(work: () => Promise<string | void>): Promise<boolean> {
    if (this.busy) {
      return false;
    }
    this.busy = true;
    this.problem = null;
    this.done = '';
    try {
      this.done = (await work()) ?? '';
      return true;
    } catch (error) {
      this.problem = asProblem(error);
      session.noticed(this.problem);
      return false;
    } finally {
      this.busy = false;
    }
  }
}
