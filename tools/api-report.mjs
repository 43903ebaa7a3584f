// @ts-check
/**
 * Writes `api-report.md`: every public type, by entry point, as a reviewer wants to see a change of it. With
 * `--check` it only says whether the file is what the source makes.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('..', import.meta.url));
const file = join(root, 'api-report.md');

const { exports: entries } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
/** @type {[name: string, path: string][]} */
const modules = Object.entries(entries)
  .filter(([, target]) => typeof target === 'object')
  .map(([name, { types }]) => [
    name === '.' ? 'fetch-valet' : `fetch-valet${name.slice(1)}`,
    join(root, types.replace('./dist/', 'src/')),
  ]);

/** The declarations of the sources, without what is internal. */
function declarations() {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.src.json'), (path) => ts.sys.readFile(path));
  const { options } = ts.convertCompilerOptionsFromJson(
    { ...config.compilerOptions, noEmit: false, emitDeclarationOnly: true, types: ['node'] },
    root,
  );
  const sources = modules.map(([, path]) => path.replace(/\.d\.ts$/, '.ts'));
  /** @type {Map<string, string>} */
  const texts = new Map();
  // Otherwise the declarations would name the sources, and be resolved to them.
  const emit = { ...options, rewriteRelativeImportExtensions: true };
  ts.createProgram(sources, emit).emit(undefined, (path, text) =>
    texts.set(path, text.replace(/(['"]\.{1,2}\/[^'"]+)\.tsx?(?=['"])/g, '$1.js')),
  );
  const disk = ts.createCompilerHost(options);
  const sourceFolder = join(root, 'src');
  /** @type {ts.CompilerHost} */
  const host = {
    ...disk,
    fileExists: (path) => texts.has(path) || (!path.startsWith(sourceFolder) && disk.fileExists(path)),
    readFile: (path) => texts.get(path) ?? disk.readFile(path),
    getSourceFile(path, version) {
      const text = texts.get(path);
      return text === undefined
        ? disk.getSourceFile(path, version)
        : ts.createSourceFile(path, text, version, true);
    },
  };
  return { program: ts.createProgram([...texts.keys()], { ...options, noEmit: true }, host), texts };
}

const { program, texts } = declarations();
const checker = program.getTypeChecker();
const printer = ts.createPrinter({ removeComments: true });

/** @param {ts.Symbol} symbol */
function original(symbol) {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

/**
 * The declarations of a symbol in our own files.
 * @param {ts.Symbol} symbol
 */
function ownDeclarations(symbol) {
  return (symbol.declarations ?? [])
    .filter((node) => texts.has(node.getSourceFile().fileName))
    .map((node) => (ts.isVariableDeclaration(node) ? node.parent.parent : node))
    .filter((node) => ts.isStatement(node) || ts.isModuleDeclaration(node));
}

/**
 * What a declaration names that is ours, too.
 * @param {ts.Node} node
 * @returns {ts.Symbol[]}
 */
function mentioned(node) {
  /** @type {ts.Symbol[]} */
  const found = [];
  /** @param {ts.Node} child */
  const visit = (child) => {
    const symbol = ts.isIdentifier(child) ? checker.getSymbolAtLocation(child) : undefined;
    if (symbol) found.push(original(symbol));
    ts.forEachChild(child, visit);
  };
  visit(node);
  return found;
}

/**
 * @param {ts.Symbol} symbol
 * @returns {string}
 */
function print(symbol) {
  return ownDeclarations(symbol)
    .map((node) => printer.printNode(ts.EmitHint.Unspecified, node, node.getSourceFile()))
    .join('\n')
    .replace(/\r/g, '');
}

/** @param {string} path of a source */
function exportsOf(path) {
  const source = program.getSourceFile(path.replace(/(?<!\.d)\.ts$/, '.d.ts'));
  const module = source && checker.getSymbolAtLocation(source);
  return module ? checker.getExportsOfModule(module) : [];
}

/** @param {readonly ts.Symbol[]} symbols */
function block(symbols) {
  const texts = symbols.map(print).filter((text) => text !== '');
  return `\`\`\`ts\n${texts.sort().join('\n')}\n\`\`\`\n`;
}

/** @type {Set<ts.Symbol>} */
const shown = new Set();
const parts = modules.map(([name, path]) => {
  const exported = exportsOf(path).map((symbol) => ({ name: symbol.name, symbol: original(symbol) }));
  const again = exported.filter(({ symbol }) => shown.has(symbol)).map((one) => `\`${one.name}\``);
  const fresh = exported.map(({ symbol }) => symbol).filter((symbol) => !shown.has(symbol));
  for (const symbol of fresh) shown.add(symbol);
  const also = again.length === 0 ? '' : `As above: ${again.sort().join(', ')}.\n\n`;
  return `## ${name}\n\n${also}${fresh.length === 0 ? '' : block(fresh)}`;
});

// What nobody can import, and yet is part of what they see.
/** @type {ts.Symbol[]} */
const hidden = [];
for (const queue = [...shown]; queue.length > 0; ) {
  for (const node of ownDeclarations(/** @type {ts.Symbol} */ (queue.pop()))) {
    for (const symbol of mentioned(node)) {
      if (shown.has(symbol) || ownDeclarations(symbol).length === 0) continue;
      shown.add(symbol);
      hidden.push(symbol);
      queue.push(symbol);
    }
  }
}

const report = `# The public types

Made by \`npm run api\`; \`npm run check\` fails when it is not up to date. A change here is a change of the API: review
it as one, and say so in the changelog.

${parts.join('\n')}`;

if (hidden.length > 0) {
  const names = hidden.map((symbol) => symbol.name).join(', ');
  console.error(`Public types name what nobody can import: ${names}. Export it, or write it out.`);
  process.exitCode = 1;
}
const before = readFileSync(file, { encoding: 'utf8', flag: 'a+' });
if (!process.argv.includes('--check')) writeFileSync(file, report);
else if (before !== report) {
  console.error('api-report.md is not what the source makes. Run "npm run api", and review the difference.');
  process.exitCode = 1;
}
