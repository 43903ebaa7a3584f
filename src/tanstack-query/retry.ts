import type { QueryClient } from '@tanstack/react-query';

type Retry = boolean | number | ((failures: number, error: Error) => boolean) | undefined;

/** By name: there may be two copies of the class. */
export function isSessionError(error: unknown): boolean {
  return error instanceof Error && error.name === 'SessionError';
}

/**
 * Has nothing tried again that nobody is signed in for, whatever the defaults of the cache say, and without any also
 * nothing that would fail again in the same way. Returns the function that puts the defaults back.
 */
export function retryUnlessOver(queryClient: QueryClient): () => void {
  const before = queryClient.getDefaultOptions();
  // As TanStack Query has it: a server does not keep its users waiting.
  const usual = globalThis.window === undefined ? 0 : 3;
  queryClient.setDefaultOptions({
    ...before,
    queries: { ...before.queries, retry: unlessOver(before.queries?.retry, usual) },
    mutations: { ...before.mutations, retry: unlessOver(before.mutations?.retry, 0) },
  });
  return () => queryClient.setDefaultOptions(before);
}

function unlessOver(own: Retry, usual: number): (failures: number, error: Error) => boolean {
  return (failures, error) => {
    if (isSessionError(error)) return false;
    if (typeof own === 'function') return own(failures, error);
    if (own === undefined && 'retryable' in error && error.retryable === false) return false;
    return own === true || failures < Number(own ?? usual);
  };
}
