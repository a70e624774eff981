/** Undo and redo: inverse edits of the text with the layers' ids and the selection. */

import type { IdForest, LayerId } from "./ids";

/** What one entry brings back. */
export interface Snapshot {
  text: string;
  ids: IdForest;
  selection: readonly LayerId[];
}

/** The characters of a text that a change replaced. */
export interface TextChange {
  start: number;
  removed: string;
  inserted: string;
}

export interface HistoryEntry {
  label: string;
  change: TextChange;
  before: { ids: IdForest; selection: readonly LayerId[] };
  after: { ids: IdForest; selection: readonly LayerId[] };
  /** Changes with the same key in a pause are one entry: a drag, a held key, a typed word. */
  merge?: string;
  /** Milliseconds. */
  at: number;
}

/** What is stored with a draft. */
export interface StoredHistory {
  done: HistoryEntry[];
  undone: HistoryEntry[];
}

export const MAX_ENTRIES = 500;
/** Characters of all entries together: a document of 256 KB rewritten many times stays bounded. */
export const MAX_CHARACTERS = 20_000_000;
export const PAUSE_MS = 600;

export class History {
  private done: HistoryEntry[] = [];
  private undone: HistoryEntry[] = [];

  constructor(stored?: StoredHistory) {
    if (stored) {
      this.done = stored.done.slice(-MAX_ENTRIES);
      this.undone = stored.undone.slice(-MAX_ENTRIES);
      this.seal();
    }
  }

  get canUndo(): boolean {
    return this.done.length > 0;
  }

  get canRedo(): boolean {
    return this.undone.length > 0;
  }

  /** What undo and redo would take back or bring again. */
  get labels(): { undo: string | undefined; redo: string | undefined } {
    return { undo: this.done.at(-1)?.label, redo: this.undone.at(-1)?.label };
  }

  /** Records a change from `before` to `after`. One that `continues` the last is part of it after any pause. */
  push(label: string, before: Snapshot, after: Snapshot, at: number, merge?: string, continues = false): void {
    if (before.text === after.text) return;
    const last = this.done.at(-1);
    this.undone = [];
    if (last && merge !== undefined && last.merge === merge && (continues || at - last.at < PAUSE_MS)) {
      this.extend(last, before, after, at);
      return;
    }
    const change = difference(before.text, after.text);
    this.done.push({ label, change, before: place(before), after: place(after), at, merge });
    this.trim();
  }

  /** A gesture ended: what comes next is an entry of its own. */
  seal(): void {
    const last = this.done.at(-1);
    if (last) this.done[this.done.length - 1] = { ...last, merge: undefined };
  }

  undo(text: string): Snapshot | undefined {
    const entry = this.done.pop();
    if (!entry) return undefined;
    this.undone.push(entry);
    return { text: revert(text, entry.change), ...entry.before };
  }

  redo(text: string): Snapshot | undefined {
    const entry = this.undone.pop();
    if (!entry) return undefined;
    this.done.push({ ...entry, merge: undefined });
    return { text: apply(text, entry.change), ...entry.after };
  }

  toJSON(): StoredHistory {
    return { done: this.done, undone: this.undone };
  }

  private extend(last: HistoryEntry, before: Snapshot, after: Snapshot, at: number): void {
    const original = revert(before.text, last.change);
    this.done.pop();
    if (original === after.text) return;
    const change = difference(original, after.text);
    this.done.push({ ...last, change, after: place(after), at });
  }

  private trim(): void {
    const size = (entry: HistoryEntry): number =>
      entry.change.removed.length + entry.change.inserted.length;
    let total = this.done.reduce((sum, entry) => sum + size(entry), 0);
    while (this.done.length > MAX_ENTRIES || (total > MAX_CHARACTERS && this.done.length > 1)) {
      total -= size(this.done.shift() as HistoryEntry);
    }
  }
}

function place({ ids, selection }: Snapshot): { ids: IdForest; selection: readonly LayerId[] } {
  return { ids, selection };
}

/** The one stretch in which two texts differ. */
export function difference(before: string, after: string): TextChange {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before.charCodeAt(start) === after.charCodeAt(start)) start++;
  let tail = 0;
  while (
    tail < shorter - start &&
    before.charCodeAt(before.length - 1 - tail) === after.charCodeAt(after.length - 1 - tail)
  ) {
    tail++;
  }
  return {
    start,
    removed: before.slice(start, before.length - tail),
    inserted: after.slice(start, after.length - tail),
  };
}

function apply(text: string, change: TextChange): string {
  return text.slice(0, change.start) + change.inserted + text.slice(change.start + change.removed.length);
}

function revert(text: string, change: TextChange): string {
  return text.slice(0, change.start) + change.removed + text.slice(change.start + change.inserted.length);
}
