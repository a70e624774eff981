/** One tab of this browser has a template at a time: two would overwrite what the other keeps of it. */

import { type ReadonlySignal, signal } from "@preact/signals";

export class TabLock {
  readonly held: ReadonlySignal<boolean>;
  readonly #held = signal(false);
  readonly #given = new AbortController();
  #release = (): void => {};

  /** Waits for the lock; `taken` is called when this tab has it. */
  constructor(name: string, taken: () => void) {
    this.held = this.#held;
    // Browsers offer locks to pages of https and of this machine.
    if (!("locks" in navigator)) {
      this.#held.value = true;
      return;
    }
    const hold = () =>
      new Promise<void>((resolve) => {
        this.#release = resolve;
        this.#held.value = true;
        taken();
      });
    navigator.locks.request(name, { signal: this.#given.signal }, hold).catch(() => {
      // Given back before it was held, or refused as storage is: then there is none to overwrite.
      this.#held.value = !this.#given.signal.aborted;
    });
  }

  release(): void {
    this.#given.abort();
    this.#release();
  }
}
