import assert from "node:assert/strict";
import test from "node:test";

import { type PropertyForm, Schema } from "../src/document/schema";
import type { Json } from "../src/document/types";

const optional = (schema: Json): Json => ({ anyOf: [schema, { type: "null" }], default: null }) as Json;
const paint: Json = { oneOf: [{ type: "string", maxLength: 2000 }, { $ref: "#/$defs/LinearGradient" }] };
const layer = (type: string, properties: { [key: string]: Json }): Json => ({
  description: `A ${type}.`,
  properties: { type: { const: type, default: type }, name: optional({ type: "string" }), ...properties },
  required: ["width"],
});

const SCHEMA = new Schema({
  properties: {
    width: { type: "integer", minimum: 1, maximum: 5000 },
    fields: { additionalProperties: { oneOf: [{ $ref: "#/$defs/TextField" }] } },
    layers: { items: { oneOf: [{ $ref: "#/$defs/Box" }, { $ref: "#/$defs/Group" }] } },
    styles: { type: "object", additionalProperties: { $ref: "#/$defs/LinearGradient" } },
  },
  required: ["width"],
  $defs: {
    Box: layer("box", {
      width: { oneOf: [{ type: "number", minimum: 0, maximum: 20000 }, { const: "fill", type: "string" }] },
      fill: optional(paint),
      radius: { default: 0, oneOf: [{ type: "number" }, { type: "array", prefixItems: [{ type: "number" }] }, { const: "full" }] },
      blend: { enum: ["normal", "multiply"], default: "normal", type: "string" },
      color: { type: "string", format: "color", "x-liquid": "color", "x-group": "Text" },
    }),
    Group: layer("group", { layers: { type: "array", items: { oneOf: [{ $ref: "#/$defs/Group" }] } } }),
    TextField: { properties: { type: { const: "text" }, max_length: optional({ type: "integer", maximum: 5000 }) } },
    LinearGradient: {
      type: "object",
      properties: { stops: { type: "array", items: { prefixItems: [{ type: "string" }, { type: "number" }], type: "array" } } },
    },
  },
} as never);

function form(type: string, key: string): PropertyForm {
  return SCHEMA.layer(type)?.find((found) => found.key === key) as PropertyForm;
}

test("layer types and field types are those of the schema's unions", () => {
  assert.deepEqual(SCHEMA.layerTypes, ["box", "group"]);
  assert.deepEqual(SCHEMA.fieldTypes, ["text"]);
  assert.equal(SCHEMA.layer("unknown"), undefined);
  assert.equal(SCHEMA.layerDescription("box"), "A box.");
});

test("a property has its kind, bounds, default and what it may hold", () => {
  assert.equal(form("box", "type").kind, "constant");
  assert.deepEqual(form("box", "blend").choices, ["normal", "multiply"]);
  assert.equal(form("box", "blend").default, "normal");
  assert.equal(form("box", "name").kind, "text");
  assert.equal(form("box", "name").required, false);
  assert.equal(form("box", "width").required, true);
  assert.equal(form("box", "color").liquid, "color");
  assert.equal(form("box", "color").format, "color");
  assert.equal(form("box", "color").group, "Text");
  const [number] = form("box", "width").alternatives ?? [];
  assert.deepEqual([number?.minimum, number?.maximum], [0, 20000]);
  assert.equal(SCHEMA.field("text")?.find((found) => found.key === "max_length")?.maximum, 5000);
});

test("unions get the format of what they stand for", () => {
  assert.equal(form("box", "width").format, "side");
  assert.equal(form("box", "fill").format, "paint");
  assert.equal(form("box", "radius").format, "radius");
  assert.equal(form("group", "layers").kind, "layers");
  const styles = SCHEMA.document.find((found) => found.key === "styles");
  assert.equal(styles?.kind, "map");
  assert.equal(styles?.items?.[0]?.kind, "object");
  const gradient = form("box", "fill").alternatives?.[1];
  assert.equal(gradient?.properties?.[0]?.items?.[0]?.kind, "tuple");
});
