/** Asks for previews: at most one request in flight, and of those that wait the newest only. */

import type { Json } from "../document/types";
import type { ApiFault } from "./api";
import { api } from "./api";
import type { DescribedLayer, Finding, HiddenLayer, Modification } from "../editor/store";

export interface PreviewBody {
  /** The document's text, sent as it is. One of `document` and `template_id`. */
  document?: string;
  template_id?: string;
  template_version?: number;
  modifications?: readonly Modification[];
  base?: "examples" | "defaults";
  describe?: boolean;
  parts?: readonly string[];
  people?: readonly (readonly Modification[])[] | "worst";
  show?: "picture" | "fallback" | "ended";
  at?: string;
  carets?: string;
  format?: string;
  width?: number;
  dpr?: number;
  quality?: number;
  max_bytes?: number;
  on_invalid?: "error" | "default";
  [more: string]: unknown;
}

/** A part of a picture, in CSS pixels of the template. `image` is a data URI. */
export interface PicturePart {
  image: string;
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface PreviewAnswer {
  image: string;
  boxes: readonly { pointer: string; x: number; y: number; width: number; height: number }[];
  layers?: readonly DescribedLayer[];
  hidden?: readonly HiddenLayer[];
  warnings: readonly ApiFault[];
  findings: readonly Finding[];
  alt?: string;
  format?: string;
  width?: number;
  height?: number;
  bytes?: number;
  sha256?: string;
  parts?: { below: string | null; layer: PicturePart; above: string | null } | null;
  reason?: string;
  carets?: readonly Caret[] | null;
  pictures?: readonly PersonPicture[];
}

export interface Caret {
  span: number;
  offset: number;
  x: number;
  top: number;
  bottom: number;
  rtl: boolean;
}

export interface PersonPicture {
  image: string;
  alt: string;
  warnings: readonly ApiFault[];
  findings: readonly Finding[];
  [more: string]: unknown;
}

/** The request's JSON, with the document's text unchanged in it. */
export function previewJson(body: PreviewBody): string {
  const { document, ...rest } = body;
  const others = JSON.stringify(rest);
  if (document === undefined) return others;
  return others === "{}" ? `{"document":${document}}` : `{"document":${document},${others.slice(1)}`;
}

export type Ask = (body: PreviewBody, signal: AbortSignal) => Promise<PreviewAnswer>;

async function askService(body: PreviewBody, signal: AbortSignal): Promise<PreviewAnswer> {
  const options = { signal, tries: 1, has: ["image"] };
  return (await api.post<PreviewAnswer>("/v1/previews", previewJson(body), options)).body;
}

interface Waiting {
  body: PreviewBody;
  resolve: (answer: PreviewAnswer | undefined) => void;
  reject: (problem: unknown) => void;
}

export class PreviewQueue {
  #inFlight = false;
  #waiting: Waiting | undefined;
  #abort = new AbortController();

  constructor(private readonly send: Ask = askService) {}

  get busy(): boolean {
    return this.#inFlight;
  }

  /** The answer; undefined if a newer request took this one's place before it was sent. */
  ask(body: PreviewBody): Promise<PreviewAnswer | undefined> {
    return new Promise((resolve, reject) => {
      this.#waiting?.resolve(undefined);
      this.#waiting = { body, resolve, reject };
      void this.#next();
    });
  }

  /** Forgets what waits and ends what is in flight. */
  close(): void {
    this.#waiting?.resolve(undefined);
    this.#waiting = undefined;
    this.#abort.abort();
  }

  async #next(): Promise<void> {
    if (this.#inFlight || this.#waiting === undefined) return;
    const { body, resolve, reject } = this.#waiting;
    this.#waiting = undefined;
    this.#inFlight = true;
    try {
      resolve(await this.send(body, this.#abort.signal));
    } catch (problem) {
      if (this.#abort.signal.aborted) resolve(undefined);
      else reject(problem);
    } finally {
      this.#inFlight = false;
      void this.#next();
    }
  }
}

/** A picture's data URI as an object URL. Revoke it when it is shown no more. */
export function objectUrl(dataUri: string): string {
  return URL.createObjectURL(blobOf(dataUri));
}

function blobOf(dataUri: string): Blob {
  const comma = dataUri.indexOf(",");
  const type = /^data:([^;,]*)/.exec(dataUri)?.[1] ?? "application/octet-stream";
  const binary = atob(dataUri.slice(comma + 1));
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return new Blob([bytes], { type });
}

export type { Json };
