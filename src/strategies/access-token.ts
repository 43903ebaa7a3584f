import type {
  AccessToken,
  AuthStrategy,
  Awaitable,
  Outgoing,
  Session,
  SessionUser,
  TokenProof,
  TokenSource,
} from '../contracts.ts';
import { checkKeys, invalidOption } from '../options.ts';
import { fingerprint } from '../redact.ts';
import { type PlacementOptions, type Writer, writerFor } from './placement.ts';

/** What keeps a token alive. The strategy is handed one and does not know how it works. */
export type TokenKeeper<User extends SessionUser> = Required<
  Pick<AuthStrategy<AccessToken, User>, 'connect' | 'credential' | 'stepUp' | 'isStale' | 'epoch'>
> & {
  readonly session: Session<User>;
  /** Whether servers have refused so many tokens that no more are fetched for them (rule T11). */
  isRefused(credential: AccessToken): boolean;
};

const NO_MORE =
  ' Tokens were refused three times within a short while, so none is fetched for a refusal for up to a minute.';

/**
 * Sends the token of `keeper`, as `Authorization: Bearer` (RFC 6750 §2.1) unless `placement` says otherwise, and
 * with a proof where it is bound to a key (RFC 9449 §7.1).
 *
 * @throws `ConfigError` `INVALID_OPTION`
 */
export function tokenStrategy<User extends SessionUser>(
  keeper: TokenKeeper<User>,
  placement: PlacementOptions | undefined,
  { proof, discovers }: Pick<TokenSource, 'proof' | 'discovers'> = {},
): AuthStrategy<AccessToken, User> & { readonly session: Session<User> } {
  const writer = proof ? withProof(proof, placement) : writerOf(placement);
  return {
    name: 'access-token',
    placement: writer.placement,
    writes: writer.label,
    session: keeper.session,
    discovers: discovers === true,
    connect: (host) => keeper.connect(host),
    credential: (query) => keeper.credential(query),
    stepUp: (query) => keeper.stepUp(query),
    isStale: () => keeper.isStale(),
    epoch: (credential) => keeper.epoch(credential),
    apply: (outgoing, token) => writer.write(outgoing, token.value),
    ...(proof && { learn: (response, outgoing) => proof.learn(response, outgoing) }),
    describe: (token) => fingerprint(token.value),
    explain: (token) =>
      `The access token was sent as ${writer.label}. Check its audience, its scopes and its issuer.` +
      (keeper.isRefused(token) ? NO_MORE : ''),
  };
}

/** How a token is written on a hop. */
type TokenWriter = Pick<Writer, 'placement' | 'label'> & {
  write(outgoing: Outgoing, value: string): Awaitable<void>;
};

function writerOf(placement: PlacementOptions = {}): TokenWriter {
  checkKeys('placement', placement, ['in', 'name', 'scheme']);
  // The query parameter is that of RFC 6750 §2.3.
  return writerFor(placement, { header: 'authorization', scheme: 'Bearer', query: 'access_token' });
}

/** A proof is for one URL, so redirects are not left to the platform as with other `Authorization` headers. */
function withProof(proof: TokenProof, placement: PlacementOptions | undefined): TokenWriter {
  if (placement !== undefined)
    throw invalidOption('A token that is bound to a key has its own place: leave out placement, or dpop.');
  return {
    placement: 'header',
    label: 'header authorization',
    write: (outgoing, value) => proof.apply(outgoing, value),
  };
}
