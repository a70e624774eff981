/** Layers follow the pointer, as pictures where their parts are at hand, else as outlines. */

import type { Edit } from "../../document/types";
import { duplicateLayers, numberOf, pathOf } from "../../editor/operations";
import type { LayerId, LayerNode } from "../../editor/store";
import type { CanvasController } from "../controller";
import { type Box, type Corners, type Point, boundsOf, moveCorners, roundLength, subtract, union } from "../geometry";
import type { Gesture, Keys } from "./gesture";
import { alongOneAxis, inParent } from "./shapes";
import { type Gap, type Guide, type SnapTargets, snapMove } from "./snap";
import { baselinesOf, isOn, otherLayers } from "./targets";

export class MoveGesture implements Gesture {
  readonly #starts: ReadonlyMap<LayerId, Corners>;
  readonly #box: Box | undefined;
  readonly #targets: SnapTargets;
  readonly #baselines: readonly number[];
  readonly #copies: boolean;
  #hasParts: boolean;
  #by: Point = [0, 0];

  constructor(
    private readonly canvas: CanvasController,
    private readonly nodes: readonly LayerNode[],
    private readonly press: { point: Point; keys: Keys },
  ) {
    const moving = new Set(nodes.map((node) => node.id));
    this.#starts = new Map(nodes.flatMap((node) => canvas.placesOf(node.id).slice(0, 1).map((corners) => [node.id, corners])));
    this.#box = union([...this.#starts.values()].map(boundsOf));
    this.#targets = otherLayers(canvas, moving);
    this.#baselines = nodes.length === 1 ? baselinesOf(canvas, moving) : [];
    this.#copies = press.keys.alt;
    this.#hasParts = this.#begin();
    canvas.editor.loop.rest(this.#hasParts ? "all" : "all_but_parts");
  }

  update(point: Point, keys: Keys): void {
    if (!this.#hasParts && this.canvas.editor.loop.parts.value !== undefined) {
      this.#hasParts = this.#begin();
      if (this.#hasParts) this.canvas.editor.loop.rest("all");
    }
    const free = subtract(point, this.press.point);
    const delta = keys.shift ? alongOneAxis(free) : free;
    const { by, guides, gaps } = this.#snapped(delta, keys);
    this.#by = by;
    this.canvas.stack.drag([1, 0, 0, 1, by[0], by[1]]);
    const corners = new Map([...this.#starts].map(([id, start]) => [id, moveCorners(start, by)]));
    const [first] = this.nodes;
    const position = first ? inParent(by, this.canvas.frameOf(first, this.#starts.get(first.id))?.parentAngle ?? 0) : by;
    const label = first ? `${roundLength(numberOf(first, "x") + position[0])}, ${roundLength(numberOf(first, "y") + position[1])}` : "";
    this.canvas.live.value = { corners, guides, gaps, label };
  }

  commit(): void {
    const { canvas, nodes } = this;
    const { editor } = canvas;
    const hadParts = editor.loop.parts.value?.text === editor.text.value;
    const text = editor.text.value;
    if (this.#copies) this.#dropCopies();
    else editor.edit("Move", canvas.moveEdits(nodes, this.#by));
    const changed = editor.text.value !== text;
    if (changed && hadParts && !this.#copies) editor.loop.moveParts(this.#by, editor.text.value);
    canvas.stack.endDrag(changed);
    const { live } = canvas;
    live.value = changed && live.value ? { ...live.value, guides: [], gaps: [], label: "", ended: true } : undefined;
    editor.loop.rest("none");
  }

  cancel(): void {
    this.canvas.stack.endDrag(false);
    this.canvas.live.value = undefined;
    this.canvas.editor.loop.rest("none");
  }

  #begin(): boolean {
    const pointers = this.nodes.map((node) => node.pointer);
    // A copy is dragged as an outline: its original stays where it is.
    return !this.#copies && this.canvas.stack.beginDrag(pointers, this.canvas.editor.text.value);
  }

  /** A drag with Alt leaves the layers where they are and drops copies of them. */
  #dropCopies(): void {
    const { editor } = this.canvas;
    const { edits, pointers } = duplicateLayers(editor.layers.value, this.nodes, 0);
    const moves = this.nodes.flatMap((node, index) => {
      const [dx, dy] = inParent(this.#by, this.canvas.frameOf(node, this.#starts.get(node.id))?.parentAngle ?? 0);
      const path = [...pathOf({ ...node, pointer: pointers[index] as string })];
      return [
        { kind: "set", path: [...path, "x"], value: roundLength(numberOf(node, "x") + dx) },
        { kind: "set", path: [...path, "y"], value: roundLength(numberOf(node, "y") + dy) },
      ] satisfies Edit[];
    });
    editor.edit("Duplicate", [...edits, ...moves]);
    editor.selection.value = pointers.flatMap((pointer) => editor.idAt(pointer) ?? []);
  }

  #snapped(delta: Point, keys: Keys): { by: Point; guides: readonly Guide[]; gaps: readonly Gap[] } {
    const whole = this.#toWholePixels(delta);
    if (keys.free || this.#box === undefined) return { by: whole, guides: [], gaps: [] };
    const moved = { ...this.#box, x: this.#box.x + delta[0], y: this.#box.y + delta[1] };
    const baselines = this.#baselines.map((baseline) => baseline + delta[1]);
    const snap = snapMove(moved, this.#targets, this.canvas.viewport.view.value.zoom, baselines);
    // An axis that Shift holds stays where it was.
    const heldX = keys.shift && delta[0] === 0;
    const heldY = keys.shift && delta[1] === 0;
    const by: Point = [
      snap.dx !== 0 || isOn(snap.guides, "x") ? (heldX ? 0 : delta[0] + snap.dx) : whole[0],
      snap.dy !== 0 || isOn(snap.guides, "y") ? (heldY ? 0 : delta[1] + snap.dy) : whole[1],
    ];
    const rounded: Point = [roundLength(by[0]), roundLength(by[1])];
    return { by: rounded, guides: snap.guides, gaps: snap.gaps };
  }

  /** The layer that is dragged comes to whole pixels, or keeps the fraction that it had. */
  #toWholePixels(delta: Point): Point {
    return [Math.round(delta[0]), Math.round(delta[1])];
  }
}
