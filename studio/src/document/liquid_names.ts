/** The names that Liquid may use at a place of a document: fields, the countdown, a repeated item. */

import { fieldType } from "./bounds";
import { isObject, valueAt } from "./json";
import type { Json, Path } from "./types";

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
