/** Names of fields in Liquid: which are allowed, which a text uses, and renaming. */

import { fieldType } from "./bounds";
import { hasKey, isObject, toPointer, valueAt } from "./json";
import type { Edit, Json, Path } from "./types";

export class RenameError extends Error {}

/** Properties that are Liquid expressions without braces, or a list field's name. */
const EXPRESSIONS = new Set(["if", "repeat"]);
const SCANNED = ["layers", "alt", "background", "color", "locale", "time_zone", "countdown", "fallback", "ended", "styles"];

/** The edits that rename a field. Throws RenameError where a text uses the name for something else. */
export function renameField(document: Json, from: string, to: string): Edit[] {
  const fields = isObject(document) ? document["fields"] : undefined;
  if (!isObject(fields) || !hasKey(fields, from)) throw new RenameError(`There is no field ${from}.`);
  if (hasKey(fields, to)) throw new RenameError(`There is a field ${to} already.`);
  const move: Edit = { kind: "move", from: ["fields", from], path: ["fields", to] };
  return [move, ...usesOf(document, from).map((use) => rewrite(use, from, to))];
}

export interface FieldUse {
  path: Path;
  text: string;
}

/** The texts of the document that name a field. */
export function usesOf(document: Json | undefined, name: string): FieldUse[] {
  if (!isObject(document)) return [];
  const texts = SCANNED.filter((key) => hasKey(document, key)).flatMap((key) => strings(document[key] as Json, [key]));
  return texts.filter(({ path, text }) => renameIn(text, isExpression(path), name, "") !== text);
}

function rewrite({ path, text }: FieldUse, from: string, to: string): Edit {
  const local = new RegExp(`\\{%-?\\s*(assign|capture|for|increment|decrement)\\s+${from}\\b`);
  if (local.test(text)) {
    throw new RenameError(`The text at ${toPointer(path)} sets a variable ${from} of its own. Rename that first.`);
  }
  return { kind: "set", path, value: renameIn(text, isExpression(path), from, to) };
}

function strings(value: Json, path: Path): FieldUse[] {
  if (typeof value === "string") return [{ path, text: value }];
  if (Array.isArray(value)) return value.flatMap((item, index) => strings(item, [...path, index]));
  if (!isObject(value)) return [];
  return Object.keys(value)
    .filter((key) => key !== "meta" && key !== "name" && key !== "type")
    .flatMap((key) => strings(value[key] as Json, [...path, key]));
}

function isExpression(path: Path): boolean {
  return EXPRESSIONS.has(String(path[path.length - 1]));
}

function renameIn(text: string, isWholeExpression: boolean, from: string, to: string): string {
  if (isWholeExpression) return renameInCode(text, from, to);
  return text.replace(/\{\{[^]*?\}\}|\{%[^]*?%\}/g, (code) => renameInCode(code, from, to));
}

/** Replaces a variable's name in Liquid code; not in strings, behind a dot or bar, or before a colon. */
function renameInCode(code: string, from: string, to: string): string {
  const token = /"[^"]*"|'[^']*'|\{%-?\s*\w+|\|\s*\w+|\.\s*[\w-]+|[A-Za-z_][\w-]*\s*:|[A-Za-z_][\w-]*/g;
  return code.replace(token, (found) => (found === from ? to : found));
}

/** The names that Liquid may use at a place of a document: fields, the countdown, a repeated item. */
export function liquidNames(document: Json | undefined, path: Path): string[] {
  const fields = valueAt(document, ["fields"]);
  const own = isObject(fields) ? Object.keys(fields).filter((name) => fieldType(fields[name]) !== "list") : [];
  const countdown = isObject(document) && isObject(document["countdown"]);
  const counted = countdown ? ["countdown.days", "countdown.hours", "countdown.minutes", "countdown.seconds"] : [];
  return [...itemNames(document, path), ...own, ...counted];
}

/** The fields of the lists whose groups are around the place, innermost first. */
function itemNames(document: Json | undefined, path: Path): string[] {
  const found: string[] = [];
  for (let length = path.length; length > 0; length--) {
    const group = valueAt(document, path.slice(0, length));
    const list = isObject(group) ? group["repeat"] : undefined;
    if (typeof list !== "string" || !isObject(group)) continue;
    const items = valueAt(document, ["fields", list, "items"]);
    const name = typeof group["as"] === "string" ? group["as"] : "item";
    if (isObject(items)) found.push(...Object.keys(items).map((key) => `${name}.${key}`));
  }
  return found;
}
