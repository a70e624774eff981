/** Comparing, copying and addressing JSON values. */

import type { Json, Path } from "./types";

export type JsonObject = { [key: string]: Json };

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function hasKey(value: JsonObject, key: string): boolean {
  return Object.prototype.hasOwnProperty.call(value, key);
}

/** A table's entry for a key that a document chose: every object has a `constructor`, no table has. */
export function entryOf<T>(table: { readonly [key: string]: T }, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

/** Whether two values are the same JSON. The order of an object's keys does not matter. */
export function equal(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => equal(item, b[index]));
  }
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => hasKey(b, key) && equal(a[key], b[key]))
  );
}

/** The value at a path, or undefined where there is none. */
export function valueAt(value: Json | undefined, path: Path): Json | undefined {
  let current = value;
  for (const step of path) {
    if (Array.isArray(current)) current = typeof step === "number" ? current[step] : undefined;
    else if (isObject(current) && hasKey(current, String(step))) current = current[String(step)];
    else return undefined;
  }
  return current;
}

/** The JSON pointer (RFC 6901) of a path. */
export function toPointer(path: Path): string {
  return path.map((step) => `/${String(step).replace(/~/g, "~0").replace(/\//g, "~1")}`).join("");
}

/**
 * The path of a JSON pointer. A part of digits is an array's index only where the value is an
 * array, so without a value it is read as an index.
 */
export function fromPointer(pointer: string, value?: Json): Path {
  if (pointer === "") return [];
  const path: (string | number)[] = [];
  let current = value;
  for (const part of pointer.slice(1).split("/")) {
    const key = part.replace(/~1/g, "/").replace(/~0/g, "~");
    const isIndex = /^(0|[1-9][0-9]{0,8})$/.test(key) && !isObject(current);
    path.push(isIndex ? Number(key) : key);
    current = valueAt(current, path.slice(-1));
  }
  return path;
}

/** A path with its last step apart. */
export function parentOf(path: Path): { parent: Path; step: string | number | undefined } {
  return { parent: path.slice(0, -1), step: path[path.length - 1] };
}
