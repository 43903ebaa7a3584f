import { configureStore } from '@reduxjs/toolkit';
import { createApi, fetchBaseQuery } from '@reduxjs/toolkit/query';
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

export const rtkQuery: HostSdk = {
  name: '@reduxjs/toolkit',
  streams: '`responseHandler`',
  failure: '`{ status, data }`',
  refusal: 'the text `error.error`',
  async answer(request, next) {
    if (request.method === 'GET') return partsOf('text/event-stream', PARTS, next);
    const note = (await request.json()) as { text: string };
    return Response.json(note, { status: note.text === UNFIT ? 422 : 200 });
  },
  connect,
  statusOf: (error) => memberOf(error, 'status'),
  codeOf: (error) => /(?<=\/)[A-Z_]+$/.exec(String(memberOf(error, 'error')))?.[0],
};

function connect(client: Client, baseUrl: string): Connected {
  // #region rtk-query
  const baseQuery = fetchBaseQuery({ baseUrl, fetchFn: client.fetch });
  // #endregion
  const { readable, writable } = new TransformStream<string, string>();
  const responseHandler = async ({ body }: Response): Promise<void> => {
    const writer = writable.getWriter();
    if (body) for await (const text of textOf(body)) await writer.write(text);
    await writer.close();
  };
  const api = createApi({
    baseQuery,
    endpoints: (build) => ({
      echo: build.mutation<{ text: string }, string>({
        query: (text) => ({ url: 'notes', method: 'POST', body: { text } }),
      }),
      parts: build.query<null, void>({ query: () => ({ url: 'notes', responseHandler }) }),
    }),
  });
  const store = configureStore({
    reducer: { [api.reducerPath]: api.reducer },
    middleware: (defaults) => defaults({ immutableCheck: false }).concat(api.middleware),
  });
  const echo = async (text: string): Promise<string> =>
    (await store.dispatch(api.endpoints.echo.initiate(text)).unwrap()).text;
  return {
    echo,
    fail: () => rejectionOf(echo(UNFIT)),
    async *stream() {
      const asked = store.dispatch(api.endpoints.parts.initiate());
      yield* readable;
      await asked;
      asked.unsubscribe();
    },
    close: async () => void store.dispatch(api.util.resetApiState()),
  };
}
