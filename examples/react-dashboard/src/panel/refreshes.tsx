import { time } from '../format.ts';
import type { SessionLog } from './session-log.ts';
import { useLog } from './use-log.ts';

const MARKS = { running: '…', done: '✓', failed: '✗', adopted: '⇄' };

export function Refreshes({ log }: { readonly log: SessionLog }) {
  const { refreshes } = useLog(log);
  return (
    <section className="part" aria-labelledby="refreshes">
      <h3 id="refreshes">Refreshes</h3>
      {refreshes.length === 0 && <p className="note">None so far.</p>}
      <ol className="log" aria-live="polite" aria-relevant="additions">
        {refreshes.map(({ id, at, text, state }) => (
          <li key={id}>
            <span className={`mark ${state}`} aria-hidden="true">
              {MARKS[state]}
            </span>
            <span>{text}</span>
            <time className="note">{time(at)}</time>
          </li>
        ))}
      </ol>
    </section>
  );
}
