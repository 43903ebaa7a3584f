import type { SessionSnapshot, TokenResponse } from '../../src/contracts.ts';
import { accessToken, Client } from '../../src/index.ts';
import { sharedStore } from '../../src/stores.ts';
import { pick } from './crossed-run.ts';
import { type Crossing, changed, codeOf, crossed, EXPECTED, userOf } from './crossed-verdicts.ts';
import { quiet } from './quiet.ts';
import { createChance } from './simulation-chance.ts';

/**
 * Milliseconds that each may take, without the API's own time (rules T9 and T14). A request waits for a token twice
 * where the first one is refused.
 */
const PATIENCE = { request: 27_500, 'sign-in': 5050, 'sign-out': 12_500, refresh: Number.POSITIVE_INFINITY };

interface Pending {
  readonly what: keyof typeof PATIENCE;
  readonly at: number;
}

/** One of the clients of a session, and what must be true of all that it does. */
export class CrossedClient {
  readonly id: number;
  isClosed = false;
  readonly #crossing: Crossing;
  readonly #client: Client;
  readonly #pending = new Set<Pending>();
  #before: SessionSnapshot;
  /** Who was signed in before the last change, and when that was. */
  #last: { readonly user: string | undefined; readonly at: number } | undefined;

  constructor(crossing: Crossing, id: number, initial?: TokenResponse) {
    const { run, issuer, store } = crossing;
    this.#crossing = crossing;
    this.id = id;
    const { random } = createChance(run.seed * 131 + id);
    const strategy = accessToken(issuer.source(id), { store: sharedStore(store.for(id)), initial });
    this.#client = new Client(strategy, {
      baseUrl: 'https://api.test',
      logger: quiet,
      runtime: { clock: run.clock, random, fetch: (_input, init) => this.#api(init) },
    });
    this.#before = this.#client.session.snapshot;
    for (const name of ['signedin', 'signedout', 'sessionend'] as const)
      this.#client.on(name, () => this.#changed());
    run.log(`client ${id} opens with ${initial?.refresh_token ?? initial?.refreshToken}`);
  }

  /** Whether it is in the middle of something that closing would cut off. */
  get isBusy(): boolean {
    const { issuer, history } = this.#crossing;
    const isMore = Array.from(this.#pending).some(({ what }) => what !== 'request');
    return isMore || issuer.isNeeded(this.id) || history.isBusy(this.id);
  }

  /** What it is still waiting for. */
  get unsettled(): readonly string[] {
    return Array.from(this.#pending, ({ what }) => what);
  }

  /** Resolves with the status of the answer and its user, or with a code. */
  async request(): Promise<string> {
    const { run } = this.#crossing;
    const isOther = run.conditions.audiences && run.chance.happens(0.4);
    const answer = this.#client.fetch('/', isOther ? { auth: { audience: 'other' } } : {});
    const outcome = await this.#watch('request', answer, async (response) => {
      // Now, for by the time that the body is read somebody may have signed out.
      const { snapshot } = this.#client.session;
      const user = this.#crossing.issuer.userOf(await response.text());
      const isTheirs = userOf(snapshot) === user || this.#hasJustLeft(user);
      run.must(this.isClosed || isTheirs, 'a request: answered for another user than the one signed in');
      return `${response.status} ${user}`;
    });
    const code = outcome.split(' ', 1)[0] ?? '';
    run.see(`request: ${code}`);
    run.must(EXPECTED.has(code), `a request: ${code}`);
    return outcome;
  }

  async refresh(): Promise<void> {
    const { run } = this.#crossing;
    const code = await this.#watch('refresh', this.#client.session.refresh(), () => '200');
    run.see(`refresh: ${code}`);
    run.must(EXPECTED.has(code), `a refresh: ${code}`);
  }

  async signIn(): Promise<void> {
    const { run, issuer, history } = this.#crossing;
    crossed(this.#crossing, this.id, 'sign-in');
    const { family, tokens } = issuer.login(pick(run.chance, run.conditions.users));
    const deed = history.begins('sign-in', this.id, family);
    run.log(`client ${this.id} signs ${family.user} in with number ${family.id}`);
    const code = await this.#watch('sign-in', this.#client.session.signIn(tokens), () => {
      history.fulfilled(deed);
      const isJudged = history.isAlone(deed) && !this.isClosed && family.end === undefined;
      const user = userOf(this.#client.session.snapshot);
      run.must(!isJudged || user === family.user, 'a sign-in: over, and the snapshot knows nothing of it');
      return 'done';
    });
    this.#over('sign-in', code);
    if (code !== 'done') deed.failure = code;
  }

  async signOut(): Promise<void> {
    const { run, store, history } = this.#crossing;
    crossed(this.#crossing, this.id, 'sign-out');
    const deed = history.begins('sign-out', this.id, undefined, this.#isAware());
    run.log(`client ${this.id} signs out`);
    const code = await this.#watch('sign-out', this.#client.signOut(), () => {
      history.fulfilled(deed);
      const { document } = store;
      const isEmpty = document?.refreshToken === undefined && (document?.tokens.length ?? 0) === 0;
      const isOut = this.#client.session.snapshot.status === 'signed-out';
      const isJudged = history.isAlone(deed) && deed.isAware && !this.isClosed;
      run.must(!isJudged || isOut, 'a sign-out: over, and the snapshot knows nothing of it');
      run.must(!isJudged || isEmpty, 'a sign-out: over, and tokens are stored');
      return 'done';
    });
    this.#over('sign-out', code);
    if (code !== 'done') deed.failure = code;
  }

  /** Looks who is signed in. */
  look(): void {
    void this.#client.session.ready;
  }

  close(): void {
    this.#crossing.run.log(`client ${this.id} closes`);
    this.isClosed = true;
    this.#client.close();
  }

  /** Whether it has seen the session that is stored, so that a sign-out means that one. */
  #isAware(): boolean {
    const { store, history } = this.#crossing;
    const { document } = store;
    if (document === undefined) return true;
    const isSame = userOf(this.#client.session.snapshot) === document.userId;
    return document.epoch === store.known.get(this.id) && isSame && !history.isBusy(this.id);
  }

  async #api(init: RequestInit | undefined): Promise<Response> {
    const { run, issuer } = this.#crossing;
    const token = new Headers(init?.headers).get('authorization')?.replace('Bearer ', '') ?? '';
    const isTheirs = userOf(this.#client.session.snapshot) === issuer.userOf(token);
    run.must(this.isClosed || isTheirs, 'a request: sent for another user than the one signed in');
    await run.pass(run.lag(run.conditions.apiLag));
    return new Response(token, { status: issuer.accepts(token) ? 200 : 401 });
  }

  /** Settles with what `succeeded` makes of it, or with the code of what was thrown. */
  async #watch<T>(
    what: Pending['what'],
    promise: Promise<T>,
    succeeded: (value: T) => string | Promise<string>,
  ): Promise<string> {
    const { run } = this.#crossing;
    const pending = { what, at: run.now };
    this.#pending.add(pending);
    const outcome = await promise.then(succeeded, codeOf);
    this.#pending.delete(pending);
    const most = PATIENCE[what] + (what === 'request' ? 2 * run.conditions.apiLag : 0);
    run.must(run.now - pending.at <= most, `a ${what}: took too long`);
    run.log(`client ${this.id}, ${what}: ${outcome}`);
    return outcome;
  }

  #over(what: 'sign-in' | 'sign-out', code: string): void {
    this.#crossing.run.see(`${what}: ${code}`);
    this.#crossing.run.must(['done', 'STORE_UNAVAILABLE'].includes(code), `a ${what}: ${code}`);
  }

  /** An answer that was handed over before a change may be seen after it, in the same moment. */
  #hasJustLeft(user: string | undefined): boolean {
    const { run } = this.#crossing;
    const hasLeft = this.#last?.at === run.now && this.#last.user === user;
    if (hasLeft) run.see('excused: an answer in the moment of a change');
    return hasLeft;
  }

  #changed(): void {
    const { snapshot } = this.#client.session;
    if (!this.isClosed) changed(this.#crossing, this.id, this.#before, snapshot);
    this.#last = { user: userOf(this.#before), at: this.#crossing.run.now };
    this.#before = snapshot;
  }
}
