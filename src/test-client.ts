import { Client } from './client.ts';
import { type ClientOptions, EXTEND_OPTIONS } from './client-options.ts';
import type { AuthStrategy, SessionSnapshot, SessionUser, SharedStore } from './contracts.ts';
import { accessToken } from './create-fetch.ts';
import { checkKeys, invalidOption } from './options.ts';
import { type AuthServer, createAuthServer } from './testing/auth-server.ts';
import { bearerIn, unauthorized } from './testing/bearer.ts';
import { createClock, type TestClock } from './testing/clock.ts';
import { beginningWith, firstOf, givenUser } from './testing/first-snapshot.ts';
import { initialOf, People } from './testing/people.ts';
import {
  createRefusingFetch,
  type TestFetch,
  type TestRequest,
  type TestResponses,
} from './testing/test-fetch.ts';
import { unlessTooLong } from './verbs/longest-wait.ts';

/** Options of a test client, and those of a client besides: `baseUrl`, `whenSessionEnds` and so on. */
export interface TestClientOptions<User extends SessionUser = SessionUser>
  extends Omit<ClientOptions, 'runtime'> {
  /** Who is signed in: `{ id: 'test-user' }` unless said otherwise. `null`: nobody. */
  readonly user?: User | null | undefined;
  /** How the session begins, where that is not `signed-in` or, without a user, `signed-out`. */
  readonly status?: SessionSnapshot['status'] | undefined;
  /** What access tokens are granted. */
  readonly scopes?: readonly string[] | undefined;
  /** What the API answers. */
  readonly responses?: TestResponses | undefined;
  /** Stands still until the test moves it. */
  readonly clock?: TestClock | undefined;
  /** Issues the tokens: one of the client's own, unless several clients share one. */
  readonly server?: AuthServer | undefined;
  /** Shares the session with other clients, as with `createTabs()`. */
  readonly store?: SharedStore | undefined;
}

const OWN_OPTIONS = ['user', 'status', 'scopes', 'responses', 'clock', 'server', 'store', 'debug', 'logger'];

/** What a test client is made of. */
interface Parts<User extends SessionUser> {
  readonly clock: TestClock;
  readonly server: AuthServer;
  readonly fetch: TestFetch;
  readonly strategy: AuthStrategy<unknown, User>;
  readonly people: People<User>;
}

/** A client without a network, and what a test does with it and sees of it. */
export class TestClient<User extends SessionUser = SessionUser> extends Client<User> {
  /** Stands still until the test moves it. */
  readonly clock: TestClock;
  /** Issues the tokens. */
  readonly server: AuthServer;
  readonly #fetch: TestFetch;
  readonly #people: People<User>;

  /** @internal */
  constructor({ clock, server, fetch, strategy, people }: Parts<User>, options: ClientOptions) {
    super(strategy, {
      baseUrl: 'https://api.test',
      ...options,
      runtime: { clock, fetch, random: () => 0.5 },
    });
    this.clock = clock;
    this.server = server;
    this.#fetch = fetch;
    this.#people = people;
  }

  /** What was sent, in order. */
  get requests(): readonly TestRequest[] {
    return this.#fetch.requests;
  }

  /** How often this client has redeemed a refresh token, with success or without. */
  get refreshes(): number {
    return this.#people.redeemed;
  }

  /** Every token so far, for `expectNoSecrets()`. */
  get secrets(): readonly string[] {
    return this.server.secrets;
  }

  /** The life of the access token is over: the clock goes on by it. The next request gets a new one first. */
  expireToken(): void {
    this.clock.sleep(this.server.ttl);
  }

  /** The API refuses the access token with a 401, though its time is not over. */
  revokeToken(): void {
    this.server.revokeAccessTokens();
  }

  /** The issuer ends the session: the client has heard of it when this resolves. */
  async endSession(): Promise<void> {
    this.server.endSessions();
    // That it rejects is what was wanted.
    await this.session.refresh().catch(() => {});
  }

  /** Another user signs in, or the same one again. */
  async signInAs(user: User): Promise<void> {
    await this.session.signIn(this.#people.login(user));
  }
}

/**
 * Makes a client for the tests of an app: somebody is signed in, the API answers from `responses`, and nothing waits
 * for a network or for real time. Verbs try again at once, unless a call has a `retry` of its own.
 *
 * @throws `ConfigError` `INVALID_OPTION`, and what the options of a client are refused with
 */
export function createTestClient<User extends SessionUser = SessionUser>(
  options: TestClientOptions<User> = {},
): TestClient<User> {
  const own = checkKeys('createTestClient()', options, [...OWN_OPTIONS, ...EXTEND_OPTIONS]);
  const { user, status, scopes = [], responses, clock: given, server: shared, store, ...rest } = own;
  const clock = clockOf(given, shared);
  const server = shared ?? createAuthServer({ clock });
  const people = new People<User>(server, scopes);
  const first = firstOf(givenUser(user), status);
  const fetch = createRefusingFetch(responses ?? {}, (request) => refusal(request, server));
  const strategy = accessToken<User>((context) => people.provider(context, first.status === 'loading'), {
    user: (claims) => people.find(claims),
    initial: initialOf(first, people),
    store,
  });
  const session = beginningWith(strategy.session, first, store !== undefined);
  const parts = { clock, server, fetch, people, strategy: { ...strategy, session } };
  const client = new TestClient<User>(parts, { ...rest, retry: atOnce(rest.retry, clock) });
  // The session gets there in a moment; until then it is shown as if it had.
  if (first.status === 'ended') client.session.refresh().catch(() => {});
  else if (first.status === 'signed-out' && store === undefined) void strategy.session.ready;
  return client;
}

function clockOf(clock: TestClock | undefined, server: AuthServer | undefined): TestClock {
  const found = clock ?? (server?.clock as TestClock | undefined) ?? createClock();
  if (typeof found.advance !== 'function' || (server && server.clock !== found))
    throw invalidOption(
      'The server of a test client needs its clock: createAuthServer({ clock }), with clock = createClock().',
    );
  return found;
}

/** The API accepts what the server has issued. What carries no token is for the API to judge. */
function refusal(request: Request, server: AuthServer): Response | undefined {
  const found = bearerIn(request, server);
  return 'user' in found || found.challenge === 'Bearer' ? undefined : unauthorized(found.challenge);
}

/** Tries again without a wait, unless a call says otherwise; not where a client would not, after a long `Retry-After`. */
function atOnce(retry: ClientOptions['retry'], clock: TestClock): NonNullable<ClientOptions['retry']> {
  const given = typeof retry === 'number' ? { limit: retry } : (retry ?? {});
  const limited = given.maxRetryAfter === undefined && { shouldRetry: unlessTooLong(given, clock) };
  return { ...given, ...limited, delay: () => 0, afterStatusCodes: [] };
}
