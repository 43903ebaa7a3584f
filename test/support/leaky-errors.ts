/**
 * Errors as HTTP libraries, wrappers and SDKs throw them, each with a text somewhere in it.
 */
export type MakeError = (said: string) => unknown;

/** Holds its request where JavaScript code can get at it and no printing shows it. */
class PrivateRequestError extends Error {
  readonly #request: { readonly headers: Readonly<Record<string, string>> };

  constructor(said: string) {
    super('Request failed');
    this.#request = { headers: { authorization: said } };
  }

  get request(): unknown {
    return this.#request;
  }
}

/** Tells everything when it is turned into JSON, as AxiosError does. */
class TellingError extends Error {
  readonly #config: unknown;

  constructor(said: string) {
    super('Request failed with status code 502');
    this.#config = { data: `grant_type=refresh_token&refresh_token=${said}` };
  }

  toJSON(): unknown {
    return { message: this.message, config: this.#config };
  }
}

function axiosError(said: string): Error {
  const config = {
    url: '/token',
    headers: { Authorization: `Bearer ${said}` },
    data: JSON.stringify({ said }),
  };
  const request = { path: `/token?k=${encodeURIComponent(said)}`, _header: `authorization: ${said}\r\n` };
  const error = new Error('Request failed with status code 400');
  return Object.assign(error, {
    name: 'AxiosError',
    code: 'ERR_BAD_REQUEST',
    config,
    request,
    response: { status: 400, data: { error: said }, config, request },
    isAxiosError: true,
    toJSON: () => ({ message: error.message, config }),
  });
}

function chain(depth: number, last: unknown): Error {
  let error = new Error('link', { cause: last });
  for (let index = 1; index < depth; index++) error = new Error('link', { cause: error });
  return error;
}

/** What each is called for, and how it is made. */
export const LEAKY_ERRORS: Readonly<Record<string, MakeError>> = {
  'in its message': (said) => new TypeError(`could not send ${said}`),
  'percent-encoded in its message': (said) => new TypeError(`GET /?k=${encodeURIComponent(said)} failed`),
  'form-encoded in its message': (said) => new TypeError(`sent ${new URLSearchParams({ k: said })}`),
  'as the platform writes it in a URL': (said) =>
    new TypeError(`GET ${new URL(`https://x.example/?a=b&k=${encodeURIComponent(said)}`).href} failed`),
  'percent-encoded by RFC 3986': (said) =>
    new TypeError(
      `k=${encodeURIComponent(said).replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`)}`,
    ),
  'in a URL in a URL': (said) =>
    new TypeError(`/login?next=${encodeURIComponent(`/x?k=${encodeURIComponent(said)}`)}`),
  'in JSON in its message': (said) => new Error(`400 ${JSON.stringify({ error: `bad ${said}` })}`),
  'in JSON as PHP writes it': (said) => new Error(`400 ${asciiJson({ error: `bad ${said}` })}`),
  'in JSON in JSON': (said) => new Error(JSON.stringify({ body: JSON.stringify({ said }) })),
  'in base64, as Basic': (said) =>
    new Error(`sent Authorization:Basic_${Buffer.from(`client:${said}`).toString('base64')}`),
  'in its name': (said) => Object.assign(new Error('x'), { name: `Failed ${said}` }),
  'in its stack': (said) =>
    Object.assign(new Error('x'), { stack: `Error: x\n    at send (${said}.js:1:1)` }),
  'in its cause': (said) => new TypeError('fetch failed', { cause: new Error(`connect ${said}`) }),
  'in a cause that is text': (said) => new TypeError('fetch failed', { cause: `connect ${said}` }),
  'in a cause that is an object': (said) =>
    new TypeError('fetch failed', { cause: { headers: { authorization: said } } }),
  'in the last of many causes': (said) => chain(12, new Error(said)),
  'in a cause chain that is a circle': (said) => {
    const error = new Error('round', { cause: undefined });
    error.cause = new Error(said, { cause: error });
    return error;
  },
  'in one of several errors': (said) => new AggregateError([new Error('no'), new Error(said)], 'all failed'),
  'in a member': (said) => Object.assign(new Error('x'), { url: `https://x.example/?k=${said}` }),
  'in the name of a member': (said) => Object.assign(new Error('x'), { [said]: true }),
  'in a member with a symbol': (said) => Object.assign(new Error('x'), { [Symbol('request')]: said }),
  'in a symbol': (said) => Object.assign(new Error('x'), { [Symbol(said)]: 1 }),
  'in a hidden member': (said) =>
    Object.defineProperty(new Error('x'), 'config', { value: { headers: [said] }, enumerable: false }),
  'behind a getter': (said) =>
    Object.defineProperty(new Error('x'), 'config', { get: () => ({ headers: [said] }), enumerable: false }),
  'behind a getter of its class': (said) => new PrivateRequestError(said),
  'in what toJSON gives': (said) => new TellingError(said),
  'as AxiosError does': axiosError,
  'in a Request': (said) =>
    Object.assign(new Error('x'), {
      request: new Request('https://x.example', { headers: { 'x-key': encodeURIComponent(said) } }),
    }),
  'in a Map in a list': (said) => Object.assign(new Error('x'), { sent: [new Map([['x-key', said]])] }),
  'in bytes': (said) => Object.assign(new Error('x'), { body: new TextEncoder().encode(`k=${said}`) }),
  'behind a world of other objects': (said) =>
    Object.assign(new Error('x'), {
      sockets: Array.from({ length: 3000 }, (_, id) => ({ id })),
      agent: { last: { header: said } },
    }),
  'in what it inherits from': (said) =>
    Object.create(Object.assign(new Error(said), { config: { headers: { authorization: said } } })) as Error,
  'as a DOMException': (said) => new DOMException(`could not send ${said}`, 'NetworkError'),
  'as text': (said) => `could not send ${said}`,
  'as an object': (said) => ({ message: 'no', config: { headers: { authorization: said } } }),
  'as an object with its own JSON': (said) => ({ error: 'server_error', toJSON: () => ({ said }) }),
};

/** JSON as PHP and Python write it: slashes escaped, and everything that is not ASCII. */
function asciiJson(value: unknown): string {
  return JSON.stringify(value)
    .replaceAll('/', '\\/')
    .replace(/[\x7f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
