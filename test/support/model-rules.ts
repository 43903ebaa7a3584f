import type { TokenContext } from '../../src/contracts.ts';
import { type Issued, slotOf } from './model-issuer.ts';
import { type Instant, Ledger, windowOf } from './model-ledger.ts';

/** What the provider's answer was, as far as the rules care. */
export type Reply =
  | 'grant'
  | 'garbled'
  | 'final'
  | 'login'
  | 'nobody'
  | 'temporary'
  | 'misconfigured'
  | 'reset';

/** One call of the provider. */
export interface Call {
  readonly context: TokenContext;
  readonly slot: string;
  /** How many sign-ins and sign-outs came before it. */
  readonly generation: number;
  readonly start: Instant;
  reply: Reply | undefined;
  overtaken: boolean;
  /** It repeats the call before it, whose connection was cut. */
  again: boolean;
}

const LISTENING = 40_000;
const DEADLINE = 10_000;

/** What must be true of the provider's calls, whatever happens (rules T3 to T6, T11 to T13). */
export class CallRules {
  readonly broken: string[] = [];
  /** How often each state and each outcome was reached. */
  readonly seen: Map<string, number>;
  readonly #now: () => Instant;
  readonly #lifetime: number;
  readonly #ledgers = new Map<string, Ledger>();
  readonly #open = new Set<Call>();
  readonly #redeemed = new Map<string, Call>();
  #generation = 0;
  #jumps = 0;
  #changes = 0;
  #closed = false;
  /** The newest refresh token; `null`: the model is not certain. */
  #newest: string | undefined | null;
  /** The session is over, and nothing has changed since. */
  #latched = false;
  /** A final refusal came. */
  #mayEnd = false;
  /** The one call that may repeat the one before it: its connection was cut. */
  #again: Call | undefined;
  #cutAt = 0;
  /** The one that was answered last. */
  #last: Call | undefined;

  constructor(seen: Map<string, number>, now: () => Instant, lifetime: number | undefined) {
    this.seen = seen;
    this.#now = now;
    this.#lifetime = (lifetime ?? Number.POSITIVE_INFINITY) * 1000;
  }

  get generation(): number {
    return this.#generation;
  }

  see(what: string): void {
    this.seen.set(what, (this.seen.get(what) ?? 0) + 1);
  }

  must(isTrue: boolean, what: string): void {
    if (!isTrue) this.broken.push(what);
  }

  /** The token that a request of `slot` must go out with at once; `undefined`: there is none for certain. */
  certain(slot: string): Issued | undefined {
    const token = this.#ledger(slot).current;
    if (token?.receipt === undefined || this.#latched) return undefined;
    const { lapse } = this.#now();
    const end = Math.min(2000, this.#lifetime / 20);
    return lapse - token.receipt.lapse < this.#lifetime - end - 1 ? token : undefined;
  }

  /** The provider is asked. */
  asked(context: TokenContext): Call {
    const slot = slotOf(context);
    const now = this.#now();
    const before = this.#again;
    const isAgain =
      before !== undefined &&
      before.slot === slot &&
      before.context.refreshToken === context.refreshToken &&
      this.#cutAt === now.lapse;
    this.must(before === undefined || isAgain, 'a connection that was cut was not tried again at once');
    this.#again = undefined;
    // Whatever a call without a refresh token does, it is given up at the deadline.
    const start = isAgain && context.refreshToken === undefined ? before.start : now;
    const overtaken = this.#isSameRefresh(this.#last, slot, context) && this.#last?.overtaken === true;
    const call: Call = {
      context,
      slot,
      generation: this.#generation,
      start,
      reply: undefined,
      overtaken,
      again: isAgain,
    };
    this.must(!this.#closed, 'asked after close');
    const others = [...this.#open].filter((one) => !one.context.signal.aborted);
    this.must(others.length === 0, `${others.length + 1} calls of the provider at once`);
    this.#open.add(call);
    this.#checkRefreshToken(call, isAgain);
    if (!isAgain) this.#checkCause(call);
    this.see(`asked: ${context.reason}`);
    context.signal.addEventListener('abort', () => this.#abandoned(call));
    return call;
  }

  /** The provider answers; `token`: what it hands out. Later answers to a call that was given up change nothing. */
  answered(call: Call, reply: Reply, { token, refreshToken, retryAfter }: ReplyParts = {}): void {
    if (token && (call.context.signal.aborted || call.generation !== this.#generation)) token.lost = true;
    if (call.context.signal.aborted) return;
    call.reply = reply;
    this.#last = call;
    this.#open.delete(call);
    this.see(`answered: ${reply}`);
    if (call.overtaken) this.see('answered: overtaken by a change');
    if (this.#elapsed(call) > DEADLINE) this.see(`answered: ${reply} after the deadline`);
    const ledger = this.#ledger(call.slot);
    if (refreshToken !== undefined) this.#newest = refreshToken;
    if (reply === 'grant') {
      if (token) this.#received(call, ledger, token);
    } else {
      ledger.causes++;
      if (call.context.reason === 'rejected') ledger.failedRenewals++;
      this.#failed(call, ledger, reply, retryAfter);
    }
  }

  /** A login or a logout, or the user asked for fresh tokens: everything may be asked for again. */
  changed(kind: 'signIn' | 'signOut' | 'source' | 'refresh' | 'wake', refreshToken?: string): void {
    for (const ledger of this.#ledgers.values()) {
      // A source that keeps changing is asked again three times, and the user is looked at anew.
      if (kind !== 'wake') ledger.causes += 4;
      if (kind !== 'wake') ledger.vain.clear();
      ledger.pause = undefined;
      if (kind !== 'wake') ledger.stuck = false;
      if (kind === 'refresh') ledger.wishes += 2;
      if (kind !== 'wake' && kind !== 'refresh') ledger.current = undefined;
    }
    if (kind === 'source') this.#changes++;
    if (kind === 'source') for (const call of this.#open) call.overtaken = true;
    if (kind === 'signIn' || kind === 'signOut') {
      this.#generation++;
      this.#newest = refreshToken;
    }
    this.#latched = kind === 'signOut' || (this.#latched && kind === 'wake');
  }

  /** The clock was set: what an issuer's clock taught may be wrong now. */
  jumped(): void {
    this.#jumps++;
    for (const ledger of this.#ledgers.values()) ledger.current = undefined;
  }

  /** Another user, or none: tokens of the user before are forgotten. */
  userChanged(user: string | undefined): void {
    for (const ledger of this.#ledgers.values()) {
      ledger.causes++;
      if (user === undefined || ledger.current?.user !== user) ledger.current = undefined;
    }
  }

  sessionEnded(): void {
    this.must(this.#mayEnd, 'the session ended without a final refusal');
    this.#mayEnd = false;
    this.#latch();
  }

  /** A server refused a token, or wants more of it. */
  refused(slot: string, token: Issued): void {
    const ledger = this.#ledger(slot);
    ledger.refusals++;
    if (ledger.current === token) ledger.current = undefined;
  }

  /** Whether refusals may have used up what they may cause (T11). */
  mayBeSpent(slot: string): boolean {
    return this.#ledger(slot).refusals > 3;
  }

  close(): void {
    this.#closed = true;
    this.#generation++;
  }

  /** Asked once more past the cache, or after a reset: then what overtook the first call overtook this one. */
  #isSameRefresh(before: Call | undefined, slot: string, { forceRefresh }: TokenContext): boolean {
    return before?.slot === slot && (before.reply === 'reset' || forceRefresh);
  }

  #received(call: Call, ledger: Ledger, token: Issued): void {
    token.receipt ??= this.#now();
    ledger.tokens.push(token);
    ledger.pause = undefined;
    const isPlain = !call.overtaken && this.#jumps === 0 && this.#elapsed(call) < 1000;
    ledger.current = isPlain && this.#lifetime > 5000 ? token : undefined;
    // What took long or came on a wrong clock may look expired, and is asked for once more.
    if (!isPlain || this.#lifetime <= 5000) ledger.causes++;
    const { reason, scopes } = call.context;
    if (reason === 'scope' && isPlain && scopes.some((scope) => !token.scopes.has(scope))) {
      this.see('a step-up in vain');
      ledger.vain.add(scopes.join(' '));
    }
  }

  #failed(call: Call, ledger: Ledger, reply: Reply, retryAfter: number | undefined): void {
    if (reply === 'reset' && !call.again) {
      this.#again = call;
      this.#cutAt = this.#now().lapse;
    }
    if (reply === 'final' || reply === 'login') this.#mayEnd = true;
    // What is asked once more after a change may be asked with or without the old refresh token.
    // For a further audience `null` may mean that audience alone.
    const isUnsure = reply === 'login' || reply === 'nobody';
    if (isUnsure || (call.overtaken && isOver(reply))) this.#newest = null;
    if (call.overtaken) return;
    if (reply === 'final') this.#newest = undefined;
    if (reply === 'final') this.#latch();
    else if (isOver(reply)) ledger.pause = undefined;
    else if (reply === 'misconfigured') {
      ledger.pause = undefined;
      ledger.stuck = call.context.reason !== 'scope';
    } else if (reply !== 'login') this.#pause(ledger, retryAfter);
  }

  #pause(ledger: Ledger, retryAfter: number | undefined): void {
    const since = this.#now().lapse;
    if (retryAfter === undefined) ledger.pause = { since, wait: 100 };
    // What an issuer asks for holds for all that would be asked of it.
    else for (const each of this.#ledgers.values()) each.pause = { since, wait: retryAfter };
  }

  #latch(): void {
    this.#latched = true;
    this.#newest = undefined;
    for (const ledger of this.#ledgers.values()) {
      ledger.current = undefined;
      ledger.pause = undefined;
      ledger.stuck = false;
      ledger.causes++;
      ledger.vain.clear();
    }
  }

  #checkRefreshToken({ context }: Call, isAgain: boolean): void {
    const { refreshToken } = context;
    const isNewest = this.#newest === null || refreshToken === this.#newest;
    this.must(isNewest, `asked with ${refreshToken}, the newest is ${this.#newest}`);
    this.#newest = refreshToken;
    const before = refreshToken === undefined ? undefined : this.#redeemed.get(refreshToken);
    if (before !== undefined && !isAgain) {
      const isHeard = before.reply !== undefined || before.context.signal.aborted;
      this.must(isHeard, `${refreshToken} was sent again while its answer may come`);
      const isSpent = before.reply === 'grant' || before.reply === 'garbled' || before.reply === 'final';
      this.must(!isSpent, `${refreshToken} was sent again after ${before.reply}`);
    }
    if (isAgain) this.see('asked: again after a reset');
  }

  #checkCause(call: Call): void {
    const { slot, start, context } = call;
    const { refreshToken, reason, scopes } = context;
    const ledger = this.#ledger(slot);
    if (refreshToken !== undefined) this.#redeemed.set(refreshToken, call);
    this.must(!this.#latched, 'asked although the session is over');
    const { pause } = ledger;
    if (pause) {
      const waited = start.lapse - pause.since;
      this.must(waited >= pause.wait - 1, `asked after ${waited} ms instead of ${pause.wait}`);
      this.see('asked: after a pause');
    }
    const most =
      2 + ledger.causes + ledger.refusals + this.#jumps + ledger.ended(start.lapse, this.#lifetime);
    this.must(++ledger.calls <= most, `${ledger.calls} calls for ${slot}, ${most} at most`);
    if (reason === 'scope') this.must(!ledger.vain.has(scopes.join(' ')), 'a vain step-up was repeated');
    // `session.refresh()` comes to one slot after the other.
    const isWanted = !ledger.stuck || (context.forceRefresh && ledger.wishes-- > 0);
    this.must(isWanted, 'asked although nothing has changed since the issuer called it wrong');
    if (ledger.current) this.#checkNeed(ledger, ledger.current, call);
    if (reason !== 'rejected') return;
    // A refresh that failed, or that a change overtook, is made once more at the cost of the first.
    const excuses = ledger.failedRenewals + 3 * this.#changes;
    if (!ledger.draw(start.lapse)) this.must(++ledger.excused <= excuses, 'too many calls for refusals');
  }

  /** A good token is at hand: it is replaced near its end, when somebody says so, or for more scopes. */
  #checkNeed(ledger: Ledger, { receipt }: Issued, { context, start }: Call): void {
    const { reason } = context;
    this.must(reason !== 'rejected', 'asked for a 401 of a token that has been replaced');
    const due = this.#lifetime - windowOf(this.#lifetime);
    const isDue = receipt !== undefined && start.lapse - receipt.lapse >= due;
    if (isDue || reason === 'scope') return;
    this.must(context.forceRefresh && ledger.wishes-- > 0, 'asked although a fresh token is at hand');
  }

  #abandoned(call: Call): void {
    if (!this.#open.delete(call)) return;
    if (call.generation !== this.#generation) {
      this.see('given up: superseded');
      return;
    }
    const patience = call.context.refreshToken === undefined ? DEADLINE : LISTENING;
    this.must(this.#elapsed(call) >= patience - 1, `given up after ${this.#elapsed(call)} ms`);
    this.see(`given up: after ${patience} ms`);
    const ledger = this.#ledger(call.slot);
    ledger.causes++;
    if (call.context.reason === 'rejected') ledger.failedRenewals++;
    if (!call.overtaken) this.#pause(ledger, undefined);
  }

  #elapsed({ start }: Call): number {
    const { wall, monotonic } = this.#now();
    return Math.max(wall - start.wall, monotonic - start.monotonic);
  }

  #ledger(slot: string): Ledger {
    const ledger = this.#ledgers.get(slot) ?? new Ledger();
    this.#ledgers.set(slot, ledger);
    return ledger;
  }
}

/** The session, or nobody, is what the issuer knows of the refresh token. */
function isOver(reply: Reply): boolean {
  return reply === 'final' || reply === 'nobody';
}

interface ReplyParts {
  readonly token?: Issued | undefined;
  readonly refreshToken?: string | undefined;
  readonly retryAfter?: number | undefined;
}
