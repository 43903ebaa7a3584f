/**
 * Token vending: one server knows the user by a cookie and hands out disposable tokens, each for one report, for
 * what the user's role allows, for fifteen minutes. Another server takes them. The provider is one `fetch`.
 * Runs on servers of its own: `node examples/token-vending.ts`.
 */
import { Client, ValetError } from 'fetch-valet';
import { startReportsApi } from './servers/reports-api.ts';
import { type Employee, startVendingMachine } from './servers/vending-machine.ts';

const secret = 'what only the two servers know';
const vending = await startVendingMachine({ secret, resource: '/reports/7' });
const reports = await startReportsApi(secret);

/** What a page would do after a login, where the browser keeps the cookie. */
async function work(employee: Employee | undefined): Promise<void> {
  const cookie = employee === undefined ? '' : vending.signIn(employee);
  // #region client
  const report = new Client(
    ({ signal }) => fetch(vending.url, { method: 'POST', headers: { cookie }, signal }),
    { baseUrl: reports.origin },
  );
  // #endregion
  const { title } = await report.get('reports/7').json<{ title: string }>();
  const { snapshot } = report.session;
  console.log(`${snapshot.status === 'signed-in' ? snapshot.user.id : 'nobody'} reads: ${title}`);

  const written = await report.fetch('reports/7', { method: 'PUT', body: '{"title":"Tea, by month"}' });
  console.log(`  writes: ${written.status}`);
  const other = await report.fetch('reports/8');
  console.log(`  reads another report: ${other.status}`);
  report.close();
}

await work({ id: 'ada', role: 'auditor' });
await work({ id: 'bob', role: 'editor' });
await work(undefined).catch((error: unknown) => {
  console.log(`nobody: ${ValetError.is(error) ? error.code : String(error)}`);
});
console.log(`${vending.requests.length} calls of the machine, ${reports.requests.length} of the API`);
await vending.close();
await reports.close();
