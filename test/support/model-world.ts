import type { TokenContext, TokenResponse, TokenResult } from '../../src/contracts.ts';
import { accessToken, Client, SessionError } from '../../src/index.ts';
import { createManualClock, type ManualClock } from './clock.ts';
import { type Issued, Issuer, type TokenKind, type UserId, type Wanted } from './model-issuer.ts';
import type { Instant } from './model-ledger.ts';
import { type ApiPlan, RequestRules } from './model-requests.ts';
import { type Call, CallRules, type Reply } from './model-rules.ts';
import { createDeferred, type Deferred } from './token-valet.ts';

export interface WorldKind extends TokenKind {
  /** Whether the provider hands on the token endpoint's response, with its `Date`. */
  readonly endpoint: boolean;
  readonly holds: boolean;
  readonly stepUp: boolean;
  /** Whether the issuer grants what a step-up asks for. */
  readonly grantsWrite: boolean;
  /** Whether the API refuses whatever token it is shown. */
  readonly refusesAll: boolean;
  readonly closesEarly: boolean;
}

/** What the token endpoint does with the next call. */
export interface EndpointPlan {
  readonly reply:
    | 'grant'
    | 'garbled'
    | 'invalid_grant'
    | 'session_error'
    | 'login_required'
    | 'invalid_client'
    | 'null'
    | '503'
    | '429'
    | 'html'
    | 'throws'
    | 'reset'
    | 'lost';
  /** Milliseconds until it answers; `Infinity`: never. */
  readonly delay: number;
  /** Whether it answers a call that was given up, too. */
  readonly deaf: boolean;
}

/** `undefined`: the refresh token is good for nothing; `null`: nobody is signed in at the source. */
type Granted = ReturnType<Issuer['redeem']> | null;

const WELL: EndpointPlan = { reply: 'grant', delay: 0, deaf: false };

/** A client, an issuer and an API on one clock that stands still. */
export class World {
  readonly clock: ManualClock = createManualClock();
  readonly client: Client;
  readonly rules: CallRules;
  readonly requests: RequestRules;
  readonly plans: EndpointPlan[] = [];
  readonly apiPlans: ApiPlan[] = [];
  readonly issuer: Issuer;
  /** Who is signed in at the source. */
  user: UserId | undefined = 'ada';
  isOffline = false;
  #isCalm = false;
  #sleeps = 0;
  #jumps = 0;
  #slept = 0;
  /** Timers of the world itself. */
  readonly #due = new Set<() => void>();
  readonly #held: { readonly token: Issued; readonly answer: (status?: 401) => void }[] = [];
  #changed = (): void => {};
  readonly kind: WorldKind;

  constructor(kind: WorldKind, seen: Map<string, number>) {
    this.kind = kind;
    this.issuer = new Issuer(kind);
    this.rules = new CallRules(seen, () => this.instant(), kind.lifetime);
    const source = {
      getToken: (context: TokenContext) => this.#ask(context),
      subscribe: (changed: () => void) => {
        this.#changed = changed;
        return () => {};
      },
      signOut: () => {
        this.user = undefined;
      },
    };
    this.client = new Client(accessToken(source, kind.stepUp ? { stepUp: ['write'] } : {}), {
      baseUrl: 'https://api.test',
      whenSessionEnds: kind.holds ? 'hold' : 'fail',
      logger: { debug() {}, warn() {} },
      runtime: {
        fetch: (input, init) => this.#serve(new Request(input, init)),
        clock: this.clock,
        random: () => 0.3,
      },
    });
    this.requests = new RequestRules(this.client, this.rules, () => this.instant(), kind);
  }

  instant(): Instant {
    const wall = this.clock.now();
    const monotonic = this.clock.monotonic();
    return { wall, monotonic, lapse: monotonic + this.#slept + this.#jumps };
  }

  /** The right time, which the issuer has. */
  get time(): number {
    return Date.UTC(2026, 0, 1) - 1000 + this.clock.monotonic() + this.#sleeps;
  }

  jump(ms: number): void {
    this.clock.set(this.clock.now() + ms);
    this.#jumps += Math.max(0, ms);
    this.rules.jumped();
  }

  sleep(ms: number): void {
    this.clock.sleep(ms);
    this.#sleeps += ms;
    this.#slept += ms;
  }

  login(user: UserId): TokenResponse {
    this.user = user;
    const [token, tokens] = this.issuer.login(user, this.time);
    token.receipt = this.instant();
    return tokens;
  }

  /** The source's own state changes; it tells, or it does not. */
  change(user: UserId | undefined, tells: boolean): void {
    this.user = user;
    if (!tells) return;
    this.rules.changed('source');
    this.#changed();
  }

  /** The API answers a request that it has held back. */
  release(which: 'oldest' | 'newest', status?: 401): void {
    const held = which === 'oldest' ? this.#held.shift() : this.#held.pop();
    held?.answer(status);
  }

  /** From now on everything goes well, but what hangs goes on hanging. */
  calmDown(): void {
    this.#isCalm = true;
    this.isOffline = false;
    this.plans.length = 0;
    while (this.#held.length > 0) this.release('oldest');
  }

  /** Ends what the world itself waits for. */
  close(): void {
    for (const cancel of this.#due) cancel();
    this.#due.clear();
  }

  /** Everything from outside comes in its own turn, like on a network. */
  #after(ms: number, run: () => void): void {
    if (ms === Number.POSITIVE_INFINITY) return;
    const cancel = this.clock.setTimeout(() => {
      this.#due.delete(cancel);
      run();
    }, ms);
    this.#due.add(cancel);
  }

  #ask(context: TokenContext): Promise<TokenResult> {
    const call = this.rules.asked(context);
    const { reply, delay, deaf } = this.plans.shift() ?? WELL;
    const answer = createDeferred<TokenResult>();
    const { signal } = context;
    if (!deaf) signal.addEventListener('abort', () => answer.reject(signal.reason));
    if (this.isOffline) {
      this.#after(0, () => this.#fail(call, answer, 'temporary', new TypeError('fetch failed')));
      return answer.promise;
    }
    const isGrant = reply === 'grant' || reply === 'garbled' || reply === 'lost';
    // The server has done its part when its answer is still on its way.
    const granted = isGrant ? this.#grant(context) : undefined;
    this.#after(delay, () => {
      if (isGrant) this.#hand(call, answer, reply, granted);
      else this.#refuse(call, answer, reply);
    });
    return answer.promise;
  }

  #grant({ refreshToken, scopes, audience }: TokenContext): Granted {
    const granted = scopes.filter((scope) => scope !== 'write' || this.kind.grantsWrite);
    // Nothing at all would mean: what was asked for.
    const wanted: Wanted = {
      scopes: granted.length < scopes.length ? [...granted, 'basic'] : granted,
      audience,
    };
    if (this.user === undefined) return null;
    const isOwn = refreshToken !== undefined && this.issuer.userOf(refreshToken) === this.user;
    return isOwn
      ? this.issuer.redeem(refreshToken, this.time, wanted)
      : this.issuer.login(this.user, this.time, wanted);
  }

  #hand(call: Call, answer: Deferred<TokenResult>, reply: EndpointPlan['reply'], granted: Granted): void {
    if (reply === 'lost') {
      this.#fail(call, answer, 'reset', reset());
      return;
    }
    if (granted === null) {
      this.#settle(call, answer, 'nobody', null);
      return;
    }
    if (granted === undefined) {
      this.rules.see('a refresh token that was used up');
      this.#settle(call, answer, 'final', refusal('invalid_grant', 400));
      return;
    }
    const [token, tokens] = granted;
    const refreshToken = tokens.refresh_token ?? undefined;
    if (reply === 'garbled') {
      const parts = { ...(refreshToken !== undefined && { refresh_token: refreshToken }) };
      this.rules.answered(call, 'garbled', { refreshToken });
      answer.resolve({ access_token: 'Bearer x', ...parts });
      return;
    }
    this.rules.answered(call, 'grant', { token, refreshToken });
    const headers = { date: new Date(this.time).toUTCString() };
    answer.resolve(this.kind.endpoint ? Response.json(tokens, { headers }) : tokens);
  }

  #refuse(call: Call, answer: Deferred<TokenResult>, reply: EndpointPlan['reply']): void {
    const { refreshToken } = call.context;
    if (reply === 'invalid_grant' && refreshToken !== undefined) this.issuer.kill(refreshToken);
    if (reply === 'invalid_grant') this.#settle(call, answer, 'final', refusal('invalid_grant', 400));
    if (reply === 'session_error') this.#fail(call, answer, 'final', new SessionError('SESSION_ENDED'));
    if (reply === 'login_required')
      this.#fail(call, answer, 'login', Object.assign(new Error('no'), { error: 'login_required' }));
    if (reply === 'invalid_client')
      this.#settle(call, answer, 'misconfigured', refusal('invalid_client', 401));
    if (reply === 'null') this.#settle(call, answer, 'nobody', null);
    if (reply === '503') this.#settle(call, answer, 'temporary', new Response('busy', { status: 503 }));
    if (reply === '429') {
      const headers = { 'retry-after': '30' };
      this.rules.answered(call, 'temporary', { retryAfter: 30_000 });
      this.rules.see('answered: 429');
      answer.resolve(new Response(null, { status: 429, headers }));
    }
    if (reply === 'html') this.#settle(call, answer, 'temporary', new Response('<!doctype html>'));
    if (reply === 'throws') this.#fail(call, answer, 'temporary', new Error('boom'));
    if (reply === 'reset') this.#fail(call, answer, 'reset', reset());
  }

  #settle(call: Call, answer: Deferred<TokenResult>, reply: Reply, result: TokenResult): void {
    this.rules.answered(call, reply);
    answer.resolve(result);
  }

  #fail(call: Call, answer: Deferred<TokenResult>, reply: Reply, error: Error): void {
    this.rules.answered(call, reply);
    answer.reject(error);
  }

  #serve(request: Request): Promise<Response> {
    const answer = createDeferred<Response>();
    const { signal } = request;
    signal.addEventListener('abort', () => answer.reject(signal.reason));
    const value = request.headers.get('authorization')?.slice('Bearer '.length) ?? '';
    const token = this.requests.sent(request, this.issuer.find(value));
    const plan = this.#isCalm ? 'answer' : (this.requests.planOf(request) ?? this.apiPlans.shift());
    const fail = (): void => answer.reject(new TypeError('fetch failed'));
    if (token === undefined || this.isOffline || plan === 'drop') this.#after(0, fail);
    else {
      const respond = (status?: 401): void => {
        const response = this.#judge(request, token, status);
        if (!signal.aborted && response.status !== 200)
          this.requests.refused(request, token, response.status);
        answer.resolve(response);
      };
      if (plan === 'hold') this.#held.push({ token, answer: respond });
      else this.#after(0, () => respond(plan === 'refuse' || this.kind.refusesAll ? 401 : undefined));
    }
    return answer.promise;
  }

  #judge({ url }: Request, { end, revoked, scopes, user }: Issued, status?: 401): Response {
    if (status === 401 || revoked || end <= this.time) return new Response(null, { status: 401 });
    if (url.endsWith('/write') && !scopes.has('write')) {
      const challenge = 'Bearer error="insufficient_scope", scope="write"';
      return new Response(null, { status: 403, headers: { 'www-authenticate': challenge } });
    }
    return new Response(null, { headers: { 'x-user': user } });
  }
}

function refusal(error: string, status: number): Response {
  return Response.json({ error }, { status });
}

function reset(): Error {
  return new TypeError('fetch failed', { cause: Object.assign(new Error('gone'), { code: 'ECONNRESET' }) });
}
