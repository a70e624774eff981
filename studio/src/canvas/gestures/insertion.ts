/** Where a dragged layer would go in its row or column. */

import type { LayerId } from "../../editor/store";
import { type Box, type Corners, type Point, boundsOf } from "../geometry";

export interface Insertion {
  /** The sibling that comes after it; undefined at the end. */
  before: LayerId | undefined;
  /** The mark on the canvas. */
  from: Point;
  to: Point;
}

const BESIDE = 3;

export function insertionAt(
  siblings: readonly { id: LayerId; corners: Corners }[],
  flow: "row" | "column",
  point: Point,
): Insertion | undefined {
  const boxes = siblings.map((sibling) => ({ id: sibling.id, box: boundsOf(sibling.corners) }));
  const [first] = boxes;
  const last = boxes.at(-1);
  if (first === undefined || last === undefined) return undefined;
  const across = flow === "row";
  const start = (box: Box) => (across ? box.x : box.y);
  const end = (box: Box) => (across ? box.x + box.width : box.y + box.height);
  // A row that is read from the right has its first layer there.
  const reversed = boxes.length > 1 && start(first.box) > start(last.box);
  const at = across ? point[0] : point[1];
  const isBefore = (box: Box) => {
    const middle = (start(box) + end(box)) / 2;
    return reversed ? at > middle : at < middle;
  };
  const next = boxes.find(({ box }) => isBefore(box));
  const beside = (next ?? last).box;
  const atStart = (next !== undefined) !== reversed;
  const mark = atStart ? start(beside) - BESIDE : end(beside) + BESIDE;
  const cross: [number, number] = across ? [beside.y, beside.y + beside.height] : [beside.x, beside.x + beside.width];
  return {
    before: next?.id,
    from: across ? [mark, cross[0]] : [cross[0], mark],
    to: across ? [mark, cross[1]] : [cross[1], mark],
  };
}
