/** What layers of the canvas snap to while they are dragged. */

import type { LayerId } from "../../editor/store";
import type { CanvasController } from "../controller";
import { angleOf, boundsOf } from "../geometry";
import type { DrawnLayer } from "../hit";
import { type Guide, type SnapTargets, snapTargets } from "./snap";

/** What the moving layers snap to: the canvas and all layers that do not move with them. */
export function otherLayers(canvas: CanvasController, moving: ReadonlySet<LayerId>): SnapTargets {
  const others = canvas.drawn.value.filter(
    (layer) => !moving.has(layer.node.id) && !layer.ancestors.some((group) => moving.has(group.id)),
  );
  const boxes = others.map((layer) => boundsOf(layer.described.corners));
  const lines = others.flatMap((layer) => (isTurned(layer) ? [] : (layer.described.text?.lines ?? [])));
  return snapTargets(canvas.size.value, boxes, lines.map((line) => ({ x: line.x, y: line.baseline, width: line.width })));
}

export function baselinesOf(canvas: CanvasController, moving: ReadonlySet<LayerId>): readonly number[] {
  const layer = canvas.drawn.value.find((one) => moving.has(one.node.id));
  if (layer === undefined || isTurned(layer)) return [];
  return layer.described.text?.lines.map((line) => line.baseline) ?? [];
}

function isTurned(layer: DrawnLayer): boolean {
  return Math.abs(angleOf(layer.described.corners)) > 0.01;
}

/** Whether a guide holds an axis. */
export function isOn(guides: readonly Guide[], axis: "x" | "y"): boolean {
  return guides.some((guide) => guide.axis === axis);
}
