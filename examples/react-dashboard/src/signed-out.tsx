import { useState } from 'react';
import { signIn } from './api.ts';
import { explain } from './explain.ts';

export function SignedOut({ problem }: { readonly problem: string | undefined }) {
  const [failure, setFailure] = useState(problem);
  return (
    <section className="card welcome" aria-labelledby="welcome">
      <h1 id="welcome">Orders, yours alone</h1>
      <p>
        Sign in as one of two people. Ada may refund an order, Bob may not. Open a second tab to see that both
        share one session.
      </p>
      {failure && (
        <p className="notice bad" role="alert">
          {failure}
        </p>
      )}
      <button
        className="main"
        type="button"
        onClick={() => void signIn().catch((error: unknown) => setFailure(explain(error)))}
      >
        Sign in
      </button>
    </section>
  );
}
