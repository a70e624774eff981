/** Keeps a template's draft: in this browser at once, and with the service after a pause. */

import { type ReadonlySignal, computed, signal } from "@preact/signals";

import { threeWay } from "../document/merge";
import type { Json } from "../document/types";
import type { Conflict, SaveState } from "../editor/store";
import { ApiProblem, api, waitBefore } from "./api";
import { LatestWriter, localStore } from "./local_store";
import { TabLock } from "./tab_lock";

export type Resolution = "merge" | "mine" | "theirs";

export interface Drafts {
  readonly state: ReadonlySignal<SaveState>;
  /** Why the service has not the newest text, in its own words. */
  readonly problem: ReadonlySignal<string | undefined>;
  /** The draft's tag, such as `d7`; undefined while the service has none. */
  readonly etag: ReadonlySignal<string | undefined>;
  /** The version that the draft began from; 0 for a template without one. */
  readonly base: ReadonlySignal<number>;
  readonly conflict: ReadonlySignal<Conflict | undefined>;
  /** The template was deleted, or is out of this session's reach: the text can only become another one. */
  readonly gone: ReadonlySignal<boolean>;
  /** Whether this browser keeps the text: no where its storage is refused, or another tab has the template. */
  readonly kept: ReadonlySignal<boolean>;
  /** Sends the draft now; resolves when the service has it (true) or it failed. */
  saveNow(): Promise<boolean>;
  /** Ends a conflict. Of what is not taken, undo has a copy. */
  resolve(by: Resolution): void;
  /** A version was published from the draft, which the service has deleted. */
  published(version: number, text: string): void;
  /** Begin from another version: the next call that stores the draft says so. */
  rebase(version: number): void;
}

/** A draft with its text, or what stands in its place. */
export interface LoadedDraft {
  text: string;
  etag: string | undefined;
  base: number;
}

interface DraftLine {
  etag: string;
  base: number | null;
  updated_at: string;
  by: string;
}

const QUIET_MS = 1000;
const LONGEST_MS = 10_000;

/** What the draft needs of the editor. */
export interface DraftHooks {
  text(): string;
  isJson(): boolean;
  /** Takes another text over as an entry of the history. */
  replace(label: string, text: string): void;
  tell(message: string): void;
}

function draftPath(id: string): string {
  return `/v1/templates/${encodeURIComponent(id)}/draft`;
}

/** The stored draft, else the newest version; undefined where there is neither. */
export async function loadDraft(id: string, tries = 5): Promise<LoadedDraft | undefined> {
  try {
    const path = `${draftPath(id)}/document?or_latest=true`;
    const { body, headers } = await api.get<string>(path, { as: "text", tries });
    const tag = plainTag(headers.get("ETag") ?? "");
    if (isVersion(tag)) return { text: body, etag: undefined, base: Number(tag) };
    return { text: body, etag: tag, base: Number(headers.get("Postcard-Base") ?? 0) };
  } catch (problem) {
    if (isMissing(problem)) return undefined;
    throw problem;
  }
}

function isMissing(problem: unknown): boolean {
  return problem instanceof ApiProblem && problem.status === 404;
}

function plainTag(etag: string): string {
  return etag.replace(/^W\//, "").replace(/^"|"$/g, "");
}

/** Whether a tag is that of a version; a draft's begins with a letter. */
export function isVersion(tag: string): boolean {
  return /^\d+$/.test(tag);
}

export class TemplateDraft implements Drafts {
  readonly state = signal<SaveState>("saved");
  readonly problem = signal<string | undefined>(undefined);
  readonly etag = signal<string | undefined>(undefined);
  readonly base = signal(0);
  readonly conflict = signal<Conflict | undefined>(undefined);
  readonly gone = signal(false);
  readonly kept: ReadonlySignal<boolean>;

  #serverText: string;
  #sending: Promise<boolean> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #changedAt = 0;
  #failures = 0;
  #conflictTag: string | undefined;
  #closed = false;
  readonly #writer = new LatestWriter(localStore.keepDraft);
  readonly #tab: TabLock;
  readonly #onOnline = () => this.#schedule(0);
  readonly #onUnload = (event: BeforeUnloadEvent) => {
    if (!this.kept.value && this.state.value !== "saved") event.preventDefault();
  };

  constructor(
    readonly templateId: string,
    loaded: LoadedDraft,
    private readonly hooks: DraftHooks,
  ) {
    this.#serverText = loaded.text;
    this.etag.value = loaded.etag;
    this.base.value = loaded.base;
    this.#tab = new TabLock(`postcard-draft-${templateId}`, () => {
      if (!this.#isSaved()) this.#keep();
    });
    this.kept = computed(() => this.#tab.held.value && !this.#writer.failed.value);
    addEventListener("online", this.#onOnline);
    addEventListener("beforeunload", this.#onUnload);
  }

  /** The editor's text changed. */
  changed(): void {
    if (this.#closed) return;
    this.#keep();
    if (this.conflict.value !== undefined) return;
    if (this.#isSaved()) {
      this.#settle();
      return;
    }
    const now = performance.now();
    if (this.state.value === "saved") this.#changedAt = now;
    if (this.state.value === "saved" || this.state.value === "refused") this.state.value = "edited";
    if (this.state.value === "offline") return;
    this.#schedule(Math.max(0, Math.min(QUIET_MS, this.#changedAt + LONGEST_MS - now)));
  }

  async saveNow(): Promise<boolean> {
    clearTimeout(this.#timer);
    await this.#sending;
    return this.#isSaved() ? true : await this.#send();
  }

  resolve(by: Resolution): void {
    const conflict = this.conflict.value;
    if (conflict === undefined) return;
    const mine = this.hooks.text();
    this.conflict.value = undefined;
    this.etag.value = this.#conflictTag;
    this.#serverText = conflict.theirs;
    if (by === "merge") {
      this.hooks.replace("Merge", threeWay(conflict.base, mine, conflict.theirs).text);
    } else {
      this.hooks.replace(`${conflict.by}'s draft`, conflict.theirs);
      if (by === "mine") this.hooks.replace("Keep mine", mine);
    }
    this.state.value = "edited";
    this.changed();
  }

  published(version: number, text: string): void {
    this.etag.value = undefined;
    this.base.value = version;
    this.#serverText = text;
    this.changed();
  }

  rebase(version: number): void {
    this.base.value = version;
    void this.#send();
  }

  close(): void {
    if (!this.#isSaved() && this.conflict.value === undefined) void this.saveNow();
    this.#closed = true;
    this.#tab.release();
    removeEventListener("online", this.#onOnline);
    removeEventListener("beforeunload", this.#onUnload);
  }

  #isSaved(): boolean {
    return this.hooks.text() === this.#serverText;
  }

  #settle(): void {
    clearTimeout(this.#timer);
    this.state.value = "saved";
    this.problem.value = undefined;
  }

  #keep(): void {
    if (!this.#tab.held.value) return;
    void this.#writer.put({
      id: this.templateId,
      text: this.hooks.text(),
      serverText: this.#serverText,
      etag: this.etag.value ?? null,
      base: this.base.value,
      dirty: !this.#isSaved(),
      at: Date.now(),
    });
  }

  #schedule(milliseconds: number): void {
    clearTimeout(this.#timer);
    if (this.#closed || this.#isSaved()) return;
    this.#timer = setTimeout(() => void this.#send(), milliseconds);
  }

  #send(): Promise<boolean> {
    this.#sending ??= this.#put().finally(() => {
      this.#sending = undefined;
    });
    return this.#sending;
  }

  async #put(): Promise<boolean> {
    if (this.conflict.value !== undefined) return false;
    if (!this.hooks.isJson()) {
      // The service stores JSON objects; a half-typed document stays in this browser until it is one.
      this.state.value = "edited";
      return false;
    }
    const text = this.hooks.text();
    this.state.value = this.state.value === "offline" ? "offline" : "saving";
    const tag = this.etag.value;
    const headers: Record<string, string> =
      tag === undefined ? { "If-None-Match": "*" } : { "If-Match": `"${tag}"` };
    const query = this.base.value > 0 ? `?base=${this.base.value}` : "";
    try {
      const path = `${draftPath(this.templateId)}${query}`;
      const { body } = await api.put<DraftLine>(path, text, { headers, tries: 1, has: ["etag"] });
      this.#stored(body, text);
      return true;
    } catch (problem) {
      if (!(problem instanceof ApiProblem)) throw problem;
      return await this.#failed(problem);
    }
  }

  #stored(line: DraftLine, text: string): void {
    this.etag.value = plainTag(line.etag);
    this.#serverText = text;
    this.#failures = 0;
    this.problem.value = undefined;
    this.#keep();
    if (this.#isSaved()) {
      this.#settle();
      return;
    }
    this.state.value = "edited";
    this.#changedAt = performance.now();
    this.#schedule(QUIET_MS);
  }

  async #failed(problem: ApiProblem): Promise<boolean> {
    this.problem.value = problem.detail;
    if (problem.status === 412) {
      await this.#meet().catch((error: unknown) => {
        if (!(error instanceof ApiProblem)) throw error;
        this.#retry(error);
      });
      return false;
    }
    if (problem.mayRepeat) this.#retry(problem);
    else {
      this.#failures = 0;
      this.gone.value = problem.status === 410 || problem.status === 403;
      this.state.value = "refused";
    }
    return false;
  }

  #retry(problem: ApiProblem): void {
    this.state.value = "offline";
    this.#failures += 1;
    this.#schedule(1000 * waitBefore(Math.min(this.#failures, 7), problem.retryAfter));
  }

  /** Somebody else stored a draft since: join both, or ask where both changed the same. */
  async #meet(): Promise<void> {
    const { etag, by, updatedAt, text } = await this.#theirs();
    const mine = this.hooks.text();
    const base = this.#serverText;
    const merge = threeWay(base, mine, text);
    if (merge.conflicts.length > 0) {
      this.#conflictTag = etag;
      this.conflict.value = { by, updatedAt, theirs: text, mine, base };
      this.state.value = "conflict";
      return;
    }
    this.etag.value = etag;
    this.#serverText = text;
    this.state.value = "edited";
    if (merge.text !== mine) this.hooks.replace(`Merge ${by}'s changes`, merge.text);
    if (merge.merged.length > 0) this.hooks.tell(`${by} changed this draft too. Both changes are in it now.`);
    this.changed();
    this.#schedule(0);
  }

  async #theirs(): Promise<{ etag: string | undefined; by: string; updatedAt: string; text: string }> {
    try {
      const { body } = await api.get<DraftLine>(draftPath(this.templateId), { has: ["etag"] });
      const document = await api.get<string>(`${draftPath(this.templateId)}/document`, { as: "text" });
      const tag = document.headers.get("ETag") ?? body.etag;
      return { etag: plainTag(tag), by: body.by, updatedAt: body.updated_at, text: document.body };
    } catch (problem) {
      // The draft was deleted or published meanwhile: ours is the first of the next.
      if (!isMissing(problem)) throw problem;
      return { etag: undefined, by: "", updatedAt: "", text: this.#serverText };
    }
  }
}

export type { Json };
