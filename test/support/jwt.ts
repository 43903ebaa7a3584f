export { encodeJwt as createJwt } from '../../src/testing/jwt.ts';
