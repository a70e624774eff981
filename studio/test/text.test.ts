import assert from "node:assert/strict";
import test from "node:test";

import { isObject, valueAt } from "../src/document/json";
import { applyEdits, EditError, locate, parse, pathAt } from "../src/document/text";
import type { Edit, Json, Path } from "../src/document/types";
import { Random, seed, seeds } from "./seeds";

function lines(text: string): string[] {
  return text.split("\n");
}

/** How many lines of each text the other does not have. */
function changedLines(before: string, after: string): [number, number] {
  const [a, b] = [lines(before), lines(after)];
  return [a.filter((line) => !b.includes(line)).length, b.filter((line) => !a.includes(line)).length];
}

/** The lists of layers of a document. */
function layerLists(value: Json, path: Path = []): { path: Path; layers: Json[] }[] {
  const layers = valueAt(value, [...path, "layers"]);
  if (!Array.isArray(layers)) return [];
  const inner = layers.flatMap((_, index) => layerLists(value, [...path, "layers", index]));
  return [{ path: [...path, "layers"], layers }, ...inner];
}

function applyToValue(value: Json, edit: Edit): Json {
  const copy = structuredClone(value);
  const parentOf = (path: Path) => valueAt(copy, path.slice(0, -1)) as never as { [key: string]: Json } & Json[];
  const last = (path: Path) => path[path.length - 1] as never;
  if (edit.kind === "set") parentOf(edit.path)[last(edit.path)] = edit.value as never;
  if (edit.kind === "insert") parentOf(edit.path).splice(last(edit.path), 0, edit.value as never);
  if (edit.kind === "remove" && typeof last(edit.path) === "string") delete parentOf(edit.path)[last(edit.path)];
  else if (edit.kind === "remove") parentOf(edit.path).splice(last(edit.path), 1);
  if (edit.kind === "move") {
    const [taken] = parentOf(edit.from).splice(last(edit.from), 1);
    parentOf(edit.path).splice(last(edit.path), 0, taken as never);
  }
  return copy;
}

function randomEdit(value: Json, random: Random): Edit {
  const lists = layerLists(value);
  const { path, layers } = random.pick(lists.filter((list) => list.layers.length > 0));
  const index = random.below(layers.length);
  switch (random.below(6)) {
    case 0:
      return { kind: "set", path: [...path, index, "x"], value: random.below(900) };
    case 1:
      return { kind: "set", path: [...path, index, "opacity"], value: random.below(100) / 100 };
    case 2:
      return { kind: "remove", path: [...path, index] };
    case 3: {
      const layer = { type: "rectangle", name: `r${random.below(1e6)}`, width: 10, height: 5, fill: "#abc" };
      return { kind: "insert", path: [...path, random.below(layers.length + 1)], value: layer };
    }
    case 4:
      return { kind: "move", from: [...path, index], path: [...path, random.below(layers.length)] };
    default: {
      const layer = layers[index];
      const keys = isObject(layer) ? Object.keys(layer).filter((key) => key !== "type") : [];
      if (keys.length === 0) return { kind: "set", path: [...path, index, "y"], value: 1 };
      return { kind: "remove", path: [...path, index, random.pick(keys)] };
    }
  }
}

for (const { name, text } of seeds) {
  test(`random edits of ${name} mean what they say and leave all other lines alone`, () => {
    const random = new Random(name.length * 7919);
    for (let round = 0; round < 12; round++) {
      let current = text;
      for (let step = 0; step < 8; step++) {
        const value = parse(current).value as Json;
        if (layerLists(value).every((list) => list.layers.length === 0)) break;
        const edit = randomEdit(value, random);
        const next = applyEdits(current, [edit]);
        assert.deepEqual(parse(next).value, applyToValue(value, edit), JSON.stringify(edit));
        const [gone, come] = changedLines(current, next);
        const size = edit.kind === "remove" || edit.kind === "move" ? 40 : 2;
        assert.ok(come <= (edit.kind === "move" ? size : 2) && gone <= size, `${JSON.stringify(edit)}\n${next}`);
        current = next;
      }
    }
  });
}

test("setting the value that is there changes no byte", () => {
  const text = seed("discount-coupon");
  assert.ok(text.includes('"x": 368.0'));
  const edits: Edit[] = [
    { kind: "set", path: ["layers", 3, "x"], value: 368 },
    { kind: "set", path: ["fields", "percent"], value: { ...(valueAt(parse(text).value, ["fields", "percent"]) as object) } },
  ];
  assert.equal(applyEdits(text, edits), text);
});

test("a move of one layer differs in one line, in x alone", () => {
  const text = seed("tmpl_a1b2c3d4e5");
  const at = (parse(text).value as { layers: { name?: string }[] }).layers.findIndex((l) => l.name === "title");
  const after = applyEdits(text, [{ kind: "set", path: ["layers", at, "x"], value: 120 }]);
  assert.deepEqual(changedLines(text, after), [1, 1]);
  assert.equal(after.length - text.length, String(120).length - String(80).length);
});

test("a new layer takes one line, indented as its siblings", () => {
  const text = '{\n  "width": 10,\n  "layers": [\n    {"type": "text"},\n    {"type": "qr"}\n  ]\n}\n';
  const layer = { type: "line", x: 1, stroke: { color: "#000" } };
  const line = '    {"type": "line", "x": 1, "stroke": {"color": "#000"}}';
  const at = (index: number) => lines(applyEdits(text, [{ kind: "insert", path: ["layers", index], value: layer }]));
  assert.equal(at(0)[3], `${line},`);
  assert.equal(at(1)[4], `${line},`);
  assert.equal(at(2)[5], line);
  assert.equal(at(2).length, lines(text).length + 1);
});

test("a removed layer takes its line", () => {
  const text = '{\n  "layers": [\n    {"type": "a"},\n    {"type": "b"},\n    {"type": "c"}\n  ]\n}\n';
  const without = (index: number) => applyEdits(text, [{ kind: "remove", path: ["layers", index] }]);
  for (const [index, type] of ["a", "b"].entries()) {
    assert.equal(without(index), text.replace(`    {"type": "${type}"},\n`, ""));
  }
  assert.equal(without(2), text.replace(',\n    {"type": "c"}', ""));
});

test("a removed property leaves the line breaks of its neighbours", () => {
  const text = '{"layers": [{"type": "text", "x": 1, "y": 2,\n  "text": "a", "size": 3}]}';
  const without = (key: string) => applyEdits(text, [{ kind: "remove", path: ["layers", 0, key] }]);
  assert.equal(without("y"), text.replace(', "y": 2', ""));
  assert.equal(without("text"), text.replace('"text": "a", ', ""));
  assert.equal(without("size"), text.replace(', "size": 3', ""));
});

test("the first layer of a document and of a group stand on lines of their own", () => {
  const text = '{\n  "width": 10, "height": 10\n}\n';
  const one = applyEdits(text, [{ kind: "insert", path: ["layers", 0], value: { type: "group" } }]);
  assert.equal(one, '{\n  "width": 10, "height": 10,\n  "layers": [\n    {"type": "group"}\n  ]\n}\n');
  const two = applyEdits(one, [{ kind: "insert", path: ["layers", 0, "layers", 0], value: { type: "text" } }]);
  assert.ok(two.includes('\n    {"type": "group", "layers": [\n      {"type": "text"}\n    ]}\n'), two);
});

test("a new property stands where a reader looks for it", () => {
  const text = '{\n  "name": "a",\n  "width": 1,\n  "height": 1,\n  "layers": [\n    {"type": "text", "y": 2, "text": "t"}\n  ]\n}';
  const set = (path: Path, value: Json) => applyEdits(text, [{ kind: "set", path, value }]);
  assert.ok(set(["fields", "n"], {}).includes('"height": 1,\n  "fields": {"n": {}},\n  "layers"'));
  assert.ok(set(["alt"], "x").includes('"height": 1,\n  "alt": "x",\n  "layers"'));
  assert.ok(set(["layers", 0, "name"], "n").includes('{"type": "text", "name": "n", "y": 2'));
  assert.ok(set(["layers", 0, "x"], 3).includes('{"type": "text", "x": 3, "y": 2'));
  assert.ok(set(["layers", 0, "size"], 3).includes('"text": "t", "size": 3}'));
  assert.ok(set(["layers", 0, "shadow", "blur"], 3).includes('"text": "t", "shadow": {"blur": 3}}'));
});

test("numbers lose their noise, are never -0, and whole ones stay whole", () => {
  const text = '{"layers": [{"x": 1.5}]}';
  const set = (key: string, value: number) =>
    applyEdits(text, [{ kind: "set", path: ["layers", 0, key], value }]).slice(13, -3);
  assert.equal(set("x", 80.000000001), '"x": 80');
  assert.equal(set("x", 1 / 3), '"x": 0.33');
  assert.equal(set("x", -0.001), '"x": 0');
  assert.equal(set("letter_spacing", 0.1 + 0.2), '"x": 1.5, "letter_spacing": 0.3');
  assert.equal(set("letter_spacing", -0.035), '"x": 1.5, "letter_spacing": -0.035');
  assert.equal(set("x", Number.NaN), '"x": 0');
});

test("a minified document stays minified, and CRLF stays CRLF", () => {
  const small = '{"width":1,"layers":[{"type":"a"}]}';
  assert.equal(
    applyEdits(small, [{ kind: "insert", path: ["layers", 1], value: { type: "b", x: 1 } }]),
    '{"width":1,"layers":[{"type":"a"},{"type":"b","x":1}]}',
  );
  const windows = '{\r\n  "layers": [\r\n    {"type": "a"}\r\n  ]\r\n}\r\n';
  const after = applyEdits(windows, [{ kind: "insert", path: ["layers", 1], value: { type: "b" } }]);
  assert.equal(after.replace(/\r\n/g, "").includes("\n"), false);
});

test("a moved layer keeps its own bytes and takes its new depth", () => {
  const text =
    '{\n  "layers": [\n    {"type": "group", "layers": [\n      {"type": "a"}]},\n    {"type": "b", "x": 1.0,\n     "y": 2}\n  ]\n}\n';
  const after = applyEdits(text, [{ kind: "move", from: ["layers", 1], path: ["layers", 0, "layers", 1] }]);
  assert.ok(after.includes('      {"type": "a"},\n      {"type": "b", "x": 1.0,\n       "y": 2}]}\n'), after);
});

test("a field is renamed at its place", () => {
  const text = '{"fields": {"a": {"default": 1.0}, "b": {}}}';
  assert.equal(
    applyEdits(text, [{ kind: "move", from: ["fields", "a"], path: ["fields", "c"] }]),
    text.replace('"a"', '"c"'),
  );
  assert.throws(
    () => applyEdits(text, [{ kind: "move", from: ["fields", "a"], path: ["fields", "b"] }]),
    EditError,
  );
});

test("of a key that is written twice the last is edited, because readers take that one", () => {
  const text = '{"width": 1, "width": 2}';
  assert.equal(applyEdits(text, [{ kind: "set", path: ["width"], value: 3 }]), '{"width": 1, "width": 3}');
});

test("a key such as __proto__ is a key like others", () => {
  const after = applyEdits('{"a": 1}', [{ kind: "set", path: ["b"], value: JSON.parse('{"__proto__": 1}') as Json }]);
  assert.equal(after, '{"a": 1, "b": {"__proto__": 1}}');
  assert.equal(applyEdits(after, [{ kind: "set", path: ["b", "__proto__"], value: 2 }]), after.replace("_\": 1", "_\": 2"));
});

test("a wrong path and a text that is no JSON are errors, and change nothing", () => {
  for (const path of [["layers", 0, "x"], ["width", "x", 2], [7]] as Path[]) {
    assert.throws(() => applyEdits('{"layers": []}', [{ kind: "remove", path }]), EditError);
  }
  assert.throws(() => applyEdits('{"layers": [}', [{ kind: "set", path: ["a"], value: 1 }]), EditError);
  assert.throws(() => applyEdits('{"layers": [{}]}', [{ kind: "set", path: ["layers", 5], value: 1 }]), EditError);
});

test("a text that is no JSON is told with the place", () => {
  const { value, faults } = parse('{"width": 10,\n "height": }');
  assert.equal(value, undefined);
  assert.equal(faults[0]?.offset, 25);
  assert.equal(faults[0]?.message, "A value belongs here.");
});

test("brackets without end are refused before a parser's stack is used up", () => {
  for (const text of ["[".repeat(900_000), `${'{"a":'.repeat(150_000)}`, "x".repeat(2_000_000)]) {
    assert.equal(parse(text).value, undefined);
    assert.equal(parse(text).faults.length, 1);
    assert.throws(() => applyEdits(text, [{ kind: "set", path: ["a"], value: 1 }]), EditError);
  }
});

test("a place in the text and a path lead to each other", () => {
  const text = seed("discount-coupon");
  const path = ["layers", 17, "text"];
  const place = locate(text, path) as { offset: number; length: number };
  assert.ok(text.slice(place.offset, place.offset + place.length).startsWith('"{% if first_name %}'));
  assert.deepEqual(pathAt(text, place.offset + 3), path);
});
