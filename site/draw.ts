/**
 * Draws the Mermaid diagrams of the pages, once, in a Chromium of this machine: readers get pictures and no script.
 * Colours become variables of the theme, so that one picture is good for light and dark.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Page } from 'playwright';
import { findBrowser } from '../tools/browsers.mjs';

/** Where the pictures are kept between the drawing and the pages. */
const FOLDER: string = fileURLToPath(new URL('.pages/.diagrams/', import.meta.url));

/** The colours that Mermaid is given, and the variables of `style.css` that take their place. */
const COLOURS = {
  '#e0f2f1': '--diagram-fill',
  '#0f766e': '--diagram-border',
  '#101112': '--diagram-text',
  '#616263': '--diagram-line',
  '#fff7d6': '--diagram-note',
  '#c9a401': '--diagram-note-border',
  '#fdfefd': '--diagram-label',
  '#f5f6f5': '--diagram-group',
} as const;

const [fill, border, text, line, note, noteBorder, label, group] = Object.keys(COLOURS);

const THEME: Readonly<Record<string, string | undefined>> = {
  background: label,
  primaryColor: fill,
  primaryBorderColor: border,
  primaryTextColor: text,
  secondaryColor: group,
  secondaryBorderColor: border,
  secondaryTextColor: text,
  tertiaryColor: group,
  tertiaryBorderColor: border,
  tertiaryTextColor: text,
  mainBkg: fill,
  nodeBorder: border,
  nodeTextColor: text,
  textColor: text,
  titleColor: text,
  lineColor: line,
  defaultLinkColor: line,
  arrowheadColor: line,
  edgeLabelBackground: label,
  clusterBkg: group,
  clusterBorder: line,
  actorBkg: fill,
  actorBorder: border,
  actorTextColor: text,
  actorLineColor: line,
  signalColor: line,
  signalTextColor: text,
  labelBoxBkgColor: group,
  labelBoxBorderColor: line,
  labelTextColor: text,
  loopTextColor: text,
  noteBkgColor: note,
  noteBorderColor: noteBorder,
  noteTextColor: text,
  activationBkgColor: group,
  activationBorderColor: line,
  sequenceNumberColor: label,
  stateBkg: fill,
  stateLabelColor: text,
  transitionColor: line,
  transitionLabelColor: text,
  labelColor: text,
  labelBackgroundColor: label,
  specialStateColor: line,
  innerEndBackground: border,
  compositeBackground: group,
  compositeTitleBackground: group,
  compositeBorder: line,
  altBackground: group,
};

/** Narrow, for the column of a page and for phones. */
const SEQUENCE = {
  useMaxWidth: false,
  wrap: true,
  width: 116,
  height: 40,
  actorMargin: 12,
  messageMargin: 26,
  mirrorActors: false,
  diagramMarginX: 4,
  diagramMarginY: 4,
};

/** Words stand out from the lines that they cross. */
const STYLE =
  '.messageText { paint-order: stroke; stroke: var(--diagram-label); stroke-linejoin: round; stroke-width: 5px }';

/** The text of every diagram in Markdown. */
export function diagramsIn(markdown: string): readonly string[] {
  return [...markdown.matchAll(/^```mermaid\n([\s\S]*?)^```$/gm)].map(([, diagram = '']) => diagram);
}

/** Draws all that are not drawn yet. Throws where one cannot be read. */
export async function draw(diagrams: readonly string[]): Promise<void> {
  const missing = diagrams.filter((diagram) => !existsSync(fileOf(diagram)));
  if (missing.length === 0) return;
  mkdirSync(FOLDER, { recursive: true });
  const executablePath = findBrowser('chromium');
  const browser = await chromium.launch({
    ...(executablePath && { executablePath }),
    args: ['--no-sandbox'],
  });
  try {
    const page = await browser.newPage();
    await prepare(page);
    for (const diagram of missing) writeFileSync(fileOf(diagram), inTheme(await drawOne(page, diagram)));
  } finally {
    await browser.close();
  }
}

/** The picture of a diagram that was drawn. */
export function pictureOf(diagram: string): string {
  return readFileSync(fileOf(diagram), 'utf8');
}

/** Texts are measured in the font of the site: elsewhere they would not fit into their boxes. */
async function prepare(page: Page): Promise<void> {
  const require = createRequire(import.meta.url);
  const fonts = join(dirname(require.resolve('vitepress/package.json')), 'dist/client/theme-default/fonts');
  const font = readFileSync(join(fonts, 'inter-roman-latin.woff2')).toString('base64');
  await page.setContent('<!doctype html><body></body>');
  await page.addStyleTag({
    content: `@font-face { font-family: Inter; font-weight: 100 900; src: url(data:font/woff2;base64,${font}) }`,
  });
  await page.addScriptTag({ path: require.resolve('@mermaid-js/tiny') });
  await page.evaluate(async () => {
    await document.fonts.load('16px Inter');
    await document.fonts.load('bold 16px Inter');
  });
}

async function drawOne(page: Page, diagram: string): Promise<string> {
  const config = {
    startOnLoad: false,
    theme: 'base',
    look: 'classic',
    themeCSS: STYLE,
    themeVariables: { ...THEME, fontSize: '13px', fontFamily: 'Inter' },
    fontFamily: 'Inter',
    fontSize: 13,
    flowchart: { useMaxWidth: false, wrappingWidth: 150, nodeSpacing: 24, rankSpacing: 36, padding: 9 },
    sequence: SEQUENCE,
    state: { useMaxWidth: false, nodeSpacing: 90, rankSpacing: 64 },
  };
  const id = idOf(diagram);
  const source = `mermaid.initialize(${JSON.stringify(config)});
    mermaid.render(${JSON.stringify(id)}, ${JSON.stringify(diagram)}).then(({ svg }) => svg)`;
  return String(await page.evaluate(source));
}

/** Variables in the place of colours. What is left over would be wrong in the dark, so it is no picture of ours. */
function inTheme(svg: string): string {
  const result = Object.entries(COLOURS).reduce(
    (text, [colour, name]) => text.replaceAll(new RegExp(colour, 'gi'), `var(${name})`),
    svg,
  );
  // Mermaid makes this one itself, of the colour of labels.
  const whole = result.replaceAll('rgba(253, 254, 253, 0.5)', 'var(--diagram-label)');
  return whole.replaceAll(/font-family: ?Inter/g, 'font-family: inherit');
}

function idOf(diagram: string): string {
  return `diagram-${createHash('sha256').update(diagram).digest('hex').slice(0, 12)}`;
}

function fileOf(diagram: string): string {
  return join(FOLDER, `${idOf(diagram)}.svg`);
}
