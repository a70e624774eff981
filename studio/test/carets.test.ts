import assert from "node:assert/strict";
import { test } from "node:test";

import { caretAt, caretNear, selectionBoxes, textCarets } from "../src/canvas/text/carets";

function line(top: number, places: readonly [offset: number, x: number][], span = 0) {
  return places.map(([offset, x]) => ({ span, offset, x, top, bottom: top + 20, rtl: false }));
}

// "Hi {{ name }}!" on one line, "Bye" on the next; the tag is one step.
const CARETS = textCarets(
  [...line(0, [[0, 10], [1, 20], [2, 25], [3, 30], [13, 80], [14, 85]]), ...line(20, [[15, 10], [16, 20], [17, 30]])],
  [17],
);

test("inside of a tag the caret is before it", () => {
  assert.equal(caretAt(CARETS, 3)?.x, 30);
  assert.equal(caretAt(CARETS, 7)?.x, 30);
  assert.equal(caretAt(CARETS, 13)?.x, 80);
});

test("a click takes the nearest place of the line that it is on", () => {
  assert.equal(caretNear(CARETS, [23, 5])?.at, 2);
  assert.equal(caretNear(CARETS, [23, 35])?.at, 16);
  assert.equal(caretNear(CARETS, [500, -50])?.at, 14);
});

test("a selection over two lines has a box on each", () => {
  assert.deepEqual(selectionBoxes(CARETS, 2, 16), [
    { x: 25, y: 0, width: 60, height: 20 },
    { x: 10, y: 20, width: 10, height: 20 },
  ]);
});

test("a selection of text in both directions has a box for each piece", () => {
  // Offsets 1 to 3 read to the left: their places go back.
  const mixed = textCarets(line(0, [[0, 0], [1, 10], [2, 40], [3, 30], [4, 60]]), [4]);
  assert.deepEqual(
    selectionBoxes(mixed, 2, 4).map((box) => [box.x, box.width]),
    [[30, 10], [30, 30]],
  );
});

test("offsets of spans count on through the text", () => {
  const carets = textCarets([...line(0, [[0, 0], [2, 20]]), ...line(0, [[0, 20], [1, 30]], 1)], [2, 1]);
  assert.deepEqual(carets.map((caret) => caret.at), [0, 2, 2, 3]);
});
