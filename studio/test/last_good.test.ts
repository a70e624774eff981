import assert from "node:assert/strict";
import test from "node:test";

import { withoutFaults } from "../src/editor/last_good";

const fault = (pointer: string) => ({ code: "unknown_name", pointer, detail: "" });
const good = { layers: [{ type: "text", text: "Hi" }] };

test("a faulty text is as it last was", () => {
  const text = '{"layers": [{"type": "text", "text": "Hi {{ na"}]}';
  assert.deepEqual(JSON.parse(withoutFaults(text, good, [fault("/layers/0/text")]) ?? ""), good);
});

test("a layer that never was without a fault is left out, with all that is faulty in it", () => {
  const text = '{"layers": [{"type": "text", "text": "Hi"}, {"type": "text", "text": "{{ na", "color": "x"}]}';
  assert.deepEqual(JSON.parse(withoutFaults(text, good, [fault("/layers/1/text")]) ?? ""), good);
});
