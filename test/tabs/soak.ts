/** A part of `npm run soak`: the tabs of a browser share one session for a minute, and one table says how it went. */
import process from 'node:process';
import { type Issuer, startIssuer } from '../processes/issuer.mjs';
import { type BrowserTab, launchChromium, launchFirefox, type TabBrowser } from './browser.ts';
import { createSite, type Redeem } from './site.ts';

const SECONDS = Number(process.argv[2] ?? 60);
const CRASH_EVERY = 5;

interface Trial {
  readonly name: string;
  readonly launch: () => Promise<TabBrowser>;
  readonly store: 'indexedDb' | 'webStorage';
  readonly tabs: number;
  readonly crashes?: boolean;
}

const trials: readonly Trial[] = [
  { name: 'Chromium, IndexedDB', launch: launchChromium, store: 'indexedDb', tabs: 8 },
  { name: 'Chromium, web storage', launch: launchChromium, store: 'webStorage', tabs: 8 },
  {
    name: 'Chromium, IndexedDB, crashes',
    launch: launchChromium,
    store: 'indexedDb',
    tabs: 8,
    crashes: true,
  },
  { name: 'Firefox, IndexedDB', launch: launchFirefox, store: 'indexedDb', tabs: 4 },
  { name: 'Firefox, web storage', launch: launchFirefox, store: 'webStorage', tabs: 4 },
];

/** What tabs of one session came to. */
interface Tally {
  requests: number;
  /** Requests that failed with something that may be tried again. */
  temporary: number;
  crashes: number;
  /** Sign-ins that were lost though nobody signed out. */
  losses: number;
  others: string[];
}

async function run({
  launch,
  store,
  tabs,
  crashes = false,
}: Trial): Promise<Record<string, string | number>> {
  const issuer = await startIssuer();
  const site = await createSite({ redeem: redeemAt(issuer) });
  const browser = await launch();
  const tally: Tally = { requests: 0, temporary: 0, crashes: 0, losses: 0, others: [] };
  try {
    const url = `${site.origin}/?store=${store}`;
    const first = await browser.open(url);
    const login = await issuer.login();
    await first.run((tokens) => globalThis.tab.signIn(tokens), login);
    const rest = await Promise.all(Array.from({ length: tabs - 1 }, () => browser.open(url)));
    const end = performance.now() + SECONDS * 1000;
    const before = issuer.redeemed.length;
    const users = [first, ...rest].map((tab, index) => {
      const crashing = crashes && index === 1;
      return crashing ? crashAndReopen(browser, url, tab, end, tally) : use(tab, end, tally);
    });
    await Promise.all(users);
    const refreshes = issuer.redeemed.length - before;
    const perLifetime = Math.round((refreshes / (SECONDS / 2)) * 100) / 100;
    const late = await signOutEverywhere(first, rest, site.sent);
    const { others, ...counted } = tally;
    return {
      refreshes,
      'per 2 s': perLifetime,
      revoked: issuer.revoked,
      ...counted,
      late,
      others: others.join(' '),
    };
  } finally {
    await browser.close();
    await site.close();
    await issuer.close();
  }
}

function redeemAt(issuer: Issuer): Redeem {
  return (refreshToken) =>
    fetch(`${issuer.origin}/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'refresh_token',
        client_id: 'program',
        refresh_token: refreshToken,
      }),
      headers: { 'x-pid': String(process.pid) },
    });
}

/** One request after the other, as fast as the tab can. */
async function use(tab: BrowserTab, end: number, tally: Tally): Promise<void> {
  while (performance.now() < end) {
    const answer = await tab.run(() => globalThis.tab.request());
    tally.requests++;
    if (answer === 200) continue;
    if (answer === 'TOKEN_TIMEOUT' || answer === 'STORE_UNAVAILABLE') tally.temporary++;
    else if (answer === 'SIGNED_OUT' || answer === 'SESSION_ENDED') tally.losses++;
    else tally.others.push(String(answer));
  }
}

/** A tab whose renderer is killed in the middle of its requests, and that the user opens again. */
async function crashAndReopen(
  browser: TabBrowser,
  url: string,
  start: BrowserTab,
  end: number,
  tally: Tally,
): Promise<void> {
  let tab = start;
  while (performance.now() < end) {
    const until = Math.min(end, performance.now() + CRASH_EVERY * 1000);
    const using = use(tab, Number.POSITIVE_INFINITY, tally).catch(() => {});
    while (performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 50));
    await tab.crash();
    await using;
    tally.crashes++;
    tab = await browser.open(url);
  }
}

/** How many requests carried a token one second after the sign-out. */
async function signOutEverywhere(
  first: BrowserTab,
  rest: readonly BrowserTab[],
  sent: readonly string[],
): Promise<number> {
  await first.run(() => globalThis.tab.signOut());
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const before = sent.length;
  await Promise.all(rest.slice(1).map((tab) => tab.run(() => globalThis.tab.request())));
  return sent.length - before;
}

const rows: Record<string, string | number>[] = [];
for (const trial of trials) {
  console.log(`${trial.name}: ${trial.tabs} tabs, ${SECONDS} s …`);
  rows.push({ trial: trial.name, ...(await run(trial)) });
}
console.table(rows);
process.exitCode = rows.some(({ losses, late, revoked }) => losses !== 0 || late !== 0 || revoked !== 0)
  ? 1
  : 0;
