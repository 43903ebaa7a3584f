// #region app
import { Session, useClient } from 'fetch-valet/react';
import { login } from './api.ts';
import { Orders } from './orders.tsx';

export function App() {
  return (
    <Session loading={<p>One moment …</p>} signedOut={<SignIn />} ended={<SignInAgain />}>
      <Orders />
      <SignOut />
    </Session>
  );
}

function SignIn() {
  const signIn = () => login.signIn({ parameters: { prompt: 'login consent' } });
  return (
    <button type="button" onClick={() => void signIn()}>
      Sign in
    </button>
  );
}

function SignInAgain() {
  return (
    <dialog open>
      <p>Your session has ended.</p>
      <SignIn />
    </dialog>
  );
}

function SignOut() {
  const client = useClient();
  return (
    <button type="button" onClick={() => void client.signOut()}>
      Sign out
    </button>
  );
}
// #endregion
