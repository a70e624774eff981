/** Points, boxes and rotations on the canvas. Angles are in degrees clockwise, as in the document. */

import type { Box, Point } from "../editor/store";

export type { Box, Point };

/** Top left, top right, bottom right, bottom left, after all rotations. */
export type Corners = readonly Point[];

const TO_RADIANS = Math.PI / 180;

export function add(a: Point, b: Point): Point {
  return [a[0] + b[0], a[1] + b[1]];
}

export function subtract(a: Point, b: Point): Point {
  return [a[0] - b[0], a[1] - b[1]];
}

export function distance(a: Point, b: Point): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}

/** A vector turned about the origin. */
export function rotate(vector: Point, degrees: number): Point {
  if (degrees === 0) return vector;
  const sin = Math.sin(degrees * TO_RADIANS);
  const cos = Math.cos(degrees * TO_RADIANS);
  return [vector[0] * cos - vector[1] * sin, vector[0] * sin + vector[1] * cos];
}

/** The direction from one point to another; 0 is to the right, 90 down. */
export function angleTo(from: Point, to: Point): number {
  return Math.atan2(to[1] - from[1], to[0] - from[0]) / TO_RADIANS;
}

/** An angle between -180 (not included) and 180. */
export function normalAngle(degrees: number): number {
  const turned = ((degrees % 360) + 360) % 360;
  return turned > 180 ? turned - 360 : turned;
}

export function centerOf(corners: Corners): Point {
  const [a, , c] = corners as [Point, Point, Point, Point];
  return [(a[0] + c[0]) / 2, (a[1] + c[1]) / 2];
}

/** How far a layer is turned on the canvas, with the groups round it. */
export function angleOf(corners: Corners): number {
  const [a, b, , d] = corners as [Point, Point, Point, Point];
  // A layer without width, such as an upright line, has its direction in its left edge alone.
  if (distance(a, b) < 1e-6) return distance(a, d) < 1e-6 ? 0 : normalAngle(angleTo(a, d) - 90);
  return normalAngle(angleTo(a, b));
}

export function sizeOf(corners: Corners): { width: number; height: number } {
  const [a, b, , d] = corners as [Point, Point, Point, Point];
  return { width: distance(a, b), height: distance(a, d) };
}

/** The corners of a box that is turned about its centre. */
export function cornersOf(box: Box, degrees = 0): Corners {
  const center: Point = [box.x + box.width / 2, box.y + box.height / 2];
  const at = (x: number, y: number) =>
    add(center, rotate([(x * box.width) / 2, (y * box.height) / 2], degrees));
  return [at(-1, -1), at(1, -1), at(1, 1), at(-1, 1)];
}

export function moveCorners(corners: Corners, by: Point): Corners {
  return corners.map((corner) => add(corner, by));
}

/** The upright box round some corners. */
export function boundsOf(corners: Corners): Box {
  const xs = corners.map((corner) => corner[0]);
  const ys = corners.map((corner) => corner[1]);
  const x = Math.min(...xs);
  const y = Math.min(...ys);
  return { x, y, width: Math.max(...xs) - x, height: Math.max(...ys) - y };
}

export function union(boxes: readonly Box[]): Box | undefined {
  if (boxes.length === 0) return undefined;
  const x = Math.min(...boxes.map((box) => box.x));
  const y = Math.min(...boxes.map((box) => box.y));
  const right = Math.max(...boxes.map((box) => box.x + box.width));
  const bottom = Math.max(...boxes.map((box) => box.y + box.height));
  return { x, y, width: right - x, height: bottom - y };
}

/** Whether a point lies in a turned box or within `grace` of it. */
export function contains(corners: Corners, point: Point, grace = 0): boolean {
  const local = rotate(subtract(point, centerOf(corners)), -angleOf(corners));
  const { width, height } = sizeOf(corners);
  return Math.abs(local[0]) <= width / 2 + grace && Math.abs(local[1]) <= height / 2 + grace;
}

export function distanceToSegment(point: Point, from: Point, to: Point): number {
  const [dx, dy] = subtract(to, from);
  const squared = dx * dx + dy * dy;
  const along = squared === 0 ? 0 : ((point[0] - from[0]) * dx + (point[1] - from[1]) * dy) / squared;
  const share = Math.min(1, Math.max(0, along));
  return distance(point, [from[0] + share * dx, from[1] + share * dy]);
}

/** Whether a turned box and an upright one have a point in common (separating axes). */
export function touches(corners: Corners, box: Box): boolean {
  const other = cornersOf(box);
  const angle = angleOf(corners);
  const axes: Point[] = [[1, 0], [0, 1], rotate([1, 0], angle), rotate([0, 1], angle)];
  return axes.every((axis) => {
    const [low, high] = shadowOn(axis, corners);
    const [otherLow, otherHigh] = shadowOn(axis, other);
    return low <= otherHigh && otherLow <= high;
  });
}

function shadowOn(axis: Point, corners: Corners): [number, number] {
  const along = corners.map((corner) => corner[0] * axis[0] + corner[1] * axis[1]);
  return [Math.min(...along), Math.max(...along)];
}

/** The upright box between two points. */
export function boxBetween(a: Point, b: Point): Box {
  return {
    x: Math.min(a[0], b[0]),
    y: Math.min(a[1], b[1]),
    width: Math.abs(a[0] - b[0]),
    height: Math.abs(a[1] - b[1]),
  };
}

/** An affine map as CSS writes it: `matrix(a, b, c, d, e, f)`. */
export type Matrix = readonly [number, number, number, number, number, number];

/** The map that takes a turned box to another: it moves, stretches and turns what is drawn in it. */
export function mapBetween(from: Corners, to: Corners): Matrix {
  const [origin, right, , down] = from as [Point, Point, Point, Point];
  const [origin2, right2, , down2] = to as [Point, Point, Point, Point];
  const [ux, uy] = subtract(right, origin);
  const [vx, vy] = subtract(down, origin);
  const determinant = ux * vy - uy * vx;
  if (Math.abs(determinant) < 1e-9) {
    const [dx, dy] = subtract(origin2, origin);
    return [1, 0, 0, 1, dx, dy];
  }
  const [px, py] = subtract(right2, origin2);
  const [qx, qy] = subtract(down2, origin2);
  const a = (px * vy - qx * uy) / determinant;
  const b = (py * vy - qy * uy) / determinant;
  const c = (qx * ux - px * vx) / determinant;
  const d = (qy * ux - py * vx) / determinant;
  return [a, b, c, d, origin2[0] - a * origin[0] - c * origin[1], origin2[1] - b * origin[0] - d * origin[1]];
}

export function apply(matrix: Matrix, [x, y]: Point): Point {
  const [a, b, c, d, e, f] = matrix;
  return [a * x + c * y + e, b * x + d * y + f];
}

/** Whole pixels unless the value had a fraction before; hundredths at most. */
export function roundLength(value: number): number {
  const rounded = Math.round(value * 100) / 100;
  return rounded === 0 ? 0 : rounded;
}
