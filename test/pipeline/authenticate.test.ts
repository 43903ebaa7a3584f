import { expect, test } from 'vitest';
import type { AuthStrategy, CredentialQuery } from '../../src/contracts.ts';
import { SessionError, TokenError } from '../../src/errors.ts';
import { createFetch } from '../../src/fetch.ts';
import { type Answer, createFakeFetch, ok, status } from '../support/fake-fetch.ts';

/** A strategy that answers from a list, and what it was asked with. */
function createStrategy(...answers: readonly (() => unknown)[]) {
  const asked: CredentialQuery[] = [];
  const strategy: AuthStrategy = {
    name: 'listed',
    placement: 'header',
    credential(query) {
      asked.push(query);
      return answers[Math.min(asked.length, answers.length) - 1]?.();
    },
    apply: ({ headers }, credential) => headers.set('x-credential', String(credential)),
  };
  return { strategy, asked };
}

function sendWith(strategy: AuthStrategy, ...answers: readonly Answer[]) {
  const fetch = createFakeFetch(...answers);
  const send = createFetch(strategy, { baseUrl: 'https://api.test', runtime: { fetch } });
  const sent = (): (string | null)[] => fetch.calls.map(({ request }) => request.headers.get('x-credential'));
  return { send, sent };
}

const signedOut = (): never => {
  throw new SessionError('SIGNED_OUT');
};

test('a strategy is asked with the URL, the signal and nothing refused', async () => {
  const { strategy, asked } = createStrategy(() => 'a');
  const { send } = sendWith(strategy, ok);
  const { signal } = new AbortController();

  await send('/x?q=1', { signal });

  expect(asked).toHaveLength(1);
  expect(asked[0]).toMatchObject({ resource: 'https://api.test/x?q=1', scopes: [], rejected: undefined });
  expect(asked[0]?.signal).toBe(signal);
});

test('after a 401 it is asked with the refused credential itself and the challenge', async () => {
  const first = { value: 'a' };
  const { strategy, asked } = createStrategy(
    () => first,
    () => ({ value: 'b' }),
  );
  const { send } = sendWith(
    strategy,
    status(401, { 'www-authenticate': 'Bearer error="invalid_token"' }),
    ok,
  );

  expect((await send('/x')).status).toBe(200);

  expect(asked).toHaveLength(2);
  expect(asked[1]?.rejected).toBe(first);
  expect(asked[1]?.challenge?.parameters.get('error')).toBe('invalid_token');
});

test('only the very same object means that there is nothing better', async () => {
  const same = { value: 'a' };
  const once = sendWith(createStrategy(() => same).strategy, status(401));
  const twice = sendWith(createStrategy(() => ({ value: 'a' })).strategy, status(401));

  await once.send('/x');
  await twice.send('/x');

  expect(once.sent()).toHaveLength(1);
  expect(twice.sent()).toHaveLength(2);
});

test('a better credential of another epoch is not sent, and the refused response is let go', async () => {
  const cancelled: string[] = [];
  const refusal = (): Response =>
    new Response(new ReadableStream({ cancel: () => void cancelled.push('refused') }), { status: 401 });
  let epoch = 1;
  const { strategy } = createStrategy(
    () => 'a',
    async () => {
      epoch = 2;
      return 'b';
    },
  );
  const { send, sent } = sendWith({ ...strategy, epoch: () => epoch }, refusal, ok);

  await expect(send('/x')).rejects.toMatchObject({ code: 'SESSION_CHANGED' });
  expect(sent()).toEqual(['a']);
  expect(cancelled).toEqual(['refused']);
});

test('an answer that comes in another epoch is dropped, first or replayed', async () => {
  for (const replies of [[200], [401, 200]]) {
    const cancelled: number[] = [];
    let epoch = 1;
    const answer = (code: number, last: boolean) => (): Response => {
      if (last) epoch = 2;
      return new Response(new ReadableStream({ cancel: () => void cancelled.push(code) }), { status: code });
    };
    const { strategy } = createStrategy(
      () => 'a',
      () => 'b',
    );
    const answers = replies.map((code, index) => answer(code, index === replies.length - 1));
    const { send } = sendWith({ ...strategy, epoch: () => epoch }, ...answers);

    await expect(send('/x')).rejects.toMatchObject({ code: 'SESSION_CHANGED' });
    expect(cancelled).toEqual(replies);
  }
});

test.each([
  ['at once', signedOut],
  ['later', async () => signedOut()],
])('an optional request goes bare when nobody is signed in, known %s', async (_, answer) => {
  const { strategy } = createStrategy(answer);
  const { send, sent } = sendWith(strategy, status(401));

  expect((await send('/x', { auth: 'optional' })).status).toBe(401);
  expect(sent()).toEqual([null]);
  await expect(send('/x')).rejects.toMatchObject({ code: 'SIGNED_OUT' });
  expect(sent()).toHaveLength(1);
});

test('an optional request carries the credential when there is one', async () => {
  for (const answer of [() => 'a', async () => 'a']) {
    const { send, sent } = sendWith(createStrategy(answer).strategy, ok);
    await send('/x', { auth: 'optional' });
    expect(sent()).toEqual(['a']);
  }
});

test.each([
  new SessionError('SESSION_ENDED'),
  new TokenError('TOKEN_ENDPOINT_UNAVAILABLE'),
  new Error('SIGNED_OUT'),
])('an optional request fails as any other with %o', async (error) => {
  const answers = [
    () => {
      throw error;
    },
    async () => {
      throw error;
    },
  ];
  for (const answer of answers) {
    const { send, sent } = sendWith(createStrategy(answer).strategy, ok);
    await expect(send('/x', { auth: 'optional' })).rejects.toBe(error);
    expect(sent()).toEqual([]);
  }
});

test('an answer to a request that went bare is nobody’s: it stands when somebody signs in meanwhile', async () => {
  let epoch = 1;
  const { strategy } = createStrategy(signedOut);
  const { send } = sendWith({ ...strategy, epoch: () => epoch }, (request) => {
    epoch = 2;
    return ok(request);
  });

  expect((await send('/x', { auth: 'optional' })).status).toBe(200);
});

test('a request whose 401 told where to sign in belongs to who did (rules T5, T8)', async () => {
  let epoch: number | undefined;
  const { strategy } = createStrategy(signedOut, () => {
    epoch = 1;
    return 'of-ada';
  });
  const { send, sent } = sendWith(
    { ...strategy, discovers: true, epoch: () => epoch },
    status(401),
    (request) => {
      epoch = 2;
      return ok(request);
    },
  );

  await expect(send('/x')).rejects.toMatchObject({ code: 'SESSION_CHANGED' });
  expect(sent()).toEqual([null, 'of-ada']);
});

test('a refused credential is told of without a challenge where the server sent none', async () => {
  const { strategy, asked } = createStrategy(
    () => 'a',
    () => 'b',
  );
  await sendWith(strategy, status(401), ok).send('/x');
  expect(asked.map(({ rejected, challenge }) => [rejected, challenge])).toEqual([
    [undefined, undefined],
    ['a', undefined],
  ]);
});

test('what a strategy throws while it looks for a better credential is what the caller gets', async () => {
  const error = new TokenError('TOKEN_TIMEOUT');
  const { strategy } = createStrategy(
    () => 'a',
    () => {
      throw error;
    },
  );
  const { send, sent } = sendWith(strategy, status(401));

  await expect(send('/x')).rejects.toBe(error);
  expect(sent()).toEqual(['a']);
});
