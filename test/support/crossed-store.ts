import type { SessionDocument, TokenStore } from '../../src/contracts.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { type CrossedIssuer, generationOf } from './crossed-issuer.ts';
import type { CrossedRun } from './crossed-run.ts';

/** More than this in a second is a client that goes round in circles. */
const STORM = 400;
/** Without a pause the time stands still: this would go on for ever. */
const SPIN = 60_000;

/** One session document, far away from its clients. Each document is checked as it is stored. */
export class CrossedStore {
  /** How often it was asked for anything. */
  asked = 0;
  /** Clients whose writes are on their way. */
  readonly writing: number[] = [];
  /** The epoch that each client has read last. */
  readonly known = new Map<number, number | undefined>();
  readonly #run: CrossedRun;
  readonly #issuer: CrossedIssuer;
  readonly #memory: TokenStore;
  readonly #rates = new Map<string, number>();

  constructor(run: CrossedRun, issuer: CrossedIssuer) {
    this.#run = run;
    this.#issuer = issuer;
    this.#memory = createMemoryStore({ clock: run.clock });
  }

  get document(): SessionDocument | undefined {
    return this.#memory.read() as SessionDocument | undefined;
  }

  /** The store as `client` reaches it. */
  for(client: number): TokenStore {
    const { tells, tellingLag } = this.#run.conditions;
    const subscribe = (changed: () => void): (() => void) | undefined =>
      this.#memory.subscribe?.(() => {
        const ms = this.#run.lag(tellingLag);
        if (ms === 0) changed();
        else this.#run.clock.setTimeout(changed, ms);
      });
    return {
      read: () => this.#read(client),
      swap: (expected, next) => this.#swap(client, expected, next),
      now: () => this.#run.clock.now(),
      ...(tells && { subscribe: (changed) => subscribe(changed) ?? (() => {}) }),
    };
  }

  async #read(client: number): Promise<unknown> {
    const run = this.#run;
    const { storeLag, failing } = run.conditions;
    await this.#count(client);
    await run.pass(run.lag(storeLag));
    if (run.mishap(failing / 2)) {
      run.see('a read failed');
      throw new Error('the read failed');
    }
    const { document } = this;
    await run.pass(run.lag(storeLag));
    this.known.set(client, document?.epoch);
    return document;
  }

  async #swap(
    client: number,
    expected: SessionDocument | undefined,
    next: SessionDocument,
  ): Promise<boolean> {
    const run = this.#run;
    const { storeLag, losing } = run.conditions;
    await this.#count(client);
    this.writing.push(client);
    try {
      const isStray = await this.#arrive(client, next);
      const isStored = await this.#store(client, expected, next);
      if (isStray && isStored) run.see('a write was stored after its sender had given up');
      const isLost = run.mishap(losing);
      await run.pass(run.lag(storeLag));
      if (!isLost) return isStored;
      if (!isStored) this.#miss(next);
      run.log(`  store: client ${client} never hears of it`);
      run.see('the answer to a write was lost');
      throw new Error('the answer was lost');
    } finally {
      this.writing.splice(this.writing.indexOf(client), 1);
    }
  }

  /** On its way there, where it may be lost. Returns whether it took longer than its sender waits. */
  async #arrive(client: number, next: SessionDocument): Promise<boolean> {
    const run = this.#run;
    const { storeLag, failing, straying } = run.conditions;
    // A claim is never that late: stored after a sign-out, it would bring back the tokens that a client began with.
    const isStray = next.claim === undefined && run.mishap(straying);
    await run.pass(isStray ? 3000 + run.lag(4000) : run.lag(storeLag));
    const isFailed = run.mishap(failing);
    if (isFailed || isStray) this.#miss(next);
    if (!isFailed) return isStray;
    run.log(`  store: the write of client ${client} fails`);
    run.see('a write failed');
    throw new Error('the write failed');
  }

  /** `next` is not stored, and its sender cannot know that. */
  #miss(next: SessionDocument): void {
    const family = this.#issuer.familyOf(next.refreshToken);
    if (family && family.stored < 0) family.isLate = true;
  }

  async #store(
    client: number,
    expected: SessionDocument | undefined,
    next: SessionDocument,
  ): Promise<boolean> {
    const run = this.#run;
    const { document } = this;
    const isStored = await this.#memory.swap(expected, next);
    if (isStored) this.#check(client, document, next);
    else run.log(`  store: client ${client} was too late`);
    if (!isStored) run.see('somebody else wrote first');
    return isStored;
  }

  #check(client: number, before: SessionDocument | undefined, next: SessionDocument): void {
    const run = this.#run;
    const { state, userId, refreshToken, tokens, claim } = next;
    const held = `${userId ?? 'nobody'}, ${refreshToken}, ${tokens.length} tokens`;
    run.log(`  store: client ${client} stores ${state}, ${held}, claimed by ${claim?.id}`);
    if (userId !== undefined && before?.userId !== undefined && userId !== before.userId)
      run.see('another user took over');
    if (claim && before?.claim && claim.id !== before.claim.id) run.see('a claim was overridden');
    const family = this.#issuer.familyOf(refreshToken);
    if (state === 'signed-in') {
      const owners = [
        ...tokens.map(({ token }) => this.#issuer.userOf(token)),
        ...(family ? [family.user] : []),
      ];
      run.must(tokens.length > 0, 'stored: signed in without a token');
      run.must(new Set([userId, ...owners]).size === 1, 'stored: tokens of two users');
    } else if (state !== 'none')
      run.must(refreshToken === undefined && tokens.length === 0, `stored: ${state} with tokens`);
    if (family === undefined || refreshToken === undefined) return;
    const isOlder = generationOf(refreshToken) < family.stored;
    const isBad = isOlder && family.end === undefined && state !== 'none';
    run.must(!isBad, 'stored: an older refresh token was put back');
    family.stored = Math.max(family.stored, generationOf(refreshToken));
  }

  async #count(client: number): Promise<void> {
    const second = `${client} ${Math.floor(this.#run.now / 1000)}`;
    const rate = (this.#rates.get(second) ?? 0) + 1;
    this.#rates.set(second, rate);
    this.#run.must(rate <= STORM, 'the store is asked without a pause');
    // Never answered, so that it comes to an end.
    if (++this.asked > SPIN) await new Promise(() => {});
  }
}
