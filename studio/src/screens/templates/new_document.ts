/** Documents that the studio itself begins: empty ones, and copies with another name. */

import { isObject } from "../../document/json";
import { applyEdits, parse } from "../../document/text";
import type { Json } from "../../document/types";

/** The largest width or height of a template, in CSS pixels, and its largest area. */
export const MAX_SIDE = 5_000;
export const MAX_PIXELS = 16_000_000;
/** A document has at most so many bytes. */
export const MAX_BYTES = 256 * 1024;

export function isSize(width: number, height: number): boolean {
  const isSide = (side: number) => Number.isInteger(side) && side >= 1 && side <= MAX_SIDE;
  return isSide(width) && isSide(height) && width * height <= MAX_PIXELS;
}

export function emptyDocument(name: string, width: number, height: number): string {
  return [
    "{",
    `  "name": ${JSON.stringify(name)},`,
    `  "width": ${width},`,
    `  "height": ${height},`,
    '  "background": "#ffffff",',
    '  "fields": {},',
    '  "layers": [],',
    `  "alt": ${JSON.stringify(literal(name))}`,
    "}",
    "",
  ].join("\n");
}

/** A text in which nothing is Liquid. */
function literal(text: string): string {
  return text.replace(/\{\{|\{%/g, "{ ");
}

/** The document's text with another name; nothing else in it changes. */
export function withName(text: string, name: string): string {
  return applyEdits(text, [{ kind: "set", path: ["name"], value: name }]);
}

/** A document's name; undefined where it is blank. */
export function nameOf(value: Json | undefined): string | undefined {
  const name = isObject(value) ? value["name"] : undefined;
  return typeof name === "string" && name.trim() !== "" ? name : undefined;
}

/** The name in a document's text. */
export function nameIn(text: string): string | undefined {
  return nameOf(parse(text).value);
}

export function isObjectText(text: string): boolean {
  const { value, faults } = parse(text);
  return faults.length === 0 && isObject(value);
}
