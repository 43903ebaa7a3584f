import type { SessionDocument, TokenProof } from '../contracts.ts';

/**
 * Which key the tokens of a document are bound to. Without that key they are neither sent nor redeemed, and what is
 * stored stays as it is until somebody signs in here (RFC 9449 §5).
 */
export class Binding {
  readonly #proof: TokenProof | undefined;
  /** What stands for the document of others: each look has one of its own. */
  readonly #blanks = new WeakSet<SessionDocument>();

  constructor(proof: TokenProof | undefined) {
    this.#proof = proof;
  }

  /** What this client can use of a document. */
  async read(document: SessionDocument | undefined): Promise<SessionDocument | undefined> {
    if (document === undefined || !holdsSecrets(document) || (await this.#isOurs(document))) return document;
    const { format, version, epoch } = document;
    const blank: SessionDocument = { format, version, epoch, state: 'signed-out', tokens: [] };
    this.#blanks.add(blank);
    return blank;
  }

  /** What to store in the place of `expected`. `undefined`: nothing, since that would destroy others' session. */
  async write(
    expected: SessionDocument | undefined,
    next: SessionDocument,
  ): Promise<SessionDocument | undefined> {
    if (!holdsSecrets(next)) return expected !== undefined && this.#blanks.has(expected) ? undefined : next;
    return this.#proof === undefined ? next : { ...next, jkt: await this.#proof.thumbprint() };
  }

  async #isOurs({ jkt }: SessionDocument): Promise<boolean> {
    if (jkt === undefined || this.#proof === undefined) return jkt === undefined && this.#proof === undefined;
    try {
      return await this.#proof.holds(jkt);
    } catch {
      return false;
    }
  }
}

function holdsSecrets({ tokens, refreshToken }: SessionDocument): boolean {
  return tokens.length > 0 || refreshToken !== undefined;
}
