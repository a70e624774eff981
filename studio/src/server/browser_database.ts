/** A database of this browser (IndexedDB) that may be refused, full, slow, or emptied at any time. */

/** Some browsers leave the opening of a damaged database without any answer. */
const OPEN_MS = 4000;

export class BrowserDatabase {
  #opened: Promise<IDBDatabase> | undefined;

  /** `stores` are made with these options where they are missing. */
  constructor(
    readonly name: string,
    private readonly stores: Readonly<Record<string, IDBObjectStoreParameters>>,
  ) {}

  /** One step in one store. Rejects where the browser keeps nothing, as in some private windows. */
  async run<T>(store: string, mode: IDBTransactionMode, step: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
    const transaction = (await this.#database()).transaction(store, mode);
    const request = step(transaction.objectStore(store));
    return await new Promise<T>((resolve, reject) => {
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error);
      transaction.onerror = () => reject(transaction.error);
    });
  }

  #database(): Promise<IDBDatabase> {
    this.#opened ??= this.#open().catch((error: unknown) => {
      this.#opened = undefined;
      throw error;
    });
    return this.#opened;
  }

  #open(): Promise<IDBDatabase> {
    return new Promise<IDBDatabase>((resolve, reject) => {
      setTimeout(() => reject(new Error("The browser's storage does not answer.")), OPEN_MS);
      const request = indexedDB.open(this.name, 1);
      request.onupgradeneeded = () => {
        for (const [store, options] of Object.entries(this.stores)) request.result.createObjectStore(store, options);
      };
      request.onsuccess = () => {
        const database = request.result;
        const forget = () => {
          this.#opened = undefined;
        };
        // Another page empties the storage, or the browser does.
        database.onversionchange = () => {
          database.close();
          forget();
        };
        database.onclose = forget;
        resolve(database);
      };
      request.onerror = () => reject(request.error);
      request.onblocked = () => reject(new Error("The browser's storage is in use by an older page."));
    });
  }
}
