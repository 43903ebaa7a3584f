import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { TokenResult } from '../../src/contracts.ts';
import type { Session } from '../../src/index.ts';
import { settle } from '../support/clock.ts';
import { createJwt } from '../support/jwt.ts';
import { createTokenValet } from '../support/token-valet.ts';

const root = new URL('../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');

const sources = readdirSync(new URL('src/', root), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => read(`src/${name}`));

/** Everything that the source declares, with the text of the file that declares it. */
const declared = new Map(
  sources.flatMap((text) =>
    [...text.matchAll(/\b(?:class|interface|function|type|const) (\w+)/g)].map(([, name = '']) => [
      name,
      text,
    ]),
  ),
);

const pages = [
  'README.md',
  ...readdirSync(new URL('docs/explain/', root)).map((name) => `docs/explain/${name}`),
];
const withDiagrams = pages.filter((page) => diagramsOf(page).length > 0);

test('five pages explain with diagrams, besides the README', () => {
  expect(withDiagrams).toEqual([
    'README.md',
    'docs/explain/a-request.md',
    'docs/explain/late-401.md',
    'docs/explain/one-refresh-for-many.md',
    'docs/explain/one-session-for-all.md',
    'docs/explain/session-states.md',
  ]);
});

test.each(withDiagrams)('every name in the diagrams of %s is one of the source', (page) => {
  const diagrams = diagramsOf(page).join('\n');
  // Labels are written in small letters, so that a capital begins a name of ours.
  const types = [...diagrams.matchAll(/\b[A-Z][a-z]\w*/g)]
    .map(([name]) => name)
    .filter((name) => !isMermaid(name));
  const members = [...diagrams.matchAll(/\b(\w+)\(\)/g)].map(([, name = '']) => name);
  const bare = [...diagrams.matchAll(/^ *participant (\w+)$/gm)].map(([, name = '']) => name);

  expect([...types, ...bare].filter((name) => !declared.has(name))).toEqual([]);
  expect(members.filter((name) => !sources.some((text) => declares(text, name)))).toEqual([]);
});

test.each(withDiagrams)('who is called in the diagrams of %s has the method', (page) => {
  const diagrams = diagramsOf(page).join('\n');
  const aliases = new Map(
    [...diagrams.matchAll(/^ *participant (\w+) as .*?([A-Z]\w+)$/gm)].map(([, id = '', name = '']) => [
      id,
      name,
    ]),
  );
  const sent = [...diagrams.matchAll(/->>(\w+): (\w+)\(\)/g)];
  const dotted = [...diagrams.matchAll(/\b([A-Z]\w+)\.(\w+)\b/g)];
  const strangers = [...sent, ...dotted]
    .map(([, owner = '', member = '']) => [aliases.get(owner) ?? owner, member] as const)
    .filter(([owner, member]) => owner !== 'TokenProvider' && !declares(declared.get(owner) ?? '', member));
  expect(strangers).toEqual([]);
});

test('every name in code style in the pages with diagrams is one of the source or of the platform', () => {
  const strangers = withDiagrams
    .filter((page) => page !== 'README.md')
    .flatMap((page) => [...read(page).matchAll(/`([A-Z][a-z]\w+)(?:\.(\w+))?(?:\(\))?`/g)])
    .filter(([, name = '', member]) => {
      const text = declared.get(name);
      if (text === undefined) return !(name in globalThis) && !['HttpError'].includes(name);
      return member !== undefined && !declares(text, member);
    })
    .map(([found]) => found);
  expect(strangers).toEqual([]);
});

type Step = (session: Session, answer: (next: () => TokenResult) => Promise<void>) => unknown;

const of = (sub: string, n = 0): { token: string } => ({ token: createJwt({ sub, n }) });
const over = (): TokenResult => Response.json({ error: 'invalid_grant' }, { status: 400 });

const signIn: Step = (session) => session.signIn(of('ada'));
const signOut: Step = (session) => session.signOut();
const getToken: Step = (_, answer) => answer(() => of('ada', 1));
const getNull: Step = (_, answer) => answer(() => null);
const end: Step = (_, answer) => answer(over);
const misconfigured: Step = (_, answer) =>
  answer(() => Response.json({ error: 'invalid_client' }, { status: 400 }));
const another: Step = (_, answer) => answer(() => of('bob'));

/** How to come to each status, and the ways on from there. */
const WAYS: Readonly<Record<string, readonly [readonly Step[], Readonly<Record<string, Step>>]>> = {
  loading: [[], { getToken, signIn, getNull, end, misconfigured, signOut }],
  'signed-out': [[getNull], { getToken, signIn }],
  'signed-in': [[signIn], { another, getNull, signOut, end }],
  ended: [[signIn, end], { getToken, signIn, getNull, signOut }],
};

test('the arrows between the states of a session are those that it takes, and no others', async () => {
  const diagram = diagramsOf('docs/explain/session-states.md')[0] ?? '';
  const names = new Map(
    [...diagram.matchAll(/state "([\w-]+)" as (\w+)/g)].map(([, name = '', id = '']) => [id, name]),
  );
  const drawn = [...diagram.matchAll(/^ *(\w+) --> (\w+):/gm)].map(
    ([, from = '', to = '']) => `${names.get(from)} --> ${names.get(to)}`,
  );
  const taken = new Set<string>();
  for (const [from, [before, ways]] of Object.entries(WAYS)) {
    for (const way of Object.values(ways)) taken.add(await arrow(from, before, way));
  }
  expect(drawn.toSorted()).toEqual([...taken].toSorted());
});

/** Walks to a status and one step on. A refresh asks the provider also where a request would not. */
async function arrow(from: string, before: readonly Step[], way: Step): Promise<string> {
  let next = (): TokenResult => null;
  const { client } = createTokenValet(() => next());
  const { session } = client;
  const walk = async (step: Step): Promise<void> => {
    await step(session, async (answer) => {
      next = answer;
      await session.refresh().catch(() => {});
    });
    await settle();
  };
  for (const step of before) await walk(step);
  expect(session.snapshot.status).toBe(from);
  await walk(way);
  return `${from} --> ${session.snapshot.status}`;
}

function diagramsOf(page: string): readonly string[] {
  return [...read(page).matchAll(/^```mermaid\n([\s\S]*?)^```$/gm)].map(([, diagram = '']) => diagram);
}

/** Whether a file has a function, a method or a member of that name. */
function declares(text: string, name: string): boolean {
  return new RegExp(
    `(?:^ +(?:readonly |async |get )*#?|\\bfunction )${name}\\??[(:<]|\\bconst ${name}\\b`,
    'm',
  ).test(text);
}

function isMermaid(name: string): boolean {
  return name === 'Note';
}
