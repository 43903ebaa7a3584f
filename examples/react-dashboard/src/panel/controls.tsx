import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useClient, useSession } from 'fetch-valet/react';
import { type ReactNode, useId, useSyncExternalStore } from 'react';
import { signIn } from '../api.ts';
import { network } from '../network.ts';
import { expire, readLevers, revoke, setDown } from './levers.ts';

/** Buttons for what otherwise takes an hour, an operator or bad luck. */
export function Controls() {
  const client = useClient();
  const queryClient = useQueryClient();
  const session = useSession();
  const isOffline = useSyncExternalStore(network.subscribe, () => network.isOffline);
  const levers = useQuery({ queryKey: ['levers'], queryFn: readLevers, meta: { public: true } });
  const isDown = levers.data?.isDown ?? false;
  const user = session.status === 'signed-in' ? session.user.id : undefined;

  // Everything of the user is asked for again, at once: so many requests, and one refresh for all of them.
  const askAll = (): void => {
    void queryClient.refetchQueries({ type: 'active', predicate: ({ meta }) => meta?.public !== true });
  };
  const pull = useMutation({
    meta: { public: true },
    mutationFn: (lever: () => Promise<unknown>) => lever(),
    onSettled: () => {
      void levers.refetch();
      askAll();
    },
  });
  const forUser = (lever: (user: string) => Promise<unknown>) => (): void => {
    if (user !== undefined) pull.mutate(() => lever(user));
  };
  const toggleNetwork = (): void => {
    network.toggle();
    askAll();
  };

  return (
    <section className="part" aria-labelledby="controls">
      <h3 id="controls">What if …</h3>
      <div className="levers">
        <Lever name="Expire now" isOff={user === undefined} pull={forUser(expire)}>
          401, one refresh, 200.
        </Lever>
        <Lever name="Revoke at server" isOff={user === undefined} pull={forUser(revoke)}>
          The login is ended, the form is kept.
        </Lever>
        <Lever name="Token endpoint down" isOn={isDown} pull={() => pull.mutate(() => setDown(!isDown))}>
          503, and nobody is signed out.
        </Lever>
        <Lever name="Offline" isOn={isOffline} pull={toggleNetwork}>
          Nothing leaves this page.
        </Lever>
        <Lever name="Switch user" isOff={user === undefined} pull={() => void signIn().catch(() => {})}>
          No data of the first one stays.
        </Lever>
        <Lever
          name="Sign out everywhere"
          isOff={user === undefined}
          pull={() => void client.signOut().catch(() => {})}
        >
          In all tabs, and at the server.
        </Lever>
      </div>
    </section>
  );
}

interface LeverProps {
  readonly name: string;
  readonly children: ReactNode;
  /** Of a switch: whether it is on. */
  readonly isOn?: boolean;
  readonly isOff?: boolean;
  readonly pull: () => void;
}

function Lever({ name, children, isOn, isOff = false, pull }: LeverProps) {
  const id = useId();
  return (
    <button
      className="lever"
      type="button"
      aria-labelledby={id}
      aria-describedby={`${id}-note`}
      aria-pressed={isOn}
      disabled={isOff}
      onClick={pull}
    >
      <b id={id}>{name}</b>
      {isOn && (
        <span className="on" aria-hidden="true">
          on
        </span>
      )}
      <span className="note" id={`${id}-note`}>
        {children}
      </span>
    </button>
  );
}
