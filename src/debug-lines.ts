import type { Emitter } from './emitter.ts';
import type { Logger } from './logger.ts';

/** Writes one line per event. Events hold no secret, so neither do the lines (rule S4). */
export function writeDebugLines(emitter: Emitter, logger: Logger): void {
  const line = (text: string): void => logger.debug(`fetch-valet ${text.replace(/\p{Cc}+/gu, ' ')}`);
  emitter.on('request', ({ id, method, url, strategy }) => line(`${id} → ${method} ${url} (${strategy})`));
  emitter.on('replay', ({ id, status }) => line(`${id} ↻ ${status}, sent again with another credential`));
  emitter.on('response', ({ id, status, ms, credentialId }) => {
    line(`${id} ← ${status} in ${ms} ms${credentialId === undefined ? '' : `, credential ${credentialId}`}`);
  });
  emitter.on('requestfailed', ({ id, code, ms }) => line(`${id} ✗ ${code} after ${ms} ms`));
  emitter.on('refresh', ({ reason }) => line(`token … asked for (${reason})`));
  emitter.on('refreshed', ({ ms, lifetime }) => {
    line(`token ✓ in ${ms} ms${lifetime === undefined ? '' : `, good for ${Math.round(lifetime / 1000)} s`}`);
  });
  emitter.on('adopted', ({ age }) =>
    line(`token ✓ taken over from the store, ${Math.round(age / 1000)} s old`),
  );
  emitter.on('refreshfailed', ({ message, retryAfter }) => {
    line(
      `token ✗ ${message}${retryAfter === undefined ? '' : `, next attempt in ${Math.round(retryAfter)} ms`}`,
    );
  });
  emitter.on('signedin', ({ user }) => line(`session: ${user.id} is signed in`));
  emitter.on('sessionend', ({ user }) => line(`session: that of ${user.id} has ended`));
  emitter.on('signedout', () => line('session: signed out'));
}
