import createClient from 'openapi-fetch';
import type { Client } from '../../../src/index.ts';
import { type Connected, type HostSdk, memberOf, PARTS, partsOf, textOf, UNFIT } from '../host-sdk.ts';

export const openapiFetch: HostSdk = {
  name: 'openapi-fetch',
  streams: "`parseAs: 'stream'`",
  failure: '`{ error, response }`, no throw: `response.status`',
  refusal: 'the error itself',
  async answer(request, next) {
    if (request.method === 'GET') return partsOf('text/plain', PARTS, next);
    const note = (await request.json()) as Note;
    if (note.text === UNFIT) return Response.json({ message: 'it is unfit' }, { status: 422 });
    return Response.json(note);
  },
  connect,
  statusOf: (result) => memberOf(result, 'error') !== undefined && memberOf(result, 'response', 'status'),
  codeOf: (error) => memberOf(error, 'code'),
};

interface Note {
  readonly text: string;
}

/** What openapi-typescript would generate. */
interface Paths {
  readonly '/notes': {
    readonly get: { readonly responses: { readonly 200: { readonly content: { 'text/plain': string } } } };
    readonly post: {
      readonly requestBody: { readonly content: { readonly 'application/json': Note } };
      readonly responses: {
        readonly 200: { readonly content: { readonly 'application/json': Note } };
        readonly 422: { readonly content: { readonly 'application/json': { readonly message: string } } };
      };
    };
  };
}

function connect(client: Client, baseUrl: string): Connected {
  // #region openapi-fetch
  const api = createClient<Paths>({ baseUrl, fetch: client.fetch });
  // #endregion
  return {
    async echo(text) {
      const { data } = await api.POST('/notes', { body: { text } });
      return data?.text ?? '';
    },
    fail: () => api.POST('/notes', { body: { text: UNFIT } }),
    async *stream() {
      const { data } = await api.GET('/notes', { parseAs: 'stream' });
      if (data) yield* textOf(data as ReadableStream<Uint8Array>);
    },
  };
}
