/** Keeps a template's draft: in this browser at once, and with the service after a pause. */

import type { ReadonlySignal } from "@preact/signals";

import type { Conflict, SaveState } from "../editor/store";

export interface Drafts {
  readonly state: ReadonlySignal<SaveState>;
  /** What the service said when it last refused or could not be reached. */
  readonly problem: ReadonlySignal<string | undefined>;
  /** The draft's tag, such as `d7`; undefined while the service has none. */
  readonly etag: ReadonlySignal<string | undefined>;
  /** The version that the draft began from; 0 for a template without one. */
  readonly base: ReadonlySignal<number>;
  readonly conflict: ReadonlySignal<Conflict | undefined>;
  /** Sends the draft now; resolves when the service has it or it failed. */
  saveNow(): Promise<boolean>;
  /** The draft was published or deleted: the service has none any more. */
  published(version: number): void;
}
