import type { Person } from './people.ts';

/** The page on which users choose who they are. It has no script, and this example has no passwords. */
export function loginPage(people: readonly Person[], hint: string | undefined): string {
  const choices = people.map(({ id, name, role, email }) => {
    const note = id === hint ? `${role}, signed in before` : role;
    return `<button name="user" value="${id}"${id === hint ? ' autofocus' : ''}>
      <span class="face" aria-hidden="true">${name.slice(0, 1)}</span>
      <span><b>${name}</b><br><span class="note">${note}<br>${email}</span></span>
    </button>`;
  });
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>Sign in to Kettle &amp; Co.</title>
<style>${style}</style>
<main>
  <h1>Who are you?</h1>
  <p>This is the authorization server of the example. A real one would ask for a passkey or a password.</p>
  <form method="post">
    ${choices.join('\n    ')}
    <button class="quiet" name="user" value="">Cancel</button>
  </form>
</main>
</html>`;
}

const style = `
  :root { color-scheme: light dark; --line: light-dark(#d9dee6, #2c3644); --ink: light-dark(#18212f, #e8edf4);
    --soft: light-dark(#566173, #a3afc0); --accent: light-dark(#0b6a68, #63cfc6); }
  * { box-sizing: border-box; }
  body { margin: 0; min-height: 100dvh; display: grid; place-items: center; padding: 1.5rem;
    background: light-dark(#f5f6f8, #10151c); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
  main { width: min(26rem, 100%); padding: 2rem; border: 1px solid var(--line); border-radius: 1rem;
    background: light-dark(#fff, #171d26); }
  h1 { margin: 0; font-size: 1.375rem; letter-spacing: -.01em; }
  p { margin: .375rem 0 1.5rem; color: var(--soft); font-size: .875rem; }
  form { display: grid; gap: .75rem; }
  button { display: flex; gap: .875rem; align-items: center; padding: .875rem 1rem; border: 1px solid var(--line);
    border-radius: .75rem; background: none; color: inherit; font: inherit; text-align: left; cursor: pointer; }
  button:hover { border-color: var(--accent); }
  button:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
  .face { flex: none; display: grid; place-items: center; width: 2.5rem; height: 2.5rem; border-radius: 50%;
    background: light-dark(#e1f0ee, #1d3b3b); color: var(--accent); font-weight: 700; }
  .note { color: var(--soft); font-size: .8125rem; }
  .quiet { justify-content: center; color: var(--soft); }
`;
