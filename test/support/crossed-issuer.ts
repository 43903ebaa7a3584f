import type {
  EndedSession,
  TokenContext,
  TokenResponse,
  TokenResult,
  TokenSource,
} from '../../src/contracts.ts';
import type { CrossedRun } from './crossed-run.ts';
import { createJwt } from './jwt.ts';

/** The tokens of one login: a refresh token that is used twice ends all of them. */
export interface Family {
  readonly id: number;
  readonly user: string;
  generation: number;
  /** Why the issuer has ended it. */
  end: 'administrator' | 'second use' | 'sign-out' | undefined;
  redeemedAt: number;
  /** The client that redeemed last. */
  redeemer: number;
  /** The newest generation that was ever stored. */
  stored: number;
  /** Whether a write of its login failed, and so came later than the login. */
  isLate: boolean;
}

/** Who an access token is of. */
interface Holder {
  readonly user: string;
  readonly count: number;
}

/** Milliseconds that a claim holds at least, less what the two clients' looks at the store may differ by. */
const CLAIM_HOLDS = 58_000;

/** An authorization server with rotation, and many logins at once. */
export class CrossedIssuer {
  readonly families: Family[] = [];
  readonly #run: CrossedRun;
  readonly #holders = new Map<string, Holder>();
  readonly #busy: number[] = [];
  #expired = 0;

  constructor(run: CrossedRun) {
    this.#run = run;
  }

  login(user: string): { family: Family; tokens: TokenResponse } {
    const id = this.families.length;
    const family: Family = {
      id,
      user,
      generation: 0,
      end: undefined,
      redeemedAt: 0,
      redeemer: 0,
      stored: -1,
      isLate: false,
    };
    this.families.push(family);
    return { family, tokens: this.#grant(family) };
  }

  /** The API takes none of the tokens any more that were handed out so far. */
  expire(): void {
    this.#expired = this.#holders.size;
  }

  userOf(accessToken: string): string | undefined {
    return this.#holders.get(accessToken)?.user;
  }

  accepts(accessToken: string): boolean {
    return (this.#holders.get(accessToken)?.count ?? 0) > this.#expired;
  }

  familyOf(refreshToken: string | undefined): Family | undefined {
    return this.families[Number(refreshToken?.split('-')[2])];
  }

  /** Whether `client` waits for an answer, or has got a refresh token that was never stored. */
  isNeeded(client: number): boolean {
    const isUnstored = ({ redeemer, generation, stored }: Family): boolean =>
      redeemer === client && generation > stored;
    return this.#busy.includes(client) || this.families.some(isUnstored);
  }

  /** Whether anybody waits for an answer. */
  get isBusy(): boolean {
    return this.#busy.length > 0;
  }

  /** The token source of `client`. */
  source(client: number): TokenSource {
    const run = this.#run;
    const getToken = (context: TokenContext): Promise<TokenResult> => this.#ask(client, context);
    if (!run.conditions.revokes) return { getToken };
    const end = ({ refreshToken }: EndedSession): void => {
      run.log(`  issuer: client ${client} revokes ${refreshToken}`);
      const family = this.familyOf(refreshToken);
      if (family) family.end ??= 'sign-out';
    };
    return {
      getToken,
      revoke: end,
      signOut: (ended) => run.pass(run.lag(300)).then(() => end(ended)),
    };
  }

  async #ask(client: number, { refreshToken, reason, audience }: TokenContext): Promise<TokenResult> {
    const run = this.#run;
    const { issuerLag, unavailable } = run.conditions;
    run.log(`  issuer: client ${client} asks, ${reason}, ${refreshToken}`);
    const family = this.familyOf(refreshToken);
    this.#busy.push(client);
    try {
      await run.pass(run.lag(issuerLag / 2));
      if (family === undefined || refreshToken === undefined) return null;
      if (run.mishap(unavailable)) return this.#fail();
      const result = this.#redeem(client, family, generationOf(refreshToken), audience);
      await run.pass(run.lag(issuerLag));
      run.log(`  issuer: client ${client} has its answer for ${refreshToken}`);
      return result;
    } finally {
      this.#busy.splice(this.#busy.indexOf(client), 1);
    }
  }

  #fail(): Response {
    const { chance } = this.#run;
    this.#run.see('the issuer failed');
    this.#run.log('  issuer: fails');
    if (chance.happens(0.3)) throw new TypeError('fetch failed');
    if (chance.happens(0.3)) throw Object.assign(new Error('reset'), { code: 'ECONNRESET' });
    return new Response(null, { status: 503, headers: chance.happens(0.3) ? { 'retry-after': '1' } : {} });
  }

  #redeem(client: number, family: Family, generation: number, audience: string | undefined): TokenResult {
    const run = this.#run;
    if (run.conditions.ends && run.mishap(0.3)) family.end ??= 'administrator';
    if (family.end === undefined && generation !== family.generation) this.#usedTwice(family, generation);
    if (family.end !== undefined) {
      run.see(`refused for good: ${family.end}`);
      return Response.json({ error: 'invalid_grant' }, { status: 400 });
    }
    family.generation++;
    family.redeemedAt = run.now;
    family.redeemer = client;
    run.see('redeemed');
    return this.#grant(family, audience);
  }

  #usedTwice(family: Family, generation: number): void {
    const run = this.#run;
    const ago = run.now - family.redeemedAt;
    run.log(`  issuer: ${generation} of ${family.id} was redeemed ${ago} ms ago`);
    family.end = 'second use';
    // Who has not stored what it got for so long is overridden.
    if (ago >= CLAIM_HOLDS) run.see('excused: a second use after the claim was over');
    else run.must(false, 'a refresh token was used twice');
  }

  #grant({ user, id, generation }: Family, audience?: string): TokenResponse {
    const count = this.#holders.size + 1;
    const token = createJwt({ sub: user, n: count, ...(audience !== undefined && { aud: audience }) });
    this.#holders.set(token, { user, count });
    return {
      access_token: token,
      refresh_token: `refresh-token-${id}-${generation}`,
      expires_in: this.#run.conditions.lifetime,
    };
  }
}

export function generationOf(refreshToken: string): number {
  return Number(refreshToken.split('-')[3]);
}
