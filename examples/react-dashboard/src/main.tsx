import { QueryClientProvider } from '@tanstack/react-query';
import { ClientProvider } from 'fetch-valet/react';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { api, login, queryClient, signIn } from './api.ts';
import { App } from './app.tsx';
import { explain } from './explain.ts';
import { createSessionLog } from './panel/session-log.ts';
import { SignInWindow } from './sign-in-window.tsx';
import './styles/base.css';
import './styles/dashboard.css';
import './styles/panel.css';

const log = createSessionLog(api);
const root = createRoot(document.getElementById('root') ?? document.body);

async function start(): Promise<void> {
  // The window that a dialog opened to sign in again: it goes to the login at once.
  if (location.pathname === '/sign-in')
    return signIn(new URLSearchParams(location.search).get('hint') ?? '', '/close');
  // The answer of a login is taken before anything is shown, so that nobody sees "signed out" in between.
  const problem = await finishLogin();
  const isWindow = location.pathname === '/close';
  root.render(
    <StrictMode>
      <QueryClientProvider client={queryClient}>
        <ClientProvider client={api}>
          {isWindow ? <SignInWindow /> : <App log={log} problem={problem} />}
        </ClientProvider>
      </QueryClientProvider>
    </StrictMode>,
  );
}

/** What went wrong with the login that brought the user here, in a sentence. */
async function finishLogin(): Promise<string | undefined> {
  try {
    const done = await login.handleRedirect();
    if (done) history.replaceState(null, '', done.returnTo);
    return undefined;
  } catch (error) {
    history.replaceState(null, '', '/');
    return explain(error);
  }
}

await start();
