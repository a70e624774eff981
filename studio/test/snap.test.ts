import assert from "node:assert/strict";
import { test } from "node:test";

import { snapEdges, snapMove, snapTargets } from "../src/canvas/gestures/snap";

const CANVAS = { width: 600, height: 300 };

test("a box snaps to the canvas's centre, and the guide runs through it", () => {
  const snapped = snapMove({ x: 253, y: 40, width: 100, height: 20 }, snapTargets(CANVAS, []), 1);
  assert.equal(snapped.dx, -3);
  const guide = snapped.guides.find((one) => one.axis === "x" && one.at === 300);
  assert.deepEqual(guide, { axis: "x", at: 300, from: 0, to: 300 });
});

test("a box snaps to a neighbour's edge, whatever the zoom, within six pixels of the screen", () => {
  const targets = snapTargets(CANVAS, [{ x: 17, y: 211, width: 41, height: 23 }]);
  const box = { x: 20, y: 250, width: 63, height: 10 };
  assert.equal(snapMove(box, targets, 1).dx, -3);
  assert.equal(snapMove(box, targets, 4).dx, 0);
  assert.deepEqual(snapMove(box, targets, 4).guides, []);
});

test("text snaps by its baselines to the baselines of other texts", () => {
  const targets = snapTargets(CANVAS, [], [{ x: 10, y: 87, width: 50 }]);
  const snapped = snapMove({ x: 111, y: 61, width: 37, height: 31 }, targets, 1, [85]);
  assert.equal(snapped.dy, 2);
  assert.ok(snapped.guides.some((guide) => guide.axis === "y" && guide.at === 87));
});

test("a box between two others snaps to equal gaps, which are drawn with their length", () => {
  const others = [
    { x: 11, y: 37, width: 51, height: 71 },
    { x: 262, y: 41, width: 53, height: 67 },
  ];
  const snapped = snapMove({ x: 134, y: 43, width: 61, height: 59 }, snapTargets(CANVAS, others), 1);
  assert.equal(snapped.dx, -2.5);
  assert.deepEqual(
    snapped.gaps.filter((gap) => gap.axis === "x").map((gap) => gap.to - gap.from),
    [69.5, 69.5],
  );
});

test("a third box continues the gap of two in a row", () => {
  const others = [
    { x: 11, y: 37, width: 51, height: 71 },
    { x: 82, y: 41, width: 53, height: 67 },
  ];
  const snapped = snapMove({ x: 158, y: 43, width: 61, height: 59 }, snapTargets(CANVAS, others), 1);
  assert.equal(snapped.dx, -3);
  assert.equal(snapped.gaps.length, 2);
});

test("a dragged edge snaps alone, and the other side stays", () => {
  const snapped = snapEdges({ x: 20, y: 20, width: 277, height: 55 }, [1, 0], snapTargets(CANVAS, []), 1);
  assert.equal(snapped.dx, 3);
  assert.equal(snapped.dy, 0);
});
