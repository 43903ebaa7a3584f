import { base64, randomText } from './text.ts';
import { type Granted, type IssuedTokens, RefusedGrant, type TokenDesk } from './token-desk.ts';

/** What a user agreed to at an authorization endpoint, until its code is redeemed. */
interface Agreement extends Granted {
  readonly redirectUri: string;
  readonly challenge: string;
}

interface Device extends Omit<Granted, 'user'> {
  readonly userCode: string;
  user: Granted['user'] | undefined;
}

/** An error of RFC 6749 §5.2. */
class Refusal extends Error {
  readonly code: string;
  readonly status: number;

  constructor(code: string, description: string, status = 400) {
    super(description);
    this.code = code;
    this.status = status;
  }
}

const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code';

/** The grants of an authorization server: what `POST /token` and the pages before it do. */
export class TokenEndpoint {
  /** The only client that is served; `undefined`: any. */
  readonly #clientId: string | undefined;
  readonly #desk: TokenDesk;
  readonly #codes = new Map<string, Agreement>();
  readonly #devices = new Map<string, Device>();

  constructor(desk: TokenDesk, clientId: string | undefined) {
    this.#desk = desk;
    this.#clientId = clientId;
  }

  get secrets(): readonly string[] {
    return [...this.#codes.keys(), ...this.#devices.keys()];
  }

  /** Sends `user` back with a code at once, as if they had signed in (RFC 6749 §4.1.2, RFC 9207). */
  authorize(query: URLSearchParams, user: Granted['user']): Response {
    const clientId = this.#client(query.get('client_id'));
    const back = URL.parse(query.get('redirect_uri') ?? '');
    if (back === null) throw new Refusal('invalid_request', 'redirect_uri is missing');
    if (query.get('code_challenge_method') !== 'S256')
      throw new Refusal('invalid_request', 'PKCE with S256 is required');
    const code = `code_${randomText()}`;
    const [state, nonce] = [query.get('state'), query.get('nonce') ?? undefined];
    const challenge = query.get('code_challenge') ?? '';
    this.#codes.set(code, { ...wanted(query), user, clientId, nonce, challenge, redirectUri: back.href });
    back.searchParams.set('code', code);
    if (state !== null) back.searchParams.set('state', state);
    back.searchParams.set('iss', this.#desk.options.issuer);
    return new Response(null, { status: 302, headers: { location: back.href } });
  }

  /** RFC 8628 §3.2. */
  startDevice(form: URLSearchParams): object {
    const clientId = this.#client(form.get('client_id'));
    const [deviceCode, userCode] = [`device_${randomText()}`, randomText().slice(0, 8).toUpperCase()];
    this.#devices.set(deviceCode, { ...wanted(form), clientId, userCode, user: undefined });
    const page = `${this.#desk.options.issuer}/device`;
    return {
      device_code: deviceCode,
      user_code: userCode,
      verification_uri: page,
      verification_uri_complete: `${page}?user_code=${encodeURIComponent(userCode)}`,
      expires_in: 600,
      interval: 5,
    };
  }

  /** The user of a device has typed in its code. */
  approve(userCode: string, user: Granted['user']): boolean {
    const device = [...this.#devices.values()].find((known) => known.userCode === userCode);
    if (device) device.user = user;
    return device !== undefined;
  }

  async token(form: URLSearchParams, clientId: string | null): Promise<IssuedTokens> {
    const client = this.#client(clientId);
    const grant = form.get('grant_type');
    try {
      if (grant === 'refresh_token')
        return this.#desk.redeem(form.get('refresh_token') ?? '', { ...wanted(form), clientId: client });
    } catch (error) {
      throw error instanceof RefusedGrant ? new Refusal('invalid_grant', error.message) : error;
    }
    if (grant === 'authorization_code') return this.#code(form, client);
    if (grant === DEVICE_CODE) return this.#device(form);
    if (grant === 'client_credentials')
      return this.#desk.forService({ ...wanted(form), user: { id: client ?? 'test-client' } });
    throw new Refusal('unsupported_grant_type', `there is no grant ${grant} here`);
  }

  async #code(form: URLSearchParams, client: string | undefined): Promise<IssuedTokens> {
    const code = form.get('code') ?? '';
    const agreement = this.#codes.get(code);
    // Good for one use, whatever comes of it.
    this.#codes.delete(code);
    if (!agreement) throw new Refusal('invalid_grant', 'the code is not known, or was used before');
    if (agreement.clientId !== client || agreement.redirectUri !== form.get('redirect_uri'))
      throw new Refusal('invalid_grant', 'the code is of another client or another redirect_uri');
    const verifier = new TextEncoder().encode(form.get('code_verifier') ?? '');
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', verifier));
    if (base64(digest, 'url') !== agreement.challenge)
      throw new Refusal('invalid_grant', 'the code_verifier does not fit');
    return this.#desk.signIn(agreement);
  }

  #device(form: URLSearchParams): IssuedTokens {
    const code = form.get('device_code') ?? '';
    const device = this.#devices.get(code);
    if (!device) throw new Refusal('expired_token', 'the device code is not known, or was used before');
    const { user } = device;
    if (!user) throw new Refusal('authorization_pending', 'the user has not typed in the code yet');
    this.#devices.delete(code);
    return this.#desk.signIn({ ...device, user });
  }

  #client(clientId: string | null): string | undefined {
    if (this.#clientId === undefined || this.#clientId === clientId) return clientId ?? undefined;
    throw new Refusal('invalid_client', `the client is not ${this.#clientId}`, 401);
  }
}

/** What `Refusal` is to a client. Anything else is a fault of the kit. */
export function refusalIn(error: unknown): { status: number; body: object } {
  if (!(error instanceof Refusal)) throw error;
  return { status: error.status, body: { error: error.code, error_description: error.message } };
}

/** The client that `request` says it comes from (RFC 6749 §2.3.1). */
export function clientOf(request: Request, form: URLSearchParams): string | null {
  const basic = /^Basic (\S+)$/i.exec(request.headers.get('authorization') ?? '')?.[1];
  if (basic === undefined) return form.get('client_id');
  return decodeURIComponent(atob(basic).split(':')[0] ?? '');
}

function wanted(form: URLSearchParams): Pick<Granted, 'scopes' | 'audience'> {
  const audience = form.get('resource') ?? form.get('audience') ?? undefined;
  return { scopes: form.get('scope')?.split(' ').filter(Boolean) ?? [], audience };
}
