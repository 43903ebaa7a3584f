import { ApolloClient, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { ServerError } from '@apollo/client/errors';
import type { Client } from '../../../src/index.ts';
import { type Connected, type HostSdk, memberOf, PARTS, partsOf, rejectionOf, UNFIT } from '../host-sdk.ts';

export const apollo: HostSdk = {
  name: '@apollo/client',
  streams: 'subscriptions over multipart HTTP',
  failure: '`ServerError`, `error.statusCode`',
  refusal: 'the error itself',
  async answer(request, next) {
    const { query, variables } = (await request.json()) as Asked;
    if (query.startsWith('subscription')) return partsOf(MULTIPART, [...PARTS.map(partOf), '--\r\n'], next);
    if (variables.text === UNFIT) return Response.json({ message: 'it is unfit' }, { status: 422 });
    return Response.json({ data: { echo: variables.text } });
  },
  connect,
  statusOf: (error) => ServerError.is(error) && error.statusCode,
  codeOf: (error) => memberOf(error, 'code'),
};

interface Asked {
  readonly query: string;
  readonly variables: { readonly text?: string };
}

const MULTIPART = 'multipart/mixed;boundary=graphql;subscriptionSpec=1.0';
const ECHO = gql`mutation Echo($text: String!) { echo(text: $text) }`;
const PARROT = gql`subscription Parrot { said }`;

function connect(client: Client, uri: string): Connected {
  // #region apollo
  const link = new HttpLink({ uri, fetch: client.fetch });
  const apollo = new ApolloClient({ link, cache: new InMemoryCache() });
  // #endregion
  const echo = async (text: string): Promise<string> => {
    const { data } = await apollo.mutate<{ echo: string }>({ mutation: ECHO, variables: { text } });
    return data?.echo ?? '';
  };
  return {
    echo,
    fail: () => rejectionOf(echo(UNFIT)),
    stream: () => said(apollo),
    close: async () => apollo.stop(),
  };
}

/** The values of a subscription, one after another. */
async function* said(apollo: ApolloClient): AsyncGenerator<string> {
  const values = new ReadableStream<string>({
    start(controller) {
      apollo.subscribe<{ said: string }>({ query: PARROT }).subscribe({
        next: ({ data }) => controller.enqueue(data?.said ?? ''),
        error: (error: unknown) => controller.error(error),
        complete: () => controller.close(),
      });
    },
  });
  yield* values;
}

/** A part ends where the next boundary begins. */
function partOf(said: string, index: number): string {
  const part = `content-type: application/json\r\n\r\n${JSON.stringify({ payload: { data: { said } } })}`;
  return `${index === 0 ? '\r\n--graphql\r\n' : '\r\n'}${part}\r\n--graphql`;
}
