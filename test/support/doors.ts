import { expect } from 'vitest';
import { createFetch } from '../../src/fetch.ts';
import { accessToken, apiKey, Client } from '../../src/index.ts';
import type { PipelineOptions } from '../../src/pipeline/settings.ts';
import { createFakeFetch, type FakeFetch, ok } from './fake-fetch.ts';
import { quiet } from './quiet.ts';

export const SECRET = 'secret-0123456789abcdef';

export type Input = string | URL | Request;

export const BASE = 'https://api.example';
/** What most doors are opened with. */
export const OPEN: PipelineOptions = {
  baseUrl: `${BASE}/v1`,
  allowedOrigins: ['https://files.example:8443'],
};

/** One way into the library, with one kind of credential. */
export interface Door {
  readonly name: string;
  readonly fetch: FakeFetch;
  /** How often a credential was asked for. */
  readonly asked: () => number;
  readonly send: (input: Input) => Promise<Response>;
}

/** Every way in, each with a credential in `Authorization`, in a header and in the query: twelve doors. */
export function everyDoor(options: PipelineOptions): Door[] {
  return Array.from({ length: DOORS }, (_, index) => openDoor(index, options));
}

export function openDoor(index: number, options: PipelineOptions): Door {
  const [way, open] = ways[Math.floor(index / credentials.length)] ?? ways[0];
  const [kind, make] = credentials[index % credentials.length] ?? credentials[0];
  let asked = 0;
  const fetch = createFakeFetch(ok);
  const ask = (): string => {
    asked += 1;
    return SECRET;
  };
  const send = open(make(ask), { ...options, runtime: { fetch } });
  return { name: `${way}, ${kind}`, fetch, asked: () => asked, send };
}

const credentials = [
  ['token', (ask: () => string) => accessToken(ask)],
  ['key in a header', (ask: () => string) => apiKey(ask)],
  ['key in the query', (ask: () => string) => apiKey(ask, { in: 'query' })],
] as const;

type Strategy = ReturnType<(typeof credentials)[number][1]>;
type Options = PipelineOptions & { readonly runtime: { readonly fetch: FakeFetch } };

type Way = readonly [string, (strategy: Strategy, options: Options) => Door['send']];

const ways: readonly [Way, ...Way[]] = [
  ['createFetch', (strategy, options) => createFetch(strategy, options)],
  ['client.fetch', (strategy, options) => new Client(strategy, { ...options, logger: quiet }).fetch],
  [
    'client.get',
    (strategy, options) => {
      const client = new Client(strategy, { ...options, logger: quiet });
      return async (input) => client.get(input);
    },
  ],
  [
    'extend',
    (strategy, { runtime, ...options }) =>
      new Client(strategy, { ...parentOf(options), logger: quiet, runtime }).extend(options).fetch,
  ],
];

export const DOORS: number = ways.length * credentials.length;

/** A child without a base URL has its parent's. */
function parentOf({ baseUrl }: PipelineOptions): PipelineOptions {
  return baseUrl === undefined ? {} : { baseUrl: 'https://parent.example' };
}

/** What became of `input` at one door: the URL that was sent with the credential, or the code of the refusal. */
export async function outcomeOf(door: Door, input: Input): Promise<string> {
  const before = door.fetch.calls.length;
  const error = await door.send(input).then(
    () => undefined,
    ({ code, name }: { code?: string; name?: string }) => code ?? name ?? 'something nameless',
  );
  const [call, ...more] = door.fetch.calls.slice(before);
  if (more.length > 0) return `sent ${more.length + 1} times`;
  if (error !== undefined) return call === undefined ? error : `sent, and ${error}`;
  if (call === undefined) return 'answered without being sent';
  const carries = [call.request.url, ...call.request.headers.values()].some((text) => text.includes(SECRET));
  if (!carries) return 'sent bare';
  // A platform reads the text again: what it makes of it has to be what the request says.
  const target = call.input instanceof Request ? call.request.url : new URL(String(call.input)).href;
  return target === call.request.url ? target : `${target} is not ${call.request.url}`;
}

/** What became of `input` at every door; each refusal has sent nothing and asked nobody. */
export async function outcomes(make: () => Input, options: PipelineOptions = OPEN): Promise<string[]> {
  const found = new Set<string>();
  for (const door of everyDoor(options)) {
    const outcome = await outcomeOf(door, make());
    if (!outcome.includes('://'))
      expect([door.name, door.fetch.calls.length, door.asked()]).toEqual([door.name, 0, 0]);
    found.add(withoutKey(outcome));
  }
  return [...found];
}

export function withoutKey(url: string): string {
  return url.replace(new RegExp(`[?&]api_key=${SECRET}`), '');
}

/** The ways in which one text can be handed over. Not everything that is a URL can be a `Request`. */
export function formsOf(text: string): (() => Input)[] {
  const forms: (() => Input)[] = [() => text];
  if (URL.canParse(text)) forms.push(() => new URL(text));
  const { username, password } = URL.parse(text) ?? {};
  if (username === '' && password === '') forms.push(() => new Request(text));
  return forms;
}
