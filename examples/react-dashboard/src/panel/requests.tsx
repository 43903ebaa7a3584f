import type { Answer, SessionLog } from './session-log.ts';
import { useLog } from './use-log.ts';

export function Requests({ log }: { readonly log: SessionLog }) {
  const { requests } = useLog(log);
  return (
    <section className="part" aria-labelledby="requests">
      <h3 id="requests">Requests</h3>
      {requests.length === 0 && <p className="note">None so far.</p>}
      <ol className="log">
        {requests.map(({ id, name, answers, isPending, ms }) => (
          <li key={id}>
            <span className="name">{name}</span>
            <span className="chain">
              {answers.map(({ nth, said }) => (
                <span key={nth} className="step">
                  <span className={`status ${kindOf(said)}`}>{said}</span>
                </span>
              ))}
              {isPending && (
                <span className="step">
                  <span className="status waiting">waiting</span>
                </span>
              )}
            </span>
            <span className="note figure">{ms !== undefined && `${ms} ms`}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}

function kindOf(answer: Answer['said']): 'good' | 'replayed' | 'bad' {
  if (answer === 401) return 'replayed';
  return typeof answer === 'number' && answer < 400 ? 'good' : 'bad';
}
