/**
 * Joins two changed texts of a document that began as one. Layers are matched by name and likeness,
 * everything else by its JSON path. What only one side changed is taken; what both changed differently
 * is a conflict, and stays as it is in `mine` until somebody decides.
 */

import { equal, hasKey, isObject, type JsonObject, toPointer } from "./json";
import { layerName, matchLayers } from "./layer_matching";
import { applyEdits, parse } from "./text";
import type { Edit, Json, Path } from "./types";

export interface MergeConflict {
  /** In the merged text. Empty where the texts as a whole cannot be compared. */
  pointer: string;
  base: Json | undefined;
  mine: Json | undefined;
  theirs: Json | undefined;
  /** Edits of the merged text that take their value here. */
  takeTheirs: readonly Edit[];
}

export interface Merge {
  text: string;
  conflicts: readonly MergeConflict[];
  /** Pointers into `text` of what came from `theirs`. */
  merged: readonly string[];
}

/** Applies what `theirs` changed since `base` to the text of `mine`. */
export function threeWay(base: string, mine: string, theirs: string): Merge {
  const values = [base, mine, theirs].map((text) => parse(text).value);
  if (values.some((value) => value === undefined)) return wholeTexts(base, mine, theirs, values);
  const merging: Merging = { edits: [], conflicts: [], merged: [] };
  mergeValue(merging, [], values[0], values[1], values[2]);
  const { edits, conflicts, merged } = merging;
  return { text: applyEdits(mine, edits), conflicts, merged };
}

interface Merging {
  edits: Edit[];
  conflicts: MergeConflict[];
  merged: string[];
}

function wholeTexts(base: string, mine: string, theirs: string, values: (Json | undefined)[]): Merge {
  if (mine === theirs || theirs === base) return { text: mine, conflicts: [], merged: [] };
  if (mine === base) return { text: theirs, conflicts: [], merged: [""] };
  const [b, m, t] = values;
  return { text: mine, conflicts: [{ pointer: "", base: b, mine: m, theirs: t, takeTheirs: [] }], merged: [] };
}

function mergeValue(
  into: Merging,
  path: Path,
  base: Json | undefined,
  mine: Json | undefined,
  theirs: Json | undefined,
): void {
  if (equal(base, theirs) || equal(mine, theirs)) return;
  if (isObject(mine) && isObject(theirs) && (isObject(base) || base === undefined)) {
    mergeObject(into, path, base ?? {}, mine, theirs);
  } else if (isLayers(path) && [base ?? [], mine, theirs].every(Array.isArray)) {
    mergeLayers(into, path, (base ?? []) as Json[], mine as Json[], theirs as Json[]);
  } else if (equal(base, mine)) take(into, path, theirs);
  else into.conflicts.push(conflict(path, base, mine, theirs));
}

function mergeObject(into: Merging, path: Path, base: JsonObject, mine: JsonObject, theirs: JsonObject): void {
  const keys = new Set([...Object.keys(base), ...Object.keys(mine), ...Object.keys(theirs)]);
  for (const key of keys) {
    mergeValue(into, [...path, key], own(base, key), own(mine, key), own(theirs, key));
  }
}

function own(value: JsonObject, key: string): Json | undefined {
  return hasKey(value, key) ? value[key] : undefined;
}

function isLayers(path: Path): boolean {
  return path[path.length - 1] === "layers" && path[0] !== "fields" && path[0] !== "meta";
}

function setOrRemove(path: Path, value: Json | undefined): Edit {
  return value === undefined ? { kind: "remove", path } : { kind: "set", path, value };
}

function take(into: Merging, path: Path, value: Json | undefined): void {
  into.edits.push(setOrRemove(path, value));
  into.merged.push(toPointer(path));
}

function conflict(
  path: Path,
  base: Json | undefined,
  mine: Json | undefined,
  theirs: Json | undefined,
): MergeConflict {
  return { pointer: toPointer(path), base, mine, theirs, takeTheirs: [setOrRemove(path, theirs)] };
}

// --- layers

/** A layer of the merged list: its place in each of the three, where it has one. */
interface Row {
  base?: number;
  mine?: number;
  theirs?: number;
}

function rowsOf(base: Json[], mine: Json[], theirs: Json[]): Row[] {
  const toMine = new Map(matchLayers(base, mine));
  const toTheirs = new Map(matchLayers(base, theirs));
  const rows: Row[] = base.map((_, i) => ({ base: i, mine: toMine.get(i), theirs: toTheirs.get(i) }));
  const newIn = (list: Json[], known: Map<number, number>): number[] => {
    const used = new Set(known.values());
    return [...list.keys()].filter((index) => !used.has(index));
  };
  const [ours, others] = [newIn(mine, toMine), newIn(theirs, toTheirs)];
  const same = new Map<number, number>();
  for (const j of others) {
    const twin = ours.find((i) => !same.has(i) && isSameAddition(mine[i], theirs[j]));
    if (twin === undefined) rows.push({ theirs: j });
    else same.set(twin, j);
  }
  return [...rows, ...ours.map((i) => ({ mine: i, theirs: same.get(i) }))];
}

/** Both added it: an equal layer, or one of the same name, which a document may have once only. */
function isSameAddition(a: Json | undefined, b: Json | undefined): boolean {
  const name = layerName(a);
  return equal(a, b) || (name !== undefined && name === layerName(b));
}

function mergeLayers(into: Merging, path: Path, base: Json[], mine: Json[], theirs: Json[]): void {
  const rows = rowsOf(base, mine, theirs);
  const at = (list: Json[], index: number | undefined): Json | undefined =>
    index === undefined ? undefined : list[index];
  const gone: number[] = [];
  for (const row of rows) {
    const [b, m, t] = [at(base, row.base), at(mine, row.mine), at(theirs, row.theirs)];
    const here = [...path, row.mine ?? 0];
    if (m !== undefined && t !== undefined) mergeValue(into, here, b, m, t);
    else if (m !== undefined && b !== undefined && equal(b, m)) gone.push(row.mine as number);
    else if (m !== undefined && b !== undefined) into.conflicts.push(conflict(here, b, m, undefined));
  }
  const order = new Arrangement(path, mine, gone);
  arrange(order, rows, base, theirs);
  into.edits.push(...order.edits);
  into.merged = [...into.merged.map((pointer) => order.followPointer(pointer)), ...order.changed];
  into.conflicts = into.conflicts.map((found) => order.follow(found));
  into.conflicts.push(...deletedHere(rows, base, theirs, path, order));
}

/** Removes, orders and adds layers of one list; knows where each of them ends up. */
class Arrangement {
  readonly edits: Edit[] = [];
  readonly changed: string[] = [];
  /** Indices of `mine` in their new order; -1 is an added layer. */
  private order: number[];

  constructor(
    readonly path: Path,
    mine: Json[],
    gone: readonly number[],
  ) {
    this.order = [...mine.keys()];
    for (const index of [...gone].sort((a, b) => b - a)) {
      this.edits.push({ kind: "remove", path: [...path, this.order.indexOf(index)] });
      this.order.splice(this.order.indexOf(index), 1);
    }
    if (gone.length) this.changed.push(toPointer(path));
  }

  placeOf(index: number): number {
    return this.order.indexOf(index);
  }

  move(from: number, to: number): void {
    if (from === to) return;
    this.edits.push({ kind: "move", from: [...this.path, from], path: [...this.path, to] });
    this.order.splice(to, 0, ...this.order.splice(from, 1));
    this.changed.push(toPointer([...this.path, to]));
  }

  add(layer: Json, to: number): void {
    this.edits.push({ kind: "insert", path: [...this.path, to], value: layer });
    this.order.splice(to, 0, -1);
    this.changed.push(toPointer([...this.path, to]));
  }

  get length(): number {
    return this.order.length;
  }

  followPointer(pointer: string): string {
    const prefix = `${toPointer(this.path)}/`;
    if (!pointer.startsWith(prefix)) return pointer;
    const [index, ...rest] = pointer.slice(prefix.length).split("/");
    return [`${prefix}${this.placeOf(Number(index))}`, ...rest].join("/");
  }

  /** A conflict inside of a layer, at the place that the layer has now. */
  follow(found: MergeConflict): MergeConflict {
    const pointer = this.followPointer(found.pointer);
    if (pointer === found.pointer) return found;
    const place = Number(pointer.slice(toPointer(this.path).length + 1).split("/")[0]);
    const takeTheirs = found.takeTheirs.map((edit) => {
      const path = [...edit.path];
      path[this.path.length] = place;
      return { ...edit, path } as Edit;
    });
    return { ...found, pointer, takeTheirs };
  }
}

/** Their order and additions. If both sides ordered the layers anew, mine stays. */
function arrange(order: Arrangement, rows: readonly Row[], base: Json[], theirs: Json[]): void {
  const shared = rows.filter((row) => row.mine !== undefined && row.theirs !== undefined && row.base !== undefined);
  const byBase = shared.map((row) => row.mine as number);
  const inMine = [...byBase].sort((a, b) => a - b);
  const inTheirs = [...shared]
    .sort((a, b) => (a.theirs as number) - (b.theirs as number))
    .map((row) => row.mine as number);
  const onlyTheyMoved = !equal(byBase, inTheirs) && equal(byBase, inMine) && base.length > 1;
  if (onlyTheyMoved) {
    const places = inTheirs.map((index) => order.placeOf(index)).sort((a, b) => a - b);
    inTheirs.forEach((index, n) => order.move(order.placeOf(index), places[n] as number));
  }
  const mineOf = new Map(rows.map((row) => [row.theirs, row.mine]));
  const added = new Map(rows.filter((row) => isAdded(row)).map((row) => [row.theirs, row]));
  let behind = -1;
  for (const [index, layer] of theirs.entries()) {
    const known = mineOf.get(index);
    if (known !== undefined) behind = order.placeOf(known);
    if (!added.has(index)) continue;
    behind = Math.min(behind + 1, order.length);
    order.add(layer, behind);
  }
}

function isAdded(row: Row): boolean {
  return row.base === undefined && row.mine === undefined && row.theirs !== undefined;
}

/** Layers that I removed and they changed: removed they stay, until somebody takes theirs. */
function deletedHere(
  rows: readonly Row[],
  base: Json[],
  theirs: Json[],
  path: Path,
  order: Arrangement,
): MergeConflict[] {
  const changed = rows.filter(
    (row) =>
      row.base !== undefined &&
      row.mine === undefined &&
      row.theirs !== undefined &&
      !equal(base[row.base], theirs[row.theirs]),
  );
  return changed.map((row) => {
    const value = theirs[row.theirs as number] as Json;
    const place = [...path, Math.min(row.theirs as number, order.length)];
    const takeTheirs: Edit[] = [{ kind: "insert", path: place, value }];
    return { pointer: toPointer(path), base: base[row.base as number], mine: undefined, theirs: value, takeTheirs };
  });
}
