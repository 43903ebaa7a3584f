import { alarm, elapsed, type Moment, moment } from '../clock.ts';
import type { Awaitable, CredentialQuery, Host } from '../contracts.ts';
import { ConfigError, TokenError, ValetError } from '../errors.ts';

/** What a key function is asked with. */
export interface ApiKeyContext {
  /** The key a server has just refused with a 401: hand out another one, if there is one. */
  readonly rejectedKey?: string;
  /** Aborts when every client that uses the function is closed, and when nobody waits any more. */
  readonly signal: AbortSignal;
}

/** Hands out the key when asked: for each request, once at a time. */
export type ApiKeyFunction = (context: ApiKeyContext) => Awaitable<string>;

/** How long a key function may take. */
const PATIENCE = 10_000;

/** Where the keys of a function come from: once at a time, kept for `maxAge`. */
export interface KeySource {
  connect(host: Host): void;
  credential(query: CredentialQuery<string>): Awaitable<string>;
}

/** The clients that use one key function. */
class Clients {
  #open: readonly Host[] = [];
  /** The one that was closed last: its requests may still be under way. More would pile up for ever. */
  #closed: Host | undefined;
  #unused = new AbortController();

  /** Aborts when the last one is closed: until then somebody may wait for what the function brings. */
  get unused(): AbortSignal {
    return this.#unused.signal;
  }

  /** The newest one that is open, else the one that was closed last. */
  get newest(): Host | undefined {
    return this.#open.at(-1) ?? this.#closed;
  }

  add(host: Host): void {
    this.#open = [...this.#open, host];
    if (this.unused.aborted) this.#unused = new AbortController();
    host.signal.addEventListener('abort', () => {
      this.#open = this.#open.filter((other) => other !== host);
      this.#closed = host;
      if (this.#open.length === 0) this.#unused.abort(new ConfigError('CLIENT_CLOSED'));
    });
  }

  /** A key that one client was given is a secret of all. */
  redact(kind: unknown, key: string): void {
    for (const { redactor } of this.#open) redactor.add(kind, key);
    this.#closed?.redactor.add(kind, key);
  }
}

/** `check` throws for a key that cannot be sent. */
export function keyFunction(
  ask: ApiKeyFunction,
  maxAge: number | undefined,
  check: (key: unknown) => void,
): KeySource {
  const clients = new Clients();
  let known: { readonly key: string; readonly at: Moment } | undefined;
  let running: Promise<string> | undefined;
  let isAsking = false;

  const receive = (key: string, { clock }: Host): string => {
    // First: a text such as 'undefined' is no secret, and would be masked in every message from then on.
    check(key);
    clients.redact(ask, key);
    known = { key, at: moment(clock) };
    return key;
  };
  const call = (on: Host, rejectedKey?: string): Awaitable<string> => {
    if (running) return running;
    // Called by itself, it would call itself until the stack is full.
    if (isAsking) throw asksItself();
    isAsking = true;
    let answer: Awaitable<string>;
    try {
      answer = callKeyFunction(ask, { host: on, unused: clients.unused, rejectedKey });
    } finally {
      isAsking = false;
    }
    // Not only text: `() => process.env.KEY` hands out undefined, which is for receive() to refuse.
    if (!(answer instanceof Promise)) return receive(answer, on);
    running = answer
      .then((key) => receive(key, on))
      .finally(() => {
        running = undefined;
      });
    return running;
  };
  return {
    connect: (host) => clients.add(host),
    credential({ rejected }) {
      const on = clients.newest;
      if (on === undefined)
        throw new ConfigError('INVALID_OPTION', { message: 'A strategy is used through a client.' });
      // A late 401: another request has already brought a newer key.
      if (rejected !== undefined && known !== undefined && known.key !== rejected) return known.key;
      if (rejected === undefined && known && maxAge !== undefined && elapsed(on.clock, known.at) < maxAge)
        return known.key;
      if (rejected === undefined || running === undefined) return call(on, rejected);
      // The call that is under way does not know of the 401: if it brings the refused key, ask again.
      return running.then((key) => (key === rejected ? call(on, rejected) : key));
    },
  };
}

/** One call of a key function. */
interface KeyCall {
  readonly host: Host;
  /** Aborts when nobody uses the function any more. */
  readonly unused: AbortSignal;
  readonly rejectedKey: string | undefined;
}

/** Calls the user's function, bounded in time, with its errors wrapped and redacted. */
function callKeyFunction(ask: ApiKeyFunction, { host, unused, rejectedKey }: KeyCall): Awaitable<string> {
  const controller = new AbortController();
  const signal = AbortSignal.any([unused, controller.signal]);
  const failed = (error: unknown): never => {
    // What it has for a cause may hold more than we know.
    if (ValetError.is(error)) throw error.cause === undefined ? error : host.redactor.copy(error);
    throw new TokenError('TOKEN_PROVIDER_FAILED', {
      message: `The key function threw ${host.redactor.copy(error).message}. Look at its cause.`,
      cause: host.redactor.copy(error),
      retryable: true,
    });
  };
  try {
    const answer = ask({ signal, ...(rejectedKey !== undefined && { rejectedKey }) });
    if (typeof answer === 'string' || typeof answer !== 'object' || answer === null) return answer;
    const cancel = alarm(host.clock, PATIENCE, () => controller.abort(keyTimeout()), true);
    let giveUp = (): void => {};
    return new Promise<string>((resolve, reject) => {
      giveUp = () => reject(signal.reason as Error);
      // One that does not heed its signal is not waited for either.
      signal.addEventListener('abort', giveUp);
      Promise.resolve(answer).then(resolve, reject);
    })
      .finally(() => {
        cancel();
        // A composite signal that is listened to is never collected.
        signal.removeEventListener('abort', giveUp);
      })
      .catch(failed);
  } catch (error) {
    return failed(error);
  }
}

function asksItself(): TokenError {
  return new TokenError('TOKEN_PROVIDER_FAILED', {
    message:
      'The key function sends a request with its own client, which needs the key first. ' +
      'Send that request with auth: false, or with another client.',
  });
}

function keyTimeout(): TokenError {
  return new TokenError('TOKEN_TIMEOUT', {
    message: `The key function did not answer within ${PATIENCE} ms. Try again; check what it waits for.`,
    retryable: true,
  });
}
