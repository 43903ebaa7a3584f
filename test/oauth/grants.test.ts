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

describeGrant('client credentials', clientCredentials);
describeGrant('refresh token', refreshToken);
describeGrant('token exchange', (options) =>
  tokenExchange({ ...options, subjectToken: 'token-of-a-caller' }),
);
describeGrant('JWT bearer', (options) => jwtBearer({ ...options, assertion: () => 'signed.by.us' }));
describeGrant('authorization code', (options) => {
  const redirectUri = 'https://shop.example/signed-in';
  return authorizationCode({ ...options, redirectUri });
});
describeGrant('authorization code of a program', (options) => loopback({ ...options, open: () => {} }));
describeGrant('device code', (options) => {
  const { endpoints } = options;
  const deviceAuthorization = 'https://id.example.com/device';
  return deviceCode({
    ...options,
    onCode: () => {},
    ...(endpoints && { endpoints: { ...endpoints, deviceAuthorization } }),
  });
});
