/** Rounds numbers for the document: no floating-point noise, never -0. */

import { isObject } from "./json";
import type { Json } from "./types";

const LENGTH_DECIMALS = 2;
const MOST_DECIMALS = 6;
/** Properties in pixels or degrees. Everything else (opacity, em, shares) may need more decimals. */
const LENGTHS = new Set(
  `x y width height rotation size min_size gap padding radius thickness blur angle`.split(" "),
);

export function round(value: number, decimals = LENGTH_DECIMALS): number {
  if (!Number.isFinite(value)) return 0;
  const rounded = Number(value.toFixed(decimals));
  return Object.is(rounded, -0) ? 0 : rounded;
}

/** Rounds the value that an edit sets at `key`; numbers inside a value only lose their noise. */
export function tidyNumbers(value: Json, key?: string | number): Json {
  if (typeof value === "number") {
    return round(value, LENGTHS.has(String(key)) ? LENGTH_DECIMALS : MOST_DECIMALS);
  }
  if (Array.isArray(value)) return value.map((item) => tidyNumbers(item));
  if (!isObject(value)) return value;
  const copy: { [name: string]: Json } = Object.create(null);
  for (const name of Object.keys(value)) copy[name] = tidyNumbers(value[name] as Json);
  return copy;
}
