/**
 * Decides which preview is asked for next: the document as it stands, then the parts of the selected
 * layers, then, after a pause, the exact picture. At most one request is in flight.
 */

import { signal } from "@preact/signals";

import { type IdForest, NO_IDS, idAt, pointerOf } from "../document/ids";
import { parse } from "../document/text";
import type { Json } from "../document/types";
import { ApiProblem, waitBefore } from "../server/api";
import type { ApiFault } from "../server/api";
import { type PreviewAnswer, type PreviewBody, PreviewQueue, objectUrl } from "../server/previews";
import { canvasSize } from "./boards";
import { lastGood, withoutFaults } from "./last_good";
import type { Board, Finding, Modification, PreviewState } from "./store";

/** What a preview shows. Equal wishes have equal pictures. */
export interface Wish {
  text: string;
  /** The layers' ids in this text. */
  ids: IdForest;
  modifications: readonly Modification[] | undefined;
  board: Board;
  at: string | undefined;
  dpr: number;
  /** The pointer of a text layer that is edited on the picture. */
  carets: string | undefined;
}

/** The parts of a picture round the selected layers, as object URLs. */
export interface Parts {
  pointers: readonly string[];
  below: string | undefined;
  layer: { url: string; x: number; y: number; width: number; height: number };
  above: string | undefined;
  /** The document that the parts show. */
  text: string;
}

/**
 * `all`: no request leaves. `all_but_parts`: what a drag waits for. `parts_and_exact`: only pictures of
 * the changing document are asked for.
 */
export type Rest = "none" | "parts_and_exact" | "all_but_parts" | "all";

const SPACING_MS = 90;
const IDLE_MS = 400;
const PARTS_IDLE_MS = 150;
const SHOWN_QUALITY = 90;

const EMPTY: PreviewState = {
  layers: [],
  hidden: [],
  findings: [],
  warnings: [],
  alt: "",
  bytes: 0,
  format: "",
  sha256: "",
  exact: false,
  faults: [],
  stale: false,
  drawnAt: 0,
  text: "",
  ids: NO_IDS,
  carets: null,
};

type Job = { kind: "shown" | "exact"; wish: Wish } | { kind: "parts"; wish: Wish; pointers: readonly string[] };

export class PreviewLoop {
  readonly state = signal<PreviewState>(EMPTY);
  readonly parts = signal<Parts | undefined>(undefined);
  readonly queue = new PreviewQueue();
  /** Whether a picture was asked for. */
  readonly hasAsked = signal(false);

  #wish: Wish | undefined;
  #shownFor: Wish | undefined;
  #exactFor: Wish | undefined;
  #partPointers: readonly string[] = [];
  #partsAskedFor: string | undefined;
  #good: Json | undefined;
  #rest: Rest = "none";
  #isShown = false;
  #running = false;
  #closed = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #lastStart = -Infinity;
  #lastChange = 0;
  #failures = 0;
  #notBefore = 0;

  /** The document or what it shows has changed. */
  want(wish: Wish): void {
    if (this.#wish !== undefined && sameWish(this.#wish, wish)) return;
    this.#wish = wish;
    this.#lastChange = performance.now();
    this.#judgeExact(wish);
    this.#tick();
  }

  /** A picture is exact for what it was drawn of, and no longer when that has changed. */
  #judgeExact(wish: Wish): void {
    const before = this.state.peek();
    const exact = sameWish(this.#exactFor, wish) && before.faults.length === 0 && !before.stale;
    if (before.exact !== exact) this.state.value = { ...before, exact };
  }

  /** Sets the sibling layers whose parts are fetched with the preview; an empty list fetches none. */
  wantParts(pointers: readonly string[]): void {
    this.#partPointers = pointers;
    this.#tick();
  }

  /** A moved layer changes neither what is below nor what is above it: its parts stay good. */
  moveParts(by: readonly [number, number], text: string): void {
    const parts = this.parts.value;
    if (parts === undefined) return;
    const layer = { ...parts.layer, x: parts.layer.x + by[0], y: parts.layer.y + by[1] };
    this.parts.value = { ...parts, layer, text };
    if (this.#wish) this.#partsAskedFor = partsKey({ ...this.#wish, text }, parts.pointers);
  }

  /** What is not asked for while a gesture lasts. */
  rest(rest: Rest): void {
    if (this.#rest !== rest) this.#lastChange = performance.now();
    this.#rest = rest;
    this.#tick();
  }

  /** Nothing is asked for until a canvas shows the pictures, nor while none does. */
  shown(isShown: boolean): void {
    if (this.#isShown === isShown) return;
    this.#isShown = isShown;
    this.#lastChange = performance.now();
    this.#tick();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.queue.close();
    this.#dropParts();
    const url = this.state.value.picture?.url;
    if (url !== undefined) URL.revokeObjectURL(url);
  }

  #tick(): void {
    if (this.#closed || this.#running || this.#rest === "all") return;
    clearTimeout(this.#timer);
    if (!this.#isShown) return;
    const next = this.#nextJob();
    if (next === undefined) return;
    const now = performance.now();
    const wait = Math.max(next.notBefore, this.#lastStart + SPACING_MS, this.#notBefore) - now;
    if (wait > 0) this.#timer = setTimeout(() => this.#tick(), wait);
    else void this.#run(next.job);
  }

  #nextJob(): { job: Job; notBefore: number } | undefined {
    const wish = this.#wish;
    if (wish === undefined || parse(wish.text).value === undefined) return undefined;
    if (this.#rest === "all_but_parts") return this.#partsJob(wish);
    if (!sameWish(this.#shownFor, wish)) return { job: { kind: "shown", wish }, notBefore: 0 };
    if (this.state.value.faults.length > 0 || this.state.value.stale) return undefined;
    if (this.#rest === "parts_and_exact") return undefined;
    const parts = this.#partsJob(wish);
    if (parts !== undefined) return parts;
    if (sameWish(this.#exactFor, wish)) return undefined;
    return { job: { kind: "exact", wish }, notBefore: this.#lastChange + IDLE_MS };
  }

  /** Parts are asked for at a selection, and after a pause in the changes of what is selected. */
  #partsJob(wish: Wish): { job: Job; notBefore: number } | undefined {
    const pointers = this.#partPointers;
    if (pointers.length === 0) {
      this.#dropParts();
      this.#partsAskedFor = undefined;
      return undefined;
    }
    if (this.#partsAskedFor === partsKey(wish, pointers)) return undefined;
    return { job: { kind: "parts", wish, pointers }, notBefore: this.#lastChange + PARTS_IDLE_MS };
  }

  async #run(job: Job): Promise<void> {
    this.#running = true;
    this.#lastStart = performance.now();
    try {
      const answered = job.kind === "parts" ? this.#askParts(job.wish, job.pointers) : this.#askPicture(job.kind, job.wish);
      this.hasAsked.value = true;
      await answered;
      this.#failures = 0;
    } catch (problem) {
      if (this.#closed) return;
      this.#refused(job, problem instanceof ApiProblem ? problem : noPicture());
      if (!(problem instanceof ApiProblem)) throw problem;
    } finally {
      this.#running = false;
      this.#tick();
    }
  }

  #refused(job: Job, problem: ApiProblem): void {
    if (problem.mayRepeat) {
      this.#failures += 1;
      this.#notBefore = performance.now() + 1000 * waitBefore(Math.min(this.#failures, 6), problem.retryAfter);
      this.state.value = { ...this.state.value, stale: true, problem };
      this.#shownFor = undefined;
      return;
    }
    // The service has answered: what fails later waits from the beginning.
    this.#failures = 0;
    if (job.kind === "parts") {
      this.#partsAskedFor = partsKey(job.wish, job.pointers);
      this.#dropParts();
      return;
    }
    this.#shownFor = job.wish;
    this.#exactFor = job.wish;
    const faults = documentFaults(problem);
    this.state.value = { ...this.state.value, faults, stale: true, exact: false, problem };
  }

  async #askPicture(kind: "shown" | "exact", wish: Wish): Promise<void> {
    const body = kind === "shown" ? shownBody(wish) : { ...pictureBody(wish), dpr: undefined };
    let faults: readonly ApiFault[] = [];
    let answer: PreviewAnswer | undefined;
    try {
      answer = await this.queue.ask(body);
    } catch (problem) {
      if (!(problem instanceof ApiProblem) || problem.status !== 400 || kind === "exact") throw problem;
      faults = documentFaults(problem);
      const patched = withoutFaults(wish.text, this.#good, faults);
      if (patched === undefined) throw problem;
      answer = await this.queue.ask({ ...body, document: patched }).catch((other: unknown) => {
        throw other instanceof ApiProblem && other.status === 400 ? problem : other; // What is wrong with the text itself.
      });
    }
    if (answer === undefined || this.#closed) return;
    if (faults.length === 0) this.#good = lastGood(wish.text) ?? this.#good;
    this.#shownFor = wish;
    this.#exactFor = kind === "exact" ? wish : undefined;
    this.#publish(kind, wish, answer, faults);
  }

  #publish(kind: "shown" | "exact", wish: Wish, answer: PreviewAnswer, faults: readonly ApiFault[]): void {
    const before = this.state.value;
    const isCurrent = this.#wish !== undefined && sameWish(this.#wish, wish);
    // The exact picture has one pixel a CSS pixel. Where the screen shows more, the sharper one stays.
    const keepPicture = kind === "exact" && wish.dpr > 1 && before.picture !== undefined;
    const picture = keepPicture ? before.picture : { url: objectUrl(answer.image), ...canvasSize(wish.text) };
    this.state.value = {
      picture,
      layers: answer.layers ?? [],
      hidden: answer.hidden ?? [],
      findings: kind === "exact" ? answer.findings : carriedFindings(before, wish.ids),
      warnings: answer.warnings,
      alt: answer.alt ?? "",
      bytes: answer.bytes ?? 0,
      format: answer.format ?? "",
      sha256: answer.sha256 ?? "",
      exact: kind === "exact" && isCurrent && faults.length === 0,
      faults,
      stale: false,
      drawnAt: Date.now(),
      text: wish.text,
      ids: wish.ids,
      carets: kind === "exact" ? (before.text === wish.text ? before.carets : null) : (answer.carets ?? null),
    };
    if (!keepPicture && before.picture !== undefined) revokeLater(before.picture.url);
  }

  async #askParts(wish: Wish, pointers: readonly string[]): Promise<void> {
    const body = { ...pictureBody(wish), format: "jpg", quality: 1, parts: pointers, describe: false, findings: false };
    const answer = await this.queue.ask(body);
    if (answer === undefined || this.#closed) return;
    this.#partsAskedFor = partsKey(wish, pointers);
    this.#dropParts();
    const taken = answer.parts;
    if (taken === null || taken === undefined) return;
    this.parts.value = {
      pointers,
      below: taken.below ? objectUrl(taken.below) : undefined,
      layer: { ...taken.layer, url: objectUrl(taken.layer.image) },
      above: taken.above ? objectUrl(taken.above) : undefined,
      text: wish.text,
    };
  }

  #dropParts(): void {
    const parts = this.parts.value;
    if (parts === undefined) return;
    this.parts.value = undefined;
    for (const url of [parts.below, parts.layer.url, parts.above]) if (url !== undefined) revokeLater(url);
  }
}

/** An answer that is no picture: asked for again later, as after a lost connection. */
function noPicture(): ApiProblem {
  return new ApiProblem(0, "offline", "The service's answer cannot be read.");
}

/** A picture that is still on the screen goes a little later. */
const replaced: string[] = [];
const MOST_REPLACED = 3;

/** A picture that was replaced may still be on the screen, or be decoded, for a moment. */
function revokeLater(url: string): void {
  replaced.push(url);
  const oldest = replaced.length > MOST_REPLACED ? replaced.shift() : undefined;
  if (oldest !== undefined) URL.revokeObjectURL(oldest);
  setTimeout(() => {
    const at = replaced.indexOf(url);
    if (at >= 0) URL.revokeObjectURL(replaced.splice(at, 1)[0] as string);
  }, 500);
}

function sameWish(a: Wish | undefined, b: Wish): boolean {
  return (
    a !== undefined &&
    a.text === b.text &&
    a.board === b.board &&
    a.at === b.at &&
    a.dpr === b.dpr &&
    a.carets === b.carets &&
    a.modifications === b.modifications
  );
}

function partsKey(wish: Wish, pointers: readonly string[]): string {
  return JSON.stringify([pointers, wish.board, wish.at, wish.modifications, wish.dpr, wish.text]);
}

function pictureBody(wish: Wish): PreviewBody {
  const body: PreviewBody = { document: wish.text, describe: true };
  if (wish.modifications === undefined) body.base = "examples";
  else Object.assign(body, { base: "defaults", modifications: wish.modifications, on_invalid: "default" });
  if (wish.board !== "picture") body.show = wish.board;
  if (wish.at !== undefined) body.at = wish.at;
  if (wish.dpr !== 1) body.dpr = wish.dpr;
  return body;
}

/** Quicker to draw and to send than the template's own format. The exact picture brings the findings. */
function shownBody(wish: Wish): PreviewBody {
  const carets = wish.carets === undefined ? {} : { carets: wish.carets };
  return { ...pictureBody(wish), format: "jpg", quality: SHOWN_QUALITY, findings: false, ...carets };
}

/** The findings of the last exact picture, at the layers' places of now; not those of layers that are gone. */
export function carriedFindings(before: Pick<PreviewState, "findings" | "ids">, ids: IdForest): readonly Finding[] {
  return before.findings.flatMap((finding) => {
    const layer = idAt(before.ids, finding.pointer);
    const from = layer && pointerOf(before.ids, layer);
    if (layer === undefined || from === undefined) return [finding];
    const to = pointerOf(ids, layer);
    return to === undefined ? [] : [{ ...finding, pointer: to + finding.pointer.slice(from.length) }];
  });
}

/** The faults of a refused document, with pointers into the document itself. */
function documentFaults(problem: ApiProblem): ApiFault[] {
  const faults = problem.errors.length
    ? problem.errors
    : [{ code: problem.code, pointer: "", detail: problem.detail }];
  return faults.map((fault) => ({ ...fault, pointer: fault.pointer.replace(/^\/document(?=\/|$)/, "") }));
}
