/** A layer of a row or column is dragged to another place among its siblings. */

import { pathOf, placeOf } from "../../editor/operations";
import type { LayerNode } from "../../editor/store";
import type { CanvasController } from "../controller";
import type { Point } from "../geometry";
import type { Gesture } from "./gesture";
import { type Insertion, insertionAt } from "./insertion";

export class ReorderGesture implements Gesture {
  #insertion: Insertion | undefined;

  constructor(
    private readonly canvas: CanvasController,
    private readonly node: LayerNode,
  ) {
    canvas.editor.loop.rest("all");
  }

  update(point: Point): void {
    const { canvas, node } = this;
    const placed = placeOf(canvas.editor.layers.value, node.id);
    if (placed?.parent === undefined) return;
    const siblings = placed.siblings.flatMap((sibling) => {
      const [corners] = canvas.placesOf(sibling.id);
      return corners ? [{ id: sibling.id, corners }] : [];
    });
    this.#insertion = insertionAt(siblings, placed.parent.value["flow"] === "row" ? "row" : "column", point);
    canvas.live.value = { corners: new Map(), guides: [], gaps: [], label: "", insertion: this.#insertion };
  }

  commit(): void {
    const { canvas, node } = this;
    const { editor } = canvas;
    const placed = placeOf(editor.layers.value, node.id);
    const insertion = this.#insertion;
    canvas.live.value = undefined;
    if (placed && insertion) {
      const before = insertion.before === undefined ? placed.siblings.length : placed.siblings.findIndex((one) => one.id === insertion.before);
      const to = before > placed.index ? before - 1 : before;
      const parent = pathOf(node).slice(0, -1);
      if (to !== placed.index) editor.edit("Reorder", [{ kind: "move", from: [...parent, placed.index], path: [...parent, to] }]);
    }
    editor.loop.rest("none");
  }

  cancel(): void {
    this.canvas.live.value = undefined;
    this.canvas.editor.loop.rest("none");
  }
}
