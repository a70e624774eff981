/** What the layers panel and the insert menu do to layers: rename, lock, hide, drag, insert. */

import { freeName } from "../document/bounds";
import { fromPointer, isObject, valueAt } from "../document/json";
import { round } from "../document/numbers";
import type { Edit, Json, Path } from "../document/types";
import type { Box, Editor, LayerId, LayerNode } from "../editor/store";
import { canvasSize, layersPath } from "../editor/boards";
import { addLayer, toggleHidden, toggleLocked, topmost } from "../editor/operations";
import { findLayer, walk } from "../editor/tree";
import { words } from "../words/panels";

/** Hidden by hand, and not by a condition that is false for somebody. */
export function isHiddenByUser(layer: LayerNode): boolean {
  return layer.value["if"] === "false";
}

export function setHidden(editor: Editor, layer: LayerNode, hidden: boolean): void {
  editor.edit(hidden ? words.layers.edits.hide : words.layers.edits.show, toggleHidden(layer));
}

export function setLocked(editor: Editor, layer: LayerNode, locked: boolean): void {
  editor.edit(locked ? words.layers.edits.lock : words.layers.edits.unlock, toggleLocked(layer));
}

export function renameLayer(editor: Editor, layer: LayerNode, name: string): void {
  const path = [...fromPointer(layer.pointer), "name"];
  if (name === (layer.name ?? "")) return;
  const edit: Edit = name === "" ? { kind: "remove", path } : { kind: "set", path, value: name };
  editor.edit(words.layers.edits.rename, [edit]);
}

/** Where dragged layers go: into this list of siblings, before the layer that has this index. */
export interface DropPlace {
  parent: LayerId | undefined;
  index: number;
}

/** Moves layers, which keep their order, to a place that none of them contains. */
export function moveLayers(editor: Editor, ids: readonly LayerId[], to: DropPlace): void {
  const layers = editor.layers.peek();
  const moving = topmost(layers, ids);
  if (moving.some((layer) => contains(layer, to.parent))) return;
  const target = to.parent === undefined ? undefined : findLayer(layers, to.parent);
  const siblings = target ? target.children : layers;
  const kept = siblings.slice(0, to.index).filter((layer) => !moving.includes(layer)).length;
  const edits = moveEdits(layers, moving, target, kept, layersPath(editor.board.peek()));
  if (edits.length) editor.edit(words.layers.edits.reorder, edits, { select: moving.map((layer) => layer.id) });
}

/** Edits whose paths follow each other: each move changes where the next layer is. */
function moveEdits(
  layers: readonly LayerNode[],
  moving: readonly LayerNode[],
  target: LayerNode | undefined,
  index: number,
  board: Path,
): Edit[] {
  const root = targetTree(layers, board);
  const edits: Edit[] = [];
  const list = target ? (root.find(target.id)?.children ?? []) : root.children;
  const anchor = list.filter((entry) => !moving.some((layer) => layer.id === entry.id))[index];
  for (const layer of moving) {
    const entry = root.find(layer.id);
    if (!entry) continue;
    const from = root.pathOf(entry);
    entry.siblings.splice(entry.siblings.indexOf(entry), 1);
    const at = anchor ? list.indexOf(anchor) : list.length;
    list.splice(at, 0, entry);
    entry.siblings = list;
    const path = target ? [...root.pathOf(root.find(target.id) as Entry), "layers", at] : [...board, at];
    if (from.join() !== path.join()) edits.push({ kind: "move", from, path });
  }
  return edits;
}

interface Entry {
  id: LayerId;
  children: Entry[];
  siblings: Entry[];
}

/** The tree of ids, to follow moves in. */
function targetTree(layers: readonly LayerNode[], board: Path) {
  const all = new Map<LayerId, Entry>();
  const build = (nodes: readonly LayerNode[]): Entry[] => {
    const siblings: Entry[] = [];
    for (const node of nodes) {
      const entry: Entry = { id: node.id, children: build(node.children), siblings };
      all.set(node.id, entry);
      siblings.push(entry);
    }
    return siblings;
  };
  const children = build(layers);
  const ownerOf = (entry: Entry): Entry | undefined => [...all.values()].find((other) => other.children === entry.siblings);
  const pathOf = (entry: Entry): Path => {
    const owner = ownerOf(entry);
    return [...(owner ? [...pathOf(owner), "layers"] : board), entry.siblings.indexOf(entry)];
  };
  return { children, find: (id: LayerId) => all.get(id), pathOf };
}

function contains(layer: LayerNode, id: LayerId | undefined): boolean {
  return id !== undefined && (layer.id === id || layer.children.some((child) => contains(child, id)));
}

// --- inserting

const SAMPLES: { [kind: string]: (side: number) => { [key: string]: Json } } = {
  text: (side) => ({ width: round(side * 1.4, 0), text: words.insert.sampleText, size: round(side / 6, 0), weight: 700 }),
  rectangle: (side) => ({ width: side, height: round(side * 0.6, 0), fill: "#94a3b8" }),
  ellipse: (side) => ({ width: round(side * 0.7, 0), height: round(side * 0.7, 0), fill: "#94a3b8" }),
  line: (side) => ({ width: side, height: 0, stroke: { color: "#475569", width: 2 } }),
  path: (side) => ({
    width: round(side * 0.7, 0),
    height: round(side * 0.6, 0),
    d: "M 50 0 L 100 100 L 0 100 Z",
    view: [100, 100],
    fill: "#94a3b8",
  }),
  image: (side) => ({ width: side, height: round(side * 0.7, 0), source: "" }),
  qr: (side) => ({ width: round(side * 0.6, 0), value: words.insert.sampleAddress }),
  barcode: (side) => ({ width: side, height: round(side * 0.35, 0), value: words.insert.sampleCode }),
  progress: (side) => ({ width: side, height: round(side / 12, 0), value: 60, color: "#3b82f6" }),
  rating: (side) => ({ width: 5 * round(side / 6, 0), height: round(side / 6, 0), value: 4, color: "#f59e0b" }),
  group: (side) => ({ width: side, height: round(side * 0.6, 0), layers: [] }),
};

/** The kinds that the menu offers first; others of the schema follow. */
export const INSERTED = Object.keys(SAMPLES);

/** Adds a layer of this type in front, in the middle or else where no other lies, with a name, and selects it. */
export function insertLayer(editor: Editor, kind: string, required: { [key: string]: Json } = {}): void {
  const { width, height } = canvasSize(editor.text.peek());
  const side = Math.max(8, round(Math.min(width * 0.4, height * 0.8, 400), 0));
  const values = SAMPLES[kind]?.(side) ?? { width: side, height: side, ...required };
  const fields = valueAt(editor.value.peek(), ["fields"]);
  const names = [...walk(editor.layers.peek())].flatMap((layer) => layer.name ?? []);
  if (isObject(fields)) names.push(...Object.keys(fields));
  const at = freePlace(editor, boxOf(values, side), { width, height });
  const layer = {
    type: kind,
    name: freeName(kind, names),
    ...at,
    ...values,
    ...sourceOf(editor, kind),
  };
  const id = addLayer(editor, words.insert.edit(kind), layer);
  editor.edited.value = kind === "text" ? id : undefined;
}

interface Size {
  width: number;
  height: number;
}

/** Of the distance from the edges, where the middle is taken. */
const MARGIN = 0.05;

/** Of the middle, the sides and the corners, the place that covers least of the other layers. */
function freePlace(editor: Editor, box: Size, canvas: Size): { x: number; y: number } {
  const margin = round(Math.min(canvas.width, canvas.height) * MARGIN, 0);
  const xs = [(canvas.width - box.width) / 2, canvas.width - box.width - margin, margin].map((x) => round(x, 0));
  const ys = [(canvas.height - box.height) / 2, canvas.height - box.height - margin, margin].map((y) => round(y, 0));
  const places = xs.flatMap((x) => ys.map((y) => ({ x, y })));
  const others = editor.preview.peek().layers.filter((layer) => !isBackground(layer, canvas)).map((layer) => layer.ink ?? layer);
  const covered = (place: { x: number; y: number }): number =>
    others.reduce((sum, other) => sum + overlap({ ...place, ...box }, other), 0);
  return places.reduce((best, place) => (covered(place) < covered(best) ? place : best));
}

/** What fills most of the canvas lies behind the others. */
function isBackground(layer: Size, canvas: Size): boolean {
  return layer.width * layer.height >= 0.6 * canvas.width * canvas.height;
}

/** The area that two boxes share. */
function overlap(one: Box, other: Box): number {
  const width = Math.min(one.x + one.width, other.x + other.width) - Math.max(one.x, other.x);
  const height = Math.min(one.y + one.height, other.y + other.height) - Math.max(one.y, other.y);
  return Math.max(0, width) * Math.max(0, height);
}

function boxOf(values: { [key: string]: Json }, side: number): { width: number; height: number } {
  const width = Number(values["width"] ?? side);
  const size = Number(values["size"] ?? 0);
  return { width, height: Number(values["height"] ?? (size ? size * 1.2 : width)) };
}

/** A new image shows an image field, if there is one. */
function sourceOf(editor: Editor, kind: string): { [key: string]: Json } {
  if (kind !== "image") return {};
  const fields = valueAt(editor.value.peek(), ["fields"]);
  const names = isObject(fields) ? Object.keys(fields) : [];
  const image = names.find((name) => valueAt(fields, [name, "type"]) === "image");
  return image ? { source: `{{ ${image} }}` } : {};
}
