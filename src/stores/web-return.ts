interface Page {
  readonly document?: { readonly visibilityState: string };
  readonly addEventListener?: typeof globalThis.addEventListener;
}

/**
 * Calls `changed` when a page is back from where it heard of nothing: the back-forward cache, a frozen or a hidden
 * tab. First of all listeners, so that nothing is sent or shown before (rule S9). Returns the function that stops it.
 */
export function onReturn(changed: () => void): () => void {
  const { addEventListener, document } = globalThis as Page;
  if (addEventListener === undefined || document === undefined) return () => {};
  const shown = ({ persisted }: PageTransitionEvent): void => {
    if (persisted) changed();
  };
  const visible = (): void => {
    if (document.visibilityState === 'visible') changed();
  };
  globalThis.addEventListener('pageshow', shown, true);
  globalThis.addEventListener('visibilitychange', visible, true);
  globalThis.addEventListener('resume', changed, true);
  return () => {
    globalThis.removeEventListener('pageshow', shown, true);
    globalThis.removeEventListener('visibilitychange', visible, true);
    globalThis.removeEventListener('resume', changed, true);
  };
}
