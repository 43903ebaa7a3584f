import type { TokenResponse } from '../../src/contracts.ts';
import { settle } from './clock.ts';
import { CrossedClient } from './crossed-client.ts';
import { CrossedHistory } from './crossed-history.ts';
import { CrossedIssuer } from './crossed-issuer.ts';
import { CrossedRun, pick } from './crossed-run.ts';
import { CrossedStore } from './crossed-store.ts';
import type { Crossing } from './crossed-verdicts.ts';

const STEPS = { least: 10, most: 40 };
/** Milliseconds between two steps: most are shorter than what a step takes, so that they cross. */
const PAUSES = [0, 1, 7, 30, 30, 120, 120, 400, 400, 700, 700, 2500, 6000, 20_000, 70_000] as const;
/** What every access token has ended in. */
const HOURS = 8_000_000;
/** What a request comes to in the end, whoever is signed in. */
const SETTLED = /^(200|SIGNED_OUT|SESSION_ENDED)/;

type Verb = 'request' | 'sign-in' | 'sign-out' | 'refresh' | 'close' | 'expire' | 'look';

/** Two or three clients that share a session, and all that crosses between them. */
export class CrossedWorld implements Crossing {
  readonly run: CrossedRun;
  readonly issuer: CrossedIssuer;
  readonly store: CrossedStore;
  readonly history: CrossedHistory;
  #clients: CrossedClient[] = [];
  #opened = 0;

  constructor(seed: number, seen: Map<string, number>) {
    this.run = new CrossedRun(seed, seen);
    this.issuer = new CrossedIssuer(this.run);
    this.store = new CrossedStore(this.run, this.issuer);
    this.history = new CrossedHistory(this.run, this.issuer);
  }

  /** Plays it all, and judges it. What was broken is found in `run`. */
  async play(): Promise<void> {
    const { run } = this;
    const { chance, conditions } = run;
    const initial = conditions.beginsTogether ? this.#initial() : undefined;
    for (let i = 0; i < conditions.clients; i++) this.#open(initial);
    if (chance.happens(0.5)) void this.#clients[0]?.signIn();
    const steps = Math.floor(chance.uniform(STEPS.least, STEPS.most + 1));
    for (let i = 0; i < steps; i++) {
      this.#step();
      if (chance.happens(0.75)) await run.clock.advance(pick(chance, PAUSES));
    }
    run.log('--- nothing goes wrong any more');
    run.isCalm = true;
    for (let i = 0; i < 4; i++) await run.clock.advance(35_000);
    const unsettled = this.#clients.flatMap((client) => client.unsettled);
    run.must(unsettled.length === 0, `never settled: ${unsettled.join(', ')}`);
    await this.#judge();
    await this.#end();
  }

  #step(): void {
    const { chance, conditions } = this.run;
    const { signsOut, closes } = conditions;
    const verb = pick<Verb>(chance, [
      ...(['request', 'request', 'request', 'sign-in', 'sign-in', 'refresh', 'expire', 'look'] as const),
      ...(signsOut ? (['sign-out', 'sign-out'] as const) : []),
      ...(closes ? (['close'] as const) : []),
    ]);
    const [first, ...others] = this.#clients;
    if (first === undefined) return;
    const client = pick(chance, [first, ...others]);
    if (verb === 'request') void client.request();
    else if (verb === 'sign-in') void client.signIn();
    else if (verb === 'sign-out') void client.signOut();
    else if (verb === 'refresh') void client.refresh();
    else if (verb === 'look') client.look();
    else if (verb === 'expire') this.#expire();
    else this.#replace(client);
  }

  #expire(): void {
    this.run.log('the API takes no token of before');
    this.issuer.expire();
  }

  /** Another client in its place: a page is loaded anew. */
  #replace(client: CrossedClient): void {
    const { chance, conditions } = this.run;
    // Who is closed with the only good refresh token takes it along, and nobody can help it.
    if (client.isBusy) return;
    this.#close(client);
    this.run.see('closed');
    const next = this.#open(conditions.beginsLater && chance.happens(0.4) ? this.#initial() : undefined);
    if (chance.happens(0.5)) void next.request();
  }

  #open(initial?: TokenResponse): CrossedClient {
    const client = new CrossedClient(this, ++this.#opened, initial);
    this.#clients.push(client);
    return client;
  }

  #close(client: CrossedClient): void {
    this.#clients = this.#clients.filter((other) => other !== client);
    client.close();
  }

  /** Tokens that a client begins with, all of the same user: nothing tells whose are newer. */
  #initial(): TokenResponse {
    const { chance, conditions } = this.run;
    const { family, tokens } = this.issuer.login(conditions.users[0]);
    this.history.begins('beginning', this.#opened + 1, family);
    this.run.see('began with tokens');
    return chance.happens(0.5) ? tokens : { refreshToken: tokens.refresh_token };
  }

  /** What all of them come to in the end: the same, which is what is stored. */
  async #judge(): Promise<void> {
    const { run } = this;
    await this.#outcomes();
    await run.clock.advance(600);
    for (const when of ['in the end', 'hours later']) {
      if (when === 'hours later') {
        this.#expire();
        await run.clock.advance(HOURS);
      }
      const outcomes = await this.#outcomes();
      const { document } = this.store;
      run.log(`${when}: ${document?.state} ${document?.userId}, requests: ${outcomes.join(', ')}`);
      const isIn = document?.state === 'signed-in';
      for (const outcome of outcomes) {
        const fits = isIn ? outcome === `200 ${document.userId}` : isOver(outcome);
        run.must(
          fits,
          `${when}: stored ${document?.state}, and a request gives ${outcome.replace(/ .*/, '')}`,
        );
      }
      if (!isIn) await this.#judgeNewcomer(when);
    }
    this.history.judge(this.store.document);
  }

  async #judgeNewcomer(when: string): Promise<void> {
    const newcomer = this.#open();
    const outcome = await this.#settled(newcomer.request(), 15_000);
    this.run.must(outcome === 'SIGNED_OUT', `${when}: nobody is signed in, and a new client gets ${outcome}`);
    this.#close(newcomer);
  }

  async #outcomes(): Promise<readonly string[]> {
    const outcomes: string[] = [];
    for (const client of this.#clients) {
      let outcome = '';
      // After a failure it waits for a while before it asks again.
      for (let tries = 0; tries < 6 && !SETTLED.test(outcome); tries++)
        outcome = await this.#settled(client.request(), tries === 0 ? 600 : 20_000);
      outcomes.push(outcome);
    }
    return outcomes;
  }

  async #settled(request: Promise<string>, ms: number): Promise<string> {
    let outcome: string | undefined;
    void request.then((is) => {
      outcome = is;
    });
    await this.run.clock.advance(ms);
    if (outcome === undefined) await this.run.clock.advance(18_000);
    await settle();
    return outcome ?? 'nothing';
  }

  /** Nothing goes on behind closed clients. */
  async #end(): Promise<void> {
    const { run, store } = this;
    for (const client of this.#clients) client.close();
    await run.clock.advance(1000);
    const before = store.asked;
    await run.clock.advance(600_000);
    run.must(store.asked - before <= 3, 'closed: the store is still asked');
    run.must(run.clock.timers === 0, 'closed: timers are still armed');
  }
}

function isOver(outcome: string): boolean {
  return outcome === 'SIGNED_OUT' || outcome === 'SESSION_ENDED';
}
