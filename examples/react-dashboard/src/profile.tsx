import { useQuery } from '@tanstack/react-query';
import { useUser } from 'fetch-valet/react';
import { Notice } from './notice.tsx';
import { profileQuery } from './queries.ts';

export function Profile() {
  const user = useUser();
  const { data, error, dataUpdatedAt } = useQuery(profileQuery);
  return (
    <section className="card profile" aria-labelledby="profile">
      <span className="face large" aria-hidden="true">
        {user.name.slice(0, 1)}
      </span>
      <div>
        <h1 id="profile">{user.name}</h1>
        <p className="note facts">
          {data ? (
            <>
              <span>{data.role}</span>
              <span>{data.email}</span>
              <span>since {new Date(data.since).getFullYear()}</span>
            </>
          ) : (
            user.role
          )}
        </p>
        <Notice error={error} shown={dataUpdatedAt} />
      </div>
    </section>
  );
}
