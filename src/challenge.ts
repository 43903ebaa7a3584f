/**
 * Parses `WWW-Authenticate` (RFC 9110 §11.6.1) with one pass over the text and fixed bounds, so that a hostile
 * server can neither hang it nor make it throw (rules T13, S8).
 *
 * @module
 */
import type { Challenge } from './contracts.ts';

const LONGEST = 8192;
const MOST_PARAMETERS = 64;
/** `tchar` of RFC 9110 §5.6.2. */
const TOKEN = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;
const TOKEN68 = /[A-Za-z0-9\-._~+/]+=*/y;
const QUOTED = /"((?:[^"\\]|\\.)*)"/sy;
const SPACE = /[ \t]+/y;
const SPACES_AND_COMMAS = /[ \t,]*/y;
const EQUALS = /[ \t]*=[ \t]*/y;
/** A token68 ends where the challenge ends: at a comma or at the end of the header. */
const CHALLENGE_END = /[ \t]*(?:,|$)/y;

interface Scanner {
  readonly text: string;
  position: number;
}

/** All challenges of a header, in order. Anything that breaks the grammar ends the list; nothing throws. */
export function parseChallenges(header: string | null | undefined): readonly Challenge[] {
  const scanner: Scanner = { text: (header ?? '').slice(0, LONGEST), position: 0 };
  const challenges: Challenge[] = [];
  let budget = MOST_PARAMETERS;
  while (scanner.position < scanner.text.length) {
    take(scanner, SPACES_AND_COMMAS);
    const scheme = take(scanner, TOKEN);
    if (scheme === undefined) break;
    const challenge = parseOne(scanner, scheme, budget);
    budget -= challenge.parameters.size;
    challenges.push(challenge);
    if (budget <= 0) break;
  }
  return challenges;
}

/** The challenge that speaks of tokens (RFC 6750 §3), else the first one: servers list several. */
export function tokenChallenge(header: string | null | undefined): Challenge | undefined {
  const challenges = parseChallenges(header);
  const ours = challenges.filter(({ scheme }) => scheme === 'bearer' || scheme === 'dpop');
  return ours.find(({ parameters }) => parameters.has('error')) ?? ours[0] ?? challenges[0];
}

function parseOne(scanner: Scanner, scheme: string, budget: number): Challenge {
  const parameters = new Map<string, string>();
  const name = scheme.toLowerCase();
  if (take(scanner, SPACE) === undefined) return { scheme: name, parameters };
  const token68 = takeToken68(scanner);
  if (token68 !== undefined) return { scheme: name, token68, parameters };
  for (let left = budget; left > 0; left--) {
    const parameter = takeParameter(scanner);
    if (parameter === undefined) break;
    const [key, value] = parameter;
    if (!parameters.has(key)) parameters.set(key, value);
  }
  return { scheme: name, parameters };
}

function takeToken68(scanner: Scanner): string | undefined {
  const start = scanner.position;
  const value = take(scanner, TOKEN68);
  if (value !== undefined && peek(scanner, CHALLENGE_END)) return value;
  scanner.position = start;
  return undefined;
}

/** `name = value`, or nothing where the next challenge begins: a name without `=` is its scheme. */
function takeParameter(scanner: Scanner): readonly [string, string] | undefined {
  const start = scanner.position;
  take(scanner, SPACES_AND_COMMAS);
  const name = take(scanner, TOKEN);
  if (name !== undefined && take(scanner, EQUALS) !== undefined) {
    const quoted = take(scanner, QUOTED);
    const value = quoted === undefined ? take(scanner, TOKEN) : unquote(quoted);
    if (value !== undefined) return [name.toLowerCase(), value];
  }
  scanner.position = start;
  return undefined;
}

function unquote(quoted: string): string {
  return quoted.slice(1, -1).replace(/\\(.)/gs, '$1');
}

function take(scanner: Scanner, pattern: RegExp): string | undefined {
  pattern.lastIndex = scanner.position;
  const found = pattern.exec(scanner.text)?.[0];
  if (found === undefined) return undefined;
  scanner.position += found.length;
  return found;
}

function peek(scanner: Scanner, pattern: RegExp): boolean {
  pattern.lastIndex = scanner.position;
  return pattern.test(scanner.text);
}
