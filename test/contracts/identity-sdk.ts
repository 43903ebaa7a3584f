import { expect, onTestFinished, test, vi } from 'vitest';
import type { TokenSource } from '../../src/contracts.ts';
import { createManualClock } from '../support/clock.ts';
import { createDeferred, createTokenValet } from '../support/token-valet.ts';

/** What an issuer says when it is asked for tokens. A bad moment is over with one answer. */
export type IssuerMood = 'hands out' | 'has a bad moment' | 'ended the login';

/** An identity SDK in a page, with an issuer behind it, and the source that the guide makes of it. */
export interface IdentitySdk {
  readonly source: TokenSource;
  readonly issuer: { mood: IssuerMood; readonly calls: number };
  /** A user signs in by the means of the SDK. */
  signIn(user: string): Promise<void>;
  /** The user signs out by the means of the SDK. */
  signOut(): Promise<void>;
  /** Who is signed in, as the SDK says. */
  user(): Promise<string | undefined>;
  close?(): Promise<void>;
}

/** How SDKs differ. */
export interface SdkTraits {
  /** It tells when its user has become another. */
  readonly tells: boolean;
  /** Its user can become another one without a new page. */
  readonly switches: boolean;
  /** What requests fail with when the login is gone: the SDK may say that it is, or that nobody is signed in. */
  readonly whenGone: 'SESSION_ENDED' | 'SIGNED_OUT';
}

type Start = () => Promise<IdentitySdk>;

// Some SDKs wait a little before they try again by themselves.
vi.setConfig({ testTimeout: 30_000 });

/** A published identity SDK does with fetch-valet what the guide says. */
export function identitySdkContract(name: string, start: Start, traits: SdkTraits): void {
  testTokens(name, start);
  testUsers(name, start, traits);
  testFailures(name, start, traits);
  if (traits.switches) testReturn(name, start, traits);
}

async function open(start: Start, respond?: (request: Request) => Response | Promise<Response>) {
  const sdk = await start();
  onTestFinished(() => sdk.close?.());
  const clock = createManualClock(Date.now());
  const valet = createTokenValet(sdk.source, { clock, ...(respond && { respond }) });
  onTestFinished(() => valet.client.close());
  return { sdk, ...valet };
}

/** An API that refuses the first token it is sent. */
function refusesFirst(): (request: Request) => Response {
  let first: string | null;
  return ({ headers }) => {
    first ??= headers.get('authorization');
    return new Response('', { status: headers.get('authorization') === first ? 401 : 200 });
  };
}

function testTokens(name: string, start: Start): void {
  test(`${name}: the token of its cache is sent, and the issuer is not asked for it`, async () => {
    const { sdk, request, sent, client } = await open(start);
    await sdk.signIn('ada');
    const { calls } = sdk.issuer;

    expect(await Promise.all([request(), request(), request()])).toEqual([200, 200, 200]);
    expect(await request()).toBe(200);

    expect(new Set(sent).size).toBe(1);
    expect(sdk.issuer.calls).toBe(calls);
    expect(client.session.snapshot).toMatchObject({ status: 'signed-in', user: { id: 'ada' } });
  });

  test(`${name}: after a 401 its cache is passed, once for all`, async () => {
    const { sdk, request, sent } = await open(start, refusesFirst());
    await sdk.signIn('ada');
    const { calls } = sdk.issuer;

    expect(await Promise.all([request(), request(), request()])).toEqual([200, 200, 200]);

    expect(new Set(sent).size).toBe(2);
    expect(sdk.issuer.calls).toBe(calls + 1);
  });
}

function testUsers(name: string, start: Start, { tells, switches }: SdkTraits): void {
  const told = tells ? 'is noticed' : 'is found by session.refresh()';

  test(`${name}: nobody is signed in at first, and a sign-in ${told}`, async () => {
    const { sdk, request, sent, client } = await open(start);
    const signedIn = new Promise<void>((resolve) => void client.on('signedin', () => resolve()));
    expect(await request()).toBe('SIGNED_OUT');
    await expect(client.session.refresh()).rejects.toMatchObject({ code: 'SIGNED_OUT' });

    await sdk.signIn('ada');
    if (!tells) await client.session.refresh();
    await signedIn;

    expect(sent).toEqual([]);
    expect(await request()).toBe(200);
    expect(client.session.snapshot).toMatchObject({ status: 'signed-in', user: { id: 'ada' } });
  });

  test(`${name}: a sign-out of ours is one there`, async () => {
    const { sdk, request, sent, client } = await open(start);
    await sdk.signIn('ada');
    expect(await request()).toBe(200);

    await client.signOut();

    expect(await sdk.user()).toBeUndefined();
    expect(await request()).toBe('SIGNED_OUT');
    expect(sent).toHaveLength(1);
  });

  if (switches) {
    test(`${name}: another user ${told}, and what the first one asked for is dropped`, async () => {
      const answer = createDeferred<Response>();
      const { sdk, request, sent, client } = await open(start, () => answer.promise);
      await sdk.signIn('ada');
      await client.session.ready;
      const asked = request();
      const switched = new Promise<void>((resolve) => void client.on('userchange', () => resolve()));

      await sdk.signIn('bob');
      if (!tells) await client.session.refresh();
      await switched;
      answer.resolve(new Response('for ada'));

      expect(await asked).toBe('SESSION_CHANGED');
      expect(client.session.snapshot).toMatchObject({ status: 'signed-in', user: { id: 'bob' } });
      expect(await request()).toBe(200);
      expect(new Set(sent).size).toBe(2);
    });
  }

  if (tells) {
    test(`${name}: a sign-out there is noticed: its token is not sent any more`, async () => {
      const { sdk, request, sent, client } = await open(start);
      await sdk.signIn('ada');
      expect(await request()).toBe(200);

      await sdk.signOut();

      expect(await request()).toBe('SIGNED_OUT');
      expect(client.session.snapshot).toEqual({ status: 'signed-out' });
      expect(sent).toHaveLength(1);
    });
  }
}

function testFailures(name: string, start: Start, { whenGone }: SdkTraits): void {
  test(`${name}: a login that is gone is ${whenGone}, and the issuer is left alone`, async () => {
    const { sdk, request, sent, client } = await open(start, refusesFirst());
    await sdk.signIn('ada');
    sdk.issuer.mood = 'ended the login';
    const { calls } = sdk.issuer;

    expect(await request()).toBe(whenGone);
    for (let n = 0; n < 5; n++) expect(await request()).toBe(whenGone);

    expect(sdk.issuer.calls).toBe(calls + 1);
    expect(sent).toHaveLength(1);
    expect(client.session.snapshot.status).toBe(whenGone === 'SESSION_ENDED' ? 'ended' : 'signed-out');
  });

  test(`${name}: a bad moment of the issuer ends nothing`, async () => {
    const { sdk, request, events, client, clock } = await open(start, refusesFirst());
    await sdk.signIn('ada');
    sdk.issuer.mood = 'has a bad moment';
    // Where the SDK gives up at once, we try again a little later.
    client.on('refreshfailed', ({ retryable }) => {
      if (retryable) void clock.advance(1000);
    });

    expect(await request()).toBe(200);

    expect(sdk.issuer.mood).toBe('hands out');
    expect(events.filter((event) => event === 'sessionend' || event === 'signedout')).toEqual([]);
    expect(client.session.snapshot).toMatchObject({ status: 'signed-in', user: { id: 'ada' } });
  });
}

function testReturn(name: string, start: Start, { tells, whenGone }: SdkTraits): void {
  test(`${name}: the same user comes back after the login was gone`, async () => {
    const { sdk, request, client } = await open(start, refusesFirst());
    await sdk.signIn('ada');
    sdk.issuer.mood = 'ended the login';
    expect(await request()).toBe(whenGone);
    const back = new Promise<void>((resolve) => void client.on('signedin', () => resolve()));

    sdk.issuer.mood = 'hands out';
    await sdk.signIn('ada');
    if (!tells) await client.session.refresh();
    await back;

    expect(await request()).toBe(200);
    expect(client.session.snapshot).toMatchObject({ status: 'signed-in', user: { id: 'ada' } });
  });
}
