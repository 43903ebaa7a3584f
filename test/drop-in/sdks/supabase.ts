import { createClient, FunctionsFetchError, FunctionsHttpError } from '@supabase/supabase-js';
import type { Client } from '../../../src/index.ts';
import { type Connected, type HostSdk, memberOf, PARTS, partsOf, textOf, UNFIT } from '../host-sdk.ts';

export const supabase: HostSdk = {
  name: '@supabase/supabase-js',
  streams: '`functions.invoke()`, as `text/event-stream`',
  failure: '`{ error }`, no throw: `FunctionsHttpError`, `error.context.status`',
  refusal: '`error.context`',
  async answer(request, next) {
    const { text } = (await request.json()) as { text: string };
    if (text === UNFIT) return Response.json({ message: 'it is unfit' }, { status: 422 });
    if (text === 'stream') return partsOf('text/event-stream', PARTS, next);
    return Response.json({ text });
  },
  connect,
  statusOf: (error) => error instanceof FunctionsHttpError && memberOf(error, 'context', 'status'),
  codeOf: (error) => error instanceof FunctionsFetchError && memberOf(error, 'context', 'code'),
};

function connect(client: Client, url: string): Connected {
  // #region supabase
  const supabase = createClient(url, 'publishable-key', { global: { fetch: client.fetch } });
  // #endregion
  return {
    async echo(text) {
      const { data, error } = await supabase.functions.invoke<{ text: string }>('parrot', { body: { text } });
      if (error) throw error;
      return data?.text ?? '';
    },
    async fail() {
      const { error } = await supabase.functions.invoke('parrot', { body: { text: UNFIT } });
      return error as unknown;
    },
    async *stream() {
      const { data } = await supabase.functions.invoke<Response>('parrot', { body: { text: 'stream' } });
      if (data?.body) yield* textOf(data.body);
    },
  };
}
