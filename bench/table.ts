/** Tables that can be read in a terminal and pasted into a Markdown page. */
import type { Ratio } from './measure.ts';

export function printTable(
  title: string,
  head: readonly string[],
  rows: readonly (readonly string[])[],
): void {
  const widths = head.map((cell, column) =>
    Math.max(cell.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((width, column) => pad(cells[column] ?? '', width, column)).join(' | ')} |`;
  const rule = `|${widths.map((width, column) => '-'.repeat(width + 1) + (column === 0 ? '-' : ':')).join('|')}|`;
  console.log(`\n### ${title}\n`);
  console.log([line(head), rule, ...rows.map(line)].join('\n'));
}

function pad(cell: string, width: number, column: number): string {
  return column === 0 ? cell.padEnd(width) : cell.padStart(width);
}

/** A figure beside its budget. */
export function printBudget(
  what: string,
  figure: number,
  budget: number,
  unit: '' | ' ms' | ' MiB' | ' × wrapper' | ' × plain ky',
  digits = 2,
): void {
  const verdict = figure <= budget ? 'met' : 'NOT MET';
  console.log(
    `budget: ${what}: ${figure.toFixed(digits)}${unit}, at most ${budget.toFixed(digits)}: ${verdict}`,
  );
}

export function showRatio({ median }: Ratio): string {
  return median.toFixed(2);
}

export function showSpread({ low, high }: Ratio): string {
  return `${low.toFixed(2)}–${high.toFixed(2)}`;
}
