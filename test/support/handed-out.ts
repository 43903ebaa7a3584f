import { expect } from 'vitest';
import type { ExtendOptions } from '../../src/client-options.ts';
import type { EventName } from '../../src/events.ts';
import { Client, type Credential, type Logger, type VerbOptions } from '../../src/index.ts';
import { responseFrom } from '../../src/testing/test-fetch.ts';
import { createManualClock, type ManualClock } from './clock.ts';
import { leaksIn, type SearchOptions } from './leaks.ts';
import { thrownBy } from './thrown.ts';

const EVENTS: readonly EventName[] = [
  'request',
  'response',
  'requestfailed',
  'replay',
  'refresh',
  'refreshed',
  'adopted',
  'refreshfailed',
  'signedin',
  'userchange',
  'sessionend',
  'signedout',
  'warning',
];

/** Answers one request, or fails as a platform or a wrapper around it does. */
export type Wire = (request: Request) => Response | Promise<Response>;

export const BASE = 'https://api.example/v1';
export const PARTNER = 'https://partner.example';

/** A client, and everything that it handed out: to be searched for what must not be there. */
export class HandedOut {
  readonly client: Client;
  readonly clock: ManualClock = createManualClock();
  /** What was sent, as a server sees it. Here the secrets belong: it is not searched. */
  readonly sent: Request[] = [];
  readonly codes: string[] = [];
  #wire: Wire = () => Response.json({ ok: true });
  readonly #things: Record<string, unknown> = {};
  #count = 0;

  constructor(credential: Credential, options: ExtendOptions = {}) {
    const write = (line: string): void => this.hand('line', line);
    const logger: Logger = { debug: write, warn: write };
    const fetch = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
      const request = new Request(input, init);
      this.sent.push(request);
      return responseFrom(await this.#wire(request), request.url);
    };
    this.client = new Client(credential, {
      baseUrl: BASE,
      allowedOrigins: [PARTNER, 'http://plain.example'],
      debug: 'curl',
      logger,
      runtime: { fetch, clock: this.clock, random: () => 0.5 },
      ...options,
    });
    for (const event of EVENTS) this.client.on(event, (payload) => this.hand(event, payload));
    const { client } = this;
    Object.assign(this.#things, { client, fetch: client.fetch, session: client.session });
    if (typeof credential === 'object' && 'apply' in credential) this.hand('strategy', credential);
  }

  hand(name: string, value: unknown): void {
    this.#things[`${name} #${++this.#count}`] = value;
  }

  /** The lines and the messages, without what tells two credentials apart. */
  get said(): string[] {
    return Object.values(this.#things)
      .map((thing) => (thing instanceof Error ? thing.message : thing))
      .filter((thing) => typeof thing === 'string')
      .map((line) => line.replace(/credential [\da-f]{6}/, 'credential'));
  }

  /** From now on the network answers so. */
  answer(wire: Wire): this {
    this.#wire = wire;
    return this;
  }

  async fetch(input: string | URL | Request, init?: Parameters<Client['fetch']>[1]): Promise<Response> {
    const response = await this.client.fetch(input, init);
    this.hand(`response to ${init?.method ?? 'GET'}`, response);
    this.hand('its clone', response.clone());
    return response;
  }

  /** What `run` fails with, which every caller gets to see. */
  async failure(name: string, run: () => unknown): Promise<unknown> {
    const error = await thrownBy(run);
    const { code, name: kind } = error as { code?: unknown; name?: unknown };
    this.codes.push(typeof code === 'string' ? code : String(kind));
    this.hand(name, error);
    return error;
  }

  /** The same without what the server said, which is the caller's to see: the rest of the error is ours. */
  async echo(name: string, run: () => unknown): Promise<unknown> {
    const error = await thrownBy(run);
    for (const key of ['data', 'headers', 'response', 'problem', 'challenges', 'issues'])
      Reflect.deleteProperty(error as object, key);
    return this.failure(name, () => {
      throw error;
    });
  }

  /** ky's hooks, handing out all that they are given. */
  hooks(): VerbOptions {
    const watch =
      (name: string) =>
      (state: object): void =>
        this.hand(name, { ...state });
    return {
      retry: { limit: 1, delay: () => 0, methods: ['get', 'post'] },
      hooks: {
        init: [watch('init')],
        beforeRequest: [watch('beforeRequest')],
        beforeRetry: [watch('beforeRetry')],
        afterResponse: [watch('afterResponse')],
        beforeError: [
          (state) => {
            this.hand('beforeError', { ...state });
            return state.error;
          },
        ],
      },
    };
  }

  /** Fails where a secret can be found in anything that was handed out. */
  expectClean(secrets: readonly string[], options?: SearchOptions): void {
    expect(leaksIn(this.#things, secrets, options)).toEqual([]);
  }
}
