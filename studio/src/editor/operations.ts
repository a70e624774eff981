/** What commands and gestures do to layers, as edits of the document. */

import { freeName } from "../document/bounds";
import { fromPointer, isObject, toPointer } from "../document/json";
import type { Edit, Json, Path } from "../document/types";
import { endOfBoard } from "./boards";
import type { Box, Editor, LayerId, LayerNode } from "./store";
import { parentOf, walk } from "./tree";

/** A layer with the group that it is in. */
export interface Placed {
  node: LayerNode;
  parent: LayerNode | undefined;
  siblings: readonly LayerNode[];
  index: number;
}

export function placeOf(layers: readonly LayerNode[], id: LayerId): Placed | undefined {
  const parent = parentOf(layers, id);
  const siblings = parent ? parent.children : layers;
  const index = siblings.findIndex((node) => node.id === id);
  const node = siblings[index];
  return node ? { node, parent, siblings, index } : undefined;
}

/** The selected layers without those whose group is selected too, in drawing order. */
export function topmost(layers: readonly LayerNode[], selection: readonly LayerId[]): LayerNode[] {
  const chosen = new Set(selection);
  const visit = (nodes: readonly LayerNode[]): LayerNode[] =>
    nodes.flatMap((node) => (chosen.has(node.id) ? [node] : visit(node.children)));
  return visit(layers);
}

/** The selected layers that have a place of their own: not locked, not in a row or column. */
export function movable(layers: readonly LayerNode[], selection: readonly LayerId[]): LayerNode[] {
  return topmost(layers, selection).filter((node) => {
    const placed = placeOf(layers, node.id);
    return !node.locked && placed !== undefined && !isPlacedByFlow(placed);
  });
}

export function pathOf(node: LayerNode): Path {
  return fromPointer(node.pointer);
}

export function numberOf(node: LayerNode, key: string, otherwise = 0): number {
  const value = node.value[key];
  return typeof value === "number" ? value : otherwise;
}

/** Whether a layer's place is its own, not its row's or column's. */
export function isPlacedByFlow(placed: Placed): boolean {
  const flow = placed.parent?.value["flow"];
  return flow === "row" || flow === "column";
}

/** Edits that set a layer's properties; those that would change nothing are left out. */
export function setNumbers(node: LayerNode, numbers: Readonly<Partial<Record<string, number>>>): Edit[] {
  const defaults: Record<string, number> = { x: 0, y: 0, rotation: 0 };
  return Object.entries(numbers).flatMap(([key, value]) => {
    const before = typeof node.value[key] === "number" ? node.value[key] : defaults[key];
    return value === undefined || value === before ? [] : [{ kind: "set", path: [...pathOf(node), key], value }];
  });
}

/** Adds a layer in front of the others of the board, and selects it. */
export function addLayer(editor: Editor, label: string, layer: Json): LayerId | undefined {
  const { edits, path } = endOfBoard(editor.value.peek(), editor.board.peek());
  editor.edit(label, [...edits, { kind: "insert", path, value: layer }]);
  const id = editor.idAt(toPointer(path));
  if (id !== undefined) editor.select([id]);
  return id;
}

/** Later layers first, so that a removal leaves the pointers of the others as they are. */
export function removeLayers(nodes: readonly LayerNode[]): Edit[] {
  return [...nodes].reverse().map((node) => ({ kind: "remove", path: pathOf(node) }));
}

/** Copies above the originals; names stay unique, so copies get new ones. */
export function duplicateLayers(
  layers: readonly LayerNode[],
  nodes: readonly LayerNode[],
  by: number,
): { edits: Edit[]; pointers: string[] } {
  const names = namesIn(layers);
  const edits: Edit[] = [];
  const pointers: string[] = [];
  const added = new Map<string, number>();
  for (const node of nodes) {
    const path = pathOf(node);
    const parent = path.slice(0, -1);
    const before = added.get(String(parent)) ?? 0;
    const index = Number(path[path.length - 1]) + before + 1;
    const copy = renamed(node.value, names);
    if (by !== 0) Object.assign(copy, { x: numberOf(node, "x") + by, y: numberOf(node, "y") + by });
    edits.push({ kind: "insert", path: [...parent, index], value: copy });
    pointers.push(`/${[...parent, index].join("/")}`);
    added.set(String(parent), before + 1);
  }
  return { edits, pointers };
}

export function namesIn(layers: readonly LayerNode[]): Set<string> {
  return new Set([...walk(layers)].flatMap((node) => node.name ?? []));
}

/** A copy of a layer whose names no other layer has. */
export function renamed(value: { [key: string]: Json }, names: Set<string>): { [key: string]: Json } {
  const copy = structuredClone(value);
  const visit = (layer: Json) => {
    if (!isObject(layer)) return;
    const name = layer["name"];
    if (typeof name === "string") layer["name"] = nameOfCopy(name, names);
    if (Array.isArray(layer["layers"])) layer["layers"].forEach(visit);
  };
  visit(copy);
  return copy;
}

function nameOfCopy(name: string, names: Set<string>): string {
  const free = names.has(name) ? freeName(name.replace(/_\d+$/, ""), [...names]) : name;
  names.add(free);
  return free;
}

export type Order = "forward" | "backward" | "front" | "back";

/** Moves layers among their siblings. Several keep their order. */
export function reorder(layers: readonly LayerNode[], nodes: readonly LayerNode[], order: Order): Edit[] {
  const forward = order === "forward" || order === "front";
  const chosen = new Set(nodes.map((node) => node.id));
  // The rearranged siblings, so that later moves see what earlier ones did.
  const arranged = new Map<LayerNode | undefined, LayerNode[]>();
  return (forward ? [...nodes].reverse() : nodes).flatMap((node): Edit[] => {
    const placed = placeOf(layers, node.id);
    if (!placed) return [];
    const siblings = arranged.get(placed.parent) ?? [...placed.siblings];
    arranged.set(placed.parent, siblings);
    const from = siblings.indexOf(node);
    const to = target(siblings, from, order, chosen);
    if (to === from) return [];
    siblings.splice(to, 0, ...siblings.splice(from, 1));
    const parent = pathOf(node).slice(0, -1);
    return [{ kind: "move", from: [...parent, from], path: [...parent, to] }];
  });
}

function target(siblings: readonly LayerNode[], from: number, order: Order, chosen: ReadonlySet<string>): number {
  const step = order === "forward" || order === "front" ? 1 : -1;
  let to = from;
  for (let next = from + step; siblings[next] !== undefined; next += step) {
    if (chosen.has((siblings[next] as LayerNode).id)) break;
    to = next;
    if (order === "forward" || order === "backward") break;
  }
  return to;
}

/** Puts sibling layers into a new group where the topmost of them was. `box` is round them all. */
export function groupLayers(
  nodes: readonly LayerNode[],
  box: Box,
): { edits: Edit[]; pointer: string } | undefined {
  const paths = nodes.map(pathOf);
  const parent = paths[0]?.slice(0, -1);
  if (parent === undefined || paths.some((path) => String(path.slice(0, -1)) !== String(parent))) return undefined;
  const last = Number(paths[paths.length - 1]?.at(-1));
  const inner = nodes.map((node) => moved(node, -box.x, -box.y));
  const group: { [key: string]: Json } = { type: "group", x: box.x, y: box.y, width: box.width, height: box.height, layers: inner };
  const at = [...parent, last + 1 - nodes.length];
  return {
    edits: [...removeLayers(nodes), { kind: "insert", path: at, value: group }],
    pointer: `/${at.join("/")}`,
  };
}

function moved(node: LayerNode, dx: number, dy: number): { [key: string]: Json } {
  const { type, name, ...rest } = node.value;
  const named: { [key: string]: Json } = name === undefined ? {} : { name };
  return { type: type ?? "", ...named, ...rest, x: numberOf(node, "x") + dx, y: numberOf(node, "y") + dy };
}

/** Takes the layers of a group out of it, where the group was. */
export function ungroup(group: LayerNode): { edits: Edit[]; pointers: string[] } {
  const path = pathOf(group);
  const parent = path.slice(0, -1);
  const index = Number(path[path.length - 1]);
  const edits: Edit[] = [{ kind: "remove", path }];
  const pointers: string[] = [];
  const [top, , , left] = paddingOf(group);
  group.children.forEach((child, offset) => {
    const value = moved(child, numberOf(group, "x") + left, numberOf(group, "y") + top);
    edits.push({ kind: "insert", path: [...parent, index + offset], value });
    pointers.push(`/${[...parent, index + offset].join("/")}`);
  });
  return { edits, pointers };
}

/** Top, right, bottom, left. */
export function paddingOf(node: LayerNode): readonly [number, number, number, number] {
  const padding = node.value["padding"];
  if (typeof padding === "number") return [padding, padding, padding, padding];
  if (!Array.isArray(padding)) return [0, 0, 0, 0];
  const [a = 0, b = 0, c = 0, d = 0] = padding.map(Number);
  return padding.length === 2 ? [a, b, a, b] : [a, b, c, d];
}

/** Whether a group only holds its layers together: it draws nothing and changes nothing of them. */
export function canUngroup(node: LayerNode): boolean {
  const plain = new Set(["type", "name", "x", "y", "width", "height", "layers", "padding", "gap", "align", "justify", "meta"]);
  return node.type === "group" && Object.keys(node.value).every((key) => plain.has(key) || (key === "flow" && node.value[key] === "none"));
}

/** Hides a layer, or shows it again as it was: its own condition is kept in `meta.studio`. */
export function toggleHidden(node: LayerNode): Edit[] {
  const path = pathOf(node);
  if (node.value["if"] !== "false") {
    const condition = node.value["if"];
    const keep: Edit[] =
      typeof condition === "string" ? [{ kind: "set", path: [...path, "meta", "studio", "if"], value: condition }] : [];
    return [...keep, { kind: "set", path: [...path, "if"], value: "false" }];
  }
  const kept = studioMeta(node)["if"];
  if (typeof kept !== "string") return [{ kind: "remove", path: [...path, "if"] }];
  return [{ kind: "set", path: [...path, "if"], value: kept }, ...removeStudio(node, "if")];
}

export function toggleLocked(node: LayerNode): Edit[] {
  if (node.locked) return removeStudio(node, "locked");
  return [{ kind: "set", path: [...pathOf(node), "meta", "studio", "locked"], value: true }];
}

function studioMeta(node: LayerNode): { [key: string]: Json } {
  const meta = node.value["meta"];
  const studio = isObject(meta) ? meta["studio"] : undefined;
  return isObject(studio) ? studio : {};
}

/** Removes one of the studio's notes, and what it was the last of. */
function removeStudio(node: LayerNode, key: string): Edit[] {
  const path = pathOf(node);
  if (Object.keys(studioMeta(node)).length > 1) return [{ kind: "remove", path: [...path, "meta", "studio", key] }];
  const meta = node.value["meta"];
  if (isObject(meta) && Object.keys(meta).length > 1) return [{ kind: "remove", path: [...path, "meta", "studio"] }];
  return [{ kind: "remove", path: [...path, "meta"] }];
}
