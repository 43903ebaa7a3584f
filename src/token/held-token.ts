import type { Moment } from '../clock.ts';
import type { AccessToken, Claims, Clock } from '../contracts.ts';
import { TokenError } from '../errors.ts';
import { readClaims } from './claims.ts';
import { type Life, phaseOf, remaining, type Skew, windowFor } from './freshness.ts';
import type { Grant } from './token-response.ts';

/** What lives shorter than this, in milliseconds, has ended before it can be sent. */
const SHORTEST_LIFE = 100;

/** A token in use, with its life and what it was granted. */
export interface HeldToken extends Life {
  readonly token: AccessToken;
  readonly scopes: ReadonlySet<string>;
  /** What it was asked with. */
  readonly asked: readonly string[];
}

export interface ReceiveOptions {
  readonly grant: Grant;
  readonly received: Moment;
  readonly epoch: number;
  readonly asked: readonly string[];
  readonly current: HeldToken | undefined;
  /** Whether the provider was told not to answer from a cache. */
  readonly forced: boolean;
  readonly skew: Skew;
  readonly clock: Clock;
  readonly refreshAhead: number | undefined;
  readonly random: number;
}

/**
 * Makes the token in use out of what came.
 *
 * @throws {@link TokenError} `TOKEN_INVALID` for a token that has ended already, and that the provider insists on
 */
export function receive(options: ReceiveOptions): HeldToken {
  const { grant, current, forced } = options;
  // A provider with a cache may hand out the expires_in of long ago; a forced answer is taken at its word.
  if (isInUse(current, grant) && !(forced && grant.expiresIn !== undefined))
    return sameAgain(current, options);
  const lifetime = lifetimeOf(options);
  if (forced && lifetime !== undefined && lifetime < SHORTEST_LIFE) throw expired();
  return {
    token: { value: grant.value, epoch: options.epoch },
    received: options.received,
    lifetime,
    window: windowFor(lifetime, options.refreshAhead, options.random),
    scopes: scopesOf(grant, readClaims(grant.value), options.asked),
    asked: options.asked,
  };
}

/** Whether a token looks expired on arrival: then it is asked for once more, past any cache (T2). */
export function looksExpired(
  grant: Grant,
  current: HeldToken | undefined,
  skew: Skew,
  clock: Clock,
): boolean {
  if (isInUse(current, grant)) return phaseOf(clock, current) === 'ended';
  const lifetime = skew.lifetime(grant, readClaims(grant.value), clock.now());
  return lifetime !== undefined && lifetime < SHORTEST_LIFE;
}

/** A token at hand that looked expired on arrival was never in use: its receipt says nothing of its life. */
function isInUse(current: HeldToken | undefined, grant: Grant): current is HeldToken {
  return current?.token.value === grant.value && (current.lifetime === undefined || current.lifetime > 0);
}

/** The same token again is asked for again only after half of what remains (T10). Its receipt stays. */
function sameAgain(current: HeldToken, { clock, epoch, asked }: ReceiveOptions): HeldToken {
  if (phaseOf(clock, current) === 'ended') throw expired();
  const token = current.token.epoch === epoch ? current.token : { ...current.token, epoch };
  return { ...current, token, asked, window: Math.min(current.window, remaining(clock, current) / 2) };
}

function expired(): TokenError {
  return new TokenError('TOKEN_INVALID', {
    message:
      'The token provider handed out an expired token, also when asked with forceRefresh: true. ' +
      'Make it pass its cache by then.',
    retryable: true,
  });
}

function lifetimeOf({ grant, received, forced, skew }: ReceiveOptions): number | undefined {
  const claims = readClaims(grant.value);
  const lifetime = skew.lifetime(grant, claims, received.wall);
  if (lifetime === undefined || lifetime >= SHORTEST_LIFE || !forced) return lifetime;
  // Fetched anew and yet expired: our clock is wrong. Without iat there is no telling by how much.
  return skew.learnFromFresh(claims, received.wall)
    ? skew.lifetime(grant, claims, received.wall)
    : grant.expiresIn;
}

/** A token response without `scope` grants what was asked for (RFC 6749 §5.1). */
function scopesOf(grant: Grant, claims: Claims | undefined, asked: readonly string[]): ReadonlySet<string> {
  // What a polluted prototype claims grants nothing (rule S8).
  const own = (name: string): unknown => (claims && Object.hasOwn(claims, name) ? claims[name] : undefined);
  const claimed = own('scope') ?? own('scp');
  const granted: unknown = grant.scope ?? claimed;
  if (Array.isArray(granted)) return new Set(granted.filter((scope) => typeof scope === 'string'));
  return new Set(typeof granted === 'string' ? granted.split(' ').filter((scope) => scope !== '') : asked);
}
