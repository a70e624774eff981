/** A layer is resized or turned: its picture is stretched; a text's outline changes and previews follow. */

import { applyEdits } from "../../document/text";
import type { Edit } from "../../document/types";
import { isPlacedByFlow, placeOf, setNumbers } from "../../editor/operations";
import type { LayerNode } from "../../editor/store";
import type { CanvasController } from "../controller";
import { type Box, type Corners, type Point, add, centerOf, mapBetween, roundLength, subtract } from "../geometry";
import type { Gesture, Keys } from "./gesture";
import { type Frame, type Handle, cornersAfter, resize, rotated } from "./shapes";
import { type Guide, type SnapTargets, snapEdges } from "./snap";
import { isOn, otherLayers } from "./targets";

/** The handle that turns. */
export const ROTATE: Handle = [0, 0];

export class ReshapeGesture implements Gesture {
  readonly #targets: SnapTargets;
  readonly #hasParts: boolean;
  #box: Box;
  #rotation: number;
  #edits: Edit[] = [];

  constructor(
    private readonly canvas: CanvasController,
    private readonly node: LayerNode,
    private readonly corners: Corners,
    private readonly frame: Frame,
    private readonly from: Point,
    private readonly handle: Handle,
  ) {
    this.#box = frame;
    this.#rotation = frame.rotation;
    this.#targets = otherLayers(canvas, new Set([node.id]));
    const { editor } = canvas;
    const canStretch = node.type !== "text" && node.type !== "group";
    const mayShow = this.#isRotation || canStretch;
    this.#hasParts = mayShow && canvas.stack.beginDrag([node.pointer], editor.text.value);
    editor.loop.rest(this.#hasParts ? "all" : "parts_and_exact");
  }

  update(point: Point, keys: Keys): void {
    const { canvas, frame, node } = this;
    let guides: readonly Guide[] = [];
    let label: string;
    if (this.#isRotation) {
      this.#rotation = rotated(frame, centerOf(this.corners), this.from, point, keys);
      label = `${this.#rotation}°`;
    } else {
      guides = this.#resize(point, keys);
      label = `${this.#box.width} × ${this.#box.height}`;
    }
    const corners = cornersAfter(this.corners, frame, this.#box, this.#rotation);
    this.#edits = this.#editsNow();
    canvas.stack.drag(mapBetween(this.corners, corners));
    canvas.live.value = { corners: new Map([[node.id, corners]]), guides, gaps: [], label };
    if (!this.#hasParts) canvas.editor.tentative.value = applyEdits(canvas.editor.text.value, this.#edits);
  }

  commit(): void {
    const { canvas } = this;
    const { editor, live } = canvas;
    const text = editor.text.value;
    editor.edit(this.#isRotation ? "Rotate" : "Resize", this.#edits);
    editor.tentative.value = undefined;
    const changed = editor.text.value !== text;
    canvas.stack.endDrag(changed);
    live.value = changed && live.value ? { ...live.value, guides: [], label: "", ended: true } : undefined;
    editor.loop.rest("none");
  }

  cancel(): void {
    this.canvas.editor.tentative.value = undefined;
    this.canvas.stack.endDrag(false);
    this.canvas.live.value = undefined;
    this.canvas.editor.loop.rest("none");
  }

  get #isRotation(): boolean {
    return this.handle === ROTATE;
  }

  #resize(point: Point, keys: Keys): readonly Guide[] {
    const { canvas, frame, handle } = this;
    const delta = subtract(point, this.from);
    const isUpright = (frame.rotation + frame.parentAngle) % 360 === 0;
    if (keys.free || keys.shift || !isUpright) {
      this.#box = wholeBox(resize(frame, handle, delta, keys), frame, isUpright);
      return [];
    }
    const offset = this.corners[0] as Point;
    const moved = resize(frame, handle, delta, keys);
    const onCanvas = { ...moved, x: moved.x - frame.x + offset[0], y: moved.y - frame.y + offset[1] };
    const snap = snapEdges(onCanvas, handle, this.#targets, canvas.viewport.view.value.zoom);
    const box = resize(frame, handle, add(delta, [snap.dx, snap.dy]), keys);
    const whole = wholeBox(box, frame, true);
    this.#box = {
      x: isOn(snap.guides, "x") ? box.x : whole.x,
      width: isOn(snap.guides, "x") ? box.width : whole.width,
      y: isOn(snap.guides, "y") ? box.y : whole.y,
      height: isOn(snap.guides, "y") ? box.height : whole.height,
    };
    return snap.guides;
  }

  #editsNow(): Edit[] {
    const { node, frame } = this;
    if (this.#isRotation) return setNumbers(node, { rotation: this.#rotation });
    const box = this.#box;
    const placed = placeOf(this.canvas.editor.layers.value, node.id);
    const place = placed && isPlacedByFlow(placed) ? {} : { x: box.x, y: box.y };
    const width = box.width !== frame.width ? { width: box.width } : {};
    const height = box.height !== frame.height && hasHeight(node) ? { height: box.height } : {};
    return setNumbers(node, { ...place, ...width, ...height });
  }
}

/** A text, or a picture that keeps its proportions, has the height that follows from its width. */
function hasHeight(node: LayerNode): boolean {
  if (node.type === "text" || node.type === "image" || node.type === "qr") return node.value["height"] !== undefined || node.value["width"] === undefined;
  return true;
}

/** Whole pixels for the sides that were dragged. */
function wholeBox(box: Box, frame: Frame, isUpright: boolean): Box {
  if (!isUpright) return box;
  const left = box.x === frame.x ? frame.x : Math.round(box.x);
  const top = box.y === frame.y ? frame.y : Math.round(box.y);
  const right = box.x + box.width === frame.x + frame.width ? frame.x + frame.width : Math.round(box.x + box.width);
  const bottom = box.y + box.height === frame.y + frame.height ? frame.y + frame.height : Math.round(box.y + box.height);
  return { x: left, y: top, width: Math.max(1, roundLength(right - left)), height: Math.max(1, roundLength(bottom - top)) };
}
