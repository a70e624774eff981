import assert from "node:assert/strict";
import test from "node:test";

import { threeWay } from "../src/document/merge";
import { applyEdits, parse } from "../src/document/text";
import type { Edit, Json } from "../src/document/types";
import { Random, seed, seeds } from "./seeds";

type Layer = { [key: string]: Json };

function layersOf(text: string): Layer[] {
  return (parse(text).value as { layers: Layer[] }).layers;
}

const set = (path: (string | number)[], value: Json): Edit => ({ kind: "set", path, value });

test("of two people who change different properties nothing is lost, in every seed template", () => {
  for (const { name, text } of seeds) {
    const random = new Random(name.length);
    const count = layersOf(text).length;
    for (let round = 0; round < 10; round++) {
      const [a, b] = [random.below(count), random.below(count)];
      const mine = applyEdits(text, [set(["layers", a, "x"], 11), set(["alt"], "mine")]);
      const theirs = applyEdits(text, [set(["layers", b, "y"], 22), set(["background"], "#123456")]);
      const merge = threeWay(text, mine, theirs);
      assert.deepEqual(merge.conflicts, []);
      assert.deepEqual(
        parse(merge.text).value,
        parse(applyEdits(mine, [set(["layers", b, "y"], 22), set(["background"], "#123456")])).value,
      );
      assert.ok(merge.merged.includes(`/layers/${b}/y`));
    }
  }
});

test("the same change on both sides, or on one side only, is no conflict", () => {
  const text = seed("og-card");
  const changed = applyEdits(text, [set(["layers", 0, "x"], 11)]);
  assert.deepEqual(threeWay(text, changed, changed), { text: changed, conflicts: [], merged: [] });
  assert.equal(threeWay(text, changed, text).text, changed);
  assert.equal(threeWay(text, text, changed).text, changed);
});

test("the same property changed differently is a conflict: mine stays, theirs can be taken", () => {
  const text = seed("og-card");
  const mine = applyEdits(text, [set(["layers", 1, "x"], 11), { kind: "remove", path: ["layers", 0] }]);
  const theirs = applyEdits(text, [set(["layers", 1, "x"], 22), set(["alt"], "theirs")]);
  const merge = threeWay(text, mine, theirs);
  assert.equal(merge.conflicts.length, 1);
  const [conflict] = merge.conflicts;
  assert.equal(conflict?.pointer, "/layers/0/x");
  assert.deepEqual([conflict?.mine, conflict?.theirs], [11, 22]);
  assert.equal(layersOf(merge.text)[0]?.["x"], 11);
  const taken = applyEdits(merge.text, conflict?.takeTheirs ?? []);
  assert.equal(layersOf(taken)[0]?.["x"], 22);
  assert.equal((parse(taken).value as { alt: string }).alt, "theirs");
});

const LETTERS = (names: string): string =>
  JSON.stringify({ layers: [...names].map((name) => ({ type: "rectangle", name, width: 1, height: 1 })) });
const names = (text: string): string => layersOf(text).map((layer) => layer["name"]).join("");

test("layers that both sides added, removed and ordered come together", () => {
  const merged = (base: string, mine: string, theirs: string): string => {
    const merge = threeWay(LETTERS(base), LETTERS(mine), LETTERS(theirs));
    assert.deepEqual(merge.conflicts, [], `${mine} ${theirs}`);
    return names(merge.text);
  };
  assert.equal(merged("abc", "abcm", "tabc"), "tabcm");
  assert.equal(merged("abc", "ac", "abct"), "act");
  assert.equal(merged("abc", "abcm", "bc"), "bcm");
  assert.equal(merged("abc", "mabc", "cba"), "mcba");
  assert.equal(merged("abcd", "acd", "dcba"), "dca");
  assert.equal(merged("abc", "bac", "abtc"), "btac");
  assert.equal(merged("", "m", "t"), "tm");
  assert.equal(merged("abc", "acb", "cab"), "acb");
  assert.equal(merged("abc", "abcn", "abcn"), "abcn");
});

test("a layer that one side removed and the other changed is told, whichever side it was", () => {
  const text = LETTERS("abc");
  const removed = applyEdits(text, [{ kind: "remove", path: ["layers", 1] }]);
  const changed = applyEdits(text, [set(["layers", 1, "x"], 5)]);
  const kept = threeWay(text, changed, removed);
  assert.equal(names(kept.text), "abc");
  assert.equal(names(applyEdits(kept.text, kept.conflicts[0]?.takeTheirs ?? [])), "ac");
  const gone = threeWay(text, removed, changed);
  assert.equal(names(gone.text), "ac");
  assert.equal(gone.conflicts.length, 1);
  assert.equal(names(applyEdits(gone.text, gone.conflicts[0]?.takeTheirs ?? [])), "abc");
});

test("layers inside of groups are merged as those outside", () => {
  const text = '{"layers": [{"type": "group", "name": "g", "layers": [{"type": "qr", "name": "q", "value": "a"}]}]}';
  const mine = applyEdits(text, [
    { kind: "insert", path: ["layers", 0], value: { type: "line" } },
    set(["layers", 1, "layers", 0, "width"], 90),
  ]);
  const theirs = applyEdits(text, [
    set(["layers", 0, "layers", 0, "value"], "b"),
    { kind: "insert", path: ["layers", 0, "layers", 0], value: { type: "text", text: "t" } },
  ]);
  const merge = threeWay(text, mine, theirs);
  assert.deepEqual(merge.conflicts, []);
  assert.deepEqual(layersOf(merge.text)[1]?.["layers"], [
    { type: "text", text: "t" },
    { type: "qr", name: "q", value: "b", width: 90 },
  ]);
});

test("random edits by two people are all in the merged document or told as conflicts", () => {
  const text = seed("loyalty-card");
  const random = new Random(5);
  const count = layersOf(text).length;
  for (let round = 0; round < 200; round++) {
    const some = (value: number): Map<string, Edit> =>
      new Map(
        [0, 1, 2].map(() => {
          const [index, key] = [random.below(count), random.pick(["x", "y", "rotation"])];
          return [`/layers/${index}/${key}`, set(["layers", index, key], value)];
        }),
      );
    const [ours, others] = [some(1001), some(1002)];
    const merge = threeWay(text, applyEdits(text, [...ours.values()]), applyEdits(text, [...others.values()]));
    const told = new Set(merge.conflicts.map((conflict) => conflict.pointer));
    for (const pointer of ours.keys()) assert.equal(told.has(pointer), others.has(pointer));
    const value = layersOf(merge.text);
    for (const pointer of others.keys()) {
      const [, , index, key] = pointer.split("/");
      assert.equal(value[Number(index)]?.[key as string], ours.has(pointer) ? 1001 : 1002);
    }
  }
});

test("texts that are no JSON are compared as a whole", () => {
  assert.equal(threeWay("{", "{", '{"a": 1}').text, '{"a": 1}');
  assert.equal(threeWay("{", "{x", "{").text, "{x");
  const both = threeWay("{}", "{x", '{"a": 1}');
  assert.equal(both.text, "{x");
  assert.equal(both.conflicts.length, 1);
});
