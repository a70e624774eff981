/** Links for mails: platforms, a template's fields, minting. */

import type { Json } from "../document/types";
import { api, type ApiFault } from "./api";

export interface Platform {
  esp: string;
  title: string;
  aliases: readonly string[];
  example: string;
  tag: string;
  values: string;
  source: string;
  documentation: string | null;
  note: string;
  paste: string;
  trap: string;
  open: Record<string, string>;
}

export interface FieldLine {
  name: string;
  type: string;
  required: boolean;
  open: boolean;
  default?: Json;
  example?: Json;
  label?: string | null;
}

export interface LinkRequest {
  template_id: string;
  template_version?: number | "latest";
  modifications: { name: string; [word: string]: Json }[];
  dpr?: number;
  campaign?: string;
  esp?: string;
  open?: Record<string, string>;
}

export interface MintedLink {
  url: string;
  img: string;
  alt: string;
  warnings: readonly ApiFault[];
}

/** The mail platforms, each with the usual attributes of these fields. */
export async function listPlatforms(fields: readonly string[]): Promise<readonly Platform[]> {
  const query = fields.length > 0 ? `?fields=${fields.slice(0, 100).join(",")}` : "";
  return (await api.get<{ items: Platform[] }>(`/v1/platforms${query}`, { has: ["items"] })).body.items;
}

export async function listFields(templateId: string): Promise<readonly FieldLine[]> {
  return (await api.get<{ items: FieldLine[] }>(`/v1/templates/${templateId}/fields`, { has: ["items"] })).body.items;
}

export async function mintLink(request: LinkRequest, signal?: AbortSignal): Promise<MintedLink> {
  const body = request as unknown as { [key: string]: Json };
  return (await api.post<MintedLink>("/v1/links", body, { signal, has: ["url"] })).body;
}

/** A value that was typed, as a modification of its field's type; none for an empty one. */
export function modification(field: FieldLine, typed: string): { name: string; [word: string]: Json } | undefined {
  const value = typed.trim();
  if (value === "") return undefined;
  if (field.type === "text") return { name: field.name, text: typed };
  if (field.type === "image") return { name: field.name, image_url: value };
  if (field.type === "number" && /^-?\d+(\.\d+)?$/.test(value)) return { name: field.name, value: Number(value) };
  if (field.type === "boolean" && /^(true|false)$/.test(value)) return { name: field.name, value: value === "true" };
  return { name: field.name, value };
}
