import type { TokenContext, TokenResponse, TokenResult } from '../../src/contracts.ts';
import { createJwt } from './jwt.ts';
import type { Chance } from './simulation-chance.ts';
import type { SimulatedProcess } from './simulation-process.ts';
import type { Hazard } from './simulation-store.ts';
import type { Timeline } from './simulation-time.ts';

export interface IssuerFaults {
  /** Milliseconds that an access token lives. */
  readonly life: number;
  /** Milliseconds in which a refresh token may be redeemed again, for the same successor. */
  readonly leeway: number;
  /** Whether a second use ends the family; else it is only refused. */
  readonly detects: boolean;
  readonly unavailable: number;
  /** How often a call takes 2 s to `slowest`, on the way there or back. */
  readonly slow: number;
  readonly slowest: number;
  readonly lostRequest: number;
  readonly lostAnswer: number;
}

/** Who was sent the successor of a refresh token, and whether the answer was lost on the way. */
interface Fate {
  readonly process: SimulatedProcess;
  readonly isLost: boolean;
  readonly at: number;
}

export type Loss = 'avoidable' | 'orphan';

const PREFIX = 'refresh-token-of-ada-';

function generationOf(refreshToken: string | undefined): number {
  return refreshToken === undefined ? -1 : Number(refreshToken.slice(PREFIX.length));
}

/** An authorization server with rotation: a refresh token that is used twice ends the family. */
export class SimulatedIssuer {
  rotations = 0;
  calls = 0;
  /** How often leeway has made a second redemption harmless. */
  spared = 0;
  /** Why the family has ended. `orphan`: nobody alive could have known the successor, or its answer was lost. */
  loss: Loss | undefined;
  /** What is known of the end. */
  story = '';
  calm = true;
  readonly #parts: IssuerParts;
  #generation = 0;
  readonly #fates = new Map<number, Fate>();
  readonly #ends = new Map<string, number>();

  constructor(parts: IssuerParts) {
    this.#parts = parts;
  }

  get isAlive(): boolean {
    return this.loss === undefined;
  }

  login(): TokenResponse {
    const answer = this.#grant();
    this.#received(answer);
    return answer;
  }

  /** Milliseconds that an access token has been over, counted from the receipt of its first holder. */
  overdue(accessToken: string): number {
    return this.#parts.timeline.now - (this.#ends.get(accessToken) ?? Number.POSITIVE_INFINITY);
  }

  /** The provider of one process. */
  provider(process: SimulatedProcess): (context: TokenContext) => Promise<TokenResult> {
    return ({ refreshToken }) => {
      if (refreshToken === undefined) return Promise.resolve(null);
      return this.#call(process, generationOf(refreshToken));
    };
  }

  #call(process: SimulatedProcess, generation: number): Promise<TokenResult> {
    const { timeline, chance, faults, hazard } = this.#parts;
    const may = (probability: number): boolean => !this.calm && chance.happens(probability);
    const late = may(faults.slow) ? chance.uniform(2000, faults.slowest) : 0;
    const isLateThere = chance.happens(0.5);
    const there = chance.uniform(5, 80) + (isLateThere ? late : 0);
    const back = chance.uniform(5, 80) + (isLateThere ? 0 : late);
    const isRequestLost = may(faults.lostRequest);
    const isLost = may(faults.lostAnswer);
    this.calls++;
    return new Promise((resolve, reject) => {
      const answer = (ms: number, tell: () => void): void =>
        timeline.after(ms, () => {
          if (!this.calm) hazard(process, 'issuer');
          process.deliver(tell);
        });
      const reset = (): void =>
        answer(50, () => reject(Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' })));
      if (isRequestLost) return reset();
      timeline.after(there, () => {
        const result = this.#redeem(process, generation, isLost);
        if (isLost) return reset();
        answer(back, () => {
          this.#received(result);
          resolve(result);
        });
      });
    });
  }

  #redeem(process: SimulatedProcess, generation: number, isLost: boolean): TokenResult {
    const { timeline, chance, faults } = this.#parts;
    const refused = { error: 'invalid_grant', access_token: null };
    if (!this.isAlive) return refused;
    if (generation === this.#generation) {
      if (!this.calm && chance.happens(faults.unavailable)) return new Response(null, { status: 503 });
      this.#fates.set(generation, { process, isLost, at: timeline.now });
      this.#generation++;
      this.rotations++;
      return this.#grant();
    }
    const fate = this.#fates.get(generation);
    if (generation === this.#generation - 1 && fate && timeline.now - fate.at <= faults.leeway) {
      this.spared++;
      this.#fates.set(generation, { ...fate, process, isLost });
      return this.#grant();
    }
    this.#end(process, generation, fate);
    return refused;
  }

  #end(process: SimulatedProcess, generation: number, fate: Fate | undefined): void {
    const isLost = fate === undefined || fate.isLost || fate.process.isDead;
    const isCommitted = generationOf(this.#parts.stored()) > generation;
    if (isCommitted && !this.#parts.faults.detects) return;
    // What the dead have sent arrives all the same: handled earlier, it would have left a successor to nobody.
    const isOrphan = (isLost && !isCommitted) || process.isDead;
    this.loss = isOrphan ? 'orphan' : 'avoidable';
    const ago = fate
      ? `${Math.round(this.#parts.timeline.now - fate.at)} ms ago for ${fate.process.owner}`
      : '?';
    const frozen = fate?.process.isFrozen === true ? ', which stands still' : '';
    this.story =
      `${process.owner} redeems number ${generation} at ${Math.round(this.#parts.timeline.now)} ms, which was ` +
      `redeemed ${ago}${frozen}; stored is ${generationOf(this.#parts.stored())}`;
  }

  #grant(): TokenResponse {
    const { life } = this.#parts.faults;
    return {
      access_token: createJwt({ sub: 'ada', n: this.#generation }),
      refresh_token: `${PREFIX}${String(this.#generation).padStart(6, '0')}`,
      expires_in: life / 1000,
    };
  }

  #received(result: TokenResult): void {
    if (typeof result !== 'object' || result === null || !('access_token' in result)) return;
    const { access_token: token } = result;
    if (typeof token === 'string') this.#ends.set(token, this.#parts.timeline.now + this.#parts.faults.life);
  }
}

export interface IssuerParts {
  readonly timeline: Timeline;
  readonly chance: Chance;
  readonly faults: IssuerFaults;
  readonly hazard: Hazard;
  /** The refresh token that is stored now. */
  readonly stored: () => string | undefined;
}
