// @ts-check
/** `node tools/run.mjs <task>`: works on a fresh clone, on Node 20 and newer, with nothing installed. */
import process from 'node:process';
import {
  buildWhenStale,
  chooseNode,
  installDependencies,
  requireBrowsers,
  requireRedis,
  runNode,
  runScript,
  runTool,
  scripts,
} from './setup.mjs';

/** @type {Record<string, (args: string[]) => Promise<number>>} */
const tasks = {
  build: (args) => runTool('tsup', ...args),

  async test(args) {
    requireBrowsers(browsersFor(args));
    requireRedis();
    await buildWhenStale();
    return runTool('vitest', 'run', ...args);
  },

  async demo(args) {
    await buildWhenStale();
    return runNode('--disable-warning=ExperimentalWarning', 'examples/demo.ts', ...args);
  },

  async 'example:react'(args) {
    await buildWhenStale();
    return runNode(
      '--disable-warning=ExperimentalWarning',
      'examples/react-dashboard/server/main.ts',
      ...args,
    );
  },

  async bench(args) {
    await buildWhenStale();
    return runNode('--disable-warning=ExperimentalWarning', '--expose-gc', 'bench/run.ts', ...args);
  },

  async runtimes(args) {
    installDependencies('test/runtimes');
    requireBrowsers(['chromium', 'firefox', 'webkit']);
    await buildWhenStale();
    process.env.RUNTIMES = '1';
    return runTool('vitest', 'run', '--project', 'runtimes', ...args);
  },

  docs(args) {
    installDependencies('site');
    requireBrowsers(['chromium']);
    return runNode('--disable-warning=ExperimentalWarning', 'site/build.ts', ...args);
  },

  async soak(args) {
    requireRedis();
    requireBrowsers(['chromium', 'firefox']);
    const parts = ['test/processes/soak.ts', 'test/tabs/soak.ts'];
    let worst = 0;
    for (const part of parts) {
      worst = Math.max(worst, await runNode('--disable-warning=ExperimentalWarning', part, ...args));
    }
    return worst;
  },

  async check() {
    await buildWhenStale();
    const failed = [];
    for (const name of Object.keys(scripts()).filter((script) => script.startsWith('check:'))) {
      console.log(`\n▸ ${name}`);
      if ((await runScript(name)) !== 0) failed.push(name);
    }
    console.log(failed.length > 0 ? `\nfailed: ${failed.join(', ')}` : '\nall checks passed');
    return failed.length > 0 ? 1 : 0;
  },
};

/**
 * The browsers that a test run needs: both, unless it names its projects.
 * @param {readonly string[]} args
 */
function browsersFor(args) {
  const projects = args.flatMap((arg, at) => {
    if (arg === '--project') return args[at + 1] ?? [];
    return arg.startsWith('--project=') ? arg.slice('--project='.length) : [];
  });
  const browsers = /** @type {const} */ (['chromium', 'firefox']);
  if (projects.length === 0 || projects.includes('tabs')) return browsers;
  return browsers.filter((name) => projects.some((project) => browserOf(project) === name));
}

/** @param {string} project */
function browserOf(project) {
  return ['dashboard', 'tutorial'].includes(project) ? 'chromium' : project.replace(/-react18$/, '');
}

const [name = '', ...args] = process.argv.slice(2);
const task = Object.hasOwn(tasks, name) ? tasks[name] : undefined;
if (task) {
  installDependencies();
  chooseNode();
  process.exitCode = await task(args);
} else {
  console.error(`usage: node tools/run.mjs ${Object.keys(tasks).join('|')} [arguments]`);
  process.exitCode = 2;
}
