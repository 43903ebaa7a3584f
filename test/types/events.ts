/** Names and payloads of events. Nothing here runs. */
import { expectTypeOf } from 'vitest';
import type {
  Client,
  ClientEvents,
  EventName,
  SessionError,
  SessionUser,
  TokenReason,
} from '../../src/index.ts';

declare const client: Client;

declare const members: Client<SessionUser & { readonly name: string }>;

export function users(): void {
  members.on('userchange', ({ user, previous }) => {
    expectTypeOf(user?.name).toEqualTypeOf<string | undefined>();
    expectTypeOf(previous?.name).toEqualTypeOf<string | undefined>();
  });
  members.on('sessionend', ({ user }) => expectTypeOf(user.name).toEqualTypeOf<string>());
  expectTypeOf(members).toExtend<Client>();
}

export function payloads(): void {
  expectTypeOf(client.on('request', ({ id, method, url }) => void [id, method, url])).toEqualTypeOf<
    () => void
  >();
  client.on('response', (event) => {
    expectTypeOf(event.status).toEqualTypeOf<number | undefined>();
    expectTypeOf(event.ms).toEqualTypeOf<number>();
    expectTypeOf(event.replayed).toEqualTypeOf<boolean>();
    expectTypeOf(event.credentialId).toEqualTypeOf<string | undefined>();
    expectTypeOf(event.strategy).toEqualTypeOf<string>();
  });
  client.on('requestfailed', ({ code }) => expectTypeOf(code).toEqualTypeOf<string | undefined>());
  client.on('refresh', ({ reason }) => expectTypeOf(reason).toEqualTypeOf<TokenReason>());
  client.on('refreshed', ({ lifetime }) => expectTypeOf(lifetime).toEqualTypeOf<number | undefined>());
  client.on('adopted', ({ age }) => expectTypeOf(age).toEqualTypeOf<number>());
  client.on('refreshfailed', ({ retryAfter }) =>
    expectTypeOf(retryAfter).toEqualTypeOf<number | undefined>(),
  );
  client.on('userchange', ({ user }) => expectTypeOf(user).toEqualTypeOf<SessionUser | undefined>());
  client.on('sessionend', ({ error }) => expectTypeOf(error).toEqualTypeOf<SessionError>());
  client.on('signedout', ({ user }) => expectTypeOf(user).toEqualTypeOf<SessionUser>());
  client.on('warning', ({ message }) => expectTypeOf(message).toEqualTypeOf<string>());
}

export function listenersMayTakeNothingAndReturnAnything(): void {
  client.on('signedin', () => {});
  client.on('signedout', () => 'ignored');
}

export function everyName(): void {
  expectTypeOf<EventName>().toEqualTypeOf<
    | 'request'
    | 'response'
    | 'requestfailed'
    | 'replay'
    | 'refresh'
    | 'refreshed'
    | 'adopted'
    | 'refreshfailed'
    | 'signedin'
    | 'userchange'
    | 'sessionend'
    | 'signedout'
    | 'warning'
  >();
  expectTypeOf<keyof ClientEvents>().toEqualTypeOf<EventName>();
}

export function mistakes(): void {
  // @ts-expect-error no such event
  client.on('error', () => {});
  // @ts-expect-error names have no capitals
  client.on('signedIn', () => {});
  // @ts-expect-error no payload holds a token
  client.on('refreshed', ({ token }) => void token);
  client.on('request', (event) => {
    // @ts-expect-error payloads are read by every listener and written by none
    event.url = '';
  });
  // @ts-expect-error only the library tells
  client.emit('warning', { code: 'X', message: '' });
}
