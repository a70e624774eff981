/** Snaps what is dragged to edges, centres, thirds, baselines and equal gaps, with guides. */

import type { Box } from "../geometry";

/** Something to snap to: a vertical line at `at` for axis x, a horizontal one for axis y. */
export interface SnapLine {
  axis: "x" | "y";
  at: number;
  /** The stretch along the other axis that the line belongs to. */
  from: number;
  to: number;
  kind: "canvas" | "layer" | "baseline";
}

export interface Guide {
  axis: "x" | "y";
  at: number;
  from: number;
  to: number;
  /** The space along the guide to the layer that it comes from, if there is one between. */
  free?: readonly [number, number];
}

/** The free space between two boxes, drawn with its length. */
export interface Gap {
  axis: "x" | "y";
  from: number;
  to: number;
  /** Where it is drawn on the other axis. */
  at: number;
}

export interface Snapped {
  dx: number;
  dy: number;
  guides: readonly Guide[];
  gaps: readonly Gap[];
}

export interface SnapTargets {
  lines: readonly SnapLine[];
  boxes: readonly Box[];
}

/** Screen pixels from which something snaps. */
const SNAP_DISTANCE = 6;

/** The canvas's edges, centre and thirds, and the edges and centres of the other layers. */
export function snapTargets(
  canvas: { width: number; height: number },
  others: readonly Box[],
  baselines: readonly { x: number; y: number; width: number }[] = [],
): SnapTargets {
  const lines: SnapLine[] = [];
  for (const share of [0, 1 / 3, 1 / 2, 2 / 3, 1]) {
    lines.push({ axis: "x", at: canvas.width * share, from: 0, to: canvas.height, kind: "canvas" });
    lines.push({ axis: "y", at: canvas.height * share, from: 0, to: canvas.width, kind: "canvas" });
  }
  for (const box of others) {
    for (const share of [0, 1 / 2, 1]) {
      const x = box.x + box.width * share;
      const y = box.y + box.height * share;
      lines.push({ axis: "x", at: x, from: box.y, to: box.y + box.height, kind: "layer" });
      lines.push({ axis: "y", at: y, from: box.x, to: box.x + box.width, kind: "layer" });
    }
  }
  for (const line of baselines) {
    lines.push({ axis: "y", at: line.y, from: line.x, to: line.x + line.width, kind: "baseline" });
  }
  return { lines, boxes: others };
}

/** Where a moving box snaps to: how far to correct it, and what to draw. */
export function snapMove(
  box: Box,
  targets: SnapTargets,
  zoom: number,
  baselines: readonly number[] = [],
): Snapped {
  const reach = SNAP_DISTANCE / zoom;
  const xs = [box.x, box.x + box.width / 2, box.x + box.width];
  const ys = [box.y, box.y + box.height / 2, box.y + box.height];
  const dx = smaller(nearest(targets, "x", xs, [], reach), nearestGap(box, targets.boxes, "x", reach));
  const dy = smaller(nearest(targets, "y", ys, baselines, reach), nearestGap(box, targets.boxes, "y", reach));
  const moved = { ...box, x: box.x + (dx ?? 0), y: box.y + (dy ?? 0) };
  const movedBaselines = baselines.map((baseline) => baseline + (dy ?? 0));
  return {
    dx: dx ?? 0,
    dy: dy ?? 0,
    guides: [
      ...(dx === undefined ? [] : guidesAt(moved, targets, "x", [])),
      ...(dy === undefined ? [] : guidesAt(moved, targets, "y", movedBaselines)),
    ],
    gaps: [
      ...(dx === undefined ? [] : equalGaps(moved, targets.boxes, "x")),
      ...(dy === undefined ? [] : equalGaps(moved, targets.boxes, "y")),
    ],
  };
}

/** Where the dragged edges of a box snap to. `sides`: -1 left or top, 1 right or bottom, 0 none. */
export function snapEdges(
  box: Box,
  sides: readonly [number, number],
  targets: SnapTargets,
  zoom: number,
): Snapped {
  const reach = SNAP_DISTANCE / zoom;
  const x = sides[0] === 0 ? undefined : sides[0] < 0 ? box.x : box.x + box.width;
  const y = sides[1] === 0 ? undefined : sides[1] < 0 ? box.y : box.y + box.height;
  const dx = x === undefined ? undefined : nearest(targets, "x", [x], [], reach);
  const dy = y === undefined ? undefined : nearest(targets, "y", [y], [], reach);
  const guides: Guide[] = [];
  if (x !== undefined && dx !== undefined) guides.push(...guidesFor(targets, "x", [x + dx], box));
  if (y !== undefined && dy !== undefined) guides.push(...guidesFor(targets, "y", [y + dy], box));
  return { dx: dx ?? 0, dy: dy ?? 0, guides, gaps: [] };
}

function smaller(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Math.abs(b) < Math.abs(a) ? b : a;
}

function nearest(
  targets: SnapTargets,
  axis: "x" | "y",
  values: readonly number[],
  baselines: readonly number[],
  reach: number,
): number | undefined {
  let best: number | undefined;
  for (const line of targets.lines) {
    if (line.axis !== axis) continue;
    for (const value of line.kind === "baseline" ? baselines : values) {
      const by = line.at - value;
      if (Math.abs(by) <= reach && (best === undefined || Math.abs(by) < Math.abs(best))) best = by;
    }
  }
  return best;
}

const SAME = 0.01;

function guidesAt(box: Box, targets: SnapTargets, axis: "x" | "y", baselines: readonly number[]): Guide[] {
  const [start, length] = span(box, axis);
  const edges = [start, start + length / 2, start + length];
  return guidesFor(targets, axis, edges, box, baselines);
}

function guidesFor(
  targets: SnapTargets,
  axis: "x" | "y",
  values: readonly number[],
  box: Box,
  baselines: readonly number[] = [],
): Guide[] {
  const [crossStart, crossLength] = span(box, axis === "x" ? "y" : "x");
  const found = new Map<number, Guide>();
  for (const line of targets.lines) {
    if (line.axis !== axis) continue;
    const own = line.kind === "baseline" ? baselines : values;
    if (!own.some((value) => Math.abs(value - line.at) < SAME)) continue;
    const key = Math.round(line.at / SAME);
    const known = found.get(key);
    const guide: Guide = {
      axis,
      at: line.at,
      from: Math.min(line.from, known?.from ?? crossStart, crossStart),
      to: Math.max(line.to, known?.to ?? crossStart, crossStart + crossLength),
    };
    const free = line.kind === "layer" ? freeSpace(line, crossStart, crossStart + crossLength) : undefined;
    const nearer = shorter(free, known?.free);
    found.set(key, nearer ? { ...guide, free: nearer } : guide);
  }
  return [...found.values()];
}

function freeSpace(line: SnapLine, start: number, end: number): readonly [number, number] | undefined {
  if (line.to < start) return [line.to, start];
  return line.from > end ? [end, line.from] : undefined;
}

function shorter<T extends readonly [number, number] | undefined>(a: T, b: T): T {
  if (a === undefined || b === undefined) return a ?? b;
  return a[1] - a[0] <= b[1] - b[0] ? a : b;
}

function span(box: Box, axis: "x" | "y"): [number, number] {
  return axis === "x" ? [box.x, box.width] : [box.y, box.height];
}

/** Boxes that lie beside this one, so that the space between them means something. */
function beside(box: Box, boxes: readonly Box[], axis: "x" | "y"): Box[] {
  const [start, length] = span(box, axis === "x" ? "y" : "x");
  return boxes.filter((other) => {
    const [from, size] = span(other, axis === "x" ? "y" : "x");
    return from < start + length && start < from + size;
  });
}

interface Neighbours {
  before: Box[];
  after: Box[];
}

function neighbours(box: Box, boxes: readonly Box[], axis: "x" | "y"): Neighbours {
  const [start, length] = span(box, axis);
  const end = (other: Box) => span(other, axis)[0] + span(other, axis)[1];
  const others = beside(box, boxes, axis);
  return {
    before: others.filter((other) => end(other) <= start + length / 2).sort((a, b) => end(b) - end(a)),
    after: others
      .filter((other) => span(other, axis)[0] >= start + length / 2)
      .sort((a, b) => span(a, axis)[0] - span(b, axis)[0]),
  };
}

/** The correction after which the gaps on both sides, or to two boxes in a row, are equal. */
function nearestGap(box: Box, boxes: readonly Box[], axis: "x" | "y", reach: number): number | undefined {
  const [start, length] = span(box, axis);
  const { before, after } = neighbours(box, boxes, axis);
  const left = before[0];
  const right = after[0];
  const candidates: number[] = [];
  if (left && right) {
    const free = span(right, axis)[0] - endOf(left, axis) - length;
    if (free >= 0) candidates.push(endOf(left, axis) + free / 2);
  }
  const left2 = left && neighbours(left, boxes, axis).before[0];
  if (left && left2) candidates.push(endOf(left, axis) + (span(left, axis)[0] - endOf(left2, axis)));
  const right2 = right && neighbours(right, boxes, axis).after[0];
  if (right && right2) {
    candidates.push(span(right, axis)[0] - (span(right2, axis)[0] - endOf(right, axis)) - length);
  }
  const moves = candidates.map((at) => at - start).filter((by) => Math.abs(by) <= reach);
  return moves.sort((a, b) => Math.abs(a) - Math.abs(b))[0];
}

function endOf(box: Box, axis: "x" | "y"): number {
  const [start, length] = span(box, axis);
  return start + length;
}

/** The equal gaps beside a box, for drawing; none where only one gap is there. */
function equalGaps(box: Box, boxes: readonly Box[], axis: "x" | "y"): Gap[] {
  const { before, after } = neighbours(box, boxes, axis);
  const left = before[0];
  const right = after[0];
  const left2 = left && neighbours(left, boxes, axis).before[0];
  const right2 = right && neighbours(right, boxes, axis).after[0];
  const pairs: [Box | undefined, Box | undefined][] = [
    [left2, left],
    [left, box],
    [box, right],
    [right, right2],
  ];
  const gaps = pairs.flatMap(([a, b]) => (a && b ? gapBetween(a, b, axis) : []));
  const own = gaps.filter((gap) => gap.from === endOf(box, axis) || gap.to === span(box, axis)[0]);
  const length = (gap: Gap) => gap.to - gap.from;
  return gaps.filter(
    (gap) =>
      own.some((mine) => Math.abs(length(mine) - length(gap)) < SAME) &&
      gaps.filter((other) => Math.abs(length(other) - length(gap)) < SAME).length > 1,
  );
}

function gapBetween(a: Box, b: Box, axis: "x" | "y"): Gap[] {
  const from = endOf(a, axis);
  const to = span(b, axis)[0];
  if (to - from < SAME) return [];
  const cross = axis === "x" ? "y" : "x";
  const low = Math.max(span(a, cross)[0], span(b, cross)[0]);
  const high = Math.min(endOf(a, cross), endOf(b, cross));
  return [{ axis, from, to, at: (low + high) / 2 }];
}
