import assert from "node:assert/strict";
import { test } from "node:test";

import * as g from "../src/canvas/geometry";
import * as gestures from "../src/canvas/gestures/shapes";

const NO_KEYS = { shift: false, alt: false };

function near(actual: number, expected: number, within = 0.011) {
  assert.ok(Math.abs(actual - expected) <= within, `${actual} is not ${expected}`);
}

function nearPoint(actual: g.Point, expected: g.Point, within = 0.011) {
  near(actual[0], expected[0], within);
  near(actual[1], expected[1], within);
}

/** Numbers from 0 to 1 that are the same in every run. */
function sequence(seed: number) {
  return () => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return seed / 2147483648;
  };
}

test("a turned box contains what is inside of its edges and nothing outside", () => {
  const corners = g.cornersOf({ x: 0, y: 0, width: 100, height: 20 }, 90);
  assert.ok(g.contains(corners, [50, 59]));
  assert.ok(!g.contains(corners, [50, 61]));
  assert.ok(!g.contains(corners, [10, 10]));
  assert.ok(g.contains(corners, [50, 61], 2));
});

test("corners tell a box's angle, size and centre", () => {
  const corners = g.cornersOf({ x: 10, y: 20, width: 30, height: 40 }, 35);
  near(g.angleOf(corners), 35);
  near(g.sizeOf(corners).width, 30);
  near(g.sizeOf(corners).height, 40);
  nearPoint(g.centerOf(corners), [25, 40]);
});

test("a marquee touches a turned box only where they overlap", () => {
  const corners = g.cornersOf({ x: 0, y: 0, width: 100, height: 100 }, 45);
  assert.ok(g.touches(corners, { x: 45, y: -25, width: 10, height: 10 }));
  // The box's bounds hold this corner of the plane, the box itself does not.
  assert.ok(!g.touches(corners, { x: -20, y: -20, width: 10, height: 10 }));
});

test("the map between two turned boxes takes each corner to its place", () => {
  const from = g.cornersOf({ x: 10, y: 20, width: 30, height: 40 }, 10);
  const to = g.cornersOf({ x: -5, y: 60, width: 90, height: 15 }, 100);
  const matrix = g.mapBetween(from, to);
  from.forEach((corner, i) => nearPoint(g.apply(matrix, corner), to[i] as g.Point));
});

test("resizing keeps the opposite corner in its place for every handle and rotation", () => {
  const random = sequence(7);
  for (let i = 0; i < 400; i++) {
    const frame: gestures.Frame = {
      x: Math.round(random() * 300),
      y: Math.round(random() * 300),
      width: 20 + Math.round(random() * 200),
      height: 20 + Math.round(random() * 200),
      rotation: Math.round(random() * 360 - 180),
      parentAngle: Math.round(random() * 90),
    };
    const handle = gestures.HANDLES[i % 8] as gestures.Handle;
    const delta: g.Point = [random() * 200 - 100, random() * 200 - 100];
    const keys = { shift: random() < 0.3, alt: false };
    const before = g.cornersOf(frame, frame.rotation);
    const box = gestures.resize(frame, handle, delta, keys);
    const after = g.cornersOf(box, frame.rotation);
    const anchor = (corners: g.Corners): g.Point => {
      const [a, b, , d] = corners as [g.Point, g.Point, g.Point, g.Point];
      const across = (1 - handle[0]) / 2;
      const down = (1 - handle[1]) / 2;
      return [
        a[0] + (b[0] - a[0]) * across + (d[0] - a[0]) * down,
        a[1] + (b[1] - a[1]) * across + (d[1] - a[1]) * down,
      ];
    };
    nearPoint(anchor(after), anchor(before), 0.02);
  }
});

test("the dragged corner follows the pointer in a turned group", () => {
  const frame = { x: 10, y: 10, width: 80, height: 40, rotation: 30, parentAngle: 25 };
  const corners = g.cornersOf(frame, 55);
  const delta: g.Point = [13, 21];
  const box = gestures.resize(frame, [1, 1], delta, NO_KEYS);
  const after = gestures.cornersAfter(corners, frame, box);
  nearPoint(after[2] as g.Point, g.add(corners[2] as g.Point, delta), 0.05);
  nearPoint(after[0] as g.Point, corners[0] as g.Point, 0.05);
});

test("Shift keeps the proportions and Alt the centre", () => {
  const frame = { x: 0, y: 0, width: 100, height: 50, rotation: 0, parentAngle: 0 };
  const kept = gestures.resize(frame, [1, 1], [100, 0], { shift: true, alt: false });
  assert.deepEqual(kept, { x: 0, y: 0, width: 200, height: 100 });
  const centred = gestures.resize(frame, [1, 0], [10, 99], { shift: false, alt: true });
  assert.deepEqual(centred, { x: -10, y: 0, width: 120, height: 50 });
});

test("a box never becomes smaller than a pixel or turns over", () => {
  const frame = { x: 0, y: 0, width: 100, height: 50, rotation: 0, parentAngle: 0 };
  const box = gestures.resize(frame, [-1, -1], [500, 500], NO_KEYS);
  assert.deepEqual(box, { x: 99, y: 49, width: 1, height: 1 });
});

test("rotation counts whole degrees, and steps of 15 with Shift", () => {
  const frame = { x: 0, y: 0, width: 10, height: 10, rotation: 350, parentAngle: 0 };
  const quarter = gestures.rotated(frame, [5, 5], [5, 0], [10, 5], NO_KEYS);
  assert.equal(quarter, 80);
  const stepped = gestures.rotated(frame, [5, 5], [5, 0], [9, 1], { shift: true, alt: false });
  assert.equal(stepped, 30);
  assert.ok(!Object.is(gestures.rotated({ ...frame, rotation: 0 }, [5, 5], [5, 0], [5, 0], NO_KEYS), -0));
});
