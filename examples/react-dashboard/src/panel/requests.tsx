import type { SessionLog } from './session-log.ts';
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
              {answers.map((answer, at) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: answers are only ever appended
                <Answer key={at} answer={answer} />
              ))}
              {isPending && <span className="status waiting">waiting</span>}
            </span>
            <span className="note figure">{ms !== undefined && `${ms} ms`}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}

function Answer({ answer }: { readonly answer: number | string }) {
  return <span className={`status ${kindOf(answer)}`}>{answer}</span>;
}

function kindOf(answer: number | string): 'good' | 'replayed' | 'bad' {
  if (answer === 401) return 'replayed';
  return typeof answer === 'number' && answer < 400 ? 'good' : 'bad';
}
