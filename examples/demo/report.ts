import process from 'node:process';
import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

const width = Math.min(100, Math.max(80, process.stdout.columns ?? 96));

/** Colours a text where standard output is a terminal that wants them. */
function styled(style: Style, text: string): string {
  return process.stdout.isTTY ? styleText(style, text) : text;
}

export function title(text: string): void {
  console.log(`\n${styled('bold', text)}\n${'-'.repeat(text.length)}`);
}

/** A paragraph. */
export function say(text: string): void {
  console.log(wrap(text, width, '').join('\n'));
}

/** What a program wrote, or a server saw. */
export function quote(text: string): void {
  for (const line of wrap(text, width - 4, '    ')) console.log(styled('dim', `  | ${line}`));
}

const failures: string[] = [];

/** One thing that the demo promises. What did not happen is told again at the end. */
export function check(claim: string, happened: boolean): void {
  if (!happened) failures.push(claim);
  const [first = '', ...more] = wrap(claim, width - 7, '');
  console.log(happened ? styled('green', `  ok   ${first}`) : styled('red', `  FAIL ${first}`));
  for (const line of more) console.log(`       ${line}`);
}

/** Tells how it went. Returns the exit code. */
export function verdict(): number {
  console.log();
  if (failures.length === 0) console.log('All of it happened.');
  else console.error(`Did not happen:\n${failures.map((claim) => `  - ${claim}`).join('\n')}`);
  return failures.length === 0 ? 0 : 1;
}

/** Breaks a text between words; `hanging` stands before every line but the first. */
function wrap(text: string, limit: number, hanging: string): string[] {
  const indent = /^ */.exec(text)?.[0] ?? '';
  const lines = [indent];
  for (const word of text.trim().split(' ')) {
    const line = lines.at(-1) ?? '';
    const isFirst = line.trim() === '';
    if (!isFirst && line.length + 1 + word.length > limit) lines.push(indent + hanging + word);
    else lines[lines.length - 1] = isFirst ? line + word : `${line} ${word}`;
  }
  return lines;
}
