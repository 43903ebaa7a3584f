// @ts-check
/** Where the browsers of the test suite are, and how a machine without them gets them. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import process from 'node:process';

const usualPlaces = {
  chromium: [
    '/usr/bin/chromium',
    '/usr/bin/google-chrome',
    '/usr/bin/chromium-browser',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    'C:/Program Files/Google/Chrome/Application/chrome.exe',
  ],
  firefox: [
    '/usr/bin/firefox-esr',
    '/usr/bin/firefox',
    '/Applications/Firefox.app/Contents/MacOS/firefox',
    'C:/Program Files/Mozilla Firefox/firefox.exe',
  ],
  webkit: ['/usr/bin/WebKitWebDriver'],
};

/** What Debian calls them, with what they need besides: WebKit draws on a display. */
const packagesFor = {
  chromium: ['chromium'],
  firefox: ['firefox-esr'],
  webkit: ['webkit2gtk-driver', 'xvfb', 'xauth'],
};

/** @typedef {keyof typeof usualPlaces} BrowserName */

/**
 * The executable of a browser: what CHROMIUM_PATH or FIREFOX_PATH says, else the first usual place that exists.
 * @param {BrowserName} name
 * @returns {string | undefined}
 */
export function findBrowser(name) {
  return process.env[variable(name)] || usualPlaces[name].find((path) => existsSync(path));
}

/**
 * Installs the browsers that are missing where apt-get and the right to use it are there.
 * @param {readonly BrowserName[]} names
 * @returns {string | undefined} what is left for the user to do
 */
export function provideBrowsers(names) {
  const missing = () => names.filter((name) => !findBrowser(name));
  if (missing().length > 0) installPackages(missing().flatMap((name) => packagesFor[name]));
  if (missing().length === 0) return undefined;
  return (
    `The tests need ${missing().join(' and ')}, which is not in any of the usual places: ` +
    `install it, set ${missing().map(variable).join(' and ')}, or leave the browsers out with ` +
    '"npm test -- --project node".'
  );
}

/** @param {BrowserName} name */
function variable(name) {
  return `${name.toUpperCase()}_PATH`;
}

/** @param {readonly string[]} packages of Debian */
export function installPackages(packages) {
  const prefix = process.getuid?.() === 0 ? ['env'] : ['sudo', '-n', 'env'];
  if (!succeeds([...prefix, 'apt-get', '--version'])) return;

  console.log(`installing ${packages.join(' and ')} …`);
  const aptGet = [...prefix, 'DEBIAN_FRONTEND=noninteractive', 'apt-get'];
  // A stale package list is worth a try, so the second step does not wait for the first to succeed.
  succeeds([...aptGet, 'update'], true);
  succeeds([...aptGet, 'install', '-y', '--no-install-recommends', ...packages], true);
}

/**
 * @param {readonly string[]} words
 * @param {boolean} [tell] print what a failing command said
 */
function succeeds([command = '', ...args], tell = false) {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (tell && status !== 0) console.error(`${stdout}${stderr}`);
  return status === 0;
}
