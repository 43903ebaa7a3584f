import type { Awaitable } from '../contracts.ts';
import { issuerUrl } from './issuer-options.ts';

/** Decides on an issuer that is not listed. */
type Approve = (issuer: string, resource: string) => Awaitable<boolean>;

/** Which issuers may be asked for tokens. */
export class Approval {
  readonly #issuers: ReadonlySet<string>;
  readonly #approve: Approve | undefined;
  /** Questions that nobody has answered yet: a user may take longer than a request waits, and is not asked twice. */
  readonly #asking = new Map<string, Promise<boolean>>();

  /** @throws `ConfigError` `INVALID_OPTION`, `INSECURE_URL` */
  constructor(issuers: readonly (string | URL)[], approve: Approve | undefined) {
    this.#issuers = new Set(issuers.map((issuer) => issuerUrl('issuers', issuer).href));
    this.#approve = approve;
  }

  /** Whether an issuer is listed: then nobody is asked about it. */
  lists(issuer: string): boolean {
    return this.#issuers.has(URL.parse(issuer)?.href ?? '');
  }

  async mayAsk(issuer: string, resource: string): Promise<boolean> {
    if (this.lists(issuer)) return true;
    if (!URL.canParse(issuer)) return false;
    const question = JSON.stringify([issuer, resource]);
    const asking = this.#asking.get(question) ?? this.#ask(issuer, resource);
    this.#asking.set(question, asking);
    return asking.finally(() => this.#asking.delete(question));
  }

  async #ask(issuer: string, resource: string): Promise<boolean> {
    return (await this.#approve?.(issuer, resource)) === true;
  }
}
