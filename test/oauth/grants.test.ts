import {
  authorizationCode,
  clientCredentials,
  deviceCode,
  jwtBearer,
  refreshToken,
  tokenExchange,
} from '../../src/oauth.ts';
import { authorizationCode as loopback } from '../../src/oauth-node.ts';
import { describeGrant } from '../contracts/grant.ts';

/** A machine asks anew each time; a user's login goes on with a refresh token. */
const machine = { starts: true, redeems: false };
const login = { starts: false, redeems: true };

describeGrant('client credentials', clientCredentials, machine);
describeGrant('refresh token', refreshToken, login);
describeGrant(
  'token exchange',
  (options) =>
    tokenExchange({ ...options, subjectToken: 'token-of-a-caller', actorToken: 'token-of-an-actor' }),
  { ...machine, secrets: ['token-of-a-caller', 'token-of-an-actor'] },
);
describeGrant('JWT bearer', (options) => jwtBearer({ ...options, assertion: () => 'signed.by.us' }), {
  ...machine,
  secrets: ['signed.by.us'],
});
describeGrant(
  'authorization code',
  (options) => authorizationCode({ ...options, redirectUri: 'https://shop.example/signed-in' }),
  login,
);
describeGrant(
  'authorization code of a program',
  (options) => loopback({ ...options, open: () => {} }),
  login,
);
describeGrant(
  'device code',
  (options) => {
    const { endpoints } = options;
    const deviceAuthorization = 'https://id.example.com/device';
    return deviceCode({
      ...options,
      onCode: () => {},
      ...(endpoints && { endpoints: { ...endpoints, deviceAuthorization } }),
    });
  },
  login,
);
