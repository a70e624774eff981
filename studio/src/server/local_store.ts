/** What this browser keeps of a draft (IndexedDB), so that a closed page or lost network loses nothing. */

import type { StoredHistory } from "../document/history";
import type { IdForest } from "../document/ids";

/** A draft as this browser knows it. */
export interface KeptDraft {
  id: string;
  text: string;
  /** The text that the service had when it gave `etag`. */
  serverText: string;
  etag: string | null;
  base: number;
  /** Whether `text` has changes that the service does not have. */
  dirty: boolean;
  /** Milliseconds. */
  at: number;
}

/** Undo's entries. They belong to `text` and are worth nothing beside another. */
export interface KeptHistory {
  id: string;
  text: string;
  ids: IdForest;
  history: StoredHistory;
}

const NAME = "postcard-studio-drafts";
const DRAFTS = "drafts";
const HISTORIES = "histories";

let opened: Promise<IDBDatabase> | undefined;

function database(): Promise<IDBDatabase> {
  opened ??= new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore(DRAFTS, { keyPath: "id" });
      request.result.createObjectStore(HISTORIES, { keyPath: "id" });
    };
    request.onsuccess = () => {
      request.result.onversionchange = () => request.result.close();
      resolve(request.result);
    };
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error("The browser's storage is in use by an older page."));
  });
  opened.catch(() => {
    opened = undefined;
  });
  return opened;
}

async function run<T>(store: string, mode: IDBTransactionMode, action: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const transaction = (await database()).transaction(store, mode);
  const request = action(transaction.objectStore(store));
  return await new Promise<T>((resolve, reject) => {
    transaction.oncomplete = () => resolve(request.result);
    transaction.onabort = () => reject(transaction.error);
    transaction.onerror = () => reject(transaction.error);
  });
}

export const localStore = {
  draft: (id: string) => run<KeptDraft | undefined>(DRAFTS, "readonly", (store) => store.get(id)),
  history: (id: string) => run<KeptHistory | undefined>(HISTORIES, "readonly", (store) => store.get(id)),
  keepDraft: (draft: KeptDraft) => run(DRAFTS, "readwrite", (store) => store.put(draft)),
  keepHistory: (history: KeptHistory) => run(HISTORIES, "readwrite", (store) => store.put(history)),
  async forget(id: string): Promise<void> {
    await run(DRAFTS, "readwrite", (store) => store.delete(id));
    await run(HISTORIES, "readwrite", (store) => store.delete(id));
  },
};

/** Writes the newest value only, one write at a time. */
export class LatestWriter<T> {
  #next: T | undefined;
  #running: Promise<void> | undefined;
  failed = false;

  constructor(private readonly write: (value: T) => Promise<unknown>) {}

  put(value: T): Promise<void> {
    this.#next = value;
    this.#running ??= this.#drain();
    return this.#running;
  }

  async #drain(): Promise<void> {
    while (this.#next !== undefined) {
      const value = this.#next;
      this.#next = undefined;
      try {
        await this.write(value);
        this.failed = false;
      } catch {
        this.failed = true;
      }
    }
    this.#running = undefined;
  }
}
