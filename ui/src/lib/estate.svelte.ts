/* The whole estate, read page by page and kept for the views that show it: map, list, subject, what is not covered. */
import { asProblem, ask, type Problem } from './api';
import { inherit, rowsOf, type Row } from './estate';
import { session } from './session.svelte';
import type { Estate } from './types';

const FRESH_MS = 30_000;
const PAGES_MAX = 100;

class EstateRead {
  rows = $state.raw<Row[]>([]);
  estate = $state.raw<Estate | null>(null);
  total = $state(0);
  whole = $state(false);
  waiting = $state(false);
  problem = $state<Problem | null>(null);
  private at = 0;
  private turn = 0;
  private whose: unknown = null;

  /** Reads again unless it was read just now; `anew` reads in any case. */
  async get(anew = false): Promise<void> {
    if (!anew && this.whole && this.whose === session.person && Date.now() - this.at < FRESH_MS) {
      return;
    }
    if (this.whose !== session.person) {
      this.rows = []; /* another session: nothing of the one before is shown */
      this.estate = null;
      this.whole = false;
      this.whose = session.person;
    }
    const turn = ++this.turn;
    this.waiting = true;
    this.problem = null;
    let rows: Row[] = [];
    let after = '';
    try {
      for (let page = 0; page < PAGES_MAX; page++) {
        const estate: Estate = await ask<Estate>(after ? `estate?after=${encodeURIComponent(after)}` : 'estate');
        if (turn !== this.turn) {
          return;
        }
        rows = [...rows, ...rowsOf(estate.subjects ?? [], estate.coverage ?? [])];
        this.total = Object.values(estate.counts ?? {}).reduce((sum, count) => sum + count, 0) || rows.length;
        this.estate = page === 0 ? estate : this.estate; /* what is said of the whole stands on the first page */
        if (!this.whole || !estate.next) {
          this.rows = inherit(rows); /* the first time it fills before one's eyes; later it is replaced at once */
        }
        if (!estate.next) {
          break;
        }
        after = estate.next;
      }
      this.whole = true;
      this.at = Date.now();
    } catch (error) {
      if (turn === this.turn) {
        this.problem = asProblem(error);
        session.noticed(this.problem);
      }
    }
    if (turn === this.turn) {
      this.waiting = false;
    }
  }

  /** Something was decided: what is kept here is old. */
  forget(): void {
    this.at = 0;
  }
}

export const estateRead = new EstateRead();
