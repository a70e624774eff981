import assert from "node:assert/strict";
import { test } from "node:test";

import { assignIds, carryIds } from "../src/document/ids";
import type { Json } from "../src/document/types";
import { carriedFindings } from "../src/editor/preview_loop";

const layer = (name: string): Json => ({ type: "text", name });
const finding = (pointer: string) => ({ code: "overflow", pointer, detail: "Not all of it is shown." });

test("findings follow their layers until the next exact picture, and go with them", () => {
  const before: Json = { fields: { name: {} }, layers: [layer("a"), layer("b"), layer("c")] };
  const ids = assignIds(before);
  const findings = [finding("/fields/name"), finding("/layers/1/font"), finding("/layers/2")];
  const after: Json = { fields: { name: {} }, layers: [layer("b"), layer("c")] };
  const without = (index: number) => [{ kind: "remove", path: ["layers", index] } as const];
  const carried = carriedFindings({ findings, ids }, carryIds(ids, without(0), before, after));
  assert.deepEqual(carried.map((one) => one.pointer), ["/fields/name", "/layers/0/font", "/layers/1"]);
  const less: Json = { fields: { name: {} }, layers: [layer("a"), layer("c")] };
  const gone = carriedFindings({ findings, ids }, carryIds(ids, without(1), before, less));
  assert.deepEqual(gone.map((one) => one.pointer), ["/fields/name", "/layers/1"]);
});
