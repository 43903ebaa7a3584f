import { type ReactNode, Suspense } from 'react';
import type { Client } from '../../../src/index.ts';
import { createClientContext } from '../../../src/react.ts';
import type { Member } from '../../support/members.ts';

const members = createClientContext<Client<Member>>();

export interface DocumentProps {
  readonly client: Client<Member>;
  /** Whether there is a user to greet: a server knows from the cookie. */
  readonly greets: boolean;
}

/** A page that a server renders and a browser hydrates. */
export function Document({ client, greets }: DocumentProps): ReactNode {
  return (
    <html lang="en">
      <head>
        <meta charSet="utf-8" />
        <title>A page from a server</title>
        <link rel="icon" href="data:," />
      </head>
      <body>
        <members.ClientProvider client={client}>
          <Status />
          {greets && (
            <Suspense fallback={<p>just a moment</p>}>
              <Greeting />
            </Suspense>
          )}
          <members.Session loading={<p id="gate">loading</p>} signedOut={<p id="gate">signed out</p>}>
            <Gated />
          </members.Session>
        </members.ClientProvider>
      </body>
    </html>
  );
}

function Status(): ReactNode {
  return <p id="status">{members.useSession().status}</p>;
}

function Greeting(): ReactNode {
  return <h1>{members.useUser().name}</h1>;
}

function Gated(): ReactNode {
  return <p id="gate">for {members.useUser().id}</p>;
}
