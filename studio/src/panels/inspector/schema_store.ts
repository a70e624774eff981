/** Loads the document schema, the fonts and the assets once a page. */

import { signal } from "@preact/signals";

import { isObject, type JsonObject } from "../../document/json";
import { Schema } from "../../document/schema";
import { api, ApiProblem } from "../../server/api";

export interface FontFamily {
  family: string;
  weights: readonly number[];
  italic: boolean;
  scripts: readonly string[];
}

export const schema = signal<Schema | undefined>(undefined);
export const schemaProblem = signal<ApiProblem | undefined>(undefined);
export const fonts = signal<readonly FontFamily[]>([]);
export const assets = signal<readonly string[]>([]);

let loading: Promise<void> | undefined;

/** Loads the schema; a second call while it loads, or after it has, does nothing. */
export function loadSchema(): Promise<void> {
  if (schema.peek()) return Promise.resolve();
  loading ??= fetchSchema().finally(() => {
    loading = undefined;
  });
  return loading;
}

async function fetchSchema(): Promise<void> {
  schemaProblem.value = undefined;
  try {
    const { body } = await api.get<JsonObject>("/v1/template.schema.json", { has: ["$defs"] });
    schema.value = new Schema(body);
  } catch (problem) {
    if (!(problem instanceof ApiProblem)) throw problem;
    schemaProblem.value = problem;
  }
}

let fontsAsked = false;

/** Loads the list of fonts once; without it a font's name is typed. */
export async function loadFonts(): Promise<void> {
  if (fontsAsked) return;
  fontsAsked = true;
  try {
    fonts.value = (await api.get<FontFamily[]>("/v1/fonts", { has: ["length"] })).body;
  } catch (problem) {
    fontsAsked = false;
    if (!(problem instanceof ApiProblem)) throw problem;
  }
}

const ASSET_PAGE = 100;

let loadingAssets: Promise<void> | undefined;

/** Loads the ids of the assets anew, since others may have uploaded some; once for all that ask meanwhile. */
export function loadAssets(): Promise<void> {
  loadingAssets ??= fetchAssets().finally(() => {
    loadingAssets = undefined;
  });
  return loadingAssets;
}

async function fetchAssets(): Promise<void> {
  try {
    const { body } = await api.get<unknown>(`/v1/assets?limit=${ASSET_PAGE}`);
    const items = Array.isArray(body) ? body : isObject(body as never) ? (body as { items?: unknown }).items : [];
    assets.value = (Array.isArray(items) ? items : []).map((item: { id?: unknown }) => String(item.id));
  } catch (problem) {
    if (!(problem instanceof ApiProblem)) throw problem;
  }
}
