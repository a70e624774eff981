/** Names of fields, assets and templates; the bounds that an open field needs; rounding and steps of number properties. */

import { isObject, type JsonObject } from "./json";
import { round } from "./numbers";
import type { PropertyForm } from "./schema";
import type { Json } from "./types";

const NAME = /^[a-z][a-z0-9_]{0,63}$/;
const RESERVED = new Set(
  (
    "true false nil null empty blank and or not contains in if else for with limit offset reversed cols " +
    "countdown now forloop"
  ).split(" "),
);

export type NameFault = "form" | "reserved" | "taken";

export function nameFault(name: string, taken: readonly string[]): NameFault | undefined {
  if (!NAME.test(name)) return "form";
  if (RESERVED.has(name)) return "reserved";
  return taken.includes(name) ? "taken" : undefined;
}

/** Small letters without accents. */
export function withoutMarks(text: string): string {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/ß/g, "ss");
}

/** An asset's or template's id from a file's name or a title. */
export function slug(text: string, otherwise: string): string {
  const found = withoutMarks(text).replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 48).replace(/-+$/, "");
  return found || otherwise;
}

/** A name that is not taken, made of `text`: letters, digits and underscores. */
export function freeName(text: string, taken: readonly string[]): string {
  const plain = withoutMarks(text)
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^[^a-z]+|_+$/g, "");
  const base = plain.slice(0, 58) || "layer";
  if (!nameFault(base, taken)) return base;
  for (let n = 2; ; n++) if (!nameFault(`${base}_${n}`, taken)) return `${base}_${n}`;
}

let segmenter: Intl.Segmenter | undefined;

/** The length of a text as bounds count it: an emoji with its modifiers is one. */
export function graphemes(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  segmenter ??= new Intl.Segmenter("en", { granularity: "grapheme" });
  let count = 0;
  for (const _ of segmenter.segment(text)) count++;
  return count;
}

export function fieldType(field: Json | undefined): string {
  return isObject(field) && typeof field["type"] === "string" ? field["type"] : "text";
}

/** The properties that would bound an open field, where it has none of those that it needs. */
export function missingBound(field: Json | undefined): readonly string[] {
  const has = (key: string): boolean => isObject(field) && field[key] !== undefined && field[key] !== null;
  switch (fieldType(field)) {
    case "text":
      return ["max_length", "pattern", "choices"].some(has) ? [] : ["max_length", "pattern", "choices"];
    case "image":
      return has("allowed_hosts") ? [] : ["allowed_hosts"];
    case "number":
      return ["min", "max"].filter((key) => !has(key));
    default:
      return [];
  }
}

/** The keys that stay when a field gets another type. */
export function keptKeys(field: JsonObject, forms: readonly PropertyForm[]): string[] {
  const known = new Set(forms.map((form) => form.key));
  return Object.keys(field).filter((key) => known.has(key) && key !== "default" && key !== "example");
}

/** The nearest number that a property may have. */
export function clampNumber(value: number, form: PropertyForm): number {
  const above = form.minimum ?? (form.exclusiveMinimum === undefined ? -Infinity : form.exclusiveMinimum + 0.01);
  const bounded = Math.min(Math.max(value, above), form.maximum ?? Infinity);
  return form.kind === "integer" ? Math.round(bounded) : round(bounded, 6);
}

/** How far an arrow key changes a number: by its range, so that opacity moves by 0.05 and x by 1. */
export function stepOf(form: PropertyForm): number {
  if (form.kind === "integer") return 1;
  const range = (form.maximum ?? Infinity) - (form.minimum ?? -Infinity);
  if (range <= 2) return 0.05;
  if (range <= 12) return 0.1;
  return 1;
}
