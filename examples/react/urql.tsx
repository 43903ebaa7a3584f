/** urql, for docs/guide/tanstack-query.md. */
import { Session, useClient } from 'fetch-valet/react';
import { type ReactNode, useState } from 'react';
import { cacheExchange, fetchExchange, gql, Provider, Client as UrqlClient, useQuery } from 'urql';

const ME = gql`
  query Me {
    me {
      id
      name
    }
  }
`;

// #region urql
export function Graph({ url, children }: { readonly url: string; readonly children: ReactNode }): ReactNode {
  const { fetch } = useClient();
  const [client] = useState(() => new UrqlClient({ url, fetch, exchanges: [cacheExchange, fetchExchange] }));
  return <Provider value={client}>{children}</Provider>;
}

export function App({ url }: { readonly url: string }): ReactNode {
  return (
    <Session signedOut={<p>signed out</p>}>
      <Graph url={url}>
        <Me />
      </Graph>
    </Session>
  );
}
// #endregion

function Me(): ReactNode {
  const [{ data }] = useQuery<{ me: { name: string } }>({ query: ME });
  return <p>{data?.me.name ?? 'no data'}</p>;
}
