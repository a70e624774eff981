import assert from "node:assert/strict";
import test from "node:test";

import { type Operation, patchEdits } from "../src/document/patch";
import { applyEdits, EditError, parse } from "../src/document/text";
import { seed } from "./seeds";

function patched(text: string, patch: Operation[]): string {
  return applyEdits(text, patchEdits(text, patch));
}

test("a patch changes what it names and no other byte", () => {
  const text = seed("discount-coupon");
  const after = patched(text, [
    { op: "test", path: "/width", value: 600 },
    { op: "replace", path: "/layers/17/color", value: "#000000" },
  ]);
  assert.equal(after, text.replace('"letter_spacing": 0.14, "color": "#ffffff"', '"letter_spacing": 0.14, "color": "#000000"'));
});

test("the operations mean what RFC 6902 says", () => {
  const text = '{"a": [1, 2], "b": {"c": 1}}';
  const value = (patch: Operation[]): unknown => parse(patched(text, patch)).value;
  assert.deepEqual(value([{ op: "add", path: "/a/1", value: 9 }]), { a: [1, 9, 2], b: { c: 1 } });
  assert.deepEqual(value([{ op: "add", path: "/a/-", value: 9 }]), { a: [1, 2, 9], b: { c: 1 } });
  assert.deepEqual(value([{ op: "add", path: "/b/0", value: 9 }]), { a: [1, 2], b: { c: 1, "0": 9 } });
  assert.deepEqual(value([{ op: "remove", path: "/b/c" }]), { a: [1, 2], b: {} });
  assert.deepEqual(value([{ op: "move", from: "/a/0", path: "/a/1" }]), { a: [2, 1], b: { c: 1 } });
  assert.deepEqual(value([{ op: "move", from: "/b/c", path: "/d" }]), { a: [1, 2], b: {}, d: 1 });
  assert.deepEqual(value([{ op: "copy", from: "/b", path: "/a/0" }]), { a: [{ c: 1 }, 1, 2], b: { c: 1 } });
  assert.deepEqual(value([{ op: "add", path: "/x~1y", value: null }]), { a: [1, 2], b: { c: 1 }, "x/y": null });
  assert.deepEqual(
    value([
      { op: "remove", path: "/a/0" },
      { op: "replace", path: "/a/0", value: 7 },
    ]),
    { a: [7], b: { c: 1 } },
  );
});

test("a patch that does not fit is refused as a whole", () => {
  const text = '{"a": 1}';
  assert.throws(() => patched(text, [{ op: "test", path: "/a", value: 2 }]), EditError);
  assert.throws(() => patched(text, [{ op: "remove", path: "/b" }]), EditError);
  assert.throws(() => patched(text, [{ op: "unknown", path: "/a" }]), EditError);
});
