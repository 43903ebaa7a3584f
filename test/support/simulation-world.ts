import { accessToken, Client } from '../../src/index.ts';
import { sharedStore } from '../../src/stores.ts';
import { type Chance, createChance } from './simulation-chance.ts';
import { type IssuerFaults, type Loss, SimulatedIssuer } from './simulation-issuer.ts';
import { SimulatedProcess } from './simulation-process.ts';
import { type Hazard, SimulatedStore, type StoreFaults } from './simulation-store.ts';
import { Timeline } from './simulation-time.ts';
import { outcomeOf } from './token-valet.ts';

export interface Faults extends StoreFaults, IssuerFaults {
  readonly processes: number;
  /** How often a process dies before it hears of an answer. */
  readonly crash: number;
  /** How often it stands still before it hears of an answer, and for how long at most. */
  readonly freeze: number;
  readonly longestFreeze: number;
  /** Milliseconds between two times that a process dies, or stands still, whatever it is at; 0: never. */
  readonly crashEvery: number;
  readonly freezeEvery: number;
  /** Milliseconds between two times that the whole machine sleeps, with all processes. */
  readonly sleepEvery: number;
  /** How often it stands still between asking the provider and the request on the wire. */
  readonly gap: number;
  /** How far apart wall clocks are. */
  readonly skew: number;
  /** Milliseconds between two requests of one process. */
  readonly pace: readonly [number, number];
}

export const NO_FAULTS: Faults = {
  processes: 4,
  life: 60_000,
  leeway: 0,
  latency: 15,
  ambiguous: 0,
  stuck: 0,
  outageEvery: 0,
  longestOutage: 15_000,
  tells: true,
  proves: true,
  unavailable: 0,
  slow: 0,
  slowest: 20_000,
  lostRequest: 0,
  lostAnswer: 0,
  crash: 0,
  freeze: 0,
  longestFreeze: 20_000,
  crashEvery: 0,
  freezeEvery: 0,
  sleepEvery: 0,
  detects: true,
  gap: 0,
  skew: 600_000,
  pace: [300, 3500],
};

/** What came of one run. */
export interface Figures {
  readonly ms: number;
  readonly rotations: number;
  readonly calls: number;
  readonly spared: number;
  readonly loss: Loss | undefined;
  readonly story: string;
  /** How often a client said that the session was over while it was not. */
  readonly falseEnds: number;
  /** How often a token was sent that had really ended. */
  readonly stale: number;
  readonly worstStale: number;
  readonly requests: number;
  /** How often requests failed with which code. */
  readonly failed: ReadonlyMap<string, number>;
  /** The longest that a request took, apart from the time that its process stood still. */
  readonly slowest: number;
  /** Requests of living processes that never settled. */
  readonly unsettled: number;
  readonly crashes: number;
}

/** Milliseconds that a token may be sent after its end: what a store's answer takes to come. */
const TOLERANCE = 500;
/** Milliseconds without faults at the end, in which everything has to settle. */
const CALM = 120_000;

interface Pending {
  readonly process: SimulatedProcess;
  readonly at: number;
  readonly frozen: number;
}

/** Some processes, one store, one authorization server, and all that may go wrong between them. */
export class SimulatedWorld {
  readonly #faults: Faults;
  readonly #chance: Chance;
  readonly #timeline = new Timeline();
  readonly #store: SimulatedStore;
  readonly #issuer: SimulatedIssuer;
  readonly #alive = new Map<number, SimulatedProcess>();
  readonly #pending = new Set<Pending>();
  readonly #failed = new Map<string, number>();
  #asleepUntil = 0;
  #lives = 0;
  #requests = 0;
  #falseEnds = 0;
  #stale = 0;
  #worstStale = 0;
  #slowest = 0;
  #crashes = 0;
  #isOver = false;

  constructor(seed: number, faults: Faults) {
    const chance = createChance(seed);
    const timeline = this.#timeline;
    const hazard: Hazard = (process) => this.#hazard(process);
    this.#faults = faults;
    this.#chance = chance;
    const skew = chance.uniform(-faults.skew, faults.skew);
    const dead = (owner: string): boolean => {
      return !Array.from(this.#alive.values()).some((process) => process.owner === owner && !process.isDead);
    };
    this.#store = new SimulatedStore({ timeline, chance, faults, hazard, skew, dead });
    const stored = (): string | undefined => this.#store.document?.refreshToken;
    this.#issuer = new SimulatedIssuer({ timeline, chance, faults, hazard, stored });
  }

  async run(ms: number): Promise<Figures> {
    const timeline = this.#timeline;
    const login = this.#spawn(0).session.signIn(this.#issuer.login());
    await timeline.run(1000, () => false);
    await login;
    for (let pid = 1; pid < this.#faults.processes; pid++) this.#spawn(pid);
    this.#plan(this.#faults.crashEvery, (process) => this.#crash(process));
    this.#plan(this.#faults.freezeEvery, (process) => this.#freeze(process));
    this.#plan(this.#faults.sleepEvery * this.#faults.processes, () => this.#sleep());
    this.#issuer.calm = false;
    this.#store.calm = false;
    await timeline.run(ms, () => !this.#issuer.isAlive || this.#falseEnds > 0);
    const end = timeline.now;
    this.#isOver = true;
    this.#issuer.calm = true;
    this.#store.calm = true;
    await timeline.run(Math.max(end, this.#asleepUntil) + CALM, () => false);
    return this.#figures(end);
  }

  #figures(ms: number): Figures {
    const { rotations, calls, spared, loss, story } = this.#issuer;
    return {
      ms,
      rotations,
      calls,
      spared,
      loss,
      story,
      falseEnds: this.#falseEnds,
      stale: this.#stale,
      worstStale: this.#worstStale,
      requests: this.#requests,
      failed: this.#failed,
      slowest: this.#slowest,
      unsettled: Array.from(this.#pending).filter(({ process }) => !process.isDead).length,
      crashes: this.#crashes,
    };
  }

  #spawn(pid: number): Client {
    const { skew } = this.#faults;
    const process = new SimulatedProcess(
      this.#timeline,
      `${pid}/${++this.#lives}`,
      this.#chance.uniform(-skew, skew),
    );
    this.#alive.set(pid, process);
    process.freeze(this.#asleepUntil - this.#timeline.now);
    const provider = this.#issuer.provider(process);
    const strategy = accessToken(
      (context) => {
        // Stands still with the request still unsent.
        if (!this.#isOver && this.#chance.happens(this.#faults.gap)) this.#freeze(process);
        return provider(context);
      },
      { store: sharedStore(this.#store.for(process)) },
    );
    const client = new Client(strategy, {
      baseUrl: 'https://api.test',
      logger: { debug() {}, warn() {} },
      runtime: {
        clock: process.clock,
        random: this.#chance.random,
        fetch: (_input, init) => this.#api(process, init),
      },
    });
    client.session.subscribe(() => {
      const { status } = client.session.snapshot;
      if (status !== 'signed-in' && this.#issuer.isAlive && !process.isDead) this.#falseEnds++;
    });
    this.#use(process, client);
    return client;
  }

  /** One request after the other, whether or not the last one has been answered. */
  #use(process: SimulatedProcess, client: Client): void {
    this.#timeline.after(this.#chance.uniform(...this.#faults.pace), () =>
      process.deliver(() => {
        if (this.#isOver) return;
        this.#use(process, client);
        const pending = { process, at: this.#timeline.now, frozen: process.frozen };
        this.#pending.add(pending);
        this.#requests++;
        void outcomeOf(client.fetch('/')).then((outcome) => this.#settled(pending, outcome));
      }),
    );
  }

  #settled(pending: Pending, outcome: number | string): void {
    this.#pending.delete(pending);
    const took = this.#timeline.now - pending.at - (pending.process.frozen - pending.frozen);
    this.#slowest = Math.max(this.#slowest, took);
    if (outcome === 200) return;
    const code = String(outcome);
    this.#failed.set(code, (this.#failed.get(code) ?? 0) + 1);
  }

  #api(process: SimulatedProcess, init: RequestInit | undefined): Promise<Response> {
    const token = new Headers(init?.headers).get('authorization')?.replace('Bearer ', '') ?? '';
    const overdue = this.#issuer.overdue(token);
    if (overdue > TOLERANCE && !process.isDead) this.#stale++;
    this.#worstStale = Math.max(this.#worstStale, overdue);
    return Promise.resolve(new Response(null, { status: 200 }));
  }

  #hazard(process: SimulatedProcess): void {
    const { crash, freeze } = this.#faults;
    if (process.isDead || this.#isOver) return;
    if (this.#chance.happens(crash)) this.#crash(process);
    else if (this.#chance.happens(freeze)) this.#freeze(process);
  }

  /** Something that befalls some process now and then. */
  #plan(every: number, befall: (process: SimulatedProcess) => void): void {
    if (every === 0) return;
    const wait = -Math.log(1 - this.#chance.random()) * every;
    this.#timeline.after(wait / this.#faults.processes, () => {
      const alive = Array.from(this.#alive.values()).filter(({ isDead }) => !isDead);
      const process = alive[Math.floor(this.#chance.random() * alive.length)];
      if (this.#isOver) return;
      if (process) befall(process);
      this.#plan(every, befall);
    });
  }

  #freeze(process: SimulatedProcess): void {
    const sleeps = this.#chance.happens(0.3);
    const timersFirst = this.#chance.happens(0.5);
    process.freeze(this.#chance.spread(50, this.#faults.longestFreeze), { sleeps, timersFirst });
  }

  /** All processes wake up at once. */
  #sleep(): void {
    const ms = this.#chance.spread(30_000, 600_000);
    // Some platforms' monotonic clock goes on meanwhile.
    const sleeps = this.#chance.happens(0.7);
    const timersFirst = this.#chance.happens(0.5);
    const lag = this.#chance.uniform(0, 1500);
    this.#asleepUntil = this.#timeline.now + ms;
    for (const process of this.#alive.values()) process.freeze(ms, { sleeps, timersFirst, lag });
  }

  /** Its client never runs again, and another one takes its place. */
  #crash(process: SimulatedProcess): void {
    this.#crashes++;
    process.die();
    const pid = Number(process.owner.split('/')[0]);
    this.#timeline.after(this.#chance.uniform(50, 2000), () => {
      this.#timeline.isTouched = true;
      this.#spawn(pid);
    });
  }
}
