import { createFetch, FetchError } from 'ofetch';
import type { Client } from '../../../src/index.ts';
import {
  type Connected,
  type HostSdk,
  memberOf,
  PARTS,
  partsOf,
  rejectionOf,
  textOf,
  UNFIT,
} from '../host-sdk.ts';

export const ofetch: HostSdk = {
  name: 'ofetch',
  streams: "`responseType: 'stream'`",
  failure: '`FetchError`, `error.status`',
  refusal: '`error.cause`',
  async answer(request, next) {
    if (request.method === 'GET') return partsOf('text/event-stream', PARTS, next);
    const note = (await request.json()) as { text: string };
    return Response.json(note, { status: note.text === UNFIT ? 422 : 200 });
  },
  connect,
  statusOf: (error) => error instanceof FetchError && error.status,
  codeOf: (error) => error instanceof FetchError && memberOf(error, 'cause', 'code'),
};

function connect(client: Client, baseURL: string): Connected {
  // #region ofetch
  const ofetch = createFetch({ fetch: client.fetch, defaults: { baseURL } });
  // #endregion
  const post = async (text: string): Promise<string> => {
    const note = await ofetch<{ text: string }>('/notes', { method: 'POST', body: { text } });
    return note.text;
  };
  return {
    echo: post,
    fail: () => rejectionOf(post(UNFIT)),
    async *stream() {
      yield* textOf(await ofetch('/notes', { responseType: 'stream' }));
    },
  };
}
