/** The snippets of docs/guide/users-and-scopes.md. */
import { accessToken, Client, type TokenProvider } from 'fetch-valet';

const idToken = [{ alg: 'none' }, { sub: 'ada', name: 'Ada' }]
  .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
  .join('.')
  .concat('.signature');
let isOver = false;

/** An identity SDK that names each token after what it is for. */
const idp = {
  async getToken(audience: string, scopes: readonly string[]): Promise<object> {
    if (isOver) throw Object.assign(new Error('Please log in.'), { code: 'login_required' });
    const token = ['token', new URL(audience).hostname, ...scopes].join('_');
    return { token, expiresIn: 600, scope: ['orders:read', ...scopes].join(' '), idToken };
  },
};
const view = {
  show: (text: string): void => console.log(text),
  hide: (text: string): void => console.log(`hidden: ${text}`),
};
const loginDialog = {
  async open(name: string): Promise<{ token: string; idToken: string } | undefined> {
    console.log(`${name}, please log in again.`);
    await saving;
    return { token: 'token-of-the-dialog', idToken };
  },
};

// #region user
interface Member {
  readonly id: string;
  readonly name: string;
}

const getToken: TokenProvider = ({ audience = 'https://api.shop.example', scopes }) =>
  idp.getToken(audience, scopes);

const strategy = accessToken<Member>(getToken, {
  user: (_claims, { sub, name }) => ({ id: sub as string, name: String(name ?? sub) }),
  stepUp: ['refunds:write'],
});
const shop = new Client(strategy, { baseUrl: 'https://api.shop.example' });

const snapshot = await shop.session.ready;
if (snapshot.status === 'signed-in') view.show(`Hello, ${snapshot.user.name}.`);
// #endregion

// #region audience
const stock = shop.extend({
  baseUrl: 'https://stock.shop.example',
  auth: { audience: 'https://stock.shop.example' },
});
await shop.get('orders');
await stock.get('shelves');
// #endregion

// #region scopes
await stock.post('shelves/7/count', { auth: { scopes: ['stock:write'] }, throwHttpErrors: false });
// #endregion

// #region has-scope
if (shop.session.hasScope('refunds:write')) view.show('the button Refund');
else view.hide('the button Refund');
// #endregion

// #region step-up
await shop.put('refunds/1', { json: { amount: 12 } });
// #endregion
view.show(`may refund now: ${shop.session.hasScope('refunds:write')}`);

// #region hold
const editor = shop.extend({ whenSessionEnds: 'hold' });
shop.on('sessionend', () => void logInAgain());

async function logInAgain(): Promise<void> {
  const { snapshot: ended } = shop.session;
  const tokens = await loginDialog.open(ended.status === 'ended' ? ended.user.name : '');
  if (tokens === undefined) await shop.signOut();
  else await shop.session.signIn(tokens);
}
// #endregion

const saving = new Promise<void>((resolve) => {
  shop.on('request', ({ url }) => {
    if (url.endsWith('/orders/1')) resolve();
  });
});
isOver = true;
await shop.session.refresh().catch(() => view.show(`the session is ${shop.session.snapshot.status}`));

// #region save
await editor.put('orders/1', { json: { note: 'leave it at the door' } });
// #endregion
view.show(`the session is ${shop.session.snapshot.status}`);
