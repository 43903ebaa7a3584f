import type { Need, SessionClaim, SessionDocument, StoredToken } from '../contracts.ts';

/** A session document has this format; a newer one is another version's, and is left alone. */
const FORMAT = 1;
/** With more tokens than this a document is none of ours: it is not read, so it must not be written. */
export const MOST_TOKENS = 256;
/** Versions follow the clock in milliseconds: this is far beyond every clock. */
const LARGEST_COUNT = 2 ** 52;
const STATES: ReadonlySet<unknown> = new Set(['none', 'signed-in', 'signed-out', 'ended']);

/** What is to be different in a document; `undefined`: taken away. */
type Changes = { readonly [Key in keyof SessionDocument]?: SessionDocument[Key] | undefined };

/** Changes that take away what was said of the tokens before, and those that take away everything. */
export const CLEAN: Changes = { jkt: undefined, claim: undefined };
export const OVER: Changes = {
  ...CLEAN,
  userId: undefined,
  refreshToken: undefined,
  idToken: undefined,
  tokens: [],
};

type Fields = Readonly<Record<string, unknown>>;

/** The document that `raw` is; `undefined` where it is none, or none of ours. */
export function readDocument(raw: unknown): SessionDocument | undefined {
  const fields = fieldsOf(raw);
  if (fields?.format !== FORMAT || !STATES.has(fields.state)) return undefined;
  const { version, epoch, state, tokens, userId, idToken, refreshToken, jkt, claim } = fields;
  const texts = [userId, idToken, refreshToken, jkt];
  if (!isCount(version) || !isCount(epoch) || !texts.every(isTextOrAbsent)) return undefined;
  const read = Array.isArray(tokens) && tokens.length <= MOST_TOKENS ? tokens.map(readToken) : [undefined];
  const claimed = claim === undefined ? undefined : readClaim(claim);
  if (read.includes(undefined) || (claim !== undefined && claimed === undefined)) return undefined;
  return compact({
    format: FORMAT,
    version,
    epoch,
    state: state as SessionDocument['state'],
    userId,
    idToken,
    refreshToken,
    jkt,
    tokens: read as StoredToken[],
    claim: claimed,
  } as SessionDocument);
}

/** `document` with changes, one version on. Versions and epochs follow the clock, so a store that lost its content repeats none. */
export function following(
  document: SessionDocument | undefined,
  changes: Changes,
  now: number,
): SessionDocument {
  const base: SessionDocument = document ?? {
    format: FORMAT,
    version: 0,
    epoch: 0,
    state: 'none',
    tokens: [],
  };
  const version = Math.max(base.version + 1, Math.floor(now));
  return compact({ ...base, ...changes, version } as SessionDocument);
}

/** The epoch after that of `document`. */
export function nextEpoch(document: SessionDocument | undefined, now: number): number {
  return Math.max((document?.epoch ?? 0) + 1, Math.floor(now));
}

/** Whether `document` is what `written` was stored as. */
export function isSameWrite(document: SessionDocument | undefined, written: SessionDocument): boolean {
  const keyOf = ({ version, epoch, state, refreshToken, tokens, claim }: SessionDocument): string =>
    JSON.stringify([version, epoch, state, refreshToken, claim?.id, ...tokens.map(({ token }) => token)]);
  return document !== undefined && keyOf(document) === keyOf(written);
}

/** Whether somebody is, or was until the issuer ended it, signed in. */
export function hasSession(document: SessionDocument | undefined): boolean {
  return document?.state === 'signed-in' || document?.state === 'ended';
}

export function isSameNeed(one: Need, other: Need): boolean {
  return one.audience === other.audience && one.scopes.join(' ') === other.scopes.join(' ');
}

function readToken(raw: unknown): StoredToken | undefined {
  const fields = fieldsOf(raw);
  const need = fieldsOf(fields?.need);
  if (fields === undefined || need === undefined) return undefined;
  const { asked, granted, token, received, lifetime } = fields;
  const { scopes, audience } = need;
  const isWhole =
    [asked, granted, scopes].every(isTexts) &&
    isTextOrAbsent(audience) &&
    typeof token === 'string' &&
    /^[\x21-\x7e]+$/.test(token) &&
    isTime(received) &&
    (lifetime === undefined || isTime(lifetime));
  if (!isWhole) return undefined;
  return compact({ ...fields, need: compact({ scopes, audience }) } as unknown as StoredToken);
}

function readClaim(raw: unknown): SessionClaim | undefined {
  const { id, owner, at } = fieldsOf(raw) ?? {};
  if (typeof id !== 'string' || !isTextOrAbsent(owner) || !isTime(at)) return undefined;
  return compact({ id, owner, at } as SessionClaim);
}

/** What an object holds itself: nothing of a polluted prototype (rule S8). */
function fieldsOf(raw: unknown): Fields | undefined {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return undefined;
  return Object.assign(Object.create(null) as Fields, raw);
}

/** Without members that are undefined: JSON has none. */
function compact<Whole extends object>(whole: Whole): Whole {
  return Object.fromEntries(Object.entries(whole).filter(([, value]) => value !== undefined)) as Whole;
}

/** With room for all that are still to be counted: more is no document of ours. */
function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < LARGEST_COUNT;
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function isTextOrAbsent(value: unknown): boolean {
  return value === undefined || typeof value === 'string';
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
