import { tokenChallenge } from '../challenge.ts';
import type { AuthStrategy, Awaitable, Challenge, CredentialQuery } from '../contracts.ts';
import { type SessionError, ValetError } from '../errors.ts';
import type { EventSink } from '../events.ts';
import { abortable, isPromise } from './abortable.ts';
import { needOf } from './auth.ts';
import { discard, type Exchange, type Next, type Stage, summarize } from './exchange.ts';
import { fence } from './fence.ts';

/** Where credentials come from. `onHold` is called when it is going to take a while: until a sign-in. */
export type Source = Pick<AuthStrategy, 'name' | 'epoch' | 'discovers'> & {
  credential(query: CredentialQuery, onHold?: () => void): Awaitable<unknown>;
  stepUp?(query: CredentialQuery, onHold?: () => void): Awaitable<unknown>;
};

/**
 * Chooses the credential, and sends again once after a refusal that a better one may mend. This file is the
 * replay rule (P2): at most one, only with a different credential, only in the same epoch, at no delay.
 */
export function authenticate(strategy: Source, events: EventSink): Stage {
  return (exchange, next) => {
    if (exchange.auth === false) return next(exchange);
    // Who has gone already has nobody asked for a token.
    exchange.signal?.throwIfAborted();
    const credential = ask(strategy, exchange);
    if (!isPromise(credential)) return sendWithCredential(strategy, events, exchange, next, credential);
    return abortable(credential, exchange.signal).then((found) =>
      sendWithCredential(strategy, events, exchange, next, found),
    );
  };
}

function ask(strategy: Source, exchange: Exchange): unknown {
  if (exchange.auth !== 'optional' && strategy.discovers !== true)
    return strategy.credential(queryOf(exchange));
  const bareIfSignedOut = (error: unknown): undefined => {
    if (isSignedOut(error)) return undefined;
    throw error;
  };
  try {
    const credential = strategy.credential(queryOf(exchange));
    return isPromise(credential) ? credential.catch(bareIfSignedOut) : credential;
  } catch (error) {
    return bareIfSignedOut(error);
  }
}

function isSignedOut(error: unknown): boolean {
  return ValetError.is(error) && (error as SessionError).code === 'SIGNED_OUT';
}

function queryOf(exchange: Exchange): CredentialQuery {
  const { scopes, audience } = needOf(exchange.auth);
  return {
    signal: exchange.signal,
    scopes,
    audience,
    resource: exchange.href,
    challenge: undefined,
    rejected: undefined,
    epoch: exchange.epoch,
  };
}

function sendWithCredential(
  strategy: Source,
  events: EventSink,
  exchange: Exchange,
  next: Next,
  credential: unknown,
): Promise<Response> {
  exchange.credential = credential;
  // Where no user was known yet, the first credential tells whose request this is.
  if (credential !== undefined) exchange.epoch ??= strategy.epoch?.(credential);
  fence(exchange, strategy);
  return next(exchange).then((response) => {
    if (exchange.credential !== undefined) fence(exchange, strategy, response);
    const remedy = counts(exchange, strategy, response) ? remedyFor(strategy, response) : undefined;
    return remedy ? replay(strategy, events, exchange, next, response, remedy) : response;
  });
}

/** A refusal counts where the credential was seen, or where there is none yet and the first 401 tells of it (T5). */
function counts(exchange: Exchange, { discovers }: Source, { status, redirected }: Response): boolean {
  if (exchange.credential !== undefined) return exchange.carried && (status === 401 || status === 403);
  return discovers === true && exchange.auth !== 'optional' && status === 401 && !redirected;
}

/** A 401 that tells nothing is still one: a resource that did not say where its tokens come from can be asked. */
const UNSAID: Challenge = { scheme: 'bearer', parameters: new Map() };

/** What may mend a refusal. */
interface Remedy {
  readonly challenge: Challenge | undefined;
  readonly ask: NonNullable<Source['stepUp']>;
}

function remedyFor(strategy: Source, { status, headers }: Response): Remedy | undefined {
  if (status === 403 && strategy.stepUp === undefined) return undefined;
  const challenge = tokenChallenge(headers.get('www-authenticate'));
  if (status === 401) return { challenge, ask: (query, onHold) => strategy.credential(query, onHold) };
  // A plain 403 says no to the user, not to the token (T13).
  if (challenge?.parameters.get('error') !== 'insufficient_scope') return undefined;
  return { challenge, ask: (query, onHold) => strategy.stepUp?.(query, onHold) };
}

async function replay(
  strategy: Source,
  events: EventSink,
  exchange: Exchange,
  next: Next,
  refused: Response,
  { challenge, ask: askBetter }: Remedy,
): Promise<Response> {
  const rejected = exchange.credential;
  // The wait for a new credential is not the time of the API: it must not cost the refusal its body.
  exchange.onBodyEnd?.();
  const said = challenge ?? (rejected === undefined ? UNSAID : undefined);
  const query = { ...queryOf(exchange), challenge: said, rejected };
  // Nobody reads it meanwhile, and it holds a connection.
  let isGone = false;
  const onHold = (): void => {
    isGone = true;
    discard(refused);
  };
  const asking = async (): Promise<unknown> => {
    const found = await askBetter(query, onHold);
    // Another sign-in later there may be no more than a new token; the refusal itself is gone.
    return found === rejected && isGone ? strategy.credential(queryOf(exchange)) : found;
  };
  const better = await abortable(asking(), exchange.signal).catch((error: unknown) => {
    discard(refused);
    throw error;
  });
  fence(exchange, strategy, refused);
  if (better === rejected) {
    // From here on it is the caller's, and read against the clock like any other.
    exchange.onBodyResume?.();
    return refused;
  }

  discard(refused);
  exchange.credential = better;
  exchange.epoch ??= strategy.epoch?.(better);
  exchange.replayed = true;
  if (events.hears('replay')) {
    events.emit('replay', { ...summarize(exchange), strategy: strategy.name, status: refused.status });
  }
  const response = await next(exchange);
  fence(exchange, strategy, response);
  return response;
}
