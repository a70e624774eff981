/** Documents that the studio itself begins: empty ones, and copies with another name. */

import { applyEdits, parse } from "../../document/text";

const MAX_SIDE = 5_000;
const MAX_PIXELS = 16_000_000;
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

/** The name in a document's text. */
export function nameIn(text: string): string | undefined {
  const { value } = parse(text);
  const name = typeof value === "object" && value !== null && !Array.isArray(value) ? value.name : undefined;
  return typeof name === "string" && name.trim() !== "" ? name : undefined;
}

export function isObjectText(text: string): boolean {
  const { value, faults } = parse(text);
  return faults.length === 0 && typeof value === "object" && value !== null && !Array.isArray(value);
}
