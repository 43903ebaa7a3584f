import { Session } from 'fetch-valet/react';
import { Clocks } from './clocks.tsx';
import { EndedDialog } from './ended-dialog.tsx';
import { Header } from './header.tsx';
import { NewOrder } from './new-order.tsx';
import { Orders } from './orders.tsx';
import { Panel } from './panel/panel.tsx';
import type { SessionLog } from './panel/session-log.ts';
import { Profile } from './profile.tsx';
import { SignedOut } from './signed-out.tsx';
import { Summary } from './summary.tsx';

interface AppProps {
  readonly log: SessionLog;
  /** Why a login came to nothing. */
  readonly problem: string | undefined;
}

export function App({ log, problem }: AppProps) {
  return (
    <>
      <a className="skip" href="#orders">
        Skip to the orders
      </a>
      <Header log={log} />
      <div className="page">
        <main id="orders" tabIndex={-1}>
          <Session loading={<Loading />} signedOut={<SignedOut problem={problem} />} ended={<EndedDialog />}>
            <Dashboard />
          </Session>
          <Clocks />
        </main>
        <Panel log={log} />
      </div>
    </>
  );
}

/** What one user sees. It is mounted anew for the next one: no state of the one before is left. */
function Dashboard() {
  return (
    <>
      <Profile />
      <Summary />
      <Orders />
      <NewOrder />
    </>
  );
}

function Loading() {
  return (
    <p className="card" role="status">
      Looking for your session …
    </p>
  );
}
