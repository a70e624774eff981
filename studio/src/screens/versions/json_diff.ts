/** What changed between two documents: line by line, and as a list of changed layers and values. */

import type { Json } from "../../document/types";

export interface DiffLine {
  kind: "same" | "added" | "removed";
  text: string;
  /** Line numbers, from 1, in the text before and in the text after. */
  before?: number;
  after?: number;
}

/** Lines of a difference, with `skipped` equal lines left out before them. */
export interface Hunk {
  skipped: number;
  lines: DiffLine[];
}

export interface Change {
  kind: "added" | "removed" | "changed" | "moved";
  /** The layer, field or property, as people know it: `title`, `Field first_name`, `Width`. */
  subject: string;
  /** The properties that changed in it. */
  properties: string[];
  /** The values, if one property alone changed. */
  before?: Json;
  after?: Json;
}

const CONTEXT = 3;
/** Longer lines are documents on one line: they are compared as formatted JSON. */
const MAX_LINE = 400;
/** Edits that are searched for before the middle counts as replaced. */
const MAX_EDITS = 1_200;
const MAX_CHANGES = 200;

/** The lines to compare: those of the text, or of its formatted JSON where lines are very long. */
function comparableLines(text: string, format: boolean): string[] {
  if (!format) return text.replace(/\n$/, "").split("\n");
  try {
    return JSON.stringify(JSON.parse(text), null, 2).split("\n");
  } catch {
    return text.split("\n");
  }
}

export function diffTexts(before: string, after: string): DiffLine[] {
  const long = [before, after].some((text) => text.split("\n").some((line) => line.length > MAX_LINE));
  return diffLines(comparableLines(before, long), comparableLines(after, long));
}

export function diffLines(before: readonly string[], after: readonly string[]): DiffLine[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1;
  let end = 0;
  const most = Math.min(before.length, after.length) - start;
  while (end < most && before[before.length - 1 - end] === after[after.length - 1 - end]) end += 1;
  const lines: DiffLine[] = before.slice(0, start).map((text, index) => same(text, index, index));
  lines.push(...middle(before, after, start, end));
  for (let index = end; index > 0; index -= 1) {
    lines.push(same(before[before.length - index]!, before.length - index, after.length - index));
  }
  return lines;
}

export function hunks(lines: readonly DiffLine[]): Hunk[] {
  const shown = new Array<boolean>(lines.length).fill(false);
  lines.forEach((line, index) => {
    if (line.kind === "same") return;
    for (let near = index - CONTEXT; near <= index + CONTEXT; near += 1) if (near in shown) shown[near] = true;
  });
  const found: Hunk[] = [];
  let skipped = 0;
  lines.forEach((line, index) => {
    if (!shown[index]) {
      skipped += 1;
      return;
    }
    if (skipped > 0 || found.length === 0) found.push({ skipped, lines: [] });
    skipped = 0;
    found[found.length - 1]!.lines.push(line);
  });
  return found;
}

function same(text: string, before: number, after: number): DiffLine {
  return { kind: "same", text, before: before + 1, after: after + 1 };
}

/** Myers' algorithm on the lines between the common start and end. */
function middle(before: readonly string[], after: readonly string[], start: number, end: number): DiffLine[] {
  const old = before.slice(start, before.length - end);
  const new_ = after.slice(start, after.length - end);
  const steps = shortestEdit(old, new_);
  const lines: DiffLine[] = [];
  let [x, y] = [0, 0];
  const remove = () => lines.push({ kind: "removed", text: old[x]!, before: start + (x += 1) });
  const add = () => lines.push({ kind: "added", text: new_[y]!, after: start + (y += 1) });
  for (const [toX, toY] of [...steps, [old.length, new_.length] as const]) {
    while (x < toX) remove();
    while (y < toY) add();
    if (x < old.length && y < new_.length && old[x] === new_[y]) {
      lines.push(same(old[x]!, start + x, start + y));
      x += 1;
      y += 1;
    }
  }
  return lines;
}

/** The places (x, y) of equal lines that a shortest edit keeps; none if it is too long. */
function shortestEdit(old: readonly string[], new_: readonly string[]): (readonly [number, number])[] {
  const limit = Math.min(old.length + new_.length, MAX_EDITS);
  const furthest = new Map<number, number>([[1, 0]]);
  const trace: Map<number, number>[] = [];
  for (let edits = 0; edits <= limit; edits += 1) {
    trace.push(new Map(furthest));
    for (let k = -edits; k <= edits; k += 2) {
      const down = k === -edits || (k !== edits && furthest.get(k - 1)! < furthest.get(k + 1)!);
      let x = down ? furthest.get(k + 1)! : furthest.get(k - 1)! + 1;
      while (x < old.length && x - k < new_.length && old[x] === new_[x - k]) x += 1;
      furthest.set(k, x);
      if (x >= old.length && x - k >= new_.length) return keptLines(trace, old.length, new_.length);
    }
  }
  return [];
}

function keptLines(trace: readonly Map<number, number>[], oldLength: number, newLength: number) {
  const places: (readonly [number, number])[] = [];
  let [x, y] = [oldLength, newLength];
  for (let edits = trace.length - 1; edits >= 0; edits -= 1) {
    const furthest = trace[edits]!;
    const k = x - y;
    const down = k === -edits || (k !== edits && furthest.get(k - 1)! < furthest.get(k + 1)!);
    const previous = down ? k + 1 : k - 1;
    const previousX = edits === 0 ? 0 : furthest.get(previous)!;
    const previousY = edits === 0 ? 0 : previousX - previous;
    while (x > previousX && y > previousY) places.push([(x -= 1), (y -= 1)]);
    [x, y] = [previousX, previousY];
  }
  return places.reverse();
}

/** The changes between two documents, at most 200: layers by name, fields, then the document. */
export function changes(before: Json | undefined, after: Json | undefined): Change[] {
  const [old, new_] = [object(before), object(after)];
  const found: Change[] = [];
  layerChanges(list(old.layers), list(new_.layers), "", found);
  const [oldFields, newFields] = [object(old.fields), object(new_.fields)];
  for (const name of keys(oldFields, newFields)) compare(`Field ${name}`, oldFields[name], newFields[name], found);
  for (const name of keys(old, new_)) {
    if (name === "layers" || name === "fields" || name === "$schema") continue;
    compare(titled(name), old[name], new_[name], found);
  }
  return found.slice(0, MAX_CHANGES);
}

function layerChanges(old: readonly Json[], new_: readonly Json[], inside: string, found: Change[]): void {
  const matched = matchedLayers(old, new_);
  const taken = new Set(matched.values());
  old.forEach((layer, index) => {
    if (!matched.has(index)) push(found, { kind: "removed", subject: inside + layerName(layer, index), properties: [] });
  });
  const order = [...matched].sort((one, other) => one[1] - other[1]).map(([index]) => index);
  const still = longestRising(order);
  new_.forEach((layer, index) => {
    const subject = inside + layerName(layer, index);
    if (!taken.has(index)) {
      push(found, { kind: "added", subject, properties: [] });
      return;
    }
    const from = order.find((each) => matched.get(each) === index)!;
    if (!still.has(from)) push(found, { kind: "moved", subject, properties: [] });
    const [oldLayer, newLayer] = [object(old[from]), object(layer)];
    compare(subject, { ...oldLayer, layers: null }, { ...newLayer, layers: null }, found);
    if (oldLayer.layers || newLayer.layers) {
      layerChanges(list(oldLayer.layers), list(newLayer.layers), `${subject} › `, found);
    }
  });
}

/** Which old layer is which new one: the same name, else the same type in the same order. */
function matchedLayers(old: readonly Json[], new_: readonly Json[]): Map<number, number> {
  const matched = new Map<number, number>();
  const taken = new Set<number>();
  const match = (alike: (one: Json, other: Json, index: number, place: number) => boolean) =>
    old.forEach((layer, index) => {
      if (matched.has(index)) return;
      const place = new_.findIndex((each, at) => !taken.has(at) && alike(layer, each, index, at));
      if (place < 0) return;
      matched.set(index, place);
      taken.add(place);
    });
  match((one, other) => !!object(one).name && object(one).name === object(other).name);
  match((one, other) => equal(one, other));
  match((one, other) => !object(one).name && !object(other).name && object(one).type === object(other).type);
  match((one, other, index, place) => index === place && object(one).type === object(other).type);
  return matched;
}

/** The members of a longest rising sequence: the layers that kept their order. */
function longestRising(order: readonly number[]): Set<number> {
  const best: number[][] = [];
  for (const value of order) {
    const place = best.findIndex((sequence) => sequence[sequence.length - 1]! >= value);
    const before = place < 0 ? best[best.length - 1] : best[place - 1];
    best[place < 0 ? best.length : place] = [...(before ?? []), value];
  }
  return new Set(best[best.length - 1] ?? []);
}

function compare(subject: string, before: Json | undefined, after: Json | undefined, found: Change[]): void {
  if (equal(before, after)) return;
  if (before === undefined || after === undefined) {
    const kind = before === undefined ? "added" : "removed";
    push(found, { kind, subject, properties: [], ...(before === undefined ? { after: after! } : { before }) });
    return;
  }
  const [old, new_] = [object(before), object(after)];
  const names = keys(old, new_).filter((name) => !equal(old[name], new_[name]));
  if (names.length === 0) {
    push(found, { kind: "changed", subject, properties: [], before, after });
  } else if (names.length === 1) {
    const values = { before: old[names[0]!] ?? null, after: new_[names[0]!] ?? null };
    push(found, { kind: "changed", subject, properties: names, ...values });
  } else {
    push(found, { kind: "changed", subject, properties: names });
  }
}

function push(found: Change[], change: Change): void {
  if (found.length < MAX_CHANGES) found.push(change);
}

function layerName(layer: Json, index: number): string {
  const { name, type } = object(layer);
  return String(name ?? `${String(type ?? "layer")} ${index + 1}`);
}

function titled(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1).replace(/_/g, " ");
}

function object(value: Json | undefined): { [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
}

function list(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

function keys(one: object, other: object): string[] {
  return [...new Set([...Object.keys(one), ...Object.keys(other)])];
}

function equal(one: Json | undefined, other: Json | undefined): boolean {
  if (one === other) return true;
  if (typeof one !== "object" || typeof other !== "object" || !one || !other) return false;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const names = keys(one, other);
  const value = (from: object, name: string) => (Object.hasOwn(from, name) ? (from as Record<string, Json>)[name] : undefined);
  return names.every((name) => equal(value(one, name), value(other, name)));
}
