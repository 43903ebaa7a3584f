import { tokenChallenge } from '../challenge.ts';
import type { AuthStrategy, CredentialQuery } from '../contracts.ts';
import { type SessionError, ValetError } from '../errors.ts';
import type { EventSink } from '../events.ts';
import { abortable, isPromise } from './abortable.ts';
import { discard, type Exchange, type Next, type Stage, summarize } from './exchange.ts';
import { fence } from './fence.ts';

const NO_SCOPES: readonly string[] = [];

/**
 * Chooses the credential, and sends again once after a 401. This file is the replay rule (P2): at most one,
 * only with a different credential, only in the same epoch, at no delay.
 */
export function authenticate(strategy: AuthStrategy, events: EventSink): Stage {
  return (exchange, next) => {
    if (exchange.auth === false) return next(exchange);
    // Who has gone already has nobody asked for a token.
    exchange.signal?.throwIfAborted();
    exchange.epoch ??= strategy.epoch?.();
    const credential = ask(strategy, exchange);
    if (!isPromise(credential)) return sendWithCredential(strategy, events, exchange, next, credential);
    return abortable(credential, exchange.signal).then((found) =>
      sendWithCredential(strategy, events, exchange, next, found),
    );
  };
}

function ask(strategy: AuthStrategy, exchange: Exchange): unknown {
  if (exchange.auth !== 'optional') return strategy.credential(queryOf(exchange));
  const bareIfSignedOut = (error: unknown): undefined => {
    if (exchange.auth === 'optional' && isSignedOut(error)) return undefined;
    throw error;
  };
  try {
    const credential = strategy.credential(queryOf(exchange));
    if (exchange.auth !== 'optional' || !isPromise(credential)) return credential;
    return credential.catch(bareIfSignedOut);
  } catch (error) {
    return bareIfSignedOut(error);
  }
}

function isSignedOut(error: unknown): boolean {
  return ValetError.is(error) && (error as SessionError).code === 'SIGNED_OUT';
}

function queryOf(exchange: Exchange): CredentialQuery {
  return {
    signal: exchange.signal,
    scopes: NO_SCOPES,
    audience: undefined,
    resource: exchange.href,
    challenge: undefined,
    rejected: undefined,
    epoch: exchange.epoch,
  };
}

function sendWithCredential(
  strategy: AuthStrategy,
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
    if (exchange.credential === undefined) return response;
    fence(exchange, strategy, response);
    return response.status === 401 && exchange.carried
      ? replay(strategy, events, exchange, next, response)
      : response;
  });
}

async function replay(
  strategy: AuthStrategy,
  events: EventSink,
  exchange: Exchange,
  next: Next,
  refused: Response,
): Promise<Response> {
  const rejected = exchange.credential;
  // The wait for a new credential is not the time of the API: it must not cost the 401 its body.
  exchange.onBodyEnd?.();
  const challenge = tokenChallenge(refused.headers.get('www-authenticate'));
  const query = { ...queryOf(exchange), challenge, rejected };
  const better = await abortable(Promise.resolve(strategy.credential(query)), exchange.signal).catch(
    (error: unknown) => {
      discard(refused);
      throw error;
    },
  );
  fence(exchange, strategy, refused);
  if (better === rejected) return refused;

  discard(refused);
  exchange.credential = better;
  exchange.replayed = true;
  if (events.hears('replay')) {
    events.emit('replay', { ...summarize(exchange), strategy: strategy.name, status: refused.status });
  }
  const response = await next(exchange);
  fence(exchange, strategy, response);
  return response;
}
