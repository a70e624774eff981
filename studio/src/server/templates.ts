/** Templates, their documents as they were put, drafts and versions. */

import { api, ApiProblem } from "./api";
import { isVersion } from "./drafts";

export interface DraftLine {
  etag: string;
  base: number | null;
  updated_at: string;
  expires_at?: string;
  by: string;
  bytes: number;
}

/** A template in the list; `version` is null while only a draft exists. */
export interface TemplateLine {
  id: string;
  version: number | null;
  name: string;
  created_at: string;
  published_at: string | null;
  paused: boolean;
  width: number | null;
  height: number | null;
  draft: DraftLine | null;
  thumbnail_url: string | null;
}

export interface VersionLine {
  version: number;
  published_at: string;
  replaced_by: number | null;
  note?: string | null;
  by?: string | null;
}

/** A document's text and the tag of what it was read from. */
export interface StoredText {
  text: string;
  etag: string;
}

export interface Published {
  id: string;
  version: number;
  name: string;
  findings: readonly { code: string; pointer: string; detail: string }[];
}

const ID = /^[a-z0-9][a-z0-9_-]{0,63}$/;
const MAX_PAGES = 20;

export function isTemplateId(text: string): boolean {
  return ID.test(text);
}

/** All templates; the first 4,000 of a very large account. */
export async function listTemplates(signal?: AbortSignal): Promise<TemplateLine[]> {
  const found: TemplateLine[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const after: string = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const { body } = await api.get<{ items: TemplateLine[]; next_cursor: string | null }>(
      `/v1/templates?limit=200${after}`,
      { signal, has: ["items"] },
    );
    found.push(...body.items);
    cursor = body.next_cursor;
    if (cursor === null) break;
  }
  return found;
}

export async function listVersions(id: string, cursor?: string) {
  const after = cursor === undefined ? "" : `&cursor=${encodeURIComponent(cursor)}`;
  const { body } = await api.get<{ items: VersionLine[]; next_cursor: string | null }>(
    `/v1/templates/${id}/versions?limit=50${after}`,
    { has: ["items"] },
  );
  return body;
}

async function textAt(path: string): Promise<StoredText> {
  const { body, headers } = await api.get<string>(path, { as: "text" });
  return { text: body, etag: (headers.get("ETag") ?? "").replace(/^W\//, "").replace(/"/g, "") };
}

/** Undefined where there is none. */
async function orNone<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (problem) {
    if (problem instanceof ApiProblem && problem.status === 404) return undefined;
    throw problem;
  }
}

/** The latest version's document; its tag is the version. */
export function readDocument(id: string): Promise<StoredText | undefined> {
  return orNone(textAt(`/v1/templates/${id}/document`));
}

export async function readVersionDocument(id: string, version: number): Promise<string> {
  return (await textAt(`/v1/templates/${id}/versions/${version}/document`)).text;
}

export async function readDraft(id: string): Promise<StoredText | undefined> {
  return orNone(textAt(`/v1/templates/${id}/draft/document`));
}

/** What an editor would open: the draft, else the latest version. */
export async function readNewest(id: string): Promise<(StoredText & { isDraft: boolean }) | undefined> {
  const newest = await orNone(textAt(`/v1/templates/${id}/draft/document?or_latest=true`));
  return newest && { ...newest, isDraft: !isVersion(newest.etag) };
}

/** Stores a first draft; `ApiProblem` 412 where there is one. */
export async function createDraft(id: string, text: string): Promise<void> {
  await api.put(`/v1/templates/${id}/draft`, text, { headers: { "If-None-Match": "*" } });
}

export async function replaceDraft(id: string, text: string, etag: string): Promise<void> {
  await api.put(`/v1/templates/${id}/draft`, text, { headers: { "If-Match": `"${etag}"` } });
}

export async function deleteDraft(id: string): Promise<void> {
  await api.delete(`/v1/templates/${id}/draft`);
}

export async function deleteTemplate(id: string): Promise<void> {
  await api.delete(`/v1/templates/${id}`);
}

/** Whether an id is free: no version and no draft. */
export async function isFree(id: string): Promise<boolean> {
  return (await readNewest(id)) === undefined;
}
