import { expect, test } from 'vitest';
import { parseChallenges } from '../../src/challenge.ts';
import type { TokenContext, TokenProvider, TokenResult } from '../../src/contracts.ts';
import { accessToken, apiKey, Client, combine } from '../../src/index.ts';
import { createManualClock, settle } from '../support/clock.ts';
import { startServer } from '../support/server.ts';
import { thrownBy } from '../support/thrown.ts';
import { createHeldProvider, createTokenValet, outcomeOf } from '../support/token-valet.ts';

/** A token that says what it may do: `read+write-2`. */
function scopedProvider(): TokenProvider {
  let count = 0;
  return ({ scopes }) => ({
    token: `${['read', ...scopes.filter((s) => s !== 'read')].join('+')}-${++count}`,
  });
}

const insufficient = (scope?: string): Response =>
  new Response('no', {
    status: 403,
    headers: {
      'www-authenticate': `Bearer error="insufficient_scope"${scope === undefined ? '' : `, scope="${scope}"`}`,
    },
  });

/** An API that demands `scope` of the token. */
const demanding = (scope: string) => (request: Request) => {
  const [held = ''] = request.headers.get('authorization')?.slice('Bearer '.length).split('-') ?? [];
  return scope.split(' ').every((one) => held.split('+').includes(one))
    ? new Response('ok')
    : insufficient(scope);
};

test('a 403 for want of a scope has the provider asked with the union of scopes, and is replayed (rule T13)', async () => {
  const { asked, sent, events, request } = createTokenValet(
    ({ scopes }) => ({ token: `${['read', ...scopes].join('+')}-1`, scope: ['read', ...scopes].join(' ') }),
    { stepUp: ['write', 'admin'], respond: demanding('write') },
  );
  expect(await request()).toBe(200);

  expect(sent).toEqual(['Bearer read-1', 'Bearer read+read+write-1']);
  expect(asked[1]).toMatchObject({ reason: 'scope', forceRefresh: true, scopes: ['read', 'write'] });
  expect(asked[1]?.challenge?.parameters.get('scope')).toBe('write');
  expect(events.filter((name) => name === 'replay')).toHaveLength(1);
});

test('a step-up is remembered: later tokens are asked for with it', async () => {
  const { client, asked, sent, request } = createTokenValet(scopedProvider(), {
    stepUp: ['write'],
    respond: demanding('write'),
  });
  await request();
  await request();
  await client.session.refresh();
  await request();

  expect(sent).toEqual([
    'Bearer read-1',
    'Bearer read+write-2',
    'Bearer read+write-2',
    'Bearer read+write-3',
  ]);
  expect(asked.map(({ reason, scopes }) => [reason, ...scopes])).toEqual([
    ['initial'],
    ['scope', 'write'],
    ['expiring', 'write'],
  ]);
});

test('without stepUp the 403 stands and nothing is fetched', async () => {
  const { asked, sent, request } = createTokenValet(scopedProvider(), { respond: demanding('write') });
  expect(await request()).toBe(403);
  expect([asked.length, sent.length]).toEqual([1, 1]);
});

test.each<[string, () => Response]>([
  ['a plain one', () => new Response('', { status: 403 })],
  ['one that names no scope', () => insufficient()],
  ['one for a scope that is not allowed', () => insufficient('delete')],
  ['one for a scope that is allowed and one that is not', () => insufficient('write delete')],
  [
    'one of another scheme',
    () =>
      new Response('', {
        status: 403,
        headers: { 'www-authenticate': 'Basic error="insufficient_scope", scope="write"' },
      }),
  ],
  [
    'one with another error',
    () =>
      new Response('', {
        status: 403,
        headers: { 'www-authenticate': 'Bearer error="invalid_token", scope="write"' },
      }),
  ],
  [
    'one that wants a stronger login',
    () =>
      new Response('', {
        status: 403,
        headers: { 'www-authenticate': 'Bearer error="insufficient_user_authentication", scope="write"' },
      }),
  ],
])('a 403 stands: %s', async (_, respond) => {
  const { asked, sent, request } = createTokenValet(scopedProvider(), { stepUp: ['write'], respond });
  expect(await request()).toBe(403);
  expect([asked.length, sent.length]).toEqual([1, 1]);
});

test('a server that is never content gets one step-up, not one for each request', async () => {
  const { asked, sent, request } = createTokenValet(scopedProvider(), {
    stepUp: ['write'],
    respond: () => insufficient('write'),
  });
  for (let i = 0; i < 5; i++) expect(await request()).toBe(403);
  expect(asked).toHaveLength(2);
  expect(sent).toHaveLength(6);
});

test('a step-up that brings no more scopes is neither replayed nor repeated', async () => {
  let count = 0;
  const { asked, sent, request } = createTokenValet(() => ({ token: `token-${++count}`, scope: 'read' }), {
    stepUp: ['write'],
    respond: () => insufficient('write'),
  });
  for (let i = 0; i < 5; i++) expect(await request()).toBe(403);
  expect(asked).toHaveLength(2);
  expect(sent).toHaveLength(5);
});

test.each<[string, () => TokenResult]>([
  ['invalid_scope', () => Response.json({ error: 'invalid_scope' }, { status: 400 })],
  [
    'consent_required',
    () => {
      throw Object.assign(new Error('ask the user'), { code: 'consent_required' });
    },
  ],
])(
  'a step-up that is refused (%s) leaves the session, its token and the 403, and is not repeated',
  async (_, refuse) => {
    const plain = scopedProvider();
    const { client, clock, asked, sent, request } = createTokenValet(
      (context) => (context.reason === 'scope' ? refuse() : plain(context)),
      { stepUp: ['write'], respond: () => insufficient('write') },
    );
    for (let i = 0; i < 3; i++) expect(await request()).toBe(403);
    expect(asked).toHaveLength(2);
    expect(sent).toEqual(['Bearer read-1', 'Bearer read-1', 'Bearer read-1']);
    expect(client.session.snapshot.status).toBe('signed-in');
    // The narrow token is still asked for with what it was asked for.
    await client.session.refresh();
    expect(asked.at(-1)?.scopes).toEqual([]);
    expect(clock.timers).toBe(0);
  },
);

test('something that changes makes a step-up worth another try', async () => {
  let granted = 'read';
  let count = 0;
  const { client, asked, request } = createTokenValet(
    () => ({ token: `${granted.replace(' ', '+')}-${++count}`, scope: granted }),
    {
      stepUp: ['write'],
      respond: demanding('write'),
    },
  );
  expect(await request()).toBe(403);
  await client.session.refresh();
  granted = 'read write';
  expect(await request()).toBe(200);
  expect(asked.filter(({ reason }) => reason === 'scope')).toHaveLength(2);
});

test('requests that want different scopes at once end up with the union', async () => {
  const { client, asked } = createTokenValet(scopedProvider(), {
    stepUp: ['write', 'admin'],
    respond: (request) => demanding(new URL(request.url).searchParams.get('needs') ?? 'read')(request),
  });
  const answers = ['write', 'admin', 'write', 'admin'].map((needs) =>
    outcomeOf(client.fetch(`?needs=${needs}`)),
  );
  expect(await Promise.all(answers)).toEqual([200, 200, 200, 200]);
  expect(asked.map(({ scopes }) => scopes)).toEqual([[], ['write'], ['admin', 'write']]);
});

test('the token at hand goes on while a step-up is under way', async () => {
  const held = createHeldProvider();
  const { client } = createTokenValet(held.provider, {
    initial: { token: 'read-1' },
    stepUp: ['write'],
    respond: (request) => demanding(new URL(request.url).searchParams.get('needs') ?? 'read')(request),
  });
  const wants = outcomeOf(client.fetch('?needs=write'));
  await settle();
  expect(held.calls).toHaveLength(1);
  expect(await outcomeOf(client.fetch('/'))).toBe(200);
  held.calls[0]?.resolve('read+write-2');
  expect(await wants).toBe(200);
});

test('a late 403 for an old token is replayed with the wider one at hand, and fetches nothing', async () => {
  const { asked, sent, request } = createTokenValet(scopedProvider(), {
    stepUp: ['write'],
    respond: demanding('write'),
  });
  expect(await Promise.all([request(), request(), request()])).toEqual([200, 200, 200]);
  expect(asked).toHaveLength(2);
  expect(sent.filter((text) => text === 'Bearer read-1')).toHaveLength(3);
});

test('a request is sent again once, be it for a 401 or for a 403', async () => {
  const statuses = [401, 403, 403];
  const { sent, request } = createTokenValet(scopedProvider(), {
    stepUp: ['write'],
    respond: () => (statuses.shift() === 401 ? new Response('', { status: 401 }) : insufficient('write')),
  });
  expect(await request()).toBe(403);
  expect(sent).toHaveLength(2);
});

test('a step-up in one audience is not asked for in another', async () => {
  const { asked, request } = createTokenValet(scopedProvider(), {
    stepUp: ['write'],
    respond: demanding('write'),
  });
  await request();
  await request({ auth: { audience: 'a' } });
  expect(asked.map(({ audience, reason, scopes }) => [audience, reason, ...scopes])).toEqual([
    [undefined, 'initial'],
    [undefined, 'scope', 'write'],
    ['a', 'initial'],
    ['a', 'scope', 'write'],
  ]);
});

test('a user who signs out during a step-up gets no answer to it (rule T8)', async () => {
  const held = createHeldProvider();
  const { client, sent, request } = createTokenValet(held.provider, {
    initial: { token: 'read-1' },
    stepUp: ['write'],
    respond: demanding('write'),
  });
  const answer = request();
  await settle();
  await client.signOut();
  expect(await answer).toBe('SESSION_CHANGED');
  expect(sent).toHaveLength(1);
});

test('a source that changes during a step-up is asked anew for the same scopes (rule T8)', async () => {
  const held = createHeldProvider();
  let changed = (): void => {};
  const { asked, request } = createTokenValet(
    {
      getToken: held.provider,
      subscribe(listener) {
        changed = listener;
        return () => {};
      },
    },
    {
      initial: { token: 'read-1' },
      user: () => ({ id: 'ada' }),
      stepUp: ['write'],
      respond: demanding('write'),
    },
  );
  const answer = request();
  await settle();
  changed();
  held.calls[0]?.resolve('read+write-2');
  await settle();

  const stepUps = asked.filter(({ reason }) => reason === 'scope');
  expect(stepUps.map(({ scopes, challenge }) => [...scopes, challenge?.scheme])).toEqual([
    ['write', 'bearer'],
    ['write', 'bearer'],
  ]);
  for (const call of held.calls) call.resolve('read+write-3');
  await settle();
  for (const call of held.calls) call.resolve('read+write-3');
  expect(await answer).toBe(200);
});

test('a session that ends during a step-up says so', async () => {
  const { client, request } = createTokenValet(
    () => Response.json({ error: 'invalid_grant' }, { status: 400 }),
    {
      initial: { token: 'read-1', refreshToken: 'refresh-token-0' },
      stepUp: ['write'],
      respond: demanding('write'),
    },
  );
  expect(await request()).toBe('SESSION_ENDED');
  expect(client.session.snapshot.status).toBe('ended');
});

test('a token endpoint that is down during a step-up is a failure that may be tried again, and no logout', async () => {
  const clock = createManualClock();
  const { client, request } = createTokenValet(() => new Response('', { status: 503 }), {
    clock,
    initial: { token: 'read-1', refreshToken: 'refresh-token-0' },
    stepUp: ['write'],
    respond: demanding('write'),
  });
  const answer = request();
  await clock.advance(11_000);
  expect(await answer).toMatch(/^TOKEN_/);
  expect(client.session.snapshot.status).toBe('signed-in');
});

test('a key beside the token stays as it is', async () => {
  const sent: string[] = [];
  const fetch = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init);
    sent.push(`${request.headers.get('x-api-key')} ${request.headers.get('authorization')}`);
    return demanding('write')(request);
  };
  const both = combine([apiKey('the-app-key'), accessToken(scopedProvider(), { stepUp: ['write'] })]);
  using client = new Client(both, { baseUrl: 'https://api.test', runtime: { fetch } });
  expect((await client.fetch('/')).status).toBe(200);
  expect(sent).toEqual(['the-app-key Bearer read-1', 'the-app-key Bearer read+write-2']);
});

test.each([
  ['a key beside a token', combine([apiKey('the-app-key'), accessToken(scopedProvider())])],
  ['two keys', combine([apiKey('the-app-key'), apiKey('the-user-key', { name: 'x-user-key' })])],
])('a 403 that stands is sent once: %s', async (_, both) => {
  let sends = 0;
  const fetch = async (): Promise<Response> => {
    sends++;
    return insufficient('write');
  };
  using client = new Client(both, { baseUrl: 'https://api.test', runtime: { fetch } });
  expect((await client.fetch('/')).status).toBe(403);
  expect(sends).toBe(1);
});

test('a 403 that asks for nothing stands, even where a newer token is at hand', async () => {
  const { client, sent, request } = createTokenValet(scopedProvider(), {
    stepUp: ['write'],
    respond: async () => {
      await client.session.refresh();
      return insufficient();
    },
  });
  expect(await request()).toBe(403);
  expect(sent).toHaveLength(1);
});

test('a step-up that brings the same token again is not replayed, whatever is said of its scopes', async () => {
  const same = ({ scopes }: TokenContext): TokenResult => ({
    token: 'same-token',
    expiresIn: 600,
    scope: ['read', ...scopes].join(' '),
  });
  const { asked, sent, request } = createTokenValet(same, {
    stepUp: ['write'],
    respond: () => insufficient('write'),
  });
  expect(await request()).toBe(403);
  expect([asked.length, sent.length]).toEqual([2, 1]);
});

test('who signs in next neither has nor is asked for what a step-up has added for the user before', async () => {
  const { client, asked, request } = createTokenValet(scopedProvider(), {
    stepUp: ['write'],
    respond: demanding('write'),
  });
  await request();
  expect(client.session.hasScope('write')).toBe(true);
  await client.session.signIn({ token: 'read-of-bob' });
  expect(client.session.hasScope('write')).toBe(false);
  await client.session.refresh();
  expect(asked.at(-1)?.scopes).toEqual([]);
});

test('a step-up that meets the end of the session is held until its user is back (rule T7)', async () => {
  const { client, sent, request } = createTokenValet(
    () => Response.json({ error: 'invalid_grant' }, { status: 400 }),
    {
      initial: { token: 'read-1', refreshToken: 'refresh-token-0' },
      user: () => ({ id: 'ada' }),
      stepUp: ['write'],
      respond: demanding('write'),
      options: { whenSessionEnds: 'hold' },
    },
  );
  const saving = request();
  await settle();
  expect(client.session.snapshot.status).toBe('ended');
  await client.session.signIn({ token: 'read+write-2', scope: 'read write' });
  expect(await saving).toBe(200);
  expect(sent).toEqual(['Bearer read-1', 'Bearer read+write-2']);
});

test('a key is neither asked for nor sent again after a 403', async () => {
  const asked: unknown[] = [];
  let sends = 0;
  const key = apiKey((context) => {
    asked.push(context);
    return `key-number-${asked.length}`;
  });
  const fetch = async (): Promise<Response> => {
    sends++;
    return insufficient('write');
  };
  using client = new Client(key, { baseUrl: 'https://api.test', runtime: { fetch } });
  expect((await client.fetch('/')).status).toBe(403);
  expect([asked.length, sends]).toEqual([1, 1]);
});

test('the error of a verb names the scope that was missing', async () => {
  const { client } = createTokenValet(scopedProvider(), { respond: demanding('write') });
  const error = (await thrownBy(() => client.get(''))) as Error;
  expect(error.message).toContain('"write"');
});

test.each([
  'Bearer error="insufficient_user_authentication", acr_values="myACR"',
  'Bearer error="invalid_request"',
  'DPoP error="use_dpop_nonce"',
  'Basic realm="x"',
])('a 401 that no fresh token mends is handed on, with its challenge and body: %s', async (header) => {
  const { client, asked, sent } = createTokenValet(scopedProvider(), {
    stepUp: ['write'],
    respond: () =>
      new Response('{"why":"because"}', { status: 401, headers: { 'www-authenticate': header } }),
  });
  const error = await thrownBy(() => client.get(''));
  expect(error).toMatchObject({
    status: 401,
    challenges: parseChallenges(header),
    data: '{"why":"because"}',
  });
  expect([asked.length, sent.length]).toEqual([1, 1]);
});

test('a step-up works over real HTTP, body and all', async () => {
  const bodies: string[] = [];
  await using server = await startServer((request, response) => {
    bodies.push(String(request.body));
    if (request.headers.authorization?.includes('write')) {
      response.end('saved');
      return;
    }
    response.writeHead(403, { 'www-authenticate': 'Bearer error="insufficient_scope", scope="write"' }).end();
  });
  const asked: TokenContext[] = [];
  const source: TokenProvider = (context) => {
    asked.push(context);
    return `token-${context.scopes.join('-')}`;
  };
  using client = new Client(accessToken(source, { stepUp: ['write'] }), { baseUrl: server.origin });
  expect(await client.post('orders', { json: { tea: 2 } }).text()).toBe('saved');
  expect(bodies).toEqual(['{"tea":2}', '{"tea":2}']);
  expect(asked).toHaveLength(2);
});

test('a provider that has no more scopes to give has signed nobody out: the 403 stands', async () => {
  const { client, asked, request } = createTokenValet(
    ({ reason }) => (reason === 'scope' ? null : { token: 'read-1', expiresIn: 3600 }),
    { stepUp: ['write'], respond: demanding('write') },
  );
  expect([await request(), await request()]).toEqual([403, 403]);

  expect(client.session.snapshot.status).toBe('signed-in');
  expect(asked.map(({ reason }) => reason)).toEqual(['initial', 'scope']);
});

const refusing = (error: string) => (): TokenResult => Response.json({ error }, { status: 400 });

test.each<[string, () => TokenResult]>([
  ['interaction_required', refusing('interaction_required')],
  ['invalid_scope', refusing('invalid_scope')],
  ['access_denied', refusing('access_denied')],
  ['nobody', () => null],
])('an elevation that is over ends no session (%s): what requests need is asked for', async (_, refuse) => {
  const clock = createManualClock();
  let demands = 'write';
  let isOver = false;
  const { client, asked, request } = createTokenValet(
    ({ scopes }) => {
      if (isOver && scopes.includes('write')) return refuse();
      return { token: `${['read', ...scopes].join('+')}-1`, expiresIn: 60, refreshToken: 'refresh-token-1' };
    },
    { clock, stepUp: ['write'], respond: (request) => demanding(demands)(request) },
  );
  expect(await request()).toBe(200);
  isOver = true;
  demands = 'read';
  clock.sleep(60_000);

  expect(await request()).toBe(200);
  expect(client.session.snapshot.status).toBe('signed-in');
  expect(asked.slice(2).map(({ scopes }) => scopes)).toEqual([['write'], []]);
});

test('what is refused after a hold is refused anew: the refusal before it is gone', async () => {
  const answers: TokenResult[] = [
    Response.json({ error: 'invalid_grant' }, { status: 400 }),
    { token: 'read-3', scope: 'read' },
  ];
  const { client, sent } = createTokenValet(() => answers.shift() ?? null, {
    initial: { token: 'read-1', refreshToken: 'refresh-token-0' },
    user: () => ({ id: 'ada' }),
    stepUp: ['write'],
    respond: demanding('write'),
    options: { whenSessionEnds: 'hold' },
  });
  const saving = client.fetch('/');
  await settle();
  expect(client.session.snapshot.status).toBe('ended');
  await client.session.signIn({ token: 'read-2', scope: 'read' });
  const response = await saving;

  expect([response.status, await response.text()]).toEqual([403, 'no']);
  expect(sent.length).toBe(2);
});
