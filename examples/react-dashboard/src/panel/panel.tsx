import { useSession } from 'fetch-valet/react';
import { Controls } from './controls.tsx';
import { Lifetime } from './lifetime.tsx';
import { Refreshes } from './refreshes.tsx';
import { Requests } from './requests.tsx';
import type { SessionLog } from './session-log.ts';

const WORDS = {
  loading: 'Looking …',
  'signed-out': 'Signed out',
  'signed-in': 'Signed in',
  ended: 'Ended',
} as const;

/** The session, live. It shows nothing that an app could not show: it listens to the client's events. */
export function Panel({ log }: { readonly log: SessionLog }) {
  const session = useSession();
  const who = 'user' in session ? ` as ${session.user.name}` : '';
  return (
    <aside className="card panel" id="panel" aria-labelledby="panel-title">
      <div className="card-head">
        <h2 id="panel-title">The session, live</h2>
        <p className={`state ${session.status}`} role="status">
          {WORDS[session.status]}
          <span className="unseen">{who}</span>
        </p>
      </div>
      <Lifetime log={log} />
      <Controls />
      <Requests log={log} />
      <Refreshes log={log} />
    </aside>
  );
}
