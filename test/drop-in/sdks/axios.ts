import axiosLibrary, { isAxiosError } from 'axios';
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

export const axios: HostSdk = {
  name: 'axios',
  streams: "`responseType: 'stream'`",
  failure: '`AxiosError`, `error.response.status`',
  refusal: '`error.cause`',
  async answer(request, next) {
    if (request.method === 'GET') return partsOf('text/event-stream', PARTS, next);
    const note = (await request.json()) as { text: string };
    return Response.json(note, { status: note.text === UNFIT ? 422 : 200 });
  },
  connect,
  statusOf: (error) => isAxiosError(error) && error.response?.status,
  codeOf: (error) => memberOf(error, 'cause', 'code'),
};

function connect(client: Client, baseURL: string): Connected {
  // #region axios
  const axios = axiosLibrary.create({ baseURL, adapter: 'fetch', env: { fetch: client.fetch } });
  // #endregion
  const post = async (text: string): Promise<string> => {
    const { data } = await axios.post<{ text: string }>('/notes', { text });
    return data.text;
  };
  return {
    echo: post,
    fail: () => rejectionOf(post(UNFIT)),
    async *stream() {
      const { data } = await axios.get<ReadableStream<Uint8Array>>('/notes', { responseType: 'stream' });
      yield* textOf(data);
    },
  };
}
