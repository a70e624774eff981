/** Which layer is under the pointer, and which layers a marquee touches. */

import type { DescribedLayer, LayerId, LayerNode } from "../editor/store";
import { contains, distanceToSegment, touches } from "./geometry";
import type { Box, Corners, Point } from "./geometry";

/** A drawn layer in drawing order. A layer of a repeated group has one entry for each copy. */
export interface DrawnLayer {
  node: LayerNode;
  /** The groups round the layer, from the outside in. */
  ancestors: readonly LayerNode[];
  described: DescribedLayer;
}

/** Screen pixels round lines and edges in which a click counts. */
const GRACE = 4;

/**
 * The drawn layers of a description, with their places in the document's tree. `idOf` names the layer
 * that a pointer of the description means; it may have another place in the document by now.
 */
export function drawnLayers(
  layers: readonly LayerNode[],
  described: readonly DescribedLayer[],
  idOf: (pointer: string) => LayerId | undefined,
): DrawnLayer[] {
  const places = new Map<string, { node: LayerNode; ancestors: readonly LayerNode[] }>();
  const visit = (nodes: readonly LayerNode[], ancestors: readonly LayerNode[]) => {
    for (const node of nodes) {
      places.set(node.id, { node, ancestors });
      visit(node.children, [...ancestors, node]);
    }
  };
  visit(layers, []);
  return described.flatMap((entry) => {
    const place = places.get(idOf(entry.pointer) ?? "");
    return place ? [{ ...place, described: entry }] : [];
  });
}

/** The layers under a point, topmost first; groups count only where they draw something. */
export function layersAt(drawn: readonly DrawnLayer[], point: Point, zoom: number): DrawnLayer[] {
  const grace = GRACE / zoom;
  return drawn.filter((layer) => isSelectable(layer) && isUnder(layer, point, grace)).reverse();
}

/**
 * The layer that a click selects: of the topmost one the outermost group, within the group that
 * was entered. `deeper` takes the layer below `current`, as Alt+click does.
 */
export function hitTest(
  drawn: readonly DrawnLayer[],
  point: Point,
  options: { zoom: number; entered?: LayerId; deeper?: boolean; current?: LayerId },
): LayerId | undefined {
  const under = layersAt(drawn, point, options.zoom);
  const candidates = options.deeper
    ? unique(under.map((layer) => layer.node.id))
    : unique(under.map((layer) => selectedFor(layer, options.entered)));
  if (!options.deeper) return candidates[0];
  const at = candidates.indexOf(options.current ?? "");
  return candidates[(at + 1) % candidates.length];
}

/** What a click on a layer selects: its outermost group, or what lies in the entered group. */
function selectedFor(layer: DrawnLayer, entered: LayerId | undefined): LayerId {
  const line = [...layer.ancestors, layer.node];
  const at = line.findIndex((node) => node.id === entered);
  return (line[at + 1] ?? layer.node).id;
}

/** The layers that a marquee touches, at the level that a click selects at. */
export function layersTouching(
  drawn: readonly DrawnLayer[],
  marquee: Box,
  entered: LayerId | undefined,
): LayerId[] {
  const touched = drawn.filter(
    (layer) =>
      isSelectable(layer) &&
      drawsItself(layer.node) &&
      isInside(layer, entered) &&
      touches(layer.described.corners, marquee),
  );
  return unique(touched.map((layer) => selectedFor(layer, entered)));
}

function isInside(layer: DrawnLayer, entered: LayerId | undefined): boolean {
  return entered === undefined || layer.ancestors.some((node) => node.id === entered);
}

function isSelectable(layer: DrawnLayer): boolean {
  return !layer.node.locked && !layer.ancestors.some((node) => node.locked);
}

function isUnder({ node, described }: DrawnLayer, point: Point, grace: number): boolean {
  if (!drawsItself(node)) return false;
  if (node.type === "line") return isOnLine(described.corners, node, point, grace);
  const thin = Math.min(described.width, described.height) < 2 * grace;
  return contains(described.corners, point, thin ? grace : 0);
}

/** A group without a paint of its own is hit through its layers alone. */
function drawsItself(node: LayerNode): boolean {
  if (node.type !== "group") return true;
  return node.value["fill"] !== undefined || node.value["border"] !== undefined;
}

function isOnLine(corners: Corners, node: LayerNode, point: Point, grace: number): boolean {
  const stroke = node.value["stroke"];
  const width = typeof stroke === "object" && stroke !== null && !Array.isArray(stroke) ? Number(stroke["width"] ?? 1) : 1;
  const [from, , to] = corners as [Point, Point, Point, Point];
  return distanceToSegment(point, from, to) <= width / 2 + grace;
}

function unique<T>(items: readonly T[]): T[] {
  return [...new Set(items)];
}
