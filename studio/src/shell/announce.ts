/** Announces results to screen readers: what moved, and which findings are new. */

import { effect, signal } from "@preact/signals";

import type { TemplateEditor } from "../editor/editor";

const QUIET_MS = 500;
const MOST_FINDINGS = 3;

export class Announcer {
  /** What the live region holds. */
  readonly message = signal("");
  #waiting = "";
  #timer: ReturnType<typeof setTimeout> | undefined;
  #known = new Set<string>();
  readonly #stop: (() => void)[];

  constructor(editor: TemplateEditor) {
    this.#stop = [
      effect(() => {
        if (editor.announcement.value !== "") this.tell(editor.announcement.value);
      }),
      effect(() => this.#tellNew(editor.preview.value)),
    ];
  }

  tell(message: string): void {
    this.#waiting = message;
    this.#wait();
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const stop of this.#stop) stop();
  }

  /** Findings and faults that the last change brought, after what it did. */
  #tellNew({ findings, faults }: { findings: readonly { pointer: string; detail: string }[]; faults: readonly { pointer: string; detail: string }[] }): void {
    const all = new Map([...faults, ...findings].map((found) => [`${found.pointer} ${found.detail}`, found.detail]));
    const fresh = [...all].filter(([key]) => !this.#known.has(key)).map(([, detail]) => detail);
    const isFirst = this.#known.size === 0 && this.#waiting === "";
    this.#known = new Set(all.keys());
    if (fresh.length === 0 || isFirst) return;
    this.#waiting = [this.#waiting, ...fresh.slice(0, MOST_FINDINGS)].filter(Boolean).join(" ");
    this.#wait();
  }

  #wait(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      // The same words twice are a change, too.
      this.message.value = this.#waiting === this.message.value ? `${this.#waiting}\u00a0` : this.#waiting;
      this.#waiting = "";
    }, QUIET_MS);
  }
}
