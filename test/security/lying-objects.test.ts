import { expect, test } from 'vitest';
import { BASE, everyDoor, type Input, OPEN, outcomeOf, withoutKey } from '../support/doors.ts';

const TRUE_URL = 'https://evil.example/true';
const SAID_URL = `${BASE}/said`;

class LyingUrl extends URL {
  override get href(): string {
    return SAID_URL;
  }
  override get origin(): string {
    return BASE;
  }
  override toString(): string {
    return TRUE_URL;
  }
}

class LyingRequest extends Request {
  override get url(): string {
    return SAID_URL;
  }
}

/** Says something else at every second look. */
function alternating(...values: readonly string[]): () => string {
  let look = 0;
  return () => values[look++ % values.length] ?? '';
}

const own = <T extends object>(target: T, properties: PropertyDescriptorMap): T =>
  Object.defineProperties(target, properties);

/** Has every method of a text, and becomes one that changes. */
const textOf = (...values: readonly string[]): object =>
  own(new String(SAID_URL), { toString: { value: alternating(...values) } });

const post = { method: 'POST', body: 'the body' };

const LIARS: readonly (readonly [string, () => unknown])[] = [
  ['a URL with a lying href', () => new LyingUrl(TRUE_URL)],
  [
    'a URL with an honest href and a lying text',
    () => own(new URL(SAID_URL), { toString: { value: () => TRUE_URL } }),
  ],
  [
    'a URL that is text to the platform',
    () => own(new URL(SAID_URL), { [Symbol.toPrimitive]: { value: () => TRUE_URL } }),
  ],
  [
    'a URL whose href is an object',
    () => own(new URL(TRUE_URL), { href: { value: textOf(SAID_URL, SAID_URL, TRUE_URL) } }),
  ],
  [
    'a URL whose href alternates',
    () => own(new URL(TRUE_URL), { href: { get: alternating(SAID_URL, TRUE_URL) } }),
  ],
  [
    'a URL that is a Request as well',
    () => Object.assign(new URL(TRUE_URL), { method: 'GET', url: SAID_URL, body: null }),
  ],
  ['a subclass of Request', () => new LyingRequest(TRUE_URL)],
  ['a subclass of Request with a body', () => new LyingRequest(TRUE_URL, post)],
  ['a Request with a url of its own', () => own(new Request(TRUE_URL), { url: { value: SAID_URL } })],
  [
    'a Request whose url alternates',
    () => own(new Request(TRUE_URL), { url: { get: alternating(SAID_URL, TRUE_URL) } }),
  ],
  [
    'a Request whose url alternates the other way',
    () => own(new Request(TRUE_URL), { url: { get: alternating(TRUE_URL, SAID_URL) } }),
  ],
  [
    'a Request whose url is an object',
    () => own(new Request(TRUE_URL), { url: { value: textOf(SAID_URL, TRUE_URL) } }),
  ],
  [
    'a Request with a lying clone',
    () => own(new Request(SAID_URL, post), { clone: { value: () => new Request(TRUE_URL, post) } }),
  ],
  [
    'a Request with a lying method',
    () =>
      own(new Request(TRUE_URL), { url: { value: SAID_URL }, method: { value: textOf('GET', 'CONNECT') } }),
  ],
  [
    'a Request behind a proxy',
    () =>
      new Proxy(new Request(TRUE_URL), {
        get: (target, key) => (key === 'url' ? SAID_URL : Reflect.get(target, key, target)),
      }),
  ],
  [
    'a proxy that is text to the platform',
    () =>
      new Proxy(new Request(SAID_URL), {
        get: (target, key) =>
          key === Symbol.toPrimitive ? () => TRUE_URL : Reflect.get(target, key, target),
      }),
  ],
  [
    'something with the members of a Request',
    () => ({ method: 'GET', url: SAID_URL, body: null, headers: {}, toString: () => TRUE_URL }),
  ],
  [
    'something with the members of a Request and a body',
    () => ({
      ...post,
      url: SAID_URL,
      headers: {},
      toString: () => TRUE_URL,
      arrayBuffer: () => new ArrayBuffer(1),
      clone: () => new Request(TRUE_URL),
    }),
  ],
  ['something with an href', () => ({ href: SAID_URL, toString: () => TRUE_URL })],
  ['a String', () => new String(TRUE_URL)],
  ['a list', () => [TRUE_URL]],
  ['something that is text', () => textOf(SAID_URL, TRUE_URL)],
  ['nothing', () => null],
  ['a number', () => 1],
];

test.each(LIARS)('%s takes no credential elsewhere', async (_, make) => {
  for (const door of everyDoor(OPEN)) {
    const outcome = await outcomeOf(door, make() as Input);

    for (const { request } of door.fetch.calls) expect(request.url).toMatch(/^https:\/\/api\.example\//);
    expect(outcome).toMatch(
      /^(?:https:\/\/api\.example\/|ORIGIN_NOT_ALLOWED$|INVALID_OPTION$|TypeError$|ERR_)/,
    );
  }
});

test('no change of mind comes at a moment that matters', async () => {
  const properties = ['href', 'url', 'toString', Symbol.toPrimitive];
  for (let looks = 0; looks < 12; looks++) {
    const answers = [...Array<string>(looks).fill(SAID_URL), ...Array<string>(30).fill(TRUE_URL)];
    const liars = properties.flatMap((property) => {
      const text = { value: textOf(...answers) };
      const getter = { get: alternating(...answers) };
      const lie = { value: alternating(...answers) };
      const kinds = typeof property === 'symbol' || property === 'toString' ? [lie] : [text, getter];
      return kinds.flatMap((kind) => [
        own(new URL(SAID_URL), { [property]: kind }),
        own(new Request(SAID_URL), { [property]: kind }),
      ]);
    });
    for (const liar of liars) {
      for (const door of everyDoor(OPEN)) {
        await outcomeOf(door, liar);
        for (const { request } of door.fetch.calls) expect(request.url).toMatch(/^https:\/\/api\.example\//);
      }
    }
  }
});

test('a Request that lies is judged by what the platform makes of it', async () => {
  for (const make of [() => new LyingRequest(TRUE_URL), () => new LyingRequest(TRUE_URL, post)]) {
    for (const door of everyDoor(OPEN).filter(({ name }) => !name.startsWith('client.get'))) {
      expect(await outcomeOf(door, make())).toBe('ORIGIN_NOT_ALLOWED');
      expect(door.asked()).toBe(0);
    }
  }
});

test('a Request of another implementation goes to the URL it names, with its body', async () => {
  const foreign = {
    method: 'POST',
    url: `${BASE}/foreign`,
    headers: new Headers({ 'x-mine': '1' }),
    body: {},
    arrayBuffer: async () => new TextEncoder().encode('its body').buffer,
  };
  for (const door of everyDoor(OPEN).filter(({ name }) => !name.startsWith('client.get'))) {
    await door.send(foreign as unknown as Request);

    const sent = door.fetch.calls[0]?.request;
    expect([
      sent?.method,
      withoutKey(sent?.url ?? ''),
      sent?.headers.get('x-mine'),
      await sent?.text(),
    ]).toEqual(['POST', `${BASE}/foreign`, '1', 'its body']);
  }
});
