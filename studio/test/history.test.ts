import assert from "node:assert/strict";
import test from "node:test";

import { History, MAX_CHARACTERS, MAX_ENTRIES, PAUSE_MS, type Snapshot, type StoredHistory } from "../src/document/history";
import { NO_IDS } from "../src/document/ids";
import { seeds } from "./seeds";

function snapshot(text: string, ...selection: string[]): Snapshot {
  return { text, ids: NO_IDS, selection };
}

test("undo brings back every byte and the selection, redo the change", () => {
  for (const { text } of seeds) {
    const history = new History();
    const after = text.replace('"layers"', '"x": "é😀", "layers"').slice(0, -3);
    history.push("edit", snapshot(text, "L1"), snapshot(after, "L2"), 0);
    const undone = history.undo(after) as Snapshot;
    assert.equal(undone.text, text);
    assert.deepEqual(undone.selection, ["L1"]);
    const redone = history.redo(undone.text) as Snapshot;
    assert.equal(redone.text, after);
    assert.deepEqual(redone.selection, ["L2"]);
    assert.equal(history.redo(after), undefined);
  }
});

test("thirty steps of a held key are one entry; a pause begins another", () => {
  const history = new History();
  let text = "x=0";
  for (let step = 1; step <= 30; step++) {
    const next = `x=${step}`;
    history.push("move", snapshot(text), snapshot(next), step * 30, "move L1");
    text = next;
  }
  history.push("move", snapshot(text), snapshot("x=31"), 900 + PAUSE_MS, "move L1");
  history.push("move", snapshot("x=31"), snapshot("x=32"), 901 + PAUSE_MS, "move L2");
  const texts = [];
  for (let state = "x=32"; history.canUndo; ) texts.push((state = (history.undo(state) as Snapshot).text));
  assert.deepEqual(texts, ["x=31", "x=30", "x=0"]);
});

test("an edit that continues the last one belongs to it after any pause", () => {
  const history = new History();
  history.push("type", snapshot(""), snapshot("a"), 0, "text");
  history.push("type", snapshot("a"), snapshot("ab"), 10 * PAUSE_MS, "text", true);
  assert.equal(history.undo("ab")?.text, "");
  history.push("type", snapshot(""), snapshot("a"), 0, "text");
  history.push("move", snapshot("a"), snapshot("ab"), 1, "nudge", true);
  assert.equal(history.undo("ab")?.text, "a");
});

test("a gesture that ends where it began leaves no entry", () => {
  const history = new History();
  history.push("move", snapshot("a1"), snapshot("a2"), 0, "m");
  history.push("move", snapshot("a2"), snapshot("a1"), 1, "m");
  assert.equal(history.canUndo, false);
  history.push("nothing", snapshot("a"), snapshot("a"), 2);
  assert.equal(history.canUndo, false);
});

test("a sealed entry takes no more changes, nor does one that was undone and done again", () => {
  const history = new History();
  history.push("m", snapshot("0"), snapshot("1"), 0, "m");
  history.seal();
  history.push("m", snapshot("1"), snapshot("2"), 1, "m");
  history.undo("2");
  history.redo("1");
  history.push("m", snapshot("2"), snapshot("3"), 2, "m");
  assert.equal((history.undo("3") as Snapshot).text, "2");
  assert.equal((history.undo("2") as Snapshot).text, "1");
  assert.equal((history.undo("1") as Snapshot).text, "0");
});

test("a change after undo takes away what could be done again", () => {
  const history = new History();
  history.push("a", snapshot("0"), snapshot("1"), 0);
  history.undo("1");
  history.push("b", snapshot("0"), snapshot("2"), 1);
  assert.equal(history.canRedo, false);
});

test("entries and their characters are bounded", () => {
  const history = new History();
  for (let n = 0; n < MAX_ENTRIES + 20; n++) history.push("n", snapshot(`${n}`), snapshot(`${n + 1}`), n);
  let count = 0;
  for (let text = `${MAX_ENTRIES + 20}`; history.canUndo; count++) text = (history.undo(text) as Snapshot).text;
  assert.equal(count, MAX_ENTRIES);
  const large = new History();
  const [a, b] = ["a".repeat(3_000_000), "b".repeat(3_000_000)];
  for (let n = 0; n < 10; n++) large.push("n", snapshot(n % 2 ? a : b), snapshot(n % 2 ? b : a), n);
  assert.ok(large.toJSON().done.length <= MAX_CHARACTERS / 6_000_000);
});

test("a stored history goes on where it was", () => {
  const history = new History();
  history.push("a", snapshot("0"), snapshot("1"), 0);
  history.push("b", snapshot("1"), snapshot("2"), 1);
  history.undo("2");
  const again = new History(JSON.parse(JSON.stringify(history)) as StoredHistory);
  assert.equal((again.redo("1") as Snapshot).text, "2");
  assert.deepEqual(again.labels, { undo: "b", redo: undefined });
});
