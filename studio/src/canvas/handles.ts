/** Where a selected layer's handles are on the screen, and which is under the pointer. */

import type { LayerNode } from "../editor/store";
import { type Corners, type Point, add, angleOf, distance, rotate, sizeOf, centerOf } from "./geometry";
import { HANDLES, type Handle } from "./gestures/shapes";

export interface HandlePlace {
  kind: "resize" | "rotate";
  handle: Handle;
  /** Screen pixels. */
  at: Point;
  angle: number;
  cursor: string;
}

/** Drawn size and hit size in screen pixels. */
export const HANDLE_SIZE = 10;
const HIT = 24;
const ROTATE_DISTANCE = 24;
/** Sides shorter than this on the screen have handles at their ends only. */
const SHORT = 40;
const CURSORS = ["ew-resize", "nwse-resize", "ns-resize", "nesw-resize"];

/** The handles of a layer with these corners on the screen. In a row or column its size alone is its own. */
export function handlePlaces(node: LayerNode, corners: Corners, inFlow: boolean): HandlePlace[] {
  const angle = angleOf(corners);
  const { width, height } = sizeOf(corners);
  const center = centerOf(corners);
  const at = (x: number, y: number): Point => add(center, rotate([(x * width) / 2, (y * height) / 2], angle));
  const resizes = HANDLES.filter((handle) => isOffered(handle, node, inFlow, width, height)).map(
    (handle): HandlePlace => ({
      kind: "resize",
      handle,
      at: pushedOut(at(handle[0], handle[1]), handle, angle, width, height),
      angle,
      cursor: cursorFor(handle, angle),
    }),
  );
  if (inFlow) return resizes;
  const top = add(at(0, -1), rotate([0, -ROTATE_DISTANCE], angle));
  return [...resizes, { kind: "rotate", handle: [0, 0], at: top, angle, cursor: "grab" }];
}

/** The handle under a point of the screen; the nearest where two overlap. */
export function handleUnder(places: readonly HandlePlace[], point: Point): HandlePlace | undefined {
  const near = places.filter((place) => {
    const [x, y] = rotate([point[0] - place.at[0], point[1] - place.at[1]], -place.angle);
    return Math.abs(x) <= HIT / 2 && Math.abs(y) <= HIT / 2;
  });
  return near.sort((a, b) => distance(a.at, point) - distance(b.at, point))[0];
}

function isOffered([x, y]: Handle, node: LayerNode, inFlow: boolean, width: number, height: number): boolean {
  if (inFlow && (x < 0 || y < 0)) return false;
  if (node.type === "text" && node.value["height"] === undefined) return y === 0;
  if (x === 0 && width < SHORT) return false;
  return !(y === 0 && height < SHORT);
}

/** Beside a small layer, so that the layer itself can still be taken. */
function pushedOut(at: Point, [x, y]: Handle, angle: number, width: number, height: number): Point {
  const dx = width < SHORT ? x * 6 : 0;
  const dy = height < SHORT ? y * 6 : 0;
  return dx === 0 && dy === 0 ? at : add(at, rotate([dx, dy], angle));
}

function cursorFor([x, y]: Handle, angle: number): string {
  const direction = (Math.atan2(y, x) * 180) / Math.PI + angle;
  const eighth = ((Math.round(direction / 45) % 4) + 4) % 4;
  return CURSORS[eighth] as string;
}
