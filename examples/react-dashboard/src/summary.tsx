import { useQuery } from '@tanstack/react-query';
import { euro } from './format.ts';
import { summaryQuery } from './queries.ts';

export function Summary() {
  const { data } = useQuery(summaryQuery);
  return (
    <dl className="tiles">
      <div className="card tile">
        <dt>Open</dt>
        <dd>{data?.open ?? '–'}</dd>
      </div>
      <div className="card tile">
        <dt>Shipped</dt>
        <dd>{data?.shipped ?? '–'}</dd>
      </div>
      <div className="card tile">
        <dt>Revenue</dt>
        <dd>{data ? euro(data.revenue) : '–'}</dd>
      </div>
    </dl>
  );
}
