/* Who is logged in. Login links arrive as "#login=CODE", providers send back with "?code=…&state=…"; both are taken out of the address at once. */
import { type Asking, ask, asProblem, Problem, send } from './api';
import { comeBack, isComingBack } from './oidc';
import type { Person } from './types';

export type SessionState = 'asking' | 'out' | 'passphrase' | 'in' | 'sealed' | 'silent';

const LINK = /^#login=(.+)$/;

class Session {
  state = $state<SessionState>('asking');
  person = $state<Person | null>(null);
  problem = $state<Problem | null>(null);

  /** A link may also be opened in a window that shows the page already: then only the address changes. */
  listen(): void {
    addEventListener('hashchange', () => {
      if (LINK.test(location.hash)) {
        void this.start();
      }
    });
  }

  async start(): Promise<void> {
    const code = LINK.exec(location.hash)?.[1];
    if (code) {
      history.replaceState(null, '', location.pathname);
      await this.byLink(decodeURIComponent(code));
    } else if (isComingBack()) {
      await this.byProvider();
    } else {
      await this.look();
    }
  }

  /** Asks who the cookie's token belongs to; `next` is what is shown when it is good. */
  async look(next: SessionState = 'in'): Promise<void> {
    try {
      this.person = await ask<Person>('auth/token/lookup-self');
      await this.find();
      this.state = next;
    } catch (error) {
      const problem = asProblem(error);
      this.person = null;
      this.state = problem.status === 503 ? 'sealed' : problem.status === 0 || problem.status >= 500 ? 'silent' : 'out';
      this.problem = this.state === 'silent' ? problem : null;
    }
  }

  /** Where to begin, unless the address says it: who may not see the morning is here for the secrets. */
  private async find(): Promise<void> {
    if (location.hash === '') {
      const seen = await ask<{ capabilities?: string[] }>('sys/capabilities-self', { method: 'POST', body: { paths: ['morning'] } }).catch(() => null);
      if (seen?.capabilities?.join() === 'deny') {
        location.hash = '#/secrets';
      }
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

  private async byProvider(): Promise<void> {
    try {
      await this.by(comeBack(), { method: 'GET' });
    } catch (error) {
      await this.look(); /* somebody who is in already came by an old address */
      this.problem = this.state === 'out' ? asProblem(error) : this.problem;
    }
  }

  /** Logs in by a request whose answer sets the cookie: of any method, ours or mounted, gate keeps the token out of it. */
  async by(path: string, asking: Asking): Promise<void> {
    await ask(path, { method: 'POST', ...asking });
    this.problem = null;
    await this.look();
    if (this.state === 'out') {
      this.problem = new Problem(403, {
        english: 'You are logged in, but your policies do not let you see your own token (policy default), so the page can do nothing.',
        german: 'Sie sind angemeldet, aber Ihre Richtlinien lassen Sie Ihr eigenes Token nicht sehen (Richtlinie default); damit kann die Seite nichts tun.',
      });
    }
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
