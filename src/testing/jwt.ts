import { systemClock } from '../clock.ts';
import type { Claims, Clock } from '../contracts.ts';
import { checkKeys, invalidOption, isObject } from '../options.ts';
import { base64, randomText } from './text.ts';

/** When a test's JWT ends. */
export interface TestJwtOptions {
  /** Seconds from now until it expires. */
  readonly expiresIn?: number | undefined;
  /** Seconds since it has expired. */
  readonly expiredAgo?: number | undefined;
  /** What "now" is: the platform's clock unless said otherwise. */
  readonly clock?: Pick<Clock, 'now'> | undefined;
}

/** How long before its end a token was issued that says how long ago that was, in seconds. */
const LIVED = 3600;

/**
 * Makes a JWT of the right shape with a signature that is not one: clients never check it, and servers refuse it.
 * Two of them are never the same. `sub` is `test-user` unless `claims` say otherwise, and `iat` is now.
 *
 * @throws `ConfigError` `INVALID_OPTION`
 */
export function createTestJwt(claims: Claims = {}, options: TestJwtOptions = {}): string {
  const own = checkKeys('createTestJwt()', options, ['expiresIn', 'expiredAgo', 'clock']);
  if (!isObject(claims))
    throw invalidOption("createTestJwt() takes claims as an object, such as { sub: 'ada' }.");
  const { expiresIn, expiredAgo, clock = systemClock } = own;
  if (expiresIn !== undefined && expiredAgo !== undefined)
    throw invalidOption('createTestJwt() takes expiresIn or expiredAgo: a token cannot do both.');
  checkSeconds('expiresIn', expiresIn);
  checkSeconds('expiredAgo', expiredAgo);
  const now = Math.floor(clock.now() / 1000);
  const times = {
    iat: expiredAgo === undefined ? now : now - expiredAgo - LIVED,
    ...(expiresIn !== undefined && { exp: now + expiresIn }),
    ...(expiredAgo !== undefined && { exp: now - expiredAgo }),
  };
  return encodeJwt({ sub: 'test-user', jti: randomText(), ...times, ...claims });
}

/** A JWT of these claims and no others. */
export function encodeJwt(claims: Claims, header: Claims = { alg: 'none', typ: 'JWT' }): string {
  const part = (value: unknown): string => base64(JSON.stringify(value), 'url');
  return `${part(header)}.${part(claims)}.${base64('signature', 'url')}`;
}

function checkSeconds(name: string, value: number | undefined): void {
  if (value === undefined || (Number.isFinite(value) && value > 0)) return;
  throw invalidOption(`${name} is a number of seconds above 0.`);
}
