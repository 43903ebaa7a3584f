import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { timeIn } from './format.ts';
import { Notice } from './notice.tsx';
import { useNow } from './panel/use-now.ts';
import { zonesQuery } from './queries.ts';

const COUNTRIES = [
  ['ET', 'Ethiopia'],
  ['CO', 'Colombia'],
  ['BR', 'Brazil'],
  ['ID', 'Indonesia'],
  ['VN', 'Viet Nam'],
] as const;

const MOST = 4;

/** Public data, with a key that only the page's own server has. Everybody sees it, signed in or not. */
export function Clocks() {
  const [country, setCountry] = useState('ID');
  const { data = [], error } = useQuery(zonesQuery(country));
  const now = useNow(10_000);
  return (
    <section className="card" aria-labelledby="clocks">
      <div className="card-head">
        <h2 id="clocks">Time at the farms</h2>
        <label className="inline">
          <span className="unseen">Country</span>
          <select value={country} onChange={(event) => setCountry(event.target.value)}>
            {COUNTRIES.map(([code, name]) => (
              <option key={code} value={code}>
                {name}
              </option>
            ))}
          </select>
        </label>
      </div>
      <Notice error={error} />
      <ul className="clocks">
        {data.slice(0, MOST).map(({ zone }) => (
          <li key={zone}>
            <b>{timeIn(zone, now)}</b>
            <span className="note">{zone.split('/').at(-1)?.replaceAll('_', ' ')}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
