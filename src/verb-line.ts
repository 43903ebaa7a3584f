import type { Connection } from './connection.ts';
import type { Auth } from './pipeline/auth.ts';
import { type Body, bodyOf } from './pipeline/body.ts';
import { createExchange, type Exchange, idOf, type Next, nameOf, summarize } from './pipeline/exchange.ts';
import { epochNow, fence } from './pipeline/fence.ts';
import { printableUrl } from './redact.ts';
import type { Attempt, Line } from './verbs/send-verb.ts';
import type { CallFacts } from './verbs/verb-options.ts';

/** Where ky and the pipeline meet: one verb call, whose tries share an id, a body and an epoch (rules P2, T8). */
export class VerbLine implements Line {
  readonly #connection: Connection;
  readonly #next: Next;
  readonly #auth: Auth;
  readonly #number: number;
  readonly #epoch: number | undefined;
  #body: Body | undefined;
  #exchange: Exchange | undefined;
  /** Where the platform was led by redirects that it followed itself. */
  #answeredAt: string | undefined;

  constructor(connection: Connection, next: Next, auth: Auth) {
    this.#connection = connection;
    this.#next = next;
    this.#auth = auth;
    this.#number = connection.nextNumber();
    // Whose request it is counts from the call, not from when ky and its hooks are done with it (rule T8).
    this.#epoch = epochNow(connection.strategy, auth);
  }

  send({ input, init, body, signal, timeout }: Attempt): Promise<Response> {
    // A Request that brings its own body is a new one for each try; a value is kept for all.
    this.#body = body === undefined ? bodyOf(input, undefined) : (this.#body ?? bodyOf(input, body));
    const exchange = createExchange({
      number: this.#number,
      input,
      init,
      auth: this.#auth,
      body: this.#body,
      timeout,
      signal: signal ?? null,
      epoch: this.#exchange?.epoch ?? this.#epoch,
      redactor: this.#connection.host.redactor,
    });
    this.#exchange?.onBodyEnd?.();
    this.#exchange = exchange;
    this.#answeredAt = undefined;
    return this.#next(exchange).then(
      (response) => {
        if (response.redirected) this.#answeredAt = response.url;
        if (response.ok) this.#body?.release();
        return response;
      },
      (error: unknown) => {
        // ky's hooks see it before it is wrapped.
        throw this.#connection.host.redactor.clean(error);
      },
    );
  }

  facts(method: string, url: string): CallFacts {
    const { strategy, host } = this.#connection;
    const exchange = this.#exchange;
    if (exchange === undefined) {
      const request = {
        id: idOf(this.#number),
        method: method.toUpperCase(),
        url: host.redactor.text(printableUrl(url)),
      };
      const name = `${request.method} ${host.redactor.text(new URL(url).pathname)}`;
      const facts = { request, name, lastUrl: request.url, elsewhere: undefined };
      return { ...facts, carried: false, replayed: false, credential: undefined };
    }
    const { credential, carried, replayed } = exchange;
    const explained = carried ? strategy.explain?.(credential) : undefined;
    const lastUrl = this.#answeredAt ?? exchange.hop?.href ?? exchange.href;
    const elsewhere = hostElsewhere(exchange, lastUrl);
    const request = summarize(exchange);
    return { request, name: nameOf(exchange), lastUrl, elsewhere, carried, replayed, credential: explained };
  }

  fence(): void {
    if (this.#exchange?.credential !== undefined) fence(this.#exchange, this.#connection.strategy);
  }

  end(): void {
    this.#exchange?.onBodyEnd?.();
    this.#body?.release();
  }
}

/** The host of `last`, where that has another origin. */
function hostElsewhere({ href, redactor }: Exchange, last: string): string | undefined {
  const to = URL.parse(last);
  return to === null || to.origin === URL.parse(href)?.origin
    ? undefined
    : (redactor?.text(to.host) ?? to.host);
}
