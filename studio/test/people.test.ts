import assert from "node:assert/strict";
import test from "node:test";

import { CsvError, CsvParser, detectDelimiter, detectEncoding, readTable, type Row } from "../src/document/csv";
import { fieldFor, fieldFromColumn, isMissing, suggestionsFor, TableCounter } from "../src/document/people";
import { graphemes } from "../src/document/bounds";
import { Random } from "./seeds";

function rowsOf(text: string, delimiter = ",", sliceLength = 1000): Row[] {
  const rows: Row[] = [];
  const parser = new CsvParser(delimiter, (row) => rows.push(row));
  for (let at = 0; at < text.length; at += sliceLength) parser.push(text.slice(at, at + sliceLength));
  parser.end();
  return rows;
}

async function statistics(text: string) {
  const counter = new TableCounter();
  await readTable(new Blob([text]), (row, header) => counter.add(row, header));
  return counter.finish();
}

test("cells with quotes, delimiters and line ends are read whole, however the text is cut", () => {
  const text = 'name,note\r\n"Müller, Jo","said ""hi""\nand left"\r\nB, "x" \rC,\n\n"",z';
  const expected = [["name", "note"], ["Müller, Jo", 'said "hi"\nand left'], ["B", "x"], ["C", ""], ["", "z"]];
  for (let length = 1; length < 30; length++) assert.deepEqual(rowsOf(text, ",", length), expected, `${length}`);
});

test("random tables come back as they were written", () => {
  const random = new Random(11);
  const cell = (): string =>
    Array.from({ length: random.below(5) }, () => random.pick(['"', ",", "\n", "a", "é", "😀"])).join("") + "x";
  for (let round = 0; round < 200; round++) {
    const table = Array.from({ length: 3 }, () => [cell(), cell()].map((value) => value.trim()));
    const text = table.map((row) => row.map((value) => `"${value.replace(/"/g, '""')}"`).join(",")).join("\n");
    assert.deepEqual(rowsOf(text, ",", 1 + random.below(7)), table);
  }
});

test("the delimiter and the encoding are found", () => {
  assert.equal(detectDelimiter("a;b;c\n1,5;2;3\n2,5;3;4\n"), ";");
  assert.equal(detectDelimiter("a\tb\n1\t2\n"), "\t");
  assert.equal(detectDelimiter("sep=|\na|b\n"), "|");
  assert.equal(detectDelimiter("a\nb\n"), ",");
  assert.equal(detectEncoding(new Uint8Array([0x4d, 0xfc, 0x6c])), "windows-1252");
  assert.equal(detectEncoding(new TextEncoder().encode("Mül")), "utf-8");
  assert.equal(detectEncoding(new Uint8Array([0xff, 0xfe, 0x41, 0])), "utf-16le");
  assert.throws(() => detectEncoding(new Uint8Array([0x50, 0x4b, 3, 4])), CsvError);
});

test("a file is read in slices, and a letter may lie across two of them", async () => {
  const line = "Zoë,ß\n";
  const text = `a,b\n${line.repeat(120_000)}`;
  let rows = 0;
  const shares: number[] = [];
  const table = await readTable(new Blob([text]), (row) => {
    rows++;
    assert.deepEqual(row, ["Zoë", "ß"]);
  }, (share) => shares.push(share));
  assert.equal(rows, 120_000);
  assert.equal(table.rows, 120_000);
  assert.ok(shares.length >= 3);
});

test("a file without rows or of no text is refused", async () => {
  await assert.rejects(readTable(new Blob(["a,b\n"]), () => {}), CsvError);
  await assert.rejects(readTable(new Blob([""]), () => {}), CsvError);
  await assert.rejects(readTable(new Blob([",".repeat(500)]), () => {}), CsvError);
});

test("lengths are counted in graphemes, and what stands for nothing is missing", () => {
  assert.equal(graphemes("👩‍👩‍👧‍👦é"), 2);
  assert.equal(graphemes("กิน"), 2);
  for (const value of ["", "  ", "null", "N/A", "{{ first_name }}", "*|FNAME|*", "%%name%%", "[first_name]", "{first_name}"]) {
    assert.ok(isMissing(value), value);
  }
  for (const value of ["Null Island", "[VIP]", "Nan Goldin", "{a} b"]) assert.ok(!isMissing(value), value);
});

test("a column's statistics are those of a plain count", async () => {
  const random = new Random(3);
  const names = Array.from({ length: 5000 }, () => (random.next() < 0.1 ? "" : "n".repeat(1 + random.below(30))));
  const codes = names.map(() => `A${1000 + random.below(9000)}`);
  const photos = names.map((_, index) => `https://${random.pick(["a", "b"])}.example.com/${index}.jpg`);
  const header = ["name", "code", "photo", "tier"];
  const text = `${header.join(",")}\n${names.map((name, i) => [name, codes[i], photos[i], i % 2 ? "gold" : "silver"].join(",")).join("\n")}\n`;
  const { columns, rows, notable } = await statistics(text);
  const lengths = names.filter(Boolean).map((name) => name.length).sort((a, b) => a - b);
  const [name, code, photo, tier] = columns;
  assert.equal(rows, 5000);
  assert.equal(name?.missing, names.filter((value) => value === "").length);
  assert.equal(name?.longest, lengths.at(-1));
  assert.equal(name?.percentile99, lengths[Math.ceil(lengths.length * 0.99) - 1]);
  assert.equal(code?.pattern, "[A-Z0-9]{5}");
  assert.deepEqual([...(photo?.hosts ?? [])].sort(), ["a.example.com", "b.example.com"]);
  assert.deepEqual(tier?.choices, ["gold", "silver"]);
  assert.ok(notable.some((row) => row.reason === "longest" && row.column === "name"));
  assert.ok(notable.some((row) => row.reason === "missing" && row.cells[0] === ""));
  assert.ok(notable.length <= 24);

  const kinds = (spec: object, column = name) =>
    suggestionsFor("f", spec as never, column as never).map((suggestion) => suggestion.kind);
  assert.deepEqual(kinds({}), ["max_length", "default"]);
  assert.deepEqual(kinds({ max_length: lengths.at(-1), default: "x" }), []);
  assert.deepEqual(kinds({ max_length: 5, pattern: "x" }, code), []);
  assert.deepEqual(kinds({ max_length: 5 }, code), ["pattern"]);
  assert.deepEqual(kinds({ type: "image" }, photo), ["allowed_hosts"]);
  assert.deepEqual(kinds({ type: "image", allowed_hosts: ["a.example.com", "b.example.com"] }, photo), []);
  assert.equal(fieldFromColumn(photo as never)["type"], "image");
  assert.equal(fieldFromColumn(name as never)["max_length"], lengths.at(-1));
});

test("a column finds its field whatever its case and signs", () => {
  const fields = ["first_name", "größe", "a_b", "ab"];
  assert.equal(fieldFor("First Name", fields), "first_name");
  assert.equal(fieldFor("first-name", fields), "first_name");
  assert.equal(fieldFor("ab", fields), "ab");
  assert.equal(fieldFor("A B", fields), undefined);
  assert.equal(fieldFor("!!", fields), undefined);
});
