/** Knows which edits an input method makes while it composes a word, however long that takes. */

export class Composition {
  #isComposing = false;
  #hasEdited = false;

  /** Listens on the whole page; returns what ends it. */
  listen(): () => void {
    const ends = new AbortController();
    const { signal } = ends;
    document.addEventListener("compositionstart", () => this.#set(true), { signal });
    // The last input of a word comes before this event or right after it, depending on the browser.
    document.addEventListener("compositionend", () => setTimeout(() => this.#set(false)), { signal });
    return () => ends.abort();
  }

  /** Whether the edit at hand belongs to the one before it, as a step of the same word. */
  continues(): boolean {
    const continued = this.#isComposing && this.#hasEdited;
    this.#hasEdited = this.#isComposing;
    return continued;
  }

  #set(isComposing: boolean): void {
    this.#isComposing = isComposing;
    this.#hasEdited = false;
  }
}
