import { alarm, elapsed, type Moment, moment } from '../clock.ts';
import type { AuthStrategy, Awaitable, CredentialQuery, Host, Session } from '../contracts.ts';
import { type SessionError, ValetError } from '../errors.ts';
import { isPromise } from './abortable.ts';
import type { Source } from './authenticate.ts';

type Ask = (query: CredentialQuery) => Awaitable<unknown>;

/**
 * Lets requests wait where the session has ended, until the same user signs in again: the form that was being
 * saved is saved then (rule T7). `limit` is in milliseconds.
 */
export function hold(strategy: AuthStrategy, host: Host, limit: number): Source {
  const { session } = strategy;
  if (!session) return strategy;
  const holding =
    (ask: Ask): Source['credential'] =>
    (query, onHold) => {
      const orHold = (error: unknown): Promise<unknown> =>
        holdUntilBack({ ask, query, session, host, limit, onHold }, error);
      try {
        const credential = ask(query);
        return isPromise(credential) ? credential.catch(orHold) : credential;
      } catch (error) {
        return orHold(error);
      }
    };
  return {
    name: strategy.name,
    discovers: strategy.discovers === true,
    epoch: (credential) => strategy.epoch?.(credential),
    credential: holding((query) => strategy.credential(query)),
    ...(strategy.stepUp && { stepUp: holding((query) => strategy.stepUp?.(query)) }),
  };
}

interface Holding {
  readonly ask: Ask;
  readonly query: CredentialQuery;
  readonly session: Session;
  readonly host: Host;
  readonly limit: number;
  readonly onHold: (() => void) | undefined;
}

/** Asks again after each sign-in. A switch of user, a sign-out and a close are told by what is asked. */
async function holdUntilBack(holding: Holding, ended: unknown): Promise<unknown> {
  const { ask, query, session, host, limit, onHold } = holding;
  const start = moment(host.clock);
  let error = ended;
  for (let rounds = 0; ; rounds++) {
    if (!isSessionEnd(error)) throw error;
    // Somebody else's session, as of a client that a key function calls with: asking again would be all there is.
    if (rounds > 0 && (session.snapshot.status !== 'ended' || host.signal.aborted)) throw error;
    onHold?.();
    if (!(await isBack(holding, start, limit))) throw error;
    try {
      return await ask(query);
    } catch (thrown) {
      error = thrown;
    }
  }
}

function isSessionEnd(error: unknown): boolean {
  return ValetError.is(error) && (error as SessionError).code === 'SESSION_ENDED';
}

/** Whether the session has gone on within the limit. The caller's abort ends the wait, too: nobody listens then. */
function isBack({ session, query, host }: Holding, start: Moment, limit: number): Promise<boolean> {
  return new Promise((resolve) => {
    const end = (back: boolean): void => {
      cancel();
      off();
      host.signal.removeEventListener('abort', closed);
      query.signal?.removeEventListener('abort', given);
      resolve(back);
    };
    const given = (): void => end(false);
    const closed = (): void => end(true);
    const look = (): void => {
      if (session.snapshot.status !== 'ended') end(true);
    };
    // What the user was doing waits for it: a script must not end before that.
    const cancel = alarm(host.clock, limit - elapsed(host.clock, start), given, true);
    const off = session.subscribe(look);
    host.signal.addEventListener('abort', closed, { once: true });
    query.signal?.addEventListener('abort', given, { once: true });
    if (host.signal.aborted) closed();
    if (query.signal?.aborted) given();
    look();
  });
}
