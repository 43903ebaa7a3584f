import { alarm, elapsed, type Moment, moment } from '../clock.ts';
import type {
  Awaitable,
  Host,
  TokenContext,
  TokenProvider,
  TokenResponse,
  TokenResult,
} from '../contracts.ts';
import { TokenError } from '../errors.ts';
import type { Redactor } from '../redact.ts';
import { readEndpoint, refusalIn } from './endpoint-answer.ts';
import { type Failure, judgeError, judgeRefusal } from './failure.ts';
import { type Grant, readGrant, refreshTokenIn } from './token-response.ts';

/** How long an answer is listened for while a refresh token is on its way: it may bring the next one (T4). */
const LISTENING = 40_000;
/** Who stood still for longer than this reads what has arrived meanwhile before giving up. */
const SLACK = 1000;

/** What a call of the provider came to. */
export type Answer =
  | { readonly kind: 'grant'; readonly grant: Grant; readonly received: Moment }
  | { readonly kind: 'nobody' }
  | { readonly kind: 'failure'; readonly failure: Failure; readonly refreshToken?: string | undefined };

export interface CallOptions {
  readonly host: Host;
  readonly provider: TokenProvider;
  readonly context: Omit<TokenContext, 'signal'>;
  /** Milliseconds after which a call without a refresh token is given up. */
  readonly deadline: number;
  /** Looked at last before each call: whether it may be made (rule T14). */
  readonly mayAsk?: (() => boolean) | undefined;
  /** Is told of tokens that come after `signal` has aborted. */
  readonly tooLate?: ((grant: Grant) => void) | undefined;
  /** Aborts when the answer is of no use any more: at sign-out, for example. */
  readonly signal: AbortSignal;
}

/** Calls the provider once, twice where the connection was cut, and reads what it answers. Never rejects. */
export async function callProvider(options: CallOptions): Promise<Answer> {
  const { host, context, deadline } = options;
  const patience = context.refreshToken === undefined ? deadline : Math.max(deadline, LISTENING);
  const controller = new AbortController();
  const signal = AbortSignal.any([options.signal, controller.signal]);
  let giveUp = (): void => {};
  let listen = (): void => {};
  const late = new Promise<Answer>((resolve) => {
    const fail = (failure: Failure): void => resolve({ kind: 'failure', failure });
    const stop = (): void => {
      const error = timedOut(patience);
      controller.abort(error);
      fail({ kind: 'temporary', error, waitable: true, isOpen: true });
    };
    listen = () => {
      giveUp();
      const start = moment(host.clock);
      giveUp = alarm(host.clock, patience, () => {
        if (elapsed(host.clock, start) - patience < SLACK) stop();
        else giveUp = alarm(host.clock, SLACK, stop);
      });
    };
    // Nobody wants it any more: a provider that does not heed its signal is not waited for either.
    const abandon = (): void => fail(judgeError(options.signal.reason, host.redactor));
    options.signal.addEventListener('abort', abandon, { once: true });
  });
  listen();
  // A refresh token that is sent once more is listened for as long as the first time.
  const again = context.refreshToken === undefined ? (): void => {} : listen;
  const answer = askTwice(options, signal, again);
  void answer
    .then((found) => {
      if (options.signal.aborted && found.kind === 'grant') options.tooLate?.(found.grant);
    })
    .catch(() => {});
  return Promise.race([answer, late]).finally(() => giveUp());
}

async function askTwice(options: CallOptions, signal: AbortSignal, again: () => void): Promise<Answer> {
  const { host, provider, context, mayAsk = () => true } = options;
  const ask = async (): Promise<Answer> => {
    const result: Awaitable<TokenResult> = provider({ ...context, signal });
    return read(await result, host);
  };
  const judged = (error: unknown): Answer => ({ kind: 'failure', failure: judgeError(error, host.redactor) });
  if (!mayAsk()) return { kind: 'failure', failure: { kind: 'temporary', error: tooLate(), waitable: true } };
  try {
    return await ask();
  } catch (error) {
    // No answer can come any more. Where the turn is over, whoever has the next one asks once more.
    if (!isConnectionReset(error) || signal.aborted || !mayAsk()) return judged(error);
    again();
    return ask().catch(judged);
  }
}

async function read(result: TokenResult | undefined, { redactor, clock }: Host): Promise<Answer> {
  // `undefined` is what `session?.token` gives when there is no session: the same as null.
  if (result === null || result === undefined) return { kind: 'nobody' };
  const received = moment(clock);
  if (isResponse(result)) {
    const answer = await readEndpoint(result, redactor, received.wall);
    if ('failure' in answer) return { kind: 'failure', failure: answer.failure };
    return granted(answer.tokens, received, redactor, answer.date);
  }
  const refusal = typeof result === 'object' ? refusalIn(result) : undefined;
  if (refusal) return { kind: 'failure', failure: judgeRefusal({ status: 200, ...refusal }, redactor) };
  return granted(result, received, redactor);
}

function granted(
  tokens: string | TokenResponse,
  received: Moment,
  redactor: Redactor,
  date?: number,
): Answer {
  try {
    return { kind: 'grant', grant: readGrant(tokens, date), received };
  } catch (error) {
    return { kind: 'failure', failure: judgeError(error, redactor), refreshToken: refreshTokenIn(tokens) };
  }
}

function isResponse(result: TokenResult): result is Response {
  return typeof result === 'object' && Object.prototype.toString.call(result) === '[object Response]';
}

/** Nothing was sent: the machine slept, or the store was slow. */
function tooLate(): TokenError {
  return new TokenError('TOKEN_TIMEOUT', {
    message:
      'No access token: the turn to refresh the shared session was over before it could be used. Try again.',
    retryable: true,
  });
}

export function timedOut(ms: number, isAsked = true): TokenError {
  const why = isAsked
    ? 'the token provider has not answered. Try again; check the token endpoint.'
    : 'the token provider was not asked yet. Try again; check the session store, and what is refreshed before this.';
  return new TokenError('TOKEN_TIMEOUT', {
    message: `No access token within ${ms} ms: ${why}`,
    retryable: true,
  });
}

/** Whether the connection was cut under a call: then the answer cannot come, and asking once more is safe (T4). */
export function isConnectionReset(thrown: unknown): boolean {
  let error = thrown;
  try {
    for (let depth = 0; depth < 5 && error instanceof Error; depth++) {
      const { code } = error as { code?: unknown };
      if (code === 'ECONNRESET' || code === 'EPIPE' || code === 'UND_ERR_SOCKET') return true;
      error = error.cause;
    }
  } catch {
    // One that cannot be read is judged as such.
  }
  return false;
}
