/** Apollo Client, for docs/guide/tanstack-query.md. */
import { ApolloClient, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { ApolloProvider, useQuery } from '@apollo/client/react';
import type { Client } from 'fetch-valet';
import type { ReactNode } from 'react';

const ME = gql`
  query Me {
    me {
      id
      name
    }
  }
`;

export interface Graph {
  readonly apollo: ApolloClient;
  readonly off: () => void;
}

export function createGraph(api: Client, uri: string): Graph {
  // #region apollo
  const apollo = new ApolloClient({
    link: new HttpLink({ uri, fetch: api.fetch }),
    cache: new InMemoryCache(),
  });
  const off = api.on('userchange', ({ previous }) => {
    if (previous !== undefined) void apollo.clearStore();
  });
  // #endregion
  return { apollo, off };
}

export function Me(): ReactNode {
  const { data } = useQuery<{ me: { name: string } }>(ME);
  return <p>{data?.me.name ?? 'no data'}</p>;
}

export function GraphProvider({
  apollo,
  children,
}: Pick<Graph, 'apollo'> & { children: ReactNode }): ReactNode {
  return <ApolloProvider client={apollo}>{children}</ApolloProvider>;
}
