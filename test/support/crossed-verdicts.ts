import type { SessionSnapshot } from '../../src/contracts.ts';
import type { CrossedHistory } from './crossed-history.ts';
import type { CrossedIssuer } from './crossed-issuer.ts';
import type { CrossedRun } from './crossed-run.ts';
import type { CrossedStore } from './crossed-store.ts';

/** What all clients of a run share. */
export interface Crossing {
  readonly run: CrossedRun;
  readonly issuer: CrossedIssuer;
  readonly store: CrossedStore;
  readonly history: CrossedHistory;
}

/** What a request or a refresh may come to while something goes wrong. */
export const EXPECTED: ReadonlySet<string> = new Set([
  '200',
  '401',
  'CLIENT_CLOSED',
  'SESSION_CHANGED',
  'SESSION_ENDED',
  'SIGNED_OUT',
  'STORE_UNAVAILABLE',
  'TOKEN_ENDPOINT_UNAVAILABLE',
  'TOKEN_PROVIDER_FAILED',
  'TOKEN_TIMEOUT',
]);

/** Counts what a sign-in or a sign-out that begins now meets on its way. */
export function crossed({ run, store, issuer }: Crossing, id: number, what: 'sign-in' | 'sign-out'): void {
  if (store.writing.some((client) => client !== id)) run.see(`a ${what} crossed the write of another`);
  if (store.writing.includes(id)) run.see(`a ${what} crossed a write of its own`);
  if (issuer.isBusy) run.see(`a ${what} crossed a refresh`);
}

/** Whether a client may see its session change like this. */
export function changed(
  { run, issuer, history }: Crossing,
  id: number,
  before: SessionSnapshot,
  snapshot: SessionSnapshot,
): void {
  run.log(`  client ${id} is ${snapshot.status} ${userOf(snapshot) ?? ''}`);
  if (before.status === snapshot.status) return;
  if (snapshot.status === 'signed-in' && !history.isBusy(id)) run.see(`taken over: ${before.status}`);
  if (before.status !== 'signed-in') return;
  run.see(`session: ${snapshot.status}`);
  const isOneUser = run.conditions.users.length === 1;
  const isLost = snapshot.status === 'signed-out' && history.signOuts === 0 && isOneUser;
  run.must(!isLost, 'a session: signed out, although nobody did that');
  const isEnded = issuer.families.some(({ end }) => end !== undefined);
  run.must(snapshot.status !== 'ended' || isEnded, 'a session: ended, although the issuer ended nothing');
}

export function userOf(snapshot: SessionSnapshot): string | undefined {
  return 'user' in snapshot ? snapshot.user.id : undefined;
}

export function codeOf(error: unknown): string {
  const { code, name } = error as { code?: unknown; name?: string };
  return typeof code === 'string' ? code : (name ?? 'unknown');
}
