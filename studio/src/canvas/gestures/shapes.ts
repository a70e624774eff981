/** Computes a layer's new geometry during a drag, from its start and the pointer. Pure functions. */

import { add, angleTo, normalAngle, rotate, roundLength } from "../geometry";
import type { Box, Corners, Point } from "../geometry";

/** Which handle is dragged: -1, 0 or 1 across and down. [1, 1] is the bottom right corner. */
export type Handle = readonly [number, number];

export const HANDLES: readonly Handle[] = [
  [-1, -1],
  [0, -1],
  [1, -1],
  [1, 0],
  [1, 1],
  [0, 1],
  [-1, 1],
  [-1, 0],
];

/** A layer's box in its parent's coordinates, with its own rotation and that of its parents. */
export interface Frame extends Box {
  rotation: number;
  parentAngle: number;
}

export interface DragKeys {
  /** Shift: keeps proportions, or one axis, or steps of 15°. */
  shift: boolean;
  /** Alt: from the centre. */
  alt: boolean;
}

const SMALLEST = 1;

/** A distance on the canvas in a layer's parent's coordinates. */
export function inParent(delta: Point, parentAngle: number): Point {
  return rotate(delta, -parentAngle);
}

/** A drag that Shift holds on the axis it mostly follows. */
export function alongOneAxis(delta: Point): Point {
  return Math.abs(delta[0]) >= Math.abs(delta[1]) ? [delta[0], 0] : [0, delta[1]];
}

/** The box after a handle was dragged by `delta` (canvas pixels); the opposite side stays. */
export function resize(frame: Frame, handle: Handle, delta: Point, keys: DragKeys): Box {
  const [hx, hy] = handle;
  const local = rotate(delta, -(frame.parentAngle + frame.rotation));
  const both = keys.alt ? 2 : 1;
  let width = Math.max(SMALLEST, frame.width + hx * local[0] * both);
  let height = Math.max(SMALLEST, frame.height + hy * local[1] * both);
  if (keys.shift) [width, height] = keepProportions(frame, handle, width, height);
  if (hx === 0 && !keys.shift) width = frame.width;
  if (hy === 0 && !keys.shift) height = frame.height;
  return resized(frame, handle, width, height, keys.alt);
}

/** The box with a new size; its anchor, the point opposite the handle, stays where it was drawn. */
export function resized(frame: Frame, handle: Handle, width: number, height: number, fromCenter: boolean): Box {
  const center: Point = [frame.x + frame.width / 2, frame.y + frame.height / 2];
  const size = { width: roundLength(width), height: roundLength(height) };
  const shift: Point = fromCenter
    ? [0, 0]
    : rotate(
        [(handle[0] * (size.width - frame.width)) / 2, (handle[1] * (size.height - frame.height)) / 2],
        frame.rotation,
      );
  const moved = add(center, shift);
  return { x: roundLength(moved[0] - size.width / 2), y: roundLength(moved[1] - size.height / 2), ...size };
}

function keepProportions(frame: Frame, [hx, hy]: Handle, width: number, height: number): [number, number] {
  if (frame.width === 0 || frame.height === 0) return [width, height];
  const across = width / frame.width;
  const down = height / frame.height;
  const scale = hx === 0 ? down : hy === 0 ? across : Math.max(across, down);
  const least = Math.max(scale, SMALLEST / frame.width, SMALLEST / frame.height);
  return [frame.width * least, frame.height * least];
}

/** The layer's own rotation after its handle went from one point of the canvas to another. */
export function rotated(frame: Frame, center: Point, from: Point, to: Point, keys: DragKeys): number {
  const turned = frame.rotation + angleTo(center, to) - angleTo(center, from);
  const angle = keys.shift ? Math.round(turned / 15) * 15 : Math.round(turned);
  return normalAngle(angle) + 0;
}

/** Where a layer's corners are on the canvas after its box changed from `frame` to `box`. */
export function cornersAfter(
  corners: Corners,
  frame: Frame,
  box: Box,
  rotation: number = frame.rotation,
): Corners {
  const center = (of: Box): Point => [of.x + of.width / 2, of.y + of.height / 2];
  const [a, , c] = corners as [Point, Point, Point, Point];
  const drawn: Point = [(a[0] + c[0]) / 2, (a[1] + c[1]) / 2];
  const [fx, fy] = center(frame);
  const [bx, by] = center(box);
  const at = add(drawn, rotate([bx - fx, by - fy], frame.parentAngle));
  const corner = (x: number, y: number) =>
    add(at, rotate([(x * box.width) / 2, (y * box.height) / 2], frame.parentAngle + rotation));
  return [corner(-1, -1), corner(1, -1), corner(1, 1), corner(-1, 1)];
}
