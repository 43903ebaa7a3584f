import { randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import { json, listen, problem } from './http.ts';

/** What a user's role lets the tokens of its users do. */
const RIGHTS = { auditor: ['read'], editor: ['read', 'write'] } as const;

export interface Employee {
  readonly id: string;
  readonly role: keyof typeof RIGHTS;
}

/** `busy` answers 429 with `Retry-After: 30`, `down` 503. */
export type VendingMode = 'ok' | 'busy' | 'down';

/** What the machine was sent: enough to see that no token comes back to it. */
export interface VendingRequest {
  readonly status: number;
  readonly authorization: string | null;
}

export interface VendingMachine {
  readonly url: string;
  readonly requests: readonly VendingRequest[];
  /** Opens a session, as a login page does. Returns the cookie that the browser would keep. */
  signIn(employee: Employee): string;
  /** Ends all sessions. */
  signOutAll(): void;
  setMode(mode: VendingMode): void;
  readonly close: () => Promise<void>;
}

export interface VendingOptions {
  /** What the machine signs its tokens with, and the API checks them with. */
  readonly secret: string;
  /** The one thing that its tokens are good for. */
  readonly resource: string;
}

const MINUTES = 15;

/** Hands out disposable tokens to users whom it knows by a cookie: for one resource, by their role, for minutes. */
export async function startVendingMachine({ secret, resource }: VendingOptions): Promise<VendingMachine> {
  const sessions = new Map<string, Employee>();
  const requests: VendingRequest[] = [];
  let mode: VendingMode = 'ok';

  async function vend(request: Request): Promise<Response> {
    if (mode === 'busy') return problem(429, 'Too Many Requests', 'One by one.', { 'retry-after': '30' });
    if (mode === 'down') return problem(503, 'Service Unavailable', 'The machine is being filled.');
    if (request.method !== 'POST') return problem(405, 'Method Not Allowed', 'POST only.', { allow: 'POST' });
    const id = /(?:^|; )sid=([\w-]+)/.exec(request.headers.get('cookie') ?? '')?.[1];
    const employee = sessions.get(id ?? '');
    if (employee === undefined) return problem(401, 'Unauthorized', 'Please sign in.');
    const expiresAt = Math.floor(Date.now() / 1000) + MINUTES * 60;
    const authToken = await new SignJWT({ resource, rights: RIGHTS[employee.role] })
      .setProtectedHeader({ alg: 'HS256' })
      .setSubject(employee.id)
      .setJti(randomUUID())
      .setExpirationTime(expiresAt)
      .sign(new TextEncoder().encode(secret));
    return json({ authToken, expiresAt }, 200, { 'cache-control': 'no-store' });
  }

  const { origin, close } = await listen(0, async (request) => {
    const response = await vend(request);
    requests.push({ status: response.status, authorization: request.headers.get('authorization') });
    return response;
  });
  return {
    url: `${origin}/vend`,
    requests,
    signIn(employee) {
      const id = randomUUID();
      sessions.set(id, employee);
      return `sid=${id}`;
    },
    signOutAll: () => sessions.clear(),
    setMode(next) {
      mode = next;
    },
    close,
  };
}
