import { systemClock } from './clock.ts';

const DOCUMENTS = 'documents';
/** Milliseconds after which a connection that has not answered is given up: the next use opens another. */
const PATIENCE = 2500;

type Work<T> = (documents: IDBObjectStore, done: (value: T) => void) => void;

/** A database with one object store. It is opened at its first use, and again where it was lost. */
export class Database {
  readonly #name: string;
  readonly #factory: () => IDBFactory;
  #connection: Promise<IDBDatabase> | undefined;

  constructor(name: string, factory: () => IDBFactory) {
    this.#name = name;
    this.#factory = factory;
  }

  /** Does `work` in a transaction. Resolves with what it said was done once that is stored for good. */
  async run<T>(mode: IDBTransactionMode, work: Work<T>): Promise<T> {
    this.#connection ??= this.#open();
    const connection = this.#connection;
    const giveUp = (): void => this.#forget(connection);
    const cancel = systemClock.setTimeout(giveUp, PATIENCE);
    try {
      return await transact(await connection, mode, work);
    } catch (error) {
      giveUp();
      throw error;
    } finally {
      cancel();
    }
  }

  #open(): Promise<IDBDatabase> {
    const connection = new Promise<IDBDatabase>((resolve, reject) => {
      // Whatever its version is: the database may be one of the program's own.
      const request = this.#factory().open(this.#name);
      request.onupgradeneeded = () => request.result.createObjectStore(DOCUMENTS);
      request.onerror = () => reject(request.error ?? new Error('the database did not open'));
      request.onsuccess = () => {
        const lose = (): void => this.#forget(connection);
        // Whoever deletes or upgrades the database waits for this.
        request.result.onversionchange = lose;
        request.result.onclose = lose;
        resolve(request.result);
      };
    });
    return connection;
  }

  #forget(connection: Promise<IDBDatabase> | undefined): void {
    if (connection === undefined || this.#connection !== connection) return;
    this.#connection = undefined;
    connection.then((database) => database.close()).catch(() => {});
  }
}

function transact<T>(database: IDBDatabase, mode: IDBTransactionMode, work: Work<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    if (!database.objectStoreNames.contains(DOCUMENTS))
      throw new Error(`the database ${database.name} is another program's; use another name`);
    // A refresh token that the disk does not have yet when the power goes is lost, and the session with it.
    const transaction = database.transaction(DOCUMENTS, mode, { durability: 'strict' });
    let outcome: { readonly value: T } | undefined;
    transaction.oncomplete = () => {
      if (outcome) resolve(outcome.value);
      else reject(new Error('the database did not answer'));
    };
    transaction.onabort = () => reject(transaction.error ?? new Error('the database gave the change up'));
    work(transaction.objectStore(DOCUMENTS), (value) => {
      outcome = { value };
    });
  });
}
