/** Matches the layers of two lists by name, by equality, then by similarity. */

import { equal, hasKey, isObject } from "./json";
import type { Json } from "./types";

/** Pairs of indices `[a, b]`, in the order of `a`. A layer has one partner at most. */
export function matchLayers(a: readonly Json[], b: readonly Json[]): [number, number][] {
  const pairs = new Map<number, number>();
  const taken = new Set<number>();
  const pair = (i: number, j: number): void => {
    pairs.set(i, j);
    taken.add(j);
  };
  pairByKey(a, b, layerName, pair);
  const free = (list: readonly Json[], used: { has(index: number): boolean }): number[] =>
    [...list.keys()].filter((index) => !used.has(index));
  pairByKey(only(a, free(a, pairs)), only(b, free(b, taken)), canonical, pair);
  for (const i of free(a, pairs)) {
    const best = mostAlike(a[i] as Json, i, b, free(b, taken));
    if (best !== undefined) pair(i, best);
  }
  return [...pairs].sort((x, y) => x[0] - y[0]);
}

export function layerName(layer: Json | undefined): string | undefined {
  const name = isObject(layer) && hasKey(layer, "name") ? layer["name"] : undefined;
  return typeof name === "string" && name ? name : undefined;
}

function only(list: readonly Json[], indices: readonly number[]): (Json | undefined)[] {
  const kept = new Set(indices);
  return list.map((item, index) => (kept.has(index) ? item : undefined));
}

/** Pairs those whose key is in both lists; equal keys in their order. */
function pairByKey(
  a: readonly (Json | undefined)[],
  b: readonly (Json | undefined)[],
  keyOf: (layer: Json | undefined) => string | undefined,
  pair: (i: number, j: number) => void,
): void {
  const waiting = new Map<string, number[]>();
  b.forEach((layer, j) => {
    const key = keyOf(layer);
    if (key !== undefined) waiting.set(key, [...(waiting.get(key) ?? []), j]);
  });
  a.forEach((layer, i) => {
    const key = keyOf(layer);
    const j = key === undefined ? undefined : waiting.get(key)?.shift();
    if (j !== undefined) pair(i, j);
  });
}

function canonical(layer: Json | undefined): string | undefined {
  return layer === undefined ? undefined : JSON.stringify(layer);
}

/** The free layer of the same type that shares most values; the nearest one of equals. */
function mostAlike(
  layer: Json,
  index: number,
  others: readonly Json[],
  free: readonly number[],
): number | undefined {
  let best: { index: number; score: number } | undefined;
  for (const other of free) {
    const alike = similarity(layer, others[other] as Json);
    if (alike < 0.5) continue;
    const score = alike - Math.abs(other - index) / 10_000;
    if (!best || score > best.score) best = { index: other, score };
  }
  return best?.index;
}

/** The share of properties with equal values; 0 for layers of different types or names. */
function similarity(a: Json, b: Json): number {
  if (!isObject(a) || !isObject(b) || !equal(a["type"], b["type"])) return 0;
  if (layerName(a) && layerName(b)) return 0;
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  keys.delete("type");
  if (keys.size === 0) return 1;
  const same = [...keys].filter((key) => equal(a[key], b[key])).length;
  return same / keys.size;
}
