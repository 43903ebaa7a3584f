import type { Client, ClientEvents } from 'fetch-valet';

export interface Answer {
  /** The first is 0. */
  readonly nth: number;
  /** A status, or the code of an error. */
  readonly said: number | string;
}

/** One request with all that was answered to it: 401 and then 200 is a replay with a fresh token. */
export interface LoggedRequest {
  readonly id: string;
  readonly name: string;
  readonly answers: readonly Answer[];
  readonly isPending: boolean;
  readonly ms: number | undefined;
}

export interface LoggedRefresh {
  readonly id: number;
  readonly at: number;
  readonly text: string;
  readonly state: 'running' | 'done' | 'failed' | 'adopted';
}

/** The life of the token in use. Times are in milliseconds. */
export interface TokenLife {
  readonly received: number;
  readonly lifetime: number | undefined;
  /** What is left of the lifetime when a background refresh starts. */
  readonly window: number;
  /** A server has refused it. */
  readonly isRefused: boolean;
  readonly isAdopted: boolean;
}

export interface SessionLogState {
  readonly life: TokenLife | undefined;
  readonly isRefreshing: boolean;
  readonly requests: readonly LoggedRequest[];
  readonly refreshes: readonly LoggedRefresh[];
}

/** What the events of a client have told so far, for `useSyncExternalStore`. */
export interface SessionLog {
  readonly state: SessionLogState;
  readonly subscribe: (listener: () => void) => () => void;
}

const MOST_REQUESTS = 6;
const MOST_REFRESHES = 4;
const REASONS = {
  initial: 'First token',
  expiring: 'Nearly over',
  rejected: 'Refused with 401',
  scope: 'More scopes',
};

type Change = (state: SessionLogState) => SessionLogState;

export function createSessionLog(client: Pick<Client, 'on' | 'session'>): SessionLog {
  const listeners = new Set<() => void>();
  let state: SessionLogState = { life: undefined, isRefreshing: false, requests: [], refreshes: [] };
  const change = (next: Change): void => {
    state = next(state);
    for (const listener of listeners) listener();
  };
  listenToRequests(client, change);
  listenToTokens(client, change);
  return {
    get state() {
      return state;
    },
    subscribe(listener) {
      listeners.add(listener);
      // Also where a token was asked for and nobody is signed in: that is no failure, and has no event.
      const off = client.session.subscribe(() => {
        if (client.session.snapshot.status !== 'signed-in') change(withoutToken);
      });
      return () => {
        off();
        listeners.delete(listener);
      };
    },
  };
}

function listenToRequests(client: Pick<Client, 'on'>, change: (next: Change) => void): void {
  const edit = (id: string, to: (request: LoggedRequest) => LoggedRequest): void =>
    change((state) => ({
      ...state,
      requests: state.requests.map((each) => (each.id === id ? to(each) : each)),
    }));
  const end = ({ id, status, code, ms }: ClientEvents['response']): void => {
    const answer = status ?? code ?? 'failed';
    edit(id, (request) => ({ ...withAnswer(request, answer), isPending: false, ms }));
    // Given up by whoever asked, as StrictMode makes every component do once.
    if (code === 'ABORTED')
      change((state) => ({ ...state, requests: state.requests.filter((each) => each.id !== id) }));
  };

  client.on('request', ({ id, method, url }) => {
    const name = `${method} ${new URL(url).pathname}`;
    // A retry has the id of the first try: it goes on in the same line.
    change((state) => {
      const before = state.requests.find((each) => each.id === id);
      const request = { id, name, answers: before?.answers ?? [], isPending: true, ms: undefined };
      return {
        ...state,
        requests: [request, ...state.requests.filter((each) => each !== before)].slice(0, MOST_REQUESTS),
      };
    });
  });
  // Told when it is sent again, with another token.
  client.on('replay', ({ id, status }) => {
    edit(id, (request) => withAnswer(request, status));
  });
  client.on('response', end);
  client.on('requestfailed', end);
}

function withAnswer(request: LoggedRequest, said: Answer['said']): LoggedRequest {
  return { ...request, answers: [...request.answers, { nth: request.answers.length, said }] };
}

function listenToTokens(client: Pick<Client, 'on'>, change: (next: Change) => void): void {
  let count = 0;
  const note = (text: string, state: LoggedRefresh['state']): Change => {
    const entry = { id: ++count, at: Date.now(), text, state };
    // The one that was running is told anew.
    return (old) => ({
      ...old,
      isRefreshing: state === 'running',
      refreshes: [entry, ...old.refreshes.filter((each) => each.state !== 'running')].slice(
        0,
        MOST_REFRESHES,
      ),
    });
  };
  const take = ({ lifetime, window = 0 }: Omit<ClientEvents['adopted'], 'age'>, age: number): void => {
    const life = { received: Date.now() - age, lifetime, window, isRefused: false, isAdopted: age > 0 };
    change((state) => ({ ...state, life }));
  };

  client.on('refresh', ({ reason }) => {
    change(note(`${REASONS[reason]}: asking …`, 'running'));
    if (reason === 'rejected') change(refused);
  });
  client.on('refreshed', (token) => {
    take(token, 0);
    change(note(`${REASONS[token.reason]}: new token after ${token.ms} ms`, 'done'));
  });
  client.on('adopted', (token) => {
    take(token, token.age);
    change((state) => ({ ...state, life: state.life && { ...state.life, isAdopted: true } }));
    change(note('Taken over from another tab or visit', 'adopted'));
  });
  client.on('refreshfailed', ({ reason, code, retryAfter }) => {
    const next = retryAfter === undefined ? '' : `, next try in ${(retryAfter / 1000).toFixed(1)} s`;
    change(note(`${REASONS[reason]}: ${code}${next}`, 'failed'));
  });
}

function refused(state: SessionLogState): SessionLogState {
  return { ...state, life: state.life && { ...state.life, isRefused: true } };
}

function withoutToken(state: SessionLogState): SessionLogState {
  const refreshes = state.refreshes.filter((each) => each.state !== 'running');
  return { ...state, refreshes, life: undefined, isRefreshing: false };
}
