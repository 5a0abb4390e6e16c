/* Where the reader is: "#/clause/3.1" is {view: 'clause', rest: '3.1'}. */

class Route {
  view = $state('morning');
  rest = $state('');

  constructor() {
    this.read();
    addEventListener('hashchange', () => this.read());
  }

  private read(): void {
    const match = /^#\/([a-z]+)(?:\/(.*))?$/.exec(location.hash);
    this.view = match?.[1] ?? 'morning';
    try {
      this.rest = decodeURIComponent(match?.[2] ?? '');
    } catch {
      this.rest = '';
    }
  }
}

export const route = new Route();

export function to(view: string, rest = ''): string {
  return rest ? `#/${view}/${encodeURIComponent(rest)}` : `#/${view}`;
}
