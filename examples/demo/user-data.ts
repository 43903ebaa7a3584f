import { setTimeout as sleep } from 'node:timers/promises';
import type { DemoTokens, DemoUser } from '../servers/token-endpoint.ts';
import { startUserApi, type UserApi } from '../servers/user-api.ts';
import { foldRequests } from './fold.ts';
import { placeOrder } from './place-order.ts';
import { isNowhere } from './public-data.ts';
import { check, quote, say, title } from './report.ts';
import { type ProgramEnd, runProgram } from './run-program.ts';
import { type SlowTokenEndpoint, startSlowTokenEndpoint } from './slow-token-endpoint.ts';

const user: DemoUser = { id: 'u-1815', name: 'Ada' };
const tokenLifetime = 3;

/** What had happened when the demo revoked the access tokens. */
interface AtRevocation {
  readonly renewals: number;
  readonly refused: number;
}

/** The second part: tokens that live for 3 seconds, and one that is revoked before its time. */
export async function showUserData(): Promise<void> {
  title("4. A program with one user's token: examples/user-data.ts");
  say(
    `The token lives for ${tokenLifetime} seconds. The first renewal is held back until more requests were ` +
      'answered. Then all access tokens are revoked, and then another device places an order.\n',
  );
  const api = await startUserApi({ tokenLifetime });
  const endpoint = await startSlowTokenEndpoint(api);
  try {
    await run(api, endpoint);
  } finally {
    await endpoint.close();
    await api.close();
  }
}

async function run(api: UserApi, endpoint: SlowTokenEndpoint): Promise<void> {
  // A JWT counts in whole seconds: only one that is issued at the beginning of a second has all of its life.
  await sleep(1000 - (Date.now() % 1000));
  const login = await api.signIn(user);
  const play = new Play(api);
  const print = foldRequests(quote);
  const end = await runProgram(
    'user-data.ts',
    { ORDERS_URL: api.origin, TOKEN_URL: endpoint.url, ORDERS_LOGIN: JSON.stringify(login), DEBUG: '1' },
    (line) => {
      print(line);
      play.hears(line);
    },
  );
  print();
  report(api, endpoint, login, play.atRevocation, end);
}

/** Does on the server's side what the program is to cope with, when its trace says that the time has come. */
class Play {
  atRevocation: AtRevocation | undefined;
  readonly #api: UserApi;
  #renewed = false;
  #sent: string | undefined;

  constructor(api: UserApi) {
    this.#api = api;
  }

  hears(line: string): void {
    const [, id, what] = /^fetch-valet (\S+) (\S)/.exec(line) ?? [];
    if (id === 'token' && what === '✓') this.#renewed = true;
    // Not before a request has used the new token: then no request with the old one is on its way.
    if (this.#renewed && what === '→') this.#sent ??= id;
    if (what === '←' && id === this.#sent && this.atRevocation === undefined) this.#revoke();
    if (what === '↻') void placeOrder(this.#api, user);
  }

  #revoke(): void {
    this.atRevocation = { renewals: this.#api.refreshes, refused: refusals(this.#api) };
    this.#api.revokeAccessTokens();
  }
}

function report(
  api: UserApi,
  endpoint: SlowTokenEndpoint,
  login: DemoTokens,
  atRevocation: AtRevocation | undefined,
  { code, lines }: ProgramEnd,
): void {
  const count = (text: string): number => lines.filter((line) => line.includes(text)).length;
  const answered = api.requests.filter(({ path, status }) => path !== '/token' && status < 300).length;
  say('\nWhat the servers counted:');
  quote(`${answered} requests answered, ${refusals(api)} refused, ${api.refreshes} refresh tokens redeemed`);
  check('the program ended well', code === 0);
  check(
    'the token was renewed once before its end, and no request was refused until the revocation',
    count('asked for (expiring)') === 1 && atRevocation?.renewals === 1 && atRevocation.refused === 0,
  );
  check(
    `requests went on meanwhile: ${endpoint.answeredMeanwhile} were answered before the new token was there`,
    endpoint.answeredMeanwhile >= 2,
  );
  check('after the revocation one request was answered 401', refusals(api) === 1);
  check(
    'it was sent again once, with one more renewal',
    count(' ↻ 401') === 1 && count('asked for (rejected)') === 1 && api.refreshes === 2,
  );
  const secrets = [login.access_token, login.refresh_token, ...endpoint.tokens];
  check(`none of ${secrets.length} tokens is in any line`, secrets.length === 6 && isNowhere(secrets, lines));
}

function refusals(api: UserApi): number {
  return api.requests.filter(({ status }) => status === 401).length;
}
