/** What this browser keeps of a draft (IndexedDB), so that a closed page or lost network loses nothing. */

import { signal } from "@preact/signals";

import type { StoredHistory } from "../document/history";
import type { IdForest } from "../document/ids";
import { BrowserDatabase } from "./browser_database";

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

const DRAFTS = "drafts";
const HISTORIES = "histories";
const database = new BrowserDatabase("postcard-studio-drafts", { [DRAFTS]: { keyPath: "id" }, [HISTORIES]: { keyPath: "id" } });

export const localStore = {
  draft: (id: string) => database.run<KeptDraft | undefined>(DRAFTS, "readonly", (store) => store.get(id)),
  history: (id: string) => database.run<KeptHistory | undefined>(HISTORIES, "readonly", (store) => store.get(id)),
  keepDraft: (draft: KeptDraft) => database.run(DRAFTS, "readwrite", (store) => store.put(draft)),
  keepHistory: (history: KeptHistory) => database.run(HISTORIES, "readwrite", (store) => store.put(history)),
  async forget(id: string): Promise<void> {
    await database.run(DRAFTS, "readwrite", (store) => store.delete(id));
    await database.run(HISTORIES, "readwrite", (store) => store.delete(id));
  },
};

/** Writes the newest value only, one write at a time. */
export class LatestWriter<T> {
  /** Whether the newest write failed: the browser keeps nothing. */
  readonly failed = signal(false);
  #next: T | undefined;
  #running: Promise<void> | undefined;

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
        this.failed.value = false;
      } catch {
        this.failed.value = true;
      }
    }
    this.#running = undefined;
  }
}
