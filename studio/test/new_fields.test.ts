import assert from "node:assert/strict";
import test from "node:test";

import { addTextField, newFieldName, unknownName } from "../src/document/new_fields";
import { applyEdits } from "../src/document/text";

const unknown = (detail: string, code = "unknown_name") => ({ code, detail });

test("the field that a text lacks is known by the service's words, if a field can be called so", () => {
  assert.equal(unknownName(unknown("unknown name 'city'."), {}), "city");
  assert.equal(unknownName(unknown("/alt: unknown name 'nme'; did you mean name?"), {}), "nme");
  assert.equal(unknownName(unknown("unknown name 'city'."), { fields: { city: {} } }), undefined);
  assert.equal(unknownName(unknown("unknown name 'City x'."), {}), undefined);
  assert.equal(unknownName(unknown("unknown name 'city'.", "invalid_value"), {}), undefined);
  assert.equal(unknownName(undefined, {}), undefined);
});

test("a new field has a bound, and an example that shows", () => {
  const text = applyEdits('{"layers": []}', [addTextField("first_name")]);
  assert.deepEqual(JSON.parse(text).fields, {
    first_name: { example: "Alex", default: "", max_length: 40, open: true },
  });
  const other = applyEdits(text, [addTextField("shoe_size")]);
  assert.equal(JSON.parse(other).fields.shoe_size.example, "Shoe size");
});

test("the first new field is called name", () => {
  assert.equal(newFieldName({}, "field"), "name");
  assert.equal(newFieldName({ fields: { name: {} } }, "field"), "field");
  assert.equal(newFieldName({ fields: { name: {}, field: {} } }, "field"), "field_2");
});
