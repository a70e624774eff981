import assert from "node:assert/strict";
import { test } from "node:test";

import { changes, diffLines, diffTexts, hunks } from "../src/screens/versions/json_diff";

function rebuilt(lines: ReturnType<typeof diffLines>, without: "added" | "removed"): string[] {
  return lines.filter((line) => line.kind !== without).map((line) => line.text);
}

function random(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648;
}

test("a difference holds both texts whole, with their line numbers", () => {
  const chance = random(7);
  for (let round = 0; round < 300; round += 1) {
    const before = Array.from({ length: Math.floor(chance() * 14) }, () => "abcd"[Math.floor(chance() * 4)]!);
    const after = before.filter(() => chance() > 0.3).flatMap((line) => (chance() > 0.7 ? [line, "x"] : [line]));
    const lines = diffLines(before, after);
    assert.deepEqual(rebuilt(lines, "added"), before);
    assert.deepEqual(rebuilt(lines, "removed"), after);
    for (const line of lines) {
      if (line.before !== undefined) assert.equal(before[line.before - 1], line.text);
      if (line.after !== undefined) assert.equal(after[line.after - 1], line.text);
    }
  }
});

test("an inserted line is the only difference", () => {
  const before = Array.from({ length: 60 }, (_, index) => `line ${index}`);
  const after = [...before.slice(0, 30), "new", ...before.slice(30)];
  const lines = diffLines(before, after);
  assert.deepEqual(lines.filter((line) => line.kind !== "same"), [{ kind: "added", text: "new", after: 31 }]);
  const [only, ...others] = hunks(lines);
  assert.equal(others.length, 0);
  assert.deepEqual([only!.skipped, only!.lines.length], [27, 7]);
});

test("two texts without anything in common, and of the largest size, end soon", () => {
  const before = Array.from({ length: 9_000 }, (_, index) => `before ${index}`);
  const after = Array.from({ length: 9_000 }, (_, index) => `after ${index}`);
  const lines = diffLines(before, after);
  assert.deepEqual([rebuilt(lines, "added"), rebuilt(lines, "removed")], [before, after]);
});

test("a document on one line is compared as formatted JSON", () => {
  const layers = Array.from({ length: 30 }, (_, index) => ({ type: "text", x: index }));
  const before = JSON.stringify({ width: 10, layers });
  const after = JSON.stringify({ width: 12, layers });
  const changed = diffTexts(before, after).filter((line) => line.kind !== "same");
  assert.deepEqual(changed.map((line) => line.text.trim()), ['"width": 10,', '"width": 12,']);
});

const TITLE = { type: "text", name: "title", x: 4, text: "Hi" };
const PHOTO = { type: "image", name: "photo", source: "asset:a" };
const SHADE = { type: "rectangle", width: 4 };

test("changes name layers, fields and the document's own properties", () => {
  const found = changes(
    { width: 600, layers: [PHOTO, SHADE, TITLE], fields: { name: { default: "you" }, code: {} } },
    { width: 640, layers: [TITLE, PHOTO, { ...SHADE, width: 9 }], fields: { name: { default: "there" } }, alt: "Hi" },
  );
  assert.deepEqual(found, [
    { kind: "moved", subject: "title", properties: [] },
    { kind: "changed", subject: "rectangle 3", properties: ["width"], before: 4, after: 9 },
    { kind: "changed", subject: "Field name", properties: ["default"], before: "you", after: "there" },
    { kind: "removed", subject: "Field code", properties: [], before: {} },
    { kind: "changed", subject: "Width", properties: [], before: 600, after: 640 },
    { kind: "added", subject: "Alt", properties: [], after: "Hi" },
  ]);
});

test("changes inside a group say in which", () => {
  const group = (x: number) => ({ type: "group", name: "card", layers: [{ ...TITLE, x }] });
  assert.deepEqual(changes({ layers: [group(4)] }, { layers: [group(5)] }), [
    { kind: "changed", subject: "card › title", properties: ["x"], before: 4, after: 5 },
  ]);
});

test("equal documents have no changes, whatever the order of their keys", () => {
  assert.deepEqual(changes({ a: 1, layers: [TITLE] }, { layers: [{ text: "Hi", x: 4, name: "title", type: "text" }], a: 1 }), []);
});

test("hostile documents neither throw nor give an endless list", () => {
  for (const value of [null, 3, [], { layers: 5, fields: [] }, { layers: [null, [], "x"] }, { __proto__: null }] as never[]) {
    assert.ok(Array.isArray(changes(value, { layers: [TITLE] })));
    assert.ok(Array.isArray(changes({ layers: [TITLE] }, value)));
  }
  const many = Array.from({ length: 900 }, (_, index) => ({ type: "text", name: `n${index}` }));
  assert.equal(changes({ layers: [] }, { layers: many }).length, 200);
});
