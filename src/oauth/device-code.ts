import * as oauth from 'oauth4webapi';
import { alarm, systemClock } from '../clock.ts';
import type { Awaitable, Clock, TokenSource } from '../contracts.ts';
import { ValetError } from '../errors.ts';
import { checkKeys, invalidOption } from '../options.ts';
import type { Redactor } from '../redact.ts';
import { Issuer } from './issuer.ts';
import { checkGrant, ISSUER_OPTIONS, type IssuerOptions, secureUrl } from './issuer-options.ts';
import { denied, expired, isBadMoment, refusedBy } from './login-errors.ts';
import { LoginSource } from './login-source.ts';
import { errorIn, holdsToken } from './refusal.ts';
import { tokenAnswer } from './token-answer.ts';

/** What the user of a device has to know (RFC 8628 §3.2). */
export interface DeviceCode {
  /** To be typed in on the page. */
  readonly userCode: string;
  readonly verificationUri: string;
  /** The page with the code in it, for a link or a QR code, where the server has one. */
  readonly verificationUriComplete?: string | undefined;
  /** Milliseconds for which the code is good. */
  readonly expiresIn: number;
}

export interface DeviceCodeOptions extends IssuerOptions {
  /** Shows the code to the user. */
  readonly onCode: (code: DeviceCode) => Awaitable<void>;
  readonly clock?: Clock | undefined;
}

/** Options of one login. */
export interface DeviceSignInOptions {
  readonly scopes?: readonly string[] | undefined;
  /** Ends the waiting for the user. */
  readonly signal?: AbortSignal | undefined;
}

const DEFAULT_INTERVAL = 5;
const SLOWER = 5;
const SHORTEST_INTERVAL = 1;
const LONGEST = 3600;

/** Tokens for a program without a browser: the user signs in on another device (RFC 8628). */
export interface DeviceSource extends TokenSource {
  /**
   * Shows the user a code and waits until they have signed in with it.
   *
   * Rejects with `TokenError` `TOKEN_ENDPOINT_REJECTED` where the user or the server said no, or the code has
   * expired, and with the reason of `signal`.
   */
  signIn(options?: DeviceSignInOptions): Promise<void>;
}

class DeviceLogin extends LoginSource implements DeviceSource {
  readonly #onCode: DeviceCodeOptions['onCode'];
  readonly #clock: Clock;

  constructor(issuer: Issuer, onCode: DeviceCodeOptions['onCode'], clock: Clock) {
    super(issuer);
    this.#onCode = onCode;
    this.#clock = clock;
  }

  async signIn(options: DeviceSignInOptions = {}): Promise<void> {
    const { scopes, signal } = checkKeys('signIn()', options, ['scopes', 'signal']);
    const { client, authentication, redactor } = this.issuer;
    const server = await this.issuer.metadata(signal);
    if (server.device_authorization_endpoint === undefined) throw withoutDevices();
    const asked = scopes ?? this.issuer.scopes;
    const parameters = this.issuer.loginParameters(asked);
    const request = this.issuer.request(signal);
    const sent = await oauth.deviceAuthorizationRequest(server, client, authentication, parameters, request);
    if (!sent.ok || (await errorIn(sent)) !== undefined) throw await refusedBy(sent, redactor);
    const read = oauth.processDeviceAuthorizationResponse(server, client, sent);
    const code = await read.catch((cause: unknown) => {
      throw denied({ cause }, redactor);
    });
    redactor.add('code', code.device_code);
    await this.#onCode(shown(code, redactor));
    await this.bring(await this.#poll(server, code, signal), asked.join(' '));
  }

  async #poll(
    server: oauth.AuthorizationServer,
    {
      device_code: deviceCode,
      interval = DEFAULT_INTERVAL,
      expires_in: expiresIn,
    }: oauth.DeviceAuthorizationResponse,
    signal: AbortSignal | undefined,
  ): Promise<Response> {
    const { client, authentication, redactor } = this.issuer;
    const end = this.#clock.monotonic() + Math.min(expiresIn, LONGEST) * 1000;
    let seconds = Math.max(interval, SHORTEST_INTERVAL);
    for (;;) {
      // Not beyond the end of the code, however long a wait the server asks for.
      await this.#pause(Math.min(seconds * 1000, end - this.#clock.monotonic()), signal);
      if (this.#clock.monotonic() >= end) throw expired();
      const additionalParameters = this.issuer.parameters([]);
      const answer = await tokenAnswer(this.issuer, {
        signal,
        send: (request) =>
          oauth.deviceCodeGrantRequest(server, client, authentication, deviceCode, {
            ...request,
            additionalParameters,
          }),
        check: (response) => oauth.processDeviceCodeResponse(server, client, response),
      }).catch((error: unknown) => unlessNetwork(error, signal));
      const said = answer && (await errorIn(answer));
      // Some servers say with status 200 that they have nothing yet.
      if (answer && said === undefined && (await holdsToken(answer))) return answer;
      if (said === 'slow_down') seconds += SLOWER;
      // A bad moment of the network or of the server: asked again, more slowly (RFC 8628 §3.5).
      else if (answer === undefined || isBadMoment(answer.status) || (answer.ok && said === undefined))
        seconds *= 2;
      else if (said !== 'authorization_pending') throw await refusedBy(answer, redactor);
    }
  }

  #pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        cancel();
        reject(signal?.reason as Error);
      };
      const cancel = alarm(
        this.#clock,
        ms,
        () => {
          signal?.removeEventListener('abort', abort);
          resolve();
        },
        true,
      );
      if (signal?.aborted === true) abort();
      else signal?.addEventListener('abort', abort, { once: true });
    });
  }
}

/** @throws `ConfigError` `INVALID_OPTION`, `INSECURE_URL` */
export function deviceCode(options: DeviceCodeOptions): DeviceSource {
  const { onCode, clock, ...own } = checkGrant('deviceCode()', options, [
    ...ISSUER_OPTIONS,
    'onCode',
    'clock',
  ]);
  if (typeof onCode !== 'function')
    throw invalidOption('deviceCode() needs onCode: a function that shows the code to the user.');
  if (own.endpoints?.token !== undefined && own.endpoints.deviceAuthorization === undefined)
    throw withoutDevices();
  return new DeviceLogin(new Issuer(own), onCode, clock ?? systemClock);
}

function unlessNetwork(error: unknown, signal: AbortSignal | undefined): undefined {
  if (ValetError.is(error) && error.retryable && signal?.aborted !== true) return undefined;
  throw error;
}

function shown(code: oauth.DeviceAuthorizationResponse, redactor: Redactor): DeviceCode {
  const { verification_uri_complete: complete } = code;
  return {
    userCode: printable(code.user_code),
    verificationUri: pageUrl(code.verification_uri, redactor),
    verificationUriComplete: complete === undefined ? undefined : pageUrl(complete, redactor),
    expiresIn: Math.min(code.expires_in, LONGEST) * 1000,
  };
}

function withoutDevices(): Error {
  return invalidOption(
    'The authorization server has no device authorization endpoint. Pass endpoints: { token, deviceAuthorization }.',
  );
}

/** A page that may be shown as a link: a server may send anything. */
function pageUrl(text: string, redactor: Redactor): string {
  try {
    return secureUrl('The verification URI', text).href;
  } catch (cause) {
    throw denied({ cause }, redactor);
  }
}

/** A terminal obeys control characters. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, '');
}
