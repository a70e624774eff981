/**
 * Layers' ids. They are in memory only, and a layer keeps its own through every edit, so a selection
 * outlives insertions, moves and undo. Trees of ids are never changed, only replaced.
 */

import { isObject, toPointer, valueAt } from "./json";
import { matchLayers } from "./layer_matching";
import type { Edit, Json, Path } from "./types";

export type LayerId = string;

export interface IdNode {
  readonly id: LayerId;
  readonly children: readonly IdNode[];
}

/** The places of a document that hold layers. */
export const LAYER_ROOTS: readonly Path[] = [["layers"], ["fallback", "layers"], ["ended", "layers"]];

/** The ids of the layers at each of LAYER_ROOTS, in that order. */
export type IdForest = readonly (readonly IdNode[])[];

export const NO_IDS: IdForest = LAYER_ROOTS.map(() => []);

let lastId = 0;

/** Starts above the ids of a stored history. */
export function reserveIds(forest: IdForest): void {
  const walk = (nodes: readonly IdNode[]): void => {
    for (const node of nodes) {
      lastId = Math.max(lastId, Number(node.id.slice(1)) || 0);
      walk(node.children);
    }
  };
  forest.forEach(walk);
}

/** Gives ids to all layers of a document; those that match a layer of `before` keep its id. */
export function assignIds(value: Json | undefined, before?: { ids: IdForest; value: Json | undefined }): IdForest {
  return LAYER_ROOTS.map((root, index) => {
    const old = before && { nodes: before.ids[index] ?? [], layers: layersAt(before.value, root) };
    return assign(layersAt(value, root), old);
  });
}

/**
 * Carries ids through edits: a moved layer takes its id along, a new one gets a new id. `after` is
 * the value of the edited text.
 */
export function carryIds(
  ids: IdForest,
  edits: readonly Edit[],
  before: Json | undefined,
  after: Json | undefined,
): IdForest {
  const carried = ids.map((nodes, index) =>
    edits.reduce((tree, edit) => follow(tree, edit, LAYER_ROOTS[index] as Path), nodes),
  );
  return LAYER_ROOTS.map((root, index) => {
    const nodes = carried[index] ?? [];
    const layers = layersAt(after, root);
    if (fits(nodes, layers) && !edits.some((edit) => replacesList(edit, root))) return nodes;
    return assign(layers, { nodes: ids[index] ?? [], layers: layersAt(before, root) });
  });
}

/** The JSON pointer of a layer, or undefined where it is gone. */
export function pointerOf(ids: IdForest, id: LayerId): string | undefined {
  const path = pathOf(ids, id);
  return path && toPointer(path);
}

export function pathOf(ids: IdForest, id: LayerId): Path | undefined {
  for (const [index, root] of LAYER_ROOTS.entries()) {
    const steps = findId(ids[index] ?? [], id);
    if (steps) return [...root, ...steps];
  }
  return undefined;
}

/** The id of the layer that a JSON pointer names or points into, such as `/layers/3/text/0`. */
export function idAt(ids: IdForest, pointer: string): LayerId | undefined {
  for (const [index, root] of LAYER_ROOTS.entries()) {
    const prefix = `${toPointer(root)}/`;
    if (pointer.startsWith(prefix)) return walkDown(ids[index] ?? [], pointer.slice(prefix.length));
  }
  return undefined;
}

function walkDown(nodes: readonly IdNode[], rest: string): LayerId | undefined {
  const [index, ...inner] = rest.split("/");
  const node = nodes[Number(index)];
  if (!node || inner[0] !== "layers" || inner.length < 2) return node?.id;
  return walkDown(node.children, inner.slice(1).join("/")) ?? node.id;
}

function findId(nodes: readonly IdNode[], id: LayerId): Path | undefined {
  for (const [index, node] of nodes.entries()) {
    if (node.id === id) return [index];
    const inner = findId(node.children, id);
    if (inner) return [index, "layers", ...inner];
  }
  return undefined;
}

// --- assigning

function newId(): LayerId {
  lastId += 1;
  return `L${lastId}`;
}

export function layersAt(value: Json | undefined, path: Path): Json[] {
  const found = valueAt(value, path);
  return Array.isArray(found) ? found : [];
}

function childLayers(layer: Json | undefined): Json[] {
  return isObject(layer) && Array.isArray(layer["layers"]) ? layer["layers"] : [];
}

function fresh(layer: Json): IdNode {
  return { id: newId(), children: childLayers(layer).map(fresh) };
}

function assign(layers: Json[], old?: { nodes: readonly IdNode[]; layers: Json[] }): IdNode[] {
  if (!old) return layers.map(fresh);
  const matches = matchLayers(old.layers, layers);
  const oldIndex = new Map(matches.map(([a, b]) => [b, a]));
  return layers.map((layer, index) => {
    const from = oldIndex.get(index);
    const node = from === undefined ? undefined : old.nodes[from];
    if (!node) return fresh(layer);
    const inner = { nodes: node.children, layers: childLayers(old.layers[from as number]) };
    return { id: node.id, children: assign(childLayers(layer), inner) };
  });
}

function fits(nodes: readonly IdNode[], layers: Json[]): boolean {
  return (
    nodes.length === layers.length &&
    nodes.every((node, index) => fits(node.children, childLayers(layers[index])))
  );
}

// --- following one edit

/** The steps inside a list of layers that a path takes, or undefined for a path elsewhere. */
function stepsIn(path: Path, root: Path): number[] | undefined {
  if (path.length <= root.length || !root.every((step, index) => path[index] === step)) return undefined;
  const steps: number[] = [];
  for (let at = root.length; at < path.length; at += 2) {
    const index = path[at];
    if (typeof index !== "number") return undefined;
    steps.push(index);
    if (at + 1 < path.length && path[at + 1] !== "layers") return undefined;
    if (at + 2 === path.length) return undefined;
  }
  return steps;
}

/** Whether an edit writes a whole list of layers, which may then be in any order. */
function replacesList(edit: Edit, root: Path): boolean {
  const { path } = edit;
  const above = path.length <= root.length && path.every((step, index) => root[index] === step);
  return above || (path[path.length - 1] === "layers" && root.every((step, i) => path[i] === step));
}

function follow(nodes: readonly IdNode[], edit: Edit, root: Path): readonly IdNode[] {
  const steps = stepsIn(edit.path, root);
  if (edit.kind === "insert") return steps ? insertAt(nodes, steps, fresh(edit.value)) : nodes;
  if (edit.kind === "remove") return steps ? removeAt(nodes, steps) : nodes;
  if (edit.kind === "set") return steps ? setAt(nodes, steps, edit.value) : nodes;
  const from = stepsIn(edit.from, root);
  const moved = from && nodeAt(nodes, from);
  const rest = from ? removeAt(nodes, from) : nodes;
  return steps && moved ? insertAt(rest, steps, moved) : rest;
}

function nodeAt(nodes: readonly IdNode[], steps: readonly number[]): IdNode | undefined {
  const [first, ...rest] = steps;
  const node = nodes[first as number];
  return rest.length && node ? nodeAt(node.children, rest) : node;
}

/** Changes the list of siblings that the last step points into. */
function change(
  nodes: readonly IdNode[],
  steps: readonly number[],
  edit: (siblings: readonly IdNode[], index: number) => readonly IdNode[],
): readonly IdNode[] {
  const [first, ...rest] = steps;
  if (rest.length === 0) return edit(nodes, first as number);
  return nodes.map((node, index) =>
    index === first ? { id: node.id, children: change(node.children, rest, edit) } : node,
  );
}

function insertAt(nodes: readonly IdNode[], steps: readonly number[], node: IdNode): readonly IdNode[] {
  return change(nodes, steps, (siblings, at) => [...siblings.slice(0, at), node, ...siblings.slice(at)]);
}

function removeAt(nodes: readonly IdNode[], steps: readonly number[]): readonly IdNode[] {
  return change(nodes, steps, (siblings, at) => siblings.filter((_, index) => index !== at));
}

/** A layer that is replaced as a whole keeps its id. */
function setAt(nodes: readonly IdNode[], steps: readonly number[], value: Json): readonly IdNode[] {
  const old = nodeAt(nodes, steps);
  if (!old) return insertAt(nodes, steps, fresh(value));
  const layers = childLayers(value);
  const children = layers.map((layer, index) => old.children[index] ?? fresh(layer));
  return change(nodes, steps, (siblings, at) =>
    siblings.map((node, index) => (index === at ? { id: old.id, children } : node)),
  );
}
