import { setTimeout as sleep } from 'node:timers/promises';
import { json, listen } from '../servers/http.ts';
import type { DemoTokens } from '../servers/token-endpoint.ts';
import type { UserApi } from '../servers/user-api.ts';

/** A way to the token endpoint on which the first answer takes its time. */
export interface SlowTokenEndpoint {
  readonly url: string;
  /** How many requests the API answered while the first renewal was on its way. */
  readonly answeredMeanwhile: number;
  /** Every token that passed: none of them may be printed. */
  readonly tokens: readonly string[];
  readonly close: () => Promise<void>;
}

/** The first answer is held back until the API has answered two more requests: so it shows that none waits. */
const wanted = 2;
const patience = 1000;

export async function startSlowTokenEndpoint(api: UserApi): Promise<SlowTokenEndpoint> {
  const tokens: string[] = [];
  let answeredMeanwhile: number | undefined;

  async function hold(): Promise<void> {
    answeredMeanwhile = 0;
    const before = api.requests.length;
    const end = performance.now() + patience;
    while (answeredMeanwhile < wanted && performance.now() < end) {
      await sleep(5);
      answeredMeanwhile = api.requests.length - before;
    }
  }

  const { origin, close } = await listen(0, async (request) => {
    const body = await request.text();
    if (answeredMeanwhile === undefined) await hold();
    const { method, headers } = request;
    const response = await fetch(api.tokenUrl, { method, headers, body });
    const answer: Partial<DemoTokens> = await response.json();
    tokens.push(...[answer.access_token, answer.refresh_token].filter((token) => token !== undefined));
    return json(answer, response.status, { 'cache-control': 'no-store' });
  });
  return {
    url: `${origin}/token`,
    get answeredMeanwhile() {
      return answeredMeanwhile ?? 0;
    },
    tokens,
    close,
  };
}
