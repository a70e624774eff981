/** Assets: lists, uploads with their progress, fonts. */

import { entryOf } from "../document/json";
import { api, ApiProblem, type CallOptions, pause } from "./api";

export interface Asset {
  id: string;
  content_type: string;
  bytes: number;
  status: "waiting" | "ready" | "refused";
  created_at: string;
  width: number | null;
  height: number | null;
  family: string | null;
  replacement: "waiting" | "refused" | null;
  detail: string | null;
}

export interface FontFamily {
  family: string;
  weights: readonly number[];
  italic: boolean;
  scripts: readonly string[];
  [more: string]: unknown;
}

interface Upload {
  url: string;
  fields: Record<string, string>;
}

export const MAX_BYTES = 10_000_000;
const MAX_PAGES = 10;
/** Seconds between looks at an upload that the service has not checked yet. */
const LOOKS = [0.3, 1, 2, 4, 8];
const TYPES: Record<string, string> = {
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  gif: "image/gif",
  webp: "image/webp",
  avif: "image/avif",
  ttf: "font/ttf",
  otf: "font/otf",
  woff2: "font/woff2",
};

export const FILE_TYPES = Object.keys(TYPES).map((extension) => `.${extension}`).join(",");
export const FONT_FILE_TYPES = ".ttf,.otf,.woff2";

/** The content type that an asset of this file has; undefined if it can be none. */
export function contentTypeOf(file: { name: string; type: string }): string | undefined {
  if (Object.values(TYPES).includes(file.type)) return file.type;
  return entryOf(TYPES, /\.([a-z0-9]+)$/i.exec(file.name)?.[1]?.toLowerCase() ?? "");
}

export function isFont(asset: { content_type: string }): boolean {
  return asset.content_type.startsWith("font/");
}

/** All assets, newest first; the first 2,000 of a very large account. */
export async function listAssets(signal?: AbortSignal): Promise<Asset[]> {
  const found: Asset[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const after: string = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const { body } = await api.get<{ items: Asset[]; next_cursor: string | null }>(`/v1/assets?limit=200${after}`, { signal, has: ["items"] });
    found.push(...body.items);
    cursor = body.next_cursor;
    if (cursor === null) break;
  }
  return found.sort((one, other) => other.created_at.localeCompare(one.created_at));
}

export async function readAsset(id: string, signal?: AbortSignal): Promise<Asset> {
  return (await api.get<Asset>(`/v1/assets/${id}`, { signal, has: ["status"] })).body;
}

export async function deleteAsset(id: string, options?: CallOptions): Promise<void> {
  await api.delete(`/v1/assets/${id}`, options);
}

export async function listFonts(): Promise<FontFamily[]> {
  return (await api.get<FontFamily[]>("/v1/fonts", { has: ["length"] })).body;
}

export interface UploadOptions {
  replace?: boolean;
  /** From 0 to 1. */
  progress?: (share: number) => void;
  signal?: AbortSignal;
  /** Called with the id once the service keeps a place for the asset. */
  announced?: (id: string) => void;
}

/**
 * Uploads a file as an asset and waits until the service checked it: the asset as it is then,
 * `ready` or `refused`. `ApiProblem` where the service or the upload refused it.
 */
export async function uploadAsset(file: Blob, type: string, id: string, options: UploadOptions = {}): Promise<Asset> {
  const { replace = false, signal } = options;
  const announced = await api.post<Asset & { upload: Upload }>(
    "/v1/assets",
    { id, content_type: type, bytes: file.size, ...(replace ? { replace: true } : {}) },
    { signal, has: ["upload"] },
  );
  options.announced?.(id);
  await send(file, announced.body.upload, options);
  let asset = await readAsset(id, signal);
  for (const seconds of LOOKS) {
    if (asset.status !== "waiting" && asset.replacement !== "waiting") break;
    await pause(seconds, signal);
    asset = await readAsset(id, signal);
  }
  return asset;
}

/** As `uploadAsset`, under the first free id of `id`, `id-2`, `id-3` … */
export async function uploadNewAsset(file: Blob, type: string, id: string, options: UploadOptions = {}): Promise<Asset> {
  const taken = new Set((await listAssets(options.signal)).map((asset) => asset.id));
  for (let number = 1; ; number += 1) {
    const tried = number === 1 ? id : `${id.slice(0, 58)}-${number}`;
    if (taken.has(tried)) continue;
    try {
      return await uploadAsset(file, type, tried, options);
    } catch (problem) {
      // Somebody took it just now, or it is an asset of other templates, which no list shows.
      if (!(problem instanceof ApiProblem && problem.status === 409) || number >= taken.size + 50) throw problem;
    }
  }
}

/** A form's POST by XMLHttpRequest: fetch does not tell the progress of an upload. */
function send(file: Blob, upload: Upload, options: UploadOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const form = new FormData();
    for (const [name, value] of Object.entries(upload.fields)) form.append(name, value);
    form.append("file", file);
    const request = new XMLHttpRequest();
    const brokenOff = () => reject(new ApiProblem(0, "upload_failed", "The upload broke off. Choose the file again."));
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) options.progress?.(event.loaded / event.total);
    });
    request.addEventListener("load", () => {
      if (request.status >= 200 && request.status < 300) resolve();
      else reject(new ApiProblem(request.status, "upload_refused", refusal(request)));
    });
    request.addEventListener("error", brokenOff);
    request.addEventListener("abort", brokenOff);
    options.signal?.addEventListener("abort", () => request.abort());
    request.open("POST", upload.url);
    request.send(form);
  });
}

/** What the store said: the message of its XML, or of our JSON on one machine. */
function refusal(request: XMLHttpRequest): string {
  const text = request.responseText;
  const xml = /<Message>([^<]{1,300})<\/Message>/.exec(text)?.[1];
  if (xml !== undefined) return xml;
  try {
    const body = JSON.parse(text) as { detail?: unknown };
    if (typeof body.detail === "string") return body.detail;
  } catch {
    // No JSON either.
  }
  return `The upload was refused (${request.status}).`;
}
