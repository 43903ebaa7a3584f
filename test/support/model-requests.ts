import type { SessionUser } from '../../src/contracts.ts';
import { type Client, ValetError } from '../../src/index.ts';
import { type Issued, slotOf, type Wanted } from './model-issuer.ts';
import type { Instant } from './model-ledger.ts';
import type { CallRules } from './model-rules.ts';

/** One call of `client.fetch`. */
interface Asked {
  readonly slot: string;
  /** What the API does when it comes for the first time. */
  readonly plan: ApiPlan | undefined;
  readonly controller: AbortController;
  /** The epoch it belongs to; `undefined` until it is known. */
  epoch: number | undefined;
  readonly hops: Issued[];
  /** Whether the session had ended when it started, and how often that had happened. */
  readonly wasEnded: boolean;
  readonly ends: number;
  isSettled: boolean;
}

/** What the API does with a request. */
export type ApiPlan = 'answer' | 'hold' | 'refuse' | 'drop';

export interface RequestKind {
  readonly lifetime: number | undefined;
  readonly holds: boolean;
}

/** What requests wait for that fail for a reason of ours. */
const TOLD: ReadonlySet<string> = new Set([
  'SIGNED_OUT',
  'SESSION_ENDED',
  'SESSION_CHANGED',
  'TOKEN_PROVIDER_FAILED',
  'TOKEN_INVALID',
  'TOKEN_TIMEOUT',
  'TOKEN_ENDPOINT_REJECTED',
  'TOKEN_ENDPOINT_UNAVAILABLE',
  'CLIENT_CLOSED',
]);

/** What must be true of requests and of the session, whatever happens (rules T1, T2, T5, T7, T8, T12). */
export class RequestRules {
  readonly #client: Client;
  readonly #rules: CallRules;
  readonly #now: () => Instant;
  readonly #kind: RequestKind;
  readonly #asked = new Map<string, Asked>();
  readonly #open = new Set<Promise<unknown>>();
  #epoch = 0;
  #user: string | undefined;
  #status = 'loading';
  #ends = 0;
  #isClosed = false;
  #isSigningOut = false;

  constructor(client: Client, rules: CallRules, now: () => Instant, kind: RequestKind) {
    this.#client = client;
    this.#rules = rules;
    this.#now = now;
    this.#kind = kind;
    this.#listen();
  }

  get unsettled(): number {
    return this.#open.size;
  }

  /** Sends a request that wants `write` or not, of the slot of `wanted`. */
  send(wanted: Wanted, path: '/' | '/write', plan: ApiPlan | undefined): void {
    const { snapshot } = this.#client.session;
    const slot = slotOf(wanted);
    const id = String(this.#asked.size);
    const controller = new AbortController();
    const epoch = 'user' in snapshot ? this.#epoch : undefined;
    const wasEnded = snapshot.status === 'ended';
    const ends = this.#ends;
    const asked: Asked = { slot, plan, controller, epoch, hops: [], wasEnded, ends, isSettled: false };
    this.#asked.set(id, asked);
    const { scopes, audience } = wanted;
    const certain = this.#isClosed ? undefined : this.#rules.certain(slot);
    const auth = { scopes, ...(audience !== undefined && { audience }) };
    const answer = this.#client.fetch(path, { auth, headers: { 'x-id': id }, signal: controller.signal });
    if (certain) {
      this.#rules.must(asked.hops[0] === certain, `a good token of ${slot} was not used at once`);
      this.#rules.see('sent at once');
    }
    this.watch(
      answer.then((response) => this.#answered(asked, response)),
      asked,
    );
  }

  /** `promise` has to settle, and to reject with nothing but our own errors. */
  watch(promise: Promise<unknown>, asked?: Asked): void {
    const settled: Promise<unknown> = promise
      .catch((error: unknown) => this.#failed(error, asked))
      .finally(() => {
        this.#open.delete(settled);
        if (asked) asked.isSettled = true;
      });
    this.#open.add(settled);
  }

  /** A request arrives at the network. */
  sent(request: Request, token: Issued | undefined): Issued | undefined {
    const asked = this.#asked.get(request.headers.get('x-id') ?? '');
    const { must } = this.#bound;
    if (asked === undefined || token === undefined) {
      must(false, 'sent without a token that the issuer made');
      return undefined;
    }
    token.slot ??= asked.slot;
    must(token.slot === asked.slot, `a request for ${asked.slot} was sent with a token of ${token.slot}`);
    must(!token.lost, 'a token of a call that was superseded was sent');
    must(this.#client.session.snapshot.status === 'signed-in', 'sent while nobody was signed in');
    must(token.user === this.#user, `a token of ${token.user} was sent while ${this.#user} was signed in`);
    asked.epoch ??= this.#epoch;
    token.epoch ??= this.#epoch;
    must(asked.epoch === this.#epoch, 'sent in another epoch than it was started in');
    must(token.epoch === this.#epoch, 'a token of another epoch was sent');
    must(!this.#isExpired(token), 'a token was sent that is known to be expired');
    must(!asked.controller.signal.aborted, 'sent after its caller had gone');
    must(asked.hops.length < 2, 'sent three times');
    must(!asked.hops.includes(token), 'replayed with the token that was refused');
    asked.hops.push(token);
    if (asked.hops.length === 2) this.#rules.see('replayed');
    return token;
  }

  planOf(request: Request): ApiPlan | undefined {
    const asked = this.#asked.get(request.headers.get('x-id') ?? '');
    return asked?.hops.length === 1 ? asked.plan : undefined;
  }

  /** The API refuses: `response` is on its way to the client. */
  refused(request: Request, token: Issued, status: number): void {
    const asked = this.#asked.get(request.headers.get('x-id') ?? '');
    if (asked === undefined) return;
    const newer = this.#rules.certain(asked.slot);
    if (status === 401 && newer !== undefined && newer !== token) this.#rules.see('a late 401');
    this.#rules.see(asked.hops.length === 2 ? `refused again: ${status}` : `refused: ${status}`);
    this.#rules.refused(asked.slot, token);
  }

  close(): void {
    this.#isClosed = true;
    this.#rules.close();
    this.#client.close();
  }

  signOut(): void {
    this.#isSigningOut = true;
    this.#rules.changed('signOut');
    this.watch(this.#client.signOut());
    this.#isSigningOut = false;
  }

  abort(which: 'newest' | 'all'): void {
    const waiting = [...this.#asked.values()].filter((asked) => !asked.isSettled);
    for (const { controller } of which === 'all' ? waiting : waiting.slice(-1)) controller.abort();
  }

  /** What the events told is what the snapshot says. */
  look(): void {
    const { snapshot } = this.#client.session;
    const { status } = snapshot;
    this.#rules.see(`session: ${status}`);
    const user = 'user' in snapshot ? snapshot.user.id : undefined;
    if (this.#status === 'loading' && status === 'signed-out') this.#status = status;
    this.#rules.must(status === this.#status, `${status}, but the events told ${this.#status}`);
    this.#rules.must(user === this.#user, `${user} is signed in, but the events told of ${this.#user}`);
  }

  get #bound(): { readonly must: (isTrue: boolean, what: string) => void } {
    return { must: (isTrue, what) => this.#rules.must(isTrue, what) };
  }

  #isExpired({ receipt }: Issued): boolean {
    const { lifetime } = this.#kind;
    if (lifetime === undefined || receipt === undefined) return false;
    const { wall, monotonic } = this.#now();
    return Math.max(wall - receipt.wall, monotonic - receipt.monotonic) >= lifetime * 1000;
  }

  #answered(asked: Asked, response: Response): void {
    const { status } = response;
    const { must } = this.#bound;
    const token = asked.hops.at(-1);
    must(asked.epoch === this.#epoch, 'answered in another epoch than it was started in');
    must(token?.user === this.#user, `${this.#user} got what ${token?.user} had asked for`);
    if (status === 200) must(response.headers.get('x-user') === this.#user, 'got the answer of another user');
    this.#rules.see(`request: ${status}`);
    if (status === 200 && asked.wasEnded) this.#rules.see('held until the user was back');
    if (status !== 401 || asked.hops.length === 2) return;
    must(this.#rules.mayBeSpent(asked.slot), 'a 401 was handed over without a replay');
    this.#rules.see('a 401 was handed over: too many refusals');
  }

  #failed(error: unknown, asked: Asked | undefined): void {
    const { must } = this.#bound;
    const { code, name } = error as { code?: string; name: string };
    if (asked === undefined) {
      must(ValetError.is(error), `failed with ${name}`);
      return;
    }
    this.#rules.see(`request: ${code !== undefined && TOLD.has(code) ? code : name}`);
    if (name === 'AbortError') must(asked.controller.signal.aborted, 'aborted by nobody');
    else if (name !== 'TypeError') must(code !== undefined && TOLD.has(code), `failed with ${code ?? name}`);
    if (code === 'SESSION_CHANGED') {
      must(asked.epoch !== undefined && asked.epoch !== this.#epoch, 'SESSION_CHANGED in the same epoch');
      if (asked.wasEnded && this.#status === 'signed-in') this.#rules.see('held, and another user came');
    }
    if (code === 'CLIENT_CLOSED') must(this.#isClosed, 'CLIENT_CLOSED while open');
    if (code === 'SESSION_ENDED') must(asked.wasEnded || this.#ends > asked.ends, 'SESSION_ENDED too early');
  }

  #listen(): void {
    const { must } = this.#bound;
    const id = (user?: SessionUser): string | undefined => user?.id;
    this.#client.on('userchange', ({ user, previous }) => {
      must(id(previous) === this.#user, `userchange from ${id(previous)}, the user was ${this.#user}`);
      must(id(user) !== id(previous) || user === undefined, 'userchange to the same user');
      if (user && previous) this.#rules.see('session: another user');
      this.#epoch++;
      this.#user = id(user);
      this.#rules.userChanged(this.#user);
    });
    this.#client.on('signedin', ({ user }) => {
      must(user.id === this.#user, `${user.id} signed in without a userchange`);
      if (this.#status === 'ended') this.#rules.see('session: back from ended');
      this.#status = 'signed-in';
    });
    this.#client.on('signedout', ({ user }) => {
      must(this.#user === undefined, 'signed out without a userchange');
      must(id(user) !== undefined, 'signed out nobody');
      this.#status = 'signed-out';
      if (!this.#isSigningOut) this.#rules.see('session: signed out by the source');
    });
    this.#client.on('sessionend', ({ user }) => {
      must(id(user) === this.#user, `the session of ${id(user)} ended, not that of ${this.#user}`);
      this.#status = 'ended';
      this.#ends++;
      this.#rules.sessionEnded();
    });
  }
}
