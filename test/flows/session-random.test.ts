import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { TokenContext, TokenResult } from '../../src/contracts.ts';
import { settle } from '../support/clock.ts';
import { createJwt } from '../support/jwt.ts';
import { createDeferred, createTokenValet, type Deferred } from '../support/token-valet.ts';

/**
 * Anything may happen in any order: requests, sign-ins, sign-outs, changes of the source, refreshes, wake-ups, jumps
 * of the clock, and every kind of answer of the provider and of the API. A few things hold whatever happens.
 */
const steps = {
  request: fc.constant({ kind: 'request' } as const),
  abortable: fc.constant({ kind: 'abortable' } as const),
  abort: fc.constant({ kind: 'abort' } as const),
  advance: fc.record({
    kind: fc.constant('advance' as const),
    ms: fc.constantFrom(50, 900, 11_000, 45_000, 70_000),
  }),
  jump: fc.record({
    kind: fc.constant('jump' as const),
    ms: fc.constantFrom(-86_400_000, -600_000, 600_000, 86_400_000),
  }),
  sleep: fc.constant({ kind: 'sleep' } as const),
  signIn: fc.record({ kind: fc.constant('signIn' as const), user: fc.constantFrom('ada', 'bob') }),
  signOut: fc.constant({ kind: 'signOut' } as const),
  change: fc.constant({ kind: 'change' } as const),
  refresh: fc.constant({ kind: 'refresh' } as const),
  ready: fc.constant({ kind: 'ready' } as const),
  subscribe: fc.constant({ kind: 'subscribe' } as const),
  wake: fc.constant({ kind: 'wake' } as const),
  answer: fc.record({
    kind: fc.constant('answer' as const),
    which: fc.constantFrom('oldest', 'newest'),
    with: fc.constantFrom(
      'ada',
      'bob',
      'same',
      'null',
      'final',
      'wrong',
      'busy',
      'reset',
      'throw',
      'invalid',
      'stale',
    ),
  }),
  respond: fc.record({ kind: fc.constant('respond' as const), status: fc.constantFrom(200, 200, 401, 500) }),
};
type Step = (typeof steps)[keyof typeof steps] extends fc.Arbitrary<infer One> ? One : never;

interface Pending {
  readonly context: TokenContext;
  readonly answer: Deferred<TokenResult>;
}

class World {
  readonly broken: string[] = [];
  readonly #pending: Pending[] = [];
  readonly #api: Deferred<Response>[] = [];
  readonly #settled: Promise<unknown>[] = [];
  readonly #dead = new Set<string>();
  readonly #userOf = new Map<string, string>();
  #controller = new AbortController();
  #changed = (): void => {};
  #tokens = 0;
  #lastToken = '';
  #left = false;
  readonly valet = createTokenValet(
    {
      getToken: (context) => this.#ask(context),
      subscribe: (changed) => {
        this.#changed = changed;
        return () => {};
      },
    },
    { respond: (request) => this.#send(request), random: () => 0.3 },
  );

  constructor() {
    this.#issue('ada');
  }

  async take(step: Step): Promise<void> {
    const { client, clock } = this.valet;
    if (step.kind === 'request') this.#request();
    if (step.kind === 'abortable') this.#request(this.#controller.signal);
    if (step.kind === 'abort') {
      this.#controller.abort();
      this.#controller = new AbortController();
    }
    if (step.kind === 'advance') await clock.advance(step.ms);
    if (step.kind === 'jump') clock.set(clock.now() + step.ms);
    if (step.kind === 'sleep') clock.sleep(3_600_000);
    if (step.kind === 'signIn') this.#watch(client.session.signIn(this.#issue(step.user)));
    if (step.kind === 'signOut') this.#watch(client.signOut());
    if (step.kind === 'change') this.#changed();
    if (step.kind === 'refresh') this.#watch(client.session.refresh());
    if (step.kind === 'ready') void client.session.ready;
    if (step.kind === 'subscribe') client.session.subscribe(() => this.#look());
    if (step.kind === 'wake') clock.wake();
    if (step.kind === 'answer') this.#answer(step);
    if (step.kind === 'respond') this.#api.shift()?.resolve(new Response(null, { status: step.status }));
    await settle();
    this.#look();
  }

  /** Answers all that is open, closes, and sees that nothing is left. */
  async end(): Promise<void> {
    const { client, clock } = this.valet;
    for (let n = 0; n < 5; n++) {
      for (const { answer } of this.#pending.splice(0)) answer.resolve(this.#issue('ada'));
      for (const answer of this.#api.splice(0)) answer.resolve(new Response());
      await clock.advance(60_000);
    }
    await Promise.all(this.#settled);
    client.close();
    await settle();
    if (clock.timers > 0) this.broken.push(`${clock.timers} timers are left`);
    if (clock.wakeListeners > 0) this.broken.push(`${clock.wakeListeners} wake listeners are left`);
  }

  #request(signal?: AbortSignal): void {
    const answer = this.valet.client.fetch('/', { ...(signal && { signal }) });
    this.#watch(answer.then((response) => this.#received(response)));
  }

  #watch(promise: Promise<unknown>): void {
    this.#settled.push(promise.catch((error: unknown) => this.#failed(error)));
  }

  #failed(error: unknown): void {
    const { code, name } = error as { code?: unknown; name: string };
    if (typeof code !== 'string' && name !== 'AbortError') this.broken.push(`${name}: ${String(error)}`);
  }

  #received(response: Response): void {
    const user = response.headers.get('x-user');
    if (response.status === 200 && user !== this.#user())
      this.broken.push(`${this.#user()} got what ${user} asked for`);
  }

  async #send(request: Request): Promise<Response> {
    const token = request.headers.get('authorization')?.slice('Bearer '.length) ?? '';
    const user = this.#userOf.get(token) ?? 'nobody';
    const { status } = this.valet.client.session.snapshot;
    if (status !== 'signed-in' || user !== this.#user())
      this.broken.push(`sent a token of ${user} while ${status}`);
    const answer = createDeferred<Response>();
    this.#api.push(answer);
    const { status: answered } = await answer.promise;
    return new Response(null, { status: answered, headers: { 'x-user': user } });
  }

  #ask(context: TokenContext): Promise<TokenResult> {
    const { refreshToken } = context;
    if (this.#pending.some((call) => !call.context.signal.aborted)) this.broken.push('two calls at once');
    if (refreshToken !== undefined && this.#dead.has(refreshToken))
      this.broken.push(`${refreshToken} was sent again`);
    const call = { context, answer: createDeferred<TokenResult>() };
    this.#pending.push(call);
    return call.answer.promise;
  }

  #answer(step: Extract<Step, { kind: 'answer' }>): void {
    const call = step.which === 'oldest' ? this.#pending.shift() : this.#pending.pop();
    if (call === undefined) return;
    const { answer, context } = call;
    if (step.with === 'ada' || step.with === 'bob') answer.resolve(this.#issue(step.with));
    if (step.with === 'same') answer.resolve({ token: this.#lastToken, expiresIn: 60 });
    if (step.with === 'null') answer.resolve(null);
    if (step.with === 'final') {
      if (context.refreshToken !== undefined && !context.signal.aborted) this.#dead.add(context.refreshToken);
      answer.resolve(Response.json({ error: 'invalid_grant' }, { status: 400 }));
    }
    if (step.with === 'wrong') answer.resolve(Response.json({ error: 'invalid_client' }, { status: 401 }));
    if (step.with === 'busy')
      answer.resolve(new Response(null, { status: 503, headers: { 'retry-after': '5' } }));
    if (step.with === 'reset') answer.reject(Object.assign(new Error('reset'), { code: 'ECONNRESET' }));
    if (step.with === 'throw') answer.reject(new Error('boom'));
    if (step.with === 'invalid') answer.resolve({ token: 'Bearer x', expiresIn: 0 });
    if (step.with === 'stale') answer.resolve(this.#issue('ada', { iat: 1000, exp: 2000 }));
  }

  #issue(user: string, claims: object = {}): { token: string; expiresIn: number; refreshToken: string } {
    const token = createJwt({ sub: user, jti: ++this.#tokens, ...claims });
    this.#userOf.set(token, user);
    this.#lastToken = token;
    return { token, expiresIn: 60, refreshToken: `refresh-${this.#tokens}` };
  }

  #user(): string {
    const { snapshot } = this.valet.client.session;
    return 'user' in snapshot ? snapshot.user.id : snapshot.status;
  }

  #look(): void {
    const { status } = this.valet.client.session.snapshot;
    if (this.#left && status === 'loading') this.broken.push('loading again');
    this.#left ||= status !== 'loading';
  }
}

test('whatever happens in whatever order, no user gets what another asked for, and nothing is left behind', async () => {
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => void unhandled.push(error);
  process.on('unhandledRejection', note);
  const step = fc.oneof(...Object.values(steps)) as fc.Arbitrary<Step>;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (taken) => {
      const world = new World();
      for (const one of taken) await world.take(one);
      await world.end();

      expect([...world.broken, ...unhandled]).toEqual([]);
    }),
    { numRuns: 120 },
  );
  process.off('unhandledRejection', note);
});
