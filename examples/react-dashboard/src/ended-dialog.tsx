import { useClient, useUser } from 'fetch-valet/react';
import { useEffect, useRef } from 'react';

/** Beside the page, which stays as it is: what was typed is still there, and requests wait. */
export function EndedDialog() {
  const client = useClient();
  const user = useUser();
  const dialog = useRef<HTMLDialogElement>(null);
  const popup = useRef<Window | null>(null);
  useEffect(() => {
    dialog.current?.showModal();
    // The session is back, or over: either way there is nothing left to do over there.
    return () => popup.current?.close();
  }, []);
  const open = (): void => {
    popup.current = window.open(`/sign-in?hint=${user.id}`, 'sign-in', 'popup,width=460,height=640');
    // Pop-ups are blocked: then this page goes, and what was typed with it.
    if (popup.current === null) location.assign(`/sign-in?hint=${user.id}`);
  };
  return (
    <dialog ref={dialog} aria-labelledby="ended" onClose={() => dialog.current?.showModal()}>
      <h2 id="ended">Please sign in again, {user.name.split(' ')[0]}</h2>
      <p>
        Your session has ended. Nothing on this page is lost: requests wait, and go on as soon as you are
        back.
      </p>
      <div className="actions">
        <button className="main" type="button" onClick={open}>
          Sign in again
        </button>
        <button className="quiet" type="button" onClick={() => void client.signOut().catch(() => {})}>
          Sign out
        </button>
      </div>
    </dialog>
  );
}
