import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import process from 'node:process';

const BROWSER = '/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser';

/** A page in WebKit, driven by WebDriver (W3C), which its driver speaks over HTTP. */
export interface WebKitPage {
  /** Opens a URL and waits until the page has this title. Returns its text. */
  textOf(url: string, title: string): Promise<string>;
  close(): Promise<void>;
}

/** Starts WebKit on a display of its own. */
export async function startWebKit(): Promise<WebKitPage> {
  const port = await freePort();
  const env = { ...process.env, WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1' };
  const driver = spawn('xvfb-run', ['-a', 'WebKitWebDriver', `--port=${port}`], {
    env,
    stdio: 'ignore',
    detached: true,
  });
  const root = `http://127.0.0.1:${port}`;
  await answers(`${root}/status`);
  const options = { binary: BROWSER, args: ['--automation'] };
  const capabilities = { alwaysMatch: { 'webkitgtk:browserOptions': options } };
  const { sessionId } = await command<{ sessionId: string }>(`${root}/session`, { capabilities });
  const session = `${root}/session/${sessionId}`;
  return {
    async textOf(url, title) {
      await command(`${session}/url`, { url });
      // The page is looked at until it is done: this driver tells of nothing by itself.
      while ((await command<string>(`${session}/title`)) !== title);
      return command<string>(`${session}/execute/sync`, {
        script: 'return document.body.textContent',
        args: [],
      });
    },
    async close() {
      await fetch(session, { method: 'DELETE' });
      stop(driver);
    },
  };
}

async function command<Value>(url: string, body?: object): Promise<Value> {
  const init = body && { method: 'POST', body: JSON.stringify(body) };
  const response = await fetch(url, init);
  const { value } = (await response.json()) as { value: Value & { message?: string } };
  if (!response.ok) throw new Error(`WebKit: ${value.message ?? response.status}`);
  return value;
}

/** Until somebody listens there, connections are refused. */
async function answers(url: string): Promise<void> {
  for (;;) {
    try {
      await fetch(url);
      return;
    } catch {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

/** With the display that it runs on. */
function stop({ pid }: ChildProcess): void {
  if (pid !== undefined) process.kill(-pid);
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
