/** The layers of a document as a tree that panels and canvas walk. */

import { type IdForest, type IdNode, idAt, layersAt } from "../document/ids";
import { isObject, toPointer } from "../document/json";
import type { Json } from "../document/types";
import { BOARDS, layersPath } from "./boards";
import type { Board, LayerNode, PreviewState } from "./store";

/** The layers of a board as a tree. */
export function layerTree(
  value: Json | undefined,
  ids: IdForest,
  board: Board,
  hidden: ReadonlySet<string>,
): readonly LayerNode[] {
  const path = layersPath(board);
  return nodes(layersAt(value, path), ids[BOARDS.indexOf(board)] ?? [], toPointer(path), hidden);
}

function nodes(
  layers: readonly Json[],
  ids: readonly IdNode[],
  parent: string,
  hidden: ReadonlySet<string>,
): LayerNode[] {
  return layers.flatMap((layer, index) => {
    const id = ids[index];
    if (!isObject(layer) || id === undefined) return [];
    const pointer = `${parent}/${index}`;
    const inner = layer["layers"];
    const children = Array.isArray(inner) ? nodes(inner, id.children, `${pointer}/layers`, hidden) : [];
    return [
      {
        id: id.id,
        pointer,
        type: String(layer["type"] ?? ""),
        name: typeof layer["name"] === "string" ? layer["name"] : undefined,
        locked: isLocked(layer),
        hidden: layer["if"] === "false" || hidden.has(id.id),
        children,
        value: layer,
      },
    ];
  });
}

function isLocked(layer: { [key: string]: Json }): boolean {
  const meta = layer["meta"];
  const studio = isObject(meta) ? meta["studio"] : undefined;
  return isObject(studio) && studio["locked"] === true;
}

/** The layers that the newest picture does not show. */
export function hiddenIds({ hidden, ids }: Pick<PreviewState, "hidden" | "ids">): ReadonlySet<string> {
  return new Set(hidden.flatMap((layer) => idAt(ids, layer.pointer) ?? []));
}

export function* walk(layers: readonly LayerNode[]): Generator<LayerNode> {
  for (const layer of layers) {
    yield layer;
    yield* walk(layer.children);
  }
}

export function findLayer(layers: readonly LayerNode[], id: string): LayerNode | undefined {
  for (const layer of walk(layers)) if (layer.id === id) return layer;
  return undefined;
}

/** The group that a layer is in; undefined for the document's own layers. */
export function parentOf(layers: readonly LayerNode[], id: string): LayerNode | undefined {
  for (const layer of walk(layers)) if (layer.children.some((child) => child.id === id)) return layer;
  return undefined;
}
