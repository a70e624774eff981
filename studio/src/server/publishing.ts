/** Publishes a document as a new version, with its draft. */

import { api, ApiProblem } from "./api";
import type { Published } from "./templates";

export interface Publication {
  id: string;
  text: string;
  /** The latest version that the author knows; 0 creates the template. */
  base: number;
  /** The draft's tag: it is deleted with the publication. */
  draft: string | undefined;
  note: string;
}

export async function publish(publication: Publication): Promise<Published> {
  const { id, text, base, draft, note } = publication;
  const headers: Record<string, string> = base > 0 ? { "If-Match": `"${base}"` } : { "If-None-Match": "*" };
  if (draft !== undefined) headers["Postcard-Draft"] = `"${draft}"`;
  if (note.trim() !== "") headers["Postcard-Note"] = encodeURIComponent(note.trim());
  // Not tried again: the first call may have succeeded though its answer was lost.
  return (await api.put<Published>(`/v1/templates/${id}`, text, { headers, tries: 1, has: ["version"] })).body;
}

/** Whether somebody published or changed the draft in the meantime. */
export function isStale(problem: unknown): boolean {
  return problem instanceof ApiProblem && problem.status === 412;
}
