import assert from "node:assert/strict";
import test from "node:test";

import { clampNumber, freeName, missingBound, nameFault, stepOf } from "../src/document/bounds";
import { renameField, RenameError, usesOf } from "../src/document/field_names";
import type { PropertyForm } from "../src/document/schema";
import { applyEdits, parse } from "../src/document/text";
import type { Json } from "../src/document/types";
import { seed } from "./seeds";

const form = (bounds: Partial<PropertyForm>): PropertyForm => ({
  key: "k",
  title: "K",
  kind: "number",
  required: false,
  ...bounds,
});

function rename(text: string, from: string, to: string): string {
  return applyEdits(text, renameField(parse(text).value as Json, from, to));
}

test("a renamed field is renamed in every text that names it, and nowhere else", () => {
  const text = seed("discount-coupon");
  const after = rename(text, "first_name", "given_name");
  assert.equal(after, text.replaceAll("first_name", "given_name"));
  assert.equal(rename(after, "given_name", "first_name"), text);
});

test("strings, properties, filters and arguments of the same name stay as they are", () => {
  const text = JSON.stringify({
    fields: { number: {}, items: { type: "list" } },
    layers: [
      { type: "text", name: "number", text: "number {{ number | number: 1 }} {{ 'number' }} {{ a.number }} {{ items.number }}" },
      { type: "group", repeat: "items", if: "number > 1 and items", layers: [] },
      { type: "text", text: "{% if number %}{% for x in items %}{{ x | append: number }}{% endfor %}{% endif %}" },
    ],
    alt: "{{number}} {{ x | default: number, number: 3 }}",
  });
  const value = JSON.parse(rename(text, "number", "n")) as { layers: { text: string; if: string }[]; alt: string };
  assert.equal(value.layers[0]?.text, "number {{ n | number: 1 }} {{ 'number' }} {{ a.number }} {{ items.number }}");
  assert.equal(value.layers[1]?.if, "n > 1 and items");
  assert.equal(value.layers[2]?.text, "{% if n %}{% for x in items %}{{ x | append: n }}{% endfor %}{% endif %}");
  assert.equal(value.alt, "{{n}} {{ x | default: n, number: 3 }}");
  assert.equal((JSON.parse(rename(text, "items", "all")) as { layers: { repeat: string }[] }).layers[1]?.repeat, "all");
});

test("a text that sets a variable of the same name is not rewritten blindly", () => {
  const text = '{"fields": {"a": {}}, "alt": "{% assign a = 1 %}{{ a }}"}';
  assert.throws(() => rename(text, "a", "b"), RenameError);
  assert.throws(() => rename('{"fields": {"a": {}, "b": {}}}', "a", "b"), RenameError);
  assert.throws(() => rename("{}", "a", "b"), RenameError);
});

test("the uses of a field are found", () => {
  const value = parse(seed("discount-coupon")).value;
  assert.equal(usesOf(value, "discount_code").length, 2);
  assert.equal(usesOf(value, "unknown").length, 0);
});

test("names that the contract does not allow are refused, and a free name is found", () => {
  for (const name of ["", "Name", "1a", "a-b", "a".repeat(65), "é"]) assert.equal(nameFault(name, []), "form");
  for (const name of ["now", "countdown", "if"]) assert.equal(nameFault(name, []), "reserved");
  assert.equal(nameFault("a", ["a"]), "taken");
  assert.equal(nameFault("a".repeat(64), []), undefined);
  assert.equal(freeName("First Name", []), "first_name");
  assert.equal(freeName("Größe 2", ["grosse_2"]), "grosse_2_2");
  assert.equal(freeName("title", ["title", "title_2"]), "title_3");
  assert.equal(freeName("名前", []), "layer");
  assert.equal(freeName("if", []), "if_2");
  assert.equal(nameFault(freeName("x".repeat(200), ["x".repeat(58)]), []), undefined);
});

test("an open field asks for the bound that its type needs", () => {
  assert.deepEqual(missingBound({}), ["max_length", "pattern", "choices"]);
  assert.deepEqual(missingBound({ pattern: "a" }), []);
  assert.deepEqual(missingBound({ type: "number", min: 0 }), ["max"]);
  assert.deepEqual(missingBound({ type: "image" }), ["allowed_hosts"]);
  assert.deepEqual(missingBound({ type: "color" }), []);
});

test("numbers keep to their property's bounds", () => {
  assert.equal(clampNumber(7, form({ minimum: 0, maximum: 1 })), 1);
  assert.equal(clampNumber(-3, form({ minimum: 0 })), 0);
  assert.equal(clampNumber(2.6, form({ kind: "integer" })), 3);
  assert.equal(clampNumber(0, form({ exclusiveMinimum: 0 })), 0.01);
  assert.equal(stepOf(form({ minimum: 0, maximum: 1 })), 0.05);
  assert.equal(stepOf(form({ minimum: 0, maximum: 20000 })), 1);
});
