import type { Connection } from './connection.ts';
import { ConfigError } from './errors.ts';
import { attach } from './pipeline/attach.ts';
import { readAuth } from './pipeline/auth.ts';
import { authenticate } from './pipeline/authenticate.ts';
import { bodyOf } from './pipeline/body.ts';
import {
  compose,
  createExchange,
  type FetchInit,
  type Next,
  type Stage,
  sendWith,
} from './pipeline/exchange.ts';
import { epochNow } from './pipeline/fence.ts';
import { createPolicy, guard } from './pipeline/guard.ts';
import { hold } from './pipeline/hold.ts';
import { redirects } from './pipeline/redirects.ts';
import { resolve } from './pipeline/resolve.ts';
import type { Settings } from './pipeline/settings.ts';
import { timeout } from './pipeline/timeout.ts';
import { detectPlatform, type Platform } from './platform.ts';

/** A `fetch` that also takes `auth`, and `body: () => stream`. It works unbound. */
export type ValetFetch = (input: string | URL | Request, init?: FetchInit) => Promise<Response>;

/** The pipeline, outermost first: a request passes the stages in this order, its response in the other. */
export function pipeline(
  { strategy, host }: Connection,
  settings: Settings,
  more: Partial<Observers> = {},
): Next {
  const platform = platformOnce();
  const policy = createPolicy(settings, platform);
  return compose(
    [
      resolve(settings),
      guard(policy),
      ...(more.observe ? [more.observe] : []),
      authenticate(settings.hold === undefined ? strategy : hold(strategy, host, settings.hold), host.events),
      redirects(strategy, policy, platform),
      attach(strategy, platform),
      ...(more.trace ? [more.trace] : []),
      timeout(host.clock),
    ],
    sendWith(host.fetch),
  );
}

/** Stages that only watch. */
export interface Observers {
  /** Sees a request once, without its credential. */
  readonly observe: Stage;
  /** Sees each send. */
  readonly trace: Stage | undefined;
}

/** `fetch` over a pipeline: what throws on the way rejects, and no error of the platform carries a secret. */
export function fetchOver(
  connection: Connection,
  settings: Settings,
  next: Next,
  tell: (error: unknown) => void = () => {},
): ValetFetch {
  const { host } = connection;
  // Cleaned first: what is told is printed.
  const fail = (error: unknown): never => {
    const clean = host.redactor.clean(error);
    tell(clean);
    throw clean;
  };
  return (input, given) => {
    // The platform takes null for none, and JavaScript passes it.
    const init = given ?? undefined;
    try {
      if (host.signal.aborted) throw new ConfigError('CLIENT_CLOSED');
      init?.signal?.throwIfAborted();
      const body = bodyOf(input, init?.body);
      const auth = init && Object.hasOwn(init, 'auth') ? readAuth(init.auth, settings.auth) : settings.auth;
      const { redactor } = host;
      const number = connection.nextNumber();
      // Before any listener: one that signs somebody else in does not change whose request this is.
      const epoch = epochNow(connection.strategy, auth);
      const exchange = createExchange({ number, input, init, auth, body, redactor, epoch });
      const answer = next(exchange);
      if (body !== undefined) void answer.finally(() => body.release()).catch(() => {});
      return answer.catch(fail);
    } catch (error) {
      const clean = host.redactor.clean(error);
      tell(clean);
      return Promise.reject(clean as Error);
    }
  };
}

/** Found at the first request, not at import. */
function platformOnce(): () => Platform {
  let found: Platform | undefined;
  return () => (found ??= detectPlatform());
}
