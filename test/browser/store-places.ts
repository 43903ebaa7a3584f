import { createIndexedDb, type DatabasePlatform } from '../../src/stores/indexed-db.ts';
import { createWebStorage, type StoragePlatform } from '../../src/stores/web-storage.ts';
import type { StorePlace } from '../contracts/token-store.ts';

/** An item of web storage. */
export function storagePlace(storage: 'local' | 'session', platform?: StoragePlatform): StorePlace {
  const key = crypto.randomUUID();
  const area = storage === 'local' ? localStorage : sessionStorage;
  return {
    open: () => createWebStorage({ key, storage }, platform),
    content: {
      put: (text) => area.setItem(key, text),
      get: () => area.getItem(key) ?? undefined,
    },
    close: () => area.removeItem(key),
  };
}

/** A database. */
export function databasePlace(platform?: DatabasePlatform): StorePlace {
  const name = crypto.randomUUID();
  const inDatabase = async <T>(use: (documents: IDBObjectStore) => IDBRequest<T>): Promise<T> => {
    const opening = indexedDB.open(name);
    opening.onupgradeneeded = () => opening.result.createObjectStore('documents');
    const database = await answerOf(opening);
    const answer = await answerOf(
      use(database.transaction('documents', 'readwrite').objectStore('documents')),
    );
    database.close();
    return answer;
  };
  return {
    open: () => createIndexedDb({ name }, platform),
    content: {
      put: (text) => inDatabase((documents) => documents.put(toValue(text), 'session')),
      async get() {
        const value: unknown = await inDatabase((documents) => documents.get('session'));
        return typeof value === 'string' || value === undefined ? value : JSON.stringify(value);
      },
    },
    close: () => answerOf(indexedDB.deleteDatabase(name)),
  };
}

function answerOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('no answer'));
  });
}

function toValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
