import { systemClock } from '../clock.ts';
import type {
  AccessToken,
  Awaitable,
  Clock,
  CredentialQuery,
  Host,
  Session,
  SessionUser,
  SharedStore,
  TokenProof,
  TokenProvider,
  TokenResponse,
  TokenSource,
} from '../contracts.ts';
import { ConfigError, ValetError } from '../errors.ts';
import { invalidOption, isObject } from '../options.ts';
import type { UserReader } from './identity.ts';
import { TokenManager } from './manager.ts';
import { SessionState } from './session-state.ts';
import { signOut } from './sign-out.ts';
import { type Grant, hasAccessToken, readGrant, refreshTokenIn } from './token-response.ts';

/** Options of a token's life. */
export interface TokenOptions<User extends SessionUser = SessionUser> {
  /** Tokens that are at hand already: of a page that the server rendered, or a stored refresh token alone. */
  readonly initial?: TokenResponse | undefined;
  /** Milliseconds before the end at which a refresh starts in the background: 60 000, at most a fifth of a life. */
  readonly refreshAhead?: number | undefined;
  /** Keeps the session beyond this page or process, and shares it with others (rule T14). Memory unless given. */
  readonly store?: SharedStore | undefined;
  /** Milliseconds that a request waits for a token: 10 000. */
  readonly deadline?: number | undefined;
  /** Scopes that a 403 `insufficient_scope` may cause to be asked for, once (T13). None unless said otherwise. */
  readonly stepUp?: readonly string[] | undefined;
  /** Makes the user out of the claims of the access token and of the id token. */
  readonly user?: UserReader<User> | undefined;
}

/** @throws `ConfigError` `INVALID_OPTION` */
export function checkStore(shared: Partial<SharedStore> | null, proof: TokenProof | undefined): void {
  if (typeof shared?.share !== 'function')
    throw invalidOption(
      'store is what webStorage(), fileStore() and the like make; wrap your own: sharedStore(store).',
    );
  // A browser keeps the key where it keeps the session.
  if (proof?.isShared === false && shared.store?.optional !== true)
    throw invalidOption(
      'dpop: true makes a key for this process alone, and who else has the store could not use the tokens in it. ' +
        'Pass the same dpop: { keyPair } everywhere, or leave out store.',
    );
}

/** In text, as JavaScript passes it, an access token could not be told from a refresh token. */
function checkInitial(initial: unknown): void {
  if (initial === undefined || isObject(initial)) return;
  throw invalidOption('initial is tokens as an object: { accessToken, expiresIn, refreshToken }.');
}

/** What a token strategy is handed: credentials, the fence and the session of one source. */
export interface TokenSession<User extends SessionUser> {
  readonly session: Session<User>;
  connect(host: Host): void;
  credential(query: CredentialQuery<AccessToken>): Awaitable<AccessToken>;
  stepUp(query: CredentialQuery<AccessToken>): Awaitable<AccessToken>;
  isRefused(credential: AccessToken): boolean;
  isStale(): boolean;
  epoch(credential?: AccessToken): number | undefined;
}

/** The session of one source. It wakes up when a client connects it; construction asks nobody. */
export function createSession<User extends SessionUser>(
  from: TokenProvider | TokenSource,
  options: TokenOptions<User>,
  scheme?: string,
): TokenSession<User> {
  checkInitial(options.initial);
  const source: TokenSource = typeof from === 'function' ? { getToken: from } : from;
  const state = new SessionState<User>();
  let manager: TokenManager<User> | undefined;
  let clock: Clock = systemClock;
  let redact = (error: unknown): unknown => error;
  const connected = (): TokenManager<User> => {
    if (manager) return manager;
    throw new ConfigError('INVALID_OPTION', {
      message: 'A session is used through a client: new Client(accessToken(…)).',
    });
  };
  return {
    session: facade(state, connected, async (made) => {
      const failed = await signOut(made, source, clock);
      if (failed) throw redact(failed.reason);
    }),
    connect(host) {
      if (manager) {
        throw new ConfigError('INVALID_OPTION', {
          message:
            'This strategy belongs to another client already. For a second client on the same session use extend().',
        });
      }
      // Before anything listens to anything: tokens that cannot be used are refused here.
      const initial = options.initial === undefined ? undefined : readInitial(options.initial);
      // Also what a source says in errors of ours may quote a server.
      redact = (error) => (ValetError.is(error) ? host.redactor.clean(error) : host.redactor.copy(error));
      clock = host.clock;
      state.connect(host.events);
      source.connect?.(host);
      const made = new TokenManager(host, source, state, { ...options, scheme });
      manager = made;
      // Whoever hands it to an emitter has it called with an event.
      const off = source.subscribe?.((isAtHand) => made.changed(isAtHand === true) as unknown);
      host.signal.addEventListener('abort', () => {
        off?.();
        made.close();
      });
      if (initial !== undefined) made.start(initial);
    },
    credential: (query) => connected().credential(query),
    stepUp: (query) => connected().stepUp(query),
    isRefused: (credential) => connected().isRefused(credential),
    isStale: () => manager?.isStale === true,
    epoch: (credential) => (credential === undefined ? state.epoch : credential.epoch),
  };
}

function readInitial(initial: TokenResponse): Grant | string {
  const refreshToken = refreshTokenIn(initial);
  const isAlone = refreshToken !== undefined && !hasAccessToken(initial);
  return isAlone ? refreshToken : readGrant(initial, undefined, 'initial');
}

function facade<User extends SessionUser>(
  state: SessionState<User>,
  manager: () => TokenManager<User>,
  leave: (manager: TokenManager<User>) => Promise<void>,
): Session<User> {
  return {
    get snapshot() {
      return state.snapshot;
    },
    get ready() {
      void manager().settle();
      return state.settled();
    },
    subscribe(listener) {
      const off = state.subscribe(listener);
      void manager().settle();
      return off;
    },
    refresh: () => manager().refresh(),
    // Asynchronous, so that a login response that cannot be used rejects rather than throws.
    signIn: async (tokens) => manager().signIn(readGrant(tokens, undefined, 'session.signIn()')),
    signOut: async () => leave(manager()),
    hasScope: (scope) => manager().hasScope(scope),
  };
}

/** The session of a client without users: signed in for good, as the service itself. */
export function serviceSession(): Session {
  const snapshot = Object.freeze({ status: 'signed-in', user: Object.freeze({ id: 'service' }) } as const);
  return {
    snapshot,
    ready: Promise.resolve(snapshot),
    subscribe: () => () => {},
    refresh: () => Promise.resolve(),
    signIn: () => Promise.reject(invalidOption('A client with a key has no user to sign in.')),
    signOut: () => Promise.resolve(),
    hasScope: () => false,
  };
}
