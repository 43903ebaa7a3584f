import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { accessToken, Client } from '../../src/index.ts';
import type { Issuer } from './issuer.mjs';
import { openStore, type Place } from './place.ts';
import { refreshAt } from './refresh.ts';

/** What happened to the session so far. */
export interface Tally {
  readonly requests: number;
  readonly temporary: number;
  readonly kills: number;
  /** Refresh tokens that were exchanged for new ones. */
  readonly refreshes: number;
  /** Seconds since the first login. */
  readonly seconds: number;
  /** Sessions whose only good refresh token died with the program that had just been handed it. */
  readonly orphans: number;
  /** Sessions that were lost in any other way. */
  readonly losses: number;
  /** What programs were told beyond answers of the API and temporary errors. */
  readonly others: readonly string[];
}

export type Places = readonly [Place, ...Place[]];

const PROGRAM = fileURLToPath(new URL('program.ts', import.meta.url));

/** Programs that share one session, and whoever starts and kills them. */
export class Fleet {
  readonly issuer: Issuer;
  /** The programs take turns: two clients of one Redis share a session as well. */
  readonly #places: Places;
  readonly #programs = new Set<ChildProcess>();
  readonly #killed = new Set<number>();
  readonly #told = new Map<string, number>();
  readonly #answered = new Map<number, number>();
  readonly #last = new Map<number, string>();
  #spawned = 0;
  #start = 0;
  #judged = 0;
  #orphans = 0;
  #losses = 0;

  constructor(issuer: Issuer, places: Places) {
    this.issuer = issuer;
    this.#places = places;
  }

  async launch(size: number): Promise<void> {
    await this.signIn();
    this.#start = performance.now();
    for (let i = 0; i < size; i++) this.#spawn();
    await this.until('every program was answered', () => this.#answered.size >= size);
  }

  /** A user signs in with one more program, which ends then. */
  async signIn(): Promise<void> {
    const { origin } = this.issuer;
    const { store, close } = await openStore(this.#places[0]);
    const client = new Client(accessToken(refreshAt(origin), { store }), { baseUrl: origin });
    await client.session.signIn(await this.issuer.login());
    client.close();
    close();
  }

  /** Kills the program with this id, or any, and starts another one. */
  kill(pid?: number): void {
    const programs = Array.from(this.#programs);
    const victim = programs.find((each) => each.pid === pid) ?? programs[this.#killed.size % programs.length];
    if (victim?.pid === undefined) return;
    this.#killed.add(victim.pid);
    this.#programs.delete(victim);
    victim.kill('SIGKILL');
    this.#spawn();
  }

  /** Signs out in one program. Resolves with the time when it is done. */
  async signOut(): Promise<number> {
    const [program] = this.#programs;
    program?.send('sign out');
    await this.until('it has signed out', () => this.told('signed out') > 0);
    return Date.now();
  }

  told(what: string): number {
    return this.#told.get(what) ?? 0;
  }

  /** Waits for a fact that is counted. */
  async until(what: string, isSo: () => boolean, most = 45_000): Promise<void> {
    const end = performance.now() + most;
    while (!isSo()) {
      if (performance.now() > end)
        throw new Error(`not after ${most} ms: ${what}. ${JSON.stringify(this.tally())}`);
      this.#judge();
      await pause(20);
    }
    this.#judge();
  }

  /** Waits until every program that runs now has been answered again. */
  async untilAllAnswer(): Promise<void> {
    const before = new Map(this.#answered);
    const isAnswered = ({ pid = 0 }: ChildProcess): boolean =>
      (this.#answered.get(pid) ?? 0) > (before.get(pid) ?? 0) + 1;
    await this.until('all answer', () => Array.from(this.#programs).every(isAnswered));
  }

  /** Waits until the last word of every program is `what`. */
  untilAllTell(what: string): Promise<void> {
    const tells = ({ pid = 0 }: ChildProcess): boolean => this.#last.get(pid) === what;
    return this.until(`all tell ${what}`, () => Array.from(this.#programs).every(tells));
  }

  tally(): Tally {
    const expected = ['200', '401', 'temporary', 'signed out'];
    return {
      requests: this.issuer.sent.length,
      temporary: this.told('temporary'),
      kills: this.#killed.size,
      refreshes: this.issuer.redeemed.length,
      seconds: (performance.now() - this.#start) / 1000,
      orphans: this.#orphans,
      losses: this.#losses,
      others: Array.from(this.#told.keys()).filter((what) => !expected.includes(what)),
    };
  }

  async close(): Promise<void> {
    for (const program of this.#programs) {
      if (program.exitCode !== null || program.signalCode !== null) continue;
      const ended = once(program, 'exit');
      program.kill('SIGKILL');
      await ended;
    }
    this.#programs.clear();
  }

  /** A refused refresh token was redeemed before: by whoever died with the next one, or by a mistake. */
  #judge(): void {
    for (; this.#judged < this.issuer.refused.length; this.#judged++) {
      const { token } = this.issuer.refused[this.#judged] ?? {};
      const first = this.issuer.redeemed.find((each) => each.token === token);
      if (first !== undefined && this.#killed.has(first.pid)) {
        this.#orphans++;
        void this.signIn();
      } else this.#losses++;
    }
  }

  #spawn(): void {
    const place = this.#places[this.#spawned++ % this.#places.length];
    const program = fork(PROGRAM, [this.issuer.origin, JSON.stringify(place)], {
      execArgv: ['--disable-warning=ExperimentalWarning'],
      env: { ...process.env, NODE_ENV: 'production' },
    });
    this.#programs.add(program);
    const { pid = 0 } = program;
    program.on('message', (what) => {
      const text = typeof what === 'string' ? what : '';
      this.#told.set(text, this.told(text) + 1);
      this.#last.set(pid, text);
      if (text === '200') this.#answered.set(pid, (this.#answered.get(pid) ?? 0) + 1);
    });
  }
}
