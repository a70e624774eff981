import assert from "node:assert/strict";
import { test } from "node:test";

import { cornersOf } from "../src/canvas/geometry";
import { drawnLayers, hitTest, layersTouching } from "../src/canvas/hit";
import type { Box, DescribedLayer, LayerNode } from "../src/editor/store";

function node(pointer: string, type: string, more: Partial<LayerNode> = {}): LayerNode {
  const value = { type, ...(more.value ?? {}) };
  return { id: pointer, pointer, type, name: undefined, locked: false, hidden: false, children: [], ...more, value };
}

function described(pointer: string, box: Box, rotation = 0): DescribedLayer {
  return { pointer, ...box, rotation, corners: cornersOf(box, rotation), ink: box, text: null };
}

const PAGE = { x: 0, y: 0, width: 400, height: 300 };
const TEXT = node("/layers/1/layers/0", "text");
const BADGE = node("/layers/1/layers/1/layers/0", "rectangle");
const INNER = node("/layers/1/layers/1", "group", { children: [BADGE] });
const GROUP = node("/layers/1", "group", { children: [TEXT, INNER] });
const TREE = [node("/layers/0", "image"), GROUP, node("/layers/2", "line")];
// A layer's pointer is its id in these tests.
const same = (pointer: string) => pointer;
const DRAWN = drawnLayers(TREE, [
  described("/layers/0", PAGE),
  described("/layers/1", { x: 50, y: 50, width: 200, height: 100 }),
  described("/layers/1/layers/0", { x: 50, y: 50, width: 80, height: 40 }),
  described("/layers/1/layers/1", { x: 150, y: 50, width: 80, height: 80 }),
  described("/layers/1/layers/1/layers/0", { x: 150, y: 50, width: 40, height: 40 }),
  described("/layers/2", { x: 10, y: 200, width: 100, height: 50 }),
], same);
const AT = { zoom: 1 };

test("a click selects the outermost group, and what is inside once the group was entered", () => {
  assert.equal(hitTest(DRAWN, [160, 60], AT), GROUP.id);
  assert.equal(hitTest(DRAWN, [160, 60], { ...AT, entered: GROUP.id }), INNER.id);
  assert.equal(hitTest(DRAWN, [160, 60], { ...AT, entered: INNER.id }), BADGE.id);
});

test("a group without a paint of its own lets clicks through between its layers", () => {
  assert.equal(hitTest(DRAWN, [140, 120], AT), "/layers/0");
  const painted = { ...GROUP, value: { ...GROUP.value, fill: "#fff" } };
  const drawn = drawnLayers([TREE[0] as LayerNode, painted], DRAWN.map((layer) => layer.described), same);
  assert.equal(hitTest(drawn, [140, 120], AT), GROUP.id);
});

test("a line is hit on its stroke and not in the corner of its box", () => {
  assert.equal(hitTest(DRAWN, [60, 227], AT), "/layers/2");
  assert.equal(hitTest(DRAWN, [100, 205], AT), "/layers/0");
});

test("Alt+click goes one layer deeper each time and begins again at the top", () => {
  const deeper = (current: string) => hitTest(DRAWN, [160, 60], { ...AT, deeper: true, current });
  assert.equal(deeper("/layers/1"), BADGE.id);
  assert.equal(deeper(BADGE.id), "/layers/0");
  assert.equal(deeper("/layers/0"), BADGE.id);
});

test("locked layers are skipped, and so is all that a locked group holds", () => {
  const locked = { ...GROUP, locked: true };
  const drawn = drawnLayers([TREE[0] as LayerNode, locked], DRAWN.map((layer) => layer.described), same);
  assert.equal(hitTest(drawn, [160, 60], AT), "/layers/0");
});

test("a marquee takes what it touches, groups as one", () => {
  const touched = layersTouching(DRAWN, { x: 120, y: 40, width: 50, height: 20 }, undefined);
  assert.deepEqual(touched, ["/layers/0", GROUP.id]);
});

test("every copy of a repeated group's layer can be clicked and means the one layer", () => {
  const item = node("/layers/0/layers/0", "text");
  const list = node("/layers/0", "group", { children: [item] });
  const copies = drawnLayers([list], [
    described("/layers/0", { x: 0, y: 0, width: 300, height: 40 }),
    described("/layers/0/layers/0", { x: 0, y: 0, width: 80, height: 40 }),
    described("/layers/0/layers/0", { x: 100, y: 0, width: 80, height: 40 }),
  ], same);
  for (const x of [40, 140]) assert.equal(hitTest(copies, [x, 20], { ...AT, entered: list.id }), item.id);
  assert.equal(hitTest(copies, [90, 20], { ...AT, entered: list.id }), undefined);
});
