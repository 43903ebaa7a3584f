/** What published identity SDKs throw when a login is gone, made by their own classes: rule T6 has to read it. */
import { GenericError, MfaRequiredError, MissingRefreshTokenError } from '@auth0/auth0-spa-js';
import {
  type AuthError,
  BrowserAuthError,
  BrowserAuthErrorCodes,
  InteractionRequiredAuthError,
  InteractionRequiredAuthErrorCodes,
  ServerError,
} from '@azure/msal-browser';
import { FirebaseError } from '@firebase/app';
import { AuthErrorCodes } from '@firebase/auth';
import { AuthApiError, AuthRetryableFetchError } from '@supabase/supabase-js';
import { expect, test } from 'vitest';
import { createRedactor } from '../../src/redact.ts';
import { judgeError } from '../../src/token/failure.ts';

type Thrown = Readonly<Record<string, Error>>;

const supabase = (code: string, status = 400): Error => new AuthApiError('No.', status, code);
const firebase = (code: string): Error => new FirebaseError(code, 'No.');

/** Every code of MSAL that means that the user has to be asked. */
const msal = Object.fromEntries(
  Object.values(InteractionRequiredAuthErrorCodes).map((code): [string, AuthError] => [
    `msal ${code}`,
    new InteractionRequiredAuthError(code, 'correlation'),
  ]),
);

const gone: Thrown = {
  ...msal,
  'auth0 login_required': new GenericError('login_required', 'Login required'),
  'auth0 invalid_grant': new GenericError('invalid_grant', 'Unknown or invalid refresh token.'),
  'auth0 missing_refresh_token': new MissingRefreshTokenError('default', 'openid'),
  'auth0 mfa_required': new MfaRequiredError(
    'mfa_required',
    'Multifactor authentication required',
    'mfa',
    {},
  ),
  'msal invalid_grant': new ServerError('invalid_grant', 'correlation', 'AADSTS700082: expired'),
  'msal no_account_error': new BrowserAuthError(BrowserAuthErrorCodes.noAccountError, 'correlation'),
  'supabase refresh_token_not_found': supabase('refresh_token_not_found'),
  'supabase refresh_token_already_used': supabase('refresh_token_already_used'),
  'supabase session_not_found': supabase('session_not_found', 403),
  'supabase session_expired': supabase('session_expired'),
  'supabase user_not_found': supabase('user_not_found', 403),
  'supabase user_banned': supabase('user_banned', 403),
  'firebase TOKEN_EXPIRED': firebase(AuthErrorCodes.TOKEN_EXPIRED),
  'firebase USER_DELETED': firebase(AuthErrorCodes.USER_DELETED),
  'firebase USER_DISABLED': firebase('auth/user-disabled'),
  'firebase INVALID_REFRESH_TOKEN': firebase('auth/invalid-refresh-token'),
};

const badMoments: Thrown = {
  'auth0 timeout': new GenericError('timeout', 'Timeout'),
  'auth0 request_error': new GenericError('request_error', 'HTTP error. Unable to fetch'),
  'msal timed_out': new BrowserAuthError(BrowserAuthErrorCodes.timedOut, 'correlation'),
  'msal no_network_connectivity': new BrowserAuthError(
    BrowserAuthErrorCodes.noNetworkConnectivity,
    'correlation',
  ),
  'msal temporarily_unavailable': new ServerError('temporarily_unavailable', 'correlation', 'AADSTS90033'),
  'supabase 503': new AuthRetryableFetchError('Service Unavailable', 503),
  'supabase over_request_rate_limit': supabase('over_request_rate_limit', 429),
  'firebase NETWORK_REQUEST_FAILED': firebase(AuthErrorCodes.NETWORK_REQUEST_FAILED),
  'firebase TOO_MANY_ATTEMPTS': firebase(AuthErrorCodes.TOO_MANY_ATTEMPTS_TRY_LATER),
};

test.each(Object.entries(gone))('%s is final: the login is gone', (_, error) => {
  expect(judgeError(error, createRedactor())).toMatchObject({
    kind: 'final',
    error: { code: 'SESSION_ENDED', retryable: false },
  });
});

test.each(Object.entries(badMoments))('%s is a bad moment, which ends nothing', (_, error) => {
  expect(judgeError(error, createRedactor())).toMatchObject({
    kind: 'temporary',
    error: { code: 'TOKEN_PROVIDER_FAILED', retryable: true },
  });
});

test('what asks to see the user is told from a dead login: for a further audience it ends no session', () => {
  const asking = ['interaction_required', 'consent_required', 'login_required', 'ui_not_allowed'];
  const dead = ['no_tokens_found', 'refresh_token_expired', 'bad_token'];

  const wants = (code: string): unknown =>
    judgeError(new InteractionRequiredAuthError(code, 'correlation'), createRedactor()).wantsUser;

  expect(asking.map((code) => wants(code) !== undefined)).toEqual(asking.map(() => true));
  expect(dead.map(wants)).toEqual(dead.map(() => undefined));
  // auth0-spa-js keeps a refresh token for each audience and set of scopes.
  const missing = judgeError(new MissingRefreshTokenError('https://stock.example', 'read'), createRedactor());
  expect(missing.wantsUser).toBeDefined();
});
