import { createFetch } from '../../src/fetch.ts';
import { accessToken, apiKey, Client } from '../../src/index.ts';
import type { PipelineOptions } from '../../src/pipeline/settings.ts';
import { createFakeFetch, type FakeFetch, ok } from './fake-fetch.ts';
import { quiet } from './quiet.ts';

export const SECRET = 'secret-0123456789abcdef';

type Input = string | URL | Request;

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
  return ways.flatMap(([way, open]) =>
    credentials.map(([kind, make]) => {
      let asked = 0;
      const fetch = createFakeFetch(ok);
      const ask = (): string => {
        asked += 1;
        return SECRET;
      };
      const send = open(make(ask), { ...options, runtime: { fetch } });
      return { name: `${way}, ${kind}`, fetch, asked: () => asked, send };
    }),
  );
}

const credentials = [
  ['token', (ask: () => string) => accessToken(ask)],
  ['key in a header', (ask: () => string) => apiKey(ask)],
  ['key in the query', (ask: () => string) => apiKey(ask, { in: 'query' })],
] as const;

type Strategy = ReturnType<(typeof credentials)[number][1]>;
type Options = PipelineOptions & { readonly runtime: { readonly fetch: FakeFetch } };

const ways: readonly (readonly [string, (strategy: Strategy, options: Options) => Door['send']])[] = [
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
