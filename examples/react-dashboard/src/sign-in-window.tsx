import { useSession } from 'fetch-valet/react';

/** What the window for signing in again shows at the end. The dialog that opened it closes it. */
export function SignInWindow() {
  const { status } = useSession();
  return (
    <main className="plain">
      <p role="status">
        {status === 'signed-in' ? 'You are signed in. You can close this window.' : 'One moment …'}
      </p>
    </main>
  );
}
