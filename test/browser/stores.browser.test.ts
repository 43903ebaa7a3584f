import { describeForeignContent, describeTokenStore } from '../contracts/token-store.ts';
import { databasePlace, storagePlace } from './store-places.ts';

const TRAITS = { tells: true, proves: true };

describeTokenStore('localStorage', () => storagePlace('local'), TRAITS);
describeForeignContent('localStorage', () => storagePlace('local'));

describeTokenStore('sessionStorage', () => storagePlace('session'), TRAITS);
describeForeignContent('sessionStorage', () => storagePlace('session'));

const NO_LOCKS = { tells: true, proves: false };
describeTokenStore(
  'localStorage without Web Locks',
  () => storagePlace('local', { locks: undefined }),
  NO_LOCKS,
);

describeTokenStore('IndexedDB', databasePlace, TRAITS);
describeForeignContent('IndexedDB', databasePlace);
