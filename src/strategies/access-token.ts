import type { AccessToken, AuthStrategy, Session, SessionUser } from '../contracts.ts';
import { checkKeys } from '../options.ts';
import { fingerprint } from '../redact.ts';
import { type PlacementOptions, writerFor } from './placement.ts';

/** What keeps a token alive. The strategy is handed one and does not know how it works. */
export type TokenKeeper<User extends SessionUser> = Pick<
  AuthStrategy<AccessToken, User>,
  'connect' | 'credential' | 'stepUp' | 'isStale' | 'epoch'
> & {
  readonly session: Session<User>;
  /** Whether servers have refused so many tokens that no more are fetched for them (rule T11). */
  isRefused?(credential: AccessToken): boolean;
};

const NO_MORE =
  ' New tokens were refused like the old ones, so none is fetched for a refusal for up to a minute.';

/** Sends the token of `keeper`, as `Authorization: Bearer` (RFC 6750 §2.1) unless `placement` says otherwise. */
export function tokenStrategy<User extends SessionUser>(
  keeper: TokenKeeper<User>,
  placement: PlacementOptions = {},
): AuthStrategy<AccessToken, User> & { readonly session: Session<User> } {
  checkKeys('placement', placement, ['in', 'name', 'scheme']);
  // The query parameter is that of RFC 6750 §2.3.
  const writer = writerFor(placement, { header: 'authorization', scheme: 'Bearer', query: 'access_token' });
  return {
    name: 'access-token',
    placement: writer.placement,
    writes: writer.label,
    session: keeper.session,
    connect: (host) => keeper.connect?.(host),
    credential: (query) => keeper.credential(query),
    stepUp: (query) => keeper.stepUp?.(query) ?? (query.rejected as AccessToken),
    isStale: () => keeper.isStale?.() === true,
    epoch: (credential) => keeper.epoch?.(credential),
    apply: (outgoing, token) => writer.write(outgoing, token.value),
    describe: (token) => fingerprint(token.value),
    explain: (token) =>
      `The access token was sent as ${writer.label}. Check its audience, its scopes and its issuer.` +
      (keeper.isRefused?.(token) === true ? NO_MORE : ''),
  };
}
