import {
  type AccessTokenOptions,
  accessToken,
  Client,
  type ClientOptions,
  type TokenProvider,
  type TokenResponse,
} from '../../src/index.ts';
import { createJwt } from './jwt.ts';
import { quiet } from './quiet.ts';

/** Who the tests know. */
export interface Member {
  readonly id: string;
  readonly name: string;
}

export const ANN = tokensOf('ann');
export const BEN = tokensOf('ben');

/** What a login of `id` brings. Of a token that begins with `old` the API wants nothing any more. */
export function tokensOf(id: string, prefix = 'token'): TokenResponse {
  const idToken = createJwt({ sub: id, name: `${id.slice(0, 1).toUpperCase()}${id.slice(1)}` });
  return { accessToken: `${prefix}-of-${id}-0123456789`, idToken, expiresIn: 3600 };
}

/** Who an id token is of. */
export function readMember(_: unknown, { sub, name }: Readonly<Record<string, unknown>>): Member {
  return { id: String(sub), name: String(name) };
}

/** A client whose users have names. */
export function memberClient(
  provider: TokenProvider,
  options: ClientOptions = {},
  tokens: AccessTokenOptions<Member> = {},
): Client<Member> {
  return new Client(accessToken(provider, { user: readMember, ...tokens }), {
    logger: quiet,
    retry: 0,
    ...options,
  });
}
