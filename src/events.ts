/**
 * What a client tells: names and payloads. No payload holds a secret (rule S4).
 *
 * @module
 */
import type { SessionUser, TokenReason } from './contracts.ts';
import type { SessionError } from './errors.ts';

/** The beginning of a request. */
export interface RequestEvent {
  readonly id: string;
  readonly method: string;
  /** The URL without its query values. */
  readonly url: string;
  readonly strategy: string;
}

/** The end of a request. */
export interface RequestEndEvent extends RequestEvent {
  readonly status?: number;
  readonly code?: string;
  /** Milliseconds since the request event. */
  readonly ms: number;
  readonly replayed: boolean;
  /** A fingerprint or the key's label. None where who answered, after a redirect elsewhere, has not seen it. */
  readonly credentialId?: string;
}

/** A refresh: why, and for which audience and scopes where they were asked for. */
export interface RefreshEvent {
  readonly reason: TokenReason;
  readonly audience?: string;
  readonly scopes?: readonly string[];
}

/** How long a token lives, in milliseconds from its receipt. Empty where nobody says. */
export interface TokenLife {
  readonly lifetime?: number;
  /** What is left of the lifetime when a refresh starts in the background. */
  readonly window?: number;
}

/** Every event of a client with its payload. */
export interface ClientEvents<User extends SessionUser = SessionUser> {
  /** A request begins. */
  request: RequestEvent;
  /** It was answered, with any status. */
  response: RequestEndEvent;
  /** It was not. After `request` comes one of the two. */
  requestfailed: RequestEndEvent;
  /** It is sent again after a 401, or after a 403 and a step-up. */
  replay: RequestEvent & { readonly status: number };
  /** The provider is asked. */
  refresh: RefreshEvent;
  /** It handed out a token. */
  refreshed: RefreshEvent & TokenLife & { readonly ms: number };
  /** Taken over from the store, where another tab, process or host has put it. */
  adopted: Omit<RefreshEvent, 'reason'> & TokenLife & { readonly age: number };
  /** It did not. With `retryAfter`, in milliseconds, there will be another attempt. */
  refreshfailed: RefreshEvent & {
    readonly code: string;
    readonly retryable: boolean;
    /** What happened, without secrets. */
    readonly message: string;
    readonly retryAfter?: number;
  };
  /** Somebody is signed in who was not before: at a first token, a login, a switch of user, or a return after the end. */
  signedin: { readonly user: User };
  /**
   * Another user than before, from and to nobody too; comes before anything can be shown. Not at the end of a session,
   * nor when its user returns.
   */
  userchange: { readonly user?: User; readonly previous?: User };
  /** The issuer ended the session of a user, or another tab or process has heard so. Its user is still known. */
  sessionend: { readonly user: User; readonly error: SessionError };
  /**
   * A user is not signed in any more: by `signOut()` here, in another tab or process, or because the provider says
   * `null`. Not where nobody was.
   */
  signedout: { readonly user: User };
  /** Something to mend. Written to the logger as well during development. */
  warning: { readonly code: string; readonly message: string };
}

/** The name of an event. */
export type EventName = keyof ClientEvents;

/** The names of all events: a misspelt one would never be heard. */
export const EVENTS: Readonly<Record<EventName, true>> = {
  request: true,
  response: true,
  requestfailed: true,
  replay: true,
  refresh: true,
  refreshed: true,
  adopted: true,
  refreshfailed: true,
  signedin: true,
  userchange: true,
  sessionend: true,
  signedout: true,
  warning: true,
};

/** Where events go. `createFetch` has one that hears nothing. */
export interface EventSink {
  /** Whether anybody listens: then it is worth making a payload. */
  hears(event: EventName): boolean;
  emit<Name extends EventName>(event: Name, payload: ClientEvents[Name]): void;
}

/** A sink that hears nothing. */
export const silence: EventSink = { hears: () => false, emit: () => {} };
