import { useClient, useSession } from 'fetch-valet/react';
import { Lifeline } from './panel/lifetime.tsx';
import type { SessionLog } from './panel/session-log.ts';

export function Header({ log }: { readonly log: SessionLog }) {
  const client = useClient();
  const session = useSession();
  const user = 'user' in session ? session.user : undefined;
  return (
    <header className="bar">
      <div className="bar-in">
        <p className="brand">
          <Kettle /> <span className="brand-name">Kettle &amp; Co.</span>{' '}
          <span className="brand-part">orders</span>
        </p>
        <a className="jump" href="#panel">
          Live session
        </a>
        {user && (
          <div className="who">
            <span className="face" aria-hidden="true">
              {user.name.slice(0, 1)}
            </span>
            <span className="who-name">
              {user.name}
              <span className="note">{user.role}</span>
            </span>
            <button className="quiet" type="button" onClick={() => void client.signOut().catch(() => {})}>
              Sign out
            </button>
          </div>
        )}
      </div>
      <Lifeline log={log} />
    </header>
  );
}

function Kettle() {
  return (
    <svg viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="var(--brand)" />
      <path
        d="M8 13h12v6a5 5 0 0 1-5 5h-2a5 5 0 0 1-5-5zm12 1h2a3 3 0 0 1 0 6h-2M11 7v2m6-2v2m-3-3v3"
        fill="none"
        stroke="#fff"
        strokeWidth="2"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  );
}
