import { createTRPCClient, httpBatchStreamLink, TRPCClientError } from '@trpc/client';
import { initTRPC, TRPCError } from '@trpc/server';
import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import { z } from 'zod';
import type { Client } from '../../../src/index.ts';
import { type Connected, type HostSdk, memberOf, PARTS, rejectionOf, UNFIT } from '../host-sdk.ts';

const rpc = initTRPC.context<{ readonly next: Promise<void> }>().create();

const router = rpc.router({
  echo: rpc.procedure.input(z.string()).mutation(({ input }) => {
    if (input === UNFIT) throw new TRPCError({ code: 'UNPROCESSABLE_CONTENT', message: 'it is unfit' });
    return input;
  }),
  parts: rpc.procedure.query(async function* ({ ctx }) {
    yield PARTS[0];
    await ctx.next;
    yield PARTS[1];
  }),
});

export const trpc: HostSdk = {
  name: '@trpc/client',
  streams: '`httpBatchStreamLink`',
  failure: '`TRPCClientError`, `error.data.httpStatus`',
  refusal: '`error.cause`',
  answer: (req, next) =>
    fetchRequestHandler({ req, router, endpoint: '', createContext: () => ({ next }), onError: () => {} }),
  connect,
  statusOf: (error) =>
    error instanceof TRPCClientError &&
    // An answer that is not tRPC's own has no data.
    (memberOf(error, 'data', 'httpStatus') ?? memberOf(error, 'meta', 'response', 'status')),
  codeOf: (error) => memberOf(error, 'cause', 'code'),
};

function connect(client: Client, url: string): Connected {
  // #region trpc
  const link = httpBatchStreamLink({ url, fetch: client.fetch, maxItems: 1 });
  const api = createTRPCClient<typeof router>({ links: [link] });
  // #endregion
  return {
    echo: (text) => api.echo.mutate(text),
    fail: () => rejectionOf(api.echo.mutate(UNFIT)),
    async *stream() {
      yield* await api.parts.query();
    },
  };
}
