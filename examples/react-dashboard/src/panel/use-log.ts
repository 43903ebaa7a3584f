import { useSyncExternalStore } from 'react';
import type { SessionLog, SessionLogState } from './session-log.ts';

export function useLog(log: SessionLog): SessionLogState {
  return useSyncExternalStore(log.subscribe, () => log.state);
}
