import assert from "node:assert/strict";
import test from "node:test";

import { assignIds, carryIds, type IdForest, type IdNode, idAt, pointerOf } from "../src/document/ids";
import { applyEdits, parse } from "../src/document/text";
import type { Edit, Json } from "../src/document/types";
import { seed, seeds } from "./seeds";

const TEXT = JSON.stringify({
  layers: [
    { type: "text", name: "a", text: "A" },
    { type: "group", name: "g", layers: [{ type: "qr", name: "q", value: "v" }, { type: "rectangle" }] },
    { type: "rectangle", x: 1 },
  ],
  ended: { layers: [{ type: "text", text: "over" }] },
});

function start(text: string): { text: string; ids: IdForest } {
  return { text, ids: assignIds(parse(text).value) };
}

function edit(state: { text: string; ids: IdForest }, edits: Edit[]): { text: string; ids: IdForest } {
  const text = applyEdits(state.text, edits);
  return { text, ids: carryIds(state.ids, edits, parse(state.text).value, parse(text).value) };
}

function all(nodes: readonly IdNode[]): string[] {
  return nodes.flatMap((node) => [node.id, ...all(node.children)]);
}

test("every layer of a document has an id of its own, those of the boards too", () => {
  for (const { text } of seeds) {
    const ids = start(text).ids.flatMap(all);
    assert.equal(new Set(ids).size, ids.length);
    assert.equal(ids.length, (text.match(/"type": "(text|image|rectangle|ellipse|line|path|qr|barcode|progress|rating|group)"/g) ?? []).length - (text.match(/"(first_name|\w+)": +\{"type": "(text|image)"/g) ?? []).length);
  }
});

test("a pointer leads to a layer's id and back, also from inside of the layer", () => {
  const { ids } = start(TEXT);
  for (const pointer of ["/layers/0", "/layers/1/layers/1", "/ended/layers/0"]) {
    assert.equal(pointerOf(ids, idAt(ids, pointer) as string), pointer);
  }
  assert.equal(idAt(ids, "/layers/1/layers/0/value"), idAt(ids, "/layers/1/layers/0"));
  assert.equal(idAt(ids, "/layers/1/fill"), idAt(ids, "/layers/1"));
  assert.equal(idAt(ids, "/layers/9"), undefined);
  assert.equal(idAt(ids, "/fields/a"), undefined);
});

test("layers keep their ids through insertions, removals and moves", () => {
  const before = start(TEXT);
  const q = idAt(before.ids, "/layers/1/layers/0") as string;
  const last = idAt(before.ids, "/layers/2") as string;
  const after = edit(before, [
    { kind: "insert", path: ["layers", 0], value: { type: "line" } },
    { kind: "move", from: ["layers", 2, "layers", 0], path: ["layers", 0] },
    { kind: "remove", path: ["layers", 2] },
  ]);
  assert.equal(pointerOf(after.ids, q), "/layers/0");
  assert.equal(pointerOf(after.ids, last), "/layers/3");
  assert.equal(new Set(all(after.ids[0] ?? [])).size, 5);
});

test("edits that are no layer's leave the ids as they are", () => {
  const before = start(seed("discount-coupon"));
  const after = edit(before, [
    { kind: "set", path: ["layers", 0, "x"], value: 5 },
    { kind: "set", path: ["fields", "layers"], value: {} },
    { kind: "set", path: ["layers", 18, "text", 0, "text"], value: "x" },
  ]);
  assert.deepEqual(after.ids, before.ids);
});

test("a list of layers that is written anew finds its ids by name, by being equal, by being alike", () => {
  const before = start(TEXT);
  const ids = ["/layers/0", "/layers/1", "/layers/2"].map((pointer) => idAt(before.ids, pointer));
  const value = parse(TEXT).value as { layers: object[] };
  const [a, g, r] = value.layers;
  const layers = [r, { ...g, x: 5 }, { ...a, text: "other", size: 9, weight: 700 }];
  const after = edit(before, [{ kind: "set", path: ["layers"], value: JSON.parse(JSON.stringify(layers)) }]);
  assert.deepEqual(["/layers/2", "/layers/1", "/layers/0"].map((pointer) => idAt(after.ids, pointer)), ids);
});

test("the layers of a layer that is replaced keep theirs", () => {
  const before = start(TEXT);
  const q = idAt(before.ids, "/layers/1/layers/0");
  const lines: Json[] = [{ type: "line" }, { type: "line" }];
  const value = { type: "group", layers: [{ type: "qr", value: "w" } as Json, ...lines] };
  const after = edit(before, [{ kind: "set", path: ["layers", 1], value }]);
  assert.equal(idAt(after.ids, "/layers/1/layers/0"), q);
  assert.equal(new Set(all(after.ids[0] ?? [])).size, 6);
});
