/* Who is logged in. Login links arrive as "#login=CODE"; the code is taken out of the address at once. */
import { ask, asProblem, Problem, send } from './api';
import type { Person } from './types';

export type SessionState = 'asking' | 'out' | 'passphrase' | 'in' | 'sealed' | 'silent';

class Session {
  state = $state<SessionState>('asking');
  person = $state<Person | null>(null);
  problem = $state<Problem | null>(null);

  async start(): Promise<void> {
    const code = /^#login=(.+)$/.exec(location.hash)?.[1];
    if (code) {
      history.replaceState(null, '', location.pathname);
      await this.byLink(decodeURIComponent(code));
    } else {
      await this.look();
    }
  }

  /** Asks who the cookie's token belongs to; `next` is what is shown when it is good. */
  async look(next: SessionState = 'in'): Promise<void> {
    try {
      this.person = await ask<Person>('auth/token/lookup-self');
      this.state = next;
    } catch (error) {
      const problem = asProblem(error);
      this.person = null;
      this.state = problem.status === 503 ? 'sealed' : problem.status === 0 || problem.status >= 500 ? 'silent' : 'out';
      this.problem = this.state === 'silent' ? problem : null;
    }
  }

  private async byLink(code: string): Promise<void> {
    try {
      await ask('auth/link/login', { method: 'POST', body: { code } });
      await this.look('passphrase');
    } catch (error) {
      this.problem = asProblem(error);
      this.state = this.problem.status === 503 ? 'sealed' : 'out';
    }
  }

  async byPassphrase(name: string, passphrase: string): Promise<void> {
    await ask('auth/passphrase/login', { method: 'POST', body: { name, passphrase } });
    this.problem = null;
    await this.look();
  }

  async setPassphrase(name: string, passphrase: string): Promise<void> {
    await ask('auth/passphrase/set', { method: 'POST', body: { name, passphrase } });
    this.state = 'in';
  }

  async end(): Promise<void> {
    await send('/v1/auth/token/revoke-self', { method: 'POST', body: {}, session: 'end' }).catch(() => undefined);
    this.person = null;
    this.problem = null;
    this.state = 'out';
  }

  /** A request was refused: has the session run out meanwhile? */
  noticed(problem: Problem): void {
    if (problem.status === 503) {
      this.state = 'sealed';
    } else if (problem.status === 403 || problem.status === 401) {
      void this.look();
    }
  }
}

export const session = new Session();
