import assert from "node:assert/strict";
import test from "node:test";

import { formatDocument } from "../src/document/layout";
import { parse } from "../src/document/text";
import { seeds } from "./seeds";

test("a document that is laid out anew is the same document, and laying it out again changes nothing", () => {
  for (const { name, text } of seeds) {
    const minified = JSON.stringify(JSON.parse(text));
    const formatted = formatDocument(minified) as string;
    assert.deepEqual(parse(formatted).value, JSON.parse(text), name);
    assert.equal(formatDocument(formatted), formatted);
  }
});

test("each layer and each field has a line of its own", () => {
  const text = '{"width":1,"fields":{"a":{"default":"x"},"b":{}},"layers":[{"type":"text"},{"type":"group","layers":[{"type":"qr"}]}]}';
  assert.deepEqual((formatDocument(text) as string).split("\n"), [
    "{",
    '  "width": 1,',
    '  "fields": {',
    '    "a": {"default": "x"},',
    '    "b": {}',
    "  },",
    '  "layers": [',
    '    {"type": "text"},',
    '    {"type": "group", "layers": [',
    '      {"type": "qr"}',
    "    ]}",
    "  ]",
    "}",
    "",
  ]);
});

test("what is no document is not laid out", () => {
  assert.equal(formatDocument("{"), undefined);
  assert.equal(formatDocument("[1]"), undefined);
});
