/** Joins the text field of a layer with the picture: caret and selection are drawn, a press sets them. */

import { type ReadonlySignal, computed, signal } from "@preact/signals";

import { isObject, valueAt } from "../../document/json";
import { idAt } from "../../document/ids";
import type { TemplateEditor } from "../../editor/editor";
import type { LayerId } from "../../editor/store";
import { type TextCaret, caretAt, caretNear, selectionBoxes, textCarets } from "./carets";
import { type Corners, type Matrix, type Point, apply, contains, cornersOf, mapBetween } from "../geometry";
import { spanLengths } from "./spans";

/** What is drawn, on the canvas. */
export interface TextMarks {
  caret: readonly [Point, Point] | undefined;
  boxes: readonly Corners[];
}

interface Canvas {
  placesOf(id: LayerId): readonly Corners[];
  viewport: { toCanvas(point: Point): Point };
}

const NOTHING: TextMarks = { caret: undefined, boxes: [] };
/** Screen pixels round a layer in which a press still means its text. */
const GRACE = 12;

export class TextEditing {
  readonly marks: ReadonlySignal<TextMarks>;
  readonly #selection = signal<{ start: number; end: number } | undefined>(undefined);
  #area: HTMLTextAreaElement | null = null;
  #anchor: number | undefined;
  /** The marks of the last picture that shows the text as it stands. */
  #last = NOTHING;

  constructor(
    private readonly editor: TemplateEditor,
    private readonly canvas: Canvas,
  ) {
    this.marks = computed(() => this.#marksNow());
  }

  /** The field that is open; null when it closes. */
  attach(area: HTMLTextAreaElement | null): void {
    document.removeEventListener("selectionchange", this.#follow);
    this.#area = area;
    this.#last = NOTHING;
    this.#selection.value = undefined;
    if (area) document.addEventListener("selectionchange", this.#follow);
  }

  /** A press on the text that is edited sets the caret; false for a press elsewhere. */
  press(at: Point, extend: boolean): boolean {
    const offset = this.#offsetAt(at);
    const area = this.#area;
    if (offset === undefined || area === null) return false;
    const anchor = extend ? (area.selectionDirection === "backward" ? area.selectionEnd : area.selectionStart) : offset;
    this.#anchor = anchor;
    this.#select(anchor, offset);
    return true;
  }

  /** Selects up to the pointer; false if no press in the text began it. */
  drag(at: Point): boolean {
    if (this.#anchor === undefined) return false;
    const offset = this.#offsetAt(at, Infinity);
    if (offset !== undefined) this.#select(this.#anchor, offset);
    return true;
  }

  release(): boolean {
    const had = this.#anchor !== undefined;
    this.#anchor = undefined;
    return had;
  }

  readonly #follow = (): void => {
    const area = this.#area;
    if (area === null || document.activeElement !== area) return;
    this.#selection.value = { start: area.selectionStart, end: area.selectionEnd };
  };

  #select(anchor: number, focus: number): void {
    const area = this.#area;
    if (area === null) return;
    area.focus({ preventScroll: true });
    area.setSelectionRange(Math.min(anchor, focus), Math.max(anchor, focus), focus < anchor ? "backward" : "forward");
    this.#follow();
  }

  /** The carets of the layer in the picture, and the map from its box before rotations to the canvas. */
  #carets(): { carets: TextCaret[]; map: Matrix; corners: Corners } | undefined {
    const id = this.editor.edited.value;
    const { carets, layers, ids, text } = this.editor.preview.value;
    const described = layers.find((layer) => idAt(ids, layer.pointer) === id);
    if (id === undefined || carets === null || described === undefined || text !== this.editor.text.value) return undefined;
    const { corners } = described;
    const node = this.editor.layer(id);
    const value = node && isObject(node.value) ? valueAt(node.value, ["text"]) : undefined;
    return { carets: textCarets(carets, spanLengths(value)), map: mapBetween(cornersOf(described), corners), corners };
  }

  #marksNow(): TextMarks {
    const selection = this.#selection.value;
    if (this.editor.edited.value === undefined || selection === undefined) return NOTHING;
    const found = this.#carets();
    if (found === undefined) return this.#last;
    const { carets, map } = found;
    const onCanvas = (x: number, y: number) => apply(map, [x, y]);
    const caret = selection.start === selection.end ? caretAt(carets, selection.start) : undefined;
    const boxes = selectionBoxes(carets, selection.start, selection.end);
    this.#last = {
      caret: caret && [onCanvas(caret.x, caret.top), onCanvas(caret.x, caret.bottom)],
      boxes: boxes.map((box) => cornersOf(box).map(([x, y]) => onCanvas(x, y))),
    };
    return this.#last;
  }

  #offsetAt(at: Point, grace = GRACE): number | undefined {
    const found = this.#carets();
    if (found === undefined) return undefined;
    const point = this.canvas.viewport.toCanvas(at);
    if (grace !== Infinity && !contains(found.corners, point, grace)) return undefined;
    const places = found.carets.map((caret) => {
      const [x, top] = apply(found.map, [caret.x, caret.top]);
      const [, bottom] = apply(found.map, [caret.x, caret.bottom]);
      return { ...caret, x, top, bottom };
    });
    return caretNear(places, point)?.at;
  }
}
