/** Aligns layers in the axes of their group: one within its group or the canvas, several with each other. */

import { fromPointer, valueAt } from "../document/json";
import { idAt } from "../document/ids";
import { parse } from "../document/text";
import type { Edit, Json } from "../document/types";
import { documentSize } from "../editor/boards";
import { paddingOf, setNumbers } from "../editor/operations";
import type { Editor, LayerNode } from "../editor/store";
import { parentOf } from "../editor/tree";
import { type Box, type Corners, type Point, angleOf, boundsOf, cornersOf, normalAngle, rotate, roundLength, union } from "./geometry";

export type Alignment = "left" | "center" | "right" | "top" | "middle" | "bottom";

export const ALIGNMENTS: readonly Alignment[] = ["left", "center", "right", "top", "middle", "bottom"];

/** A layer where the newest picture shows it; the document may have gone on since. */
interface Shown {
  node: LayerNode;
  corners: Corners;
  /** Its own place in the document that the picture shows. */
  at: Point;
  /** How far the groups round it are turned. */
  angle: number;
}

/** The edits that align these layers. Those that the picture does not show stay where they are. */
export function alignEdits(editor: Editor, nodes: readonly LayerNode[], alignment: Alignment): Edit[] {
  const shown = nodes.flatMap((node) => shownLayer(editor, node) ?? []);
  const [first] = shown;
  if (first === undefined) return [];
  // Layers of groups that are turned in different ways have no axes in common but those of the canvas.
  const angle = shown.every((layer) => layer.angle === first.angle) ? first.angle : 0;
  const boxes = shown.map(({ corners }) => boxIn(corners, angle));
  const within = shown.length > 1 ? union(boxes) : boxRound(editor, first.node, angle);
  if (within === undefined) return [];
  return shown.flatMap(({ node, at, angle: own }, index) => {
    const by = rotate(distanceTo(boxes[index] as Box, within, alignment), angle - own);
    const x = roundLength(at[0] + by[0]);
    const y = roundLength(at[1] + by[1]);
    // In its own axes a layer keeps its other coordinate, which may be newer than the picture.
    if (angle === own) return setNumbers(node, isAcross(alignment) ? { x } : { y });
    return setNumbers(node, { x, y });
  });
}

function isAcross(alignment: Alignment): boolean {
  return alignment === "left" || alignment === "center" || alignment === "right";
}

/** Of a repeated layer its first copy. */
function shownLayer(editor: Editor, node: LayerNode): Shown | undefined {
  const { layers, ids, text } = editor.preview.value;
  const described = layers.find((layer) => idAt(ids, layer.pointer) === node.id);
  if (described === undefined) return undefined;
  const { pointer, corners, rotation } = described;
  const drawn = valueAt(parse(text).value, fromPointer(pointer));
  const at: Point = [lengthAt(drawn, "x"), lengthAt(drawn, "y")];
  return { node, corners, at, angle: roundLength(normalAngle(angleOf(corners) - rotation)) };
}

function lengthAt(layer: Json | undefined, key: string): number {
  const length = valueAt(layer, [key]);
  return typeof length === "number" ? length : 0;
}

/** The upright box round some corners in axes that are turned by an angle about the canvas's origin. */
function boxIn(corners: Corners, angle: number): Box {
  return boundsOf(corners.map((corner) => rotate(corner, -angle)));
}

/** What a single layer is aligned in: its group without the padding, or the canvas. */
function boxRound(editor: Editor, node: LayerNode, angle: number): Box | undefined {
  const group = parentOf(editor.layers.value, node.id);
  const shown = group && shownLayer(editor, group);
  if (group === undefined || shown === undefined) {
    return boxIn(cornersOf({ x: 0, y: 0, ...documentSize(editor.value.value) }), angle);
  }
  const box = boxIn(shown.corners, angle);
  const [top, right, bottom, left] = paddingOf(group);
  return { x: box.x + left, y: box.y + top, width: box.width - left - right, height: box.height - top - bottom };
}

/** How far a box moves so that it lies at a side, or in the middle, of another. */
function distanceTo(box: Box, within: Box, alignment: Alignment): Point {
  const across = within.width - box.width;
  const down = within.height - box.height;
  switch (alignment) {
    case "left":
      return [within.x - box.x, 0];
    case "center":
      return [within.x - box.x + across / 2, 0];
    case "right":
      return [within.x - box.x + across, 0];
    case "top":
      return [0, within.y - box.y];
    case "middle":
      return [0, within.y - box.y + down / 2];
    case "bottom":
      return [0, within.y - box.y + down];
  }
}
