/** Turns pointer events on the canvas into selections and edits. */

import { type ReadonlySignal, type Signal, computed, effect, signal } from "@preact/signals";

import { idAt } from "../document/ids";
import { applyEdits } from "../document/text";
import type { Edit } from "../document/types";
import type { TemplateEditor } from "../editor/editor";
import { duplicateLayers, numberOf, pathOf, placeOf, isPlacedByFlow, setNumbers, topmost } from "../editor/operations";
import { documentSize } from "../editor/preview_loop";
import type { LayerId, LayerNode } from "../editor/store";
import { findLayer } from "../editor/tree";
import {
  type Box,
  type Corners,
  type Point,
  add,
  angleOf,
  boundsOf,
  boxBetween,
  centerOf,
  distance,
  mapBetween,
  moveCorners,
  normalAngle,
  roundLength,
  sizeOf,
  subtract,
  union,
} from "./geometry";
import { type Frame, type Handle, alongOneAxis, cornersAfter, inParent, resize, rotated } from "./gestures";
import { type HandlePlace, handlePlaces, handleUnder } from "./handles";
import { type DrawnLayer, drawnLayers, hitTest, layersTouching } from "./hit";
import { PictureStack } from "./picture_stack";
import { type Insertion, insertionAt } from "./reorder";
import { type Gap, type Guide, type SnapTargets, snapEdges, snapMove, snapTargets } from "./snap";
import { TextEditing } from "./text_editing";
import { Viewport } from "./viewport";

/** What a gesture shows on the overlay. It stays until the picture shows the same. */
export interface Live {
  /** Where the layers are that the gesture changes. */
  corners: ReadonlyMap<LayerId, Corners>;
  guides: readonly Guide[];
  gaps: readonly Gap[];
  label: string;
  insertion?: Insertion;
  /** The gesture has ended, the picture is on its way. */
  ended?: boolean;
}

export interface Keys {
  shift: boolean;
  alt: boolean;
  /** Ctrl, or the command key: no snapping. */
  free: boolean;
}

/** Screen pixels before a press becomes a drag. */
const SLOP = 3;
const DOUBLE_MS = 400;
const MAX_PIXELS = 16_000_000;
const SHARPNESS = [1, 1.5, 2, 3];

interface Press {
  at: Point;
  point: Point;
  keys: Keys;
  gesture: Gesture | undefined;
  /** Makes the press a gesture, or not, once it has moved. */
  start: (press: Press) => Gesture | undefined;
  /** What the press does if it ends without a drag. */
  click: () => void;
}

/** A drag in progress. */
interface Gesture {
  update(point: Point, keys: Keys): void;
  commit(): void;
  cancel(): void;
}

export class CanvasController {
  readonly viewport = new Viewport();
  readonly stack = new PictureStack();
  readonly drawn: ReadonlySignal<readonly DrawnLayer[]>;
  readonly size: ReadonlySignal<{ width: number; height: number }>;
  /** Where each layer was drawn; a gesture does not change it. */
  readonly places: ReadonlySignal<ReadonlyMap<LayerId, readonly Corners[]>>;
  /** The group whose layers are selected one by one. */
  readonly entered = signal<LayerId | undefined>(undefined);
  readonly hovered = signal<LayerId | undefined>(undefined);
  readonly live: Signal<Live | undefined> = signal(undefined);
  readonly marquee: Signal<Box | undefined> = signal(undefined);
  readonly cursor = signal("default");
  /** The text layer that is edited in place. */
  readonly editing: Signal<LayerId | undefined>;
  readonly text: TextEditing;
  readonly handles: ReadonlySignal<readonly HandlePlace[]>;

  #press: Press | undefined;
  #lastClick: { at: Point; time: number } | undefined;
  readonly #stop: (() => void)[] = [];

  constructor(readonly editor: TemplateEditor) {
    this.editing = editor.edited;
    this.text = new TextEditing(editor, this);
    this.size = computed(() => documentSize(editor.value.value));
    this.drawn = computed(() => {
      if (editor.board.value !== "picture") return [];
      const { layers, ids } = editor.preview.value;
      return drawnLayers(editor.layers.value, layers, (pointer) => idAt(ids, pointer));
    });
    this.places = computed(() => placesByLayer(this.drawn.value));
    this.handles = computed(() => this.#handlePlaces());
    this.#stop.push(
      effect(() => {
        const { picture, alt, faults } = editor.preview.value;
        void this.stack.setWhole(picture, alt, faults.length > 0);
      }),
      effect(() => void this.stack.setParts(editor.loop.parts.value, this.size.value)),
      effect(() => editor.loop.wantParts(this.#partsWanted())),
      effect(() => this.#forgetLive()),
      effect(() => this.#leaveGoneGroup()),
      effect(() => this.#chooseSharpness()),
    );
  }

  close(): void {
    this.cancel();
    for (const stop of this.#stop) stop();
  }

  /** Where a layer is drawn, or where a gesture has it. A repeated layer has several places. */
  placesOf(id: LayerId): readonly Corners[] {
    const live = this.live.value?.corners.get(id);
    return live ? [live] : (this.places.value.get(id) ?? []);
  }

  boundsOf(ids: readonly LayerId[]): Box | undefined {
    return union(ids.flatMap((id) => this.placesOf(id)).map(boundsOf));
  }

  // --- pointer events; points are screen pixels in the element

  down(at: Point, keys: Keys): void {
    const point = this.viewport.toCanvas(at);
    const handle = handleUnder(this.handles.value, at);
    if (handle) this.#press = this.#pressHandle(at, point, keys, handle);
    else this.#press = this.#pressCanvas(at, point, keys);
  }

  move(at: Point, keys: Keys): void {
    const press = this.#press;
    if (press === undefined) {
      this.#hover(at);
      return;
    }
    press.keys = keys;
    if (press.gesture === undefined) {
      if (distance(at, press.at) < SLOP) return;
      press.gesture = press.start(press);
      if (press.gesture === undefined) {
        this.#press = undefined;
        return;
      }
    }
    press.gesture.update(this.viewport.toCanvas(at), keys);
  }

  up(at: Point): void {
    const press = this.#press;
    this.#press = undefined;
    if (press === undefined) return;
    if (press.gesture) {
      press.gesture.commit();
      return;
    }
    const now = performance.now();
    const last = this.#lastClick;
    const isDouble = last !== undefined && now - last.time < DOUBLE_MS && distance(last.at, at) < 2 * SLOP;
    this.#lastClick = isDouble ? undefined : { at, time: now };
    if (isDouble) this.#doubleClick(press.point);
    else press.click();
  }

  /** Gives the gesture up; the document stays as it was. True if there was one. */
  cancel(): boolean {
    const gesture = this.#press?.gesture;
    this.#press = undefined;
    gesture?.cancel();
    return gesture !== undefined;
  }

  leave(): void {
    if (this.#press === undefined) this.hovered.value = undefined;
  }

  // --- steps that keys and pointer share

  /** Goes into a group, or edits a text in place; false for other layers. */
  enter(id: LayerId): boolean {
    const node = this.editor.layer(id);
    if (node === undefined) return false;
    if (node.type === "text") {
      this.editing.value = id;
      return true;
    }
    if (node.type !== "group" || node.children.length === 0) return false;
    this.entered.value = id;
    this.editor.selection.value = [];
    return true;
  }

  /** Leaves the group that was entered and selects it; false if none was. */
  leaveGroup(): boolean {
    const group = this.entered.value;
    if (group === undefined) return false;
    const placed = placeOf(this.editor.layers.value, group);
    this.entered.value = placed?.parent?.id;
    this.editor.selection.value = placed ? [group] : [];
    return true;
  }

  /** The layer's box in its parent, and how its parents are turned; undefined if it is not drawn. */
  frameOf(node: LayerNode, corners: Corners | undefined = this.placesOf(node.id)[0]): Frame | undefined {
    if (corners === undefined) return undefined;
    const { width, height } = sizeOf(corners);
    const rotation = numberOf(node, "rotation");
    return {
      x: numberOf(node, "x"),
      y: numberOf(node, "y"),
      width: numberOf(node, "width", roundLength(width)),
      height: numberOf(node, "height", roundLength(height)),
      rotation,
      parentAngle: normalAngle(angleOf(corners) - rotation),
    };
  }

  /** The edits that move layers on the canvas; the parts at hand stay good. */
  moveEdits(nodes: readonly LayerNode[], by: Point): Edit[] {
    return nodes.flatMap((node) => {
      const frame = this.frameOf(node) ?? { parentAngle: 0 };
      const [dx, dy] = inParent(by, frame.parentAngle);
      return setNumbers(node, { x: roundLength(numberOf(node, "x") + dx), y: roundLength(numberOf(node, "y") + dy) });
    });
  }

  /** Moves the selected layers; entries with the same `merge` become one in the history. */
  moveSelection(by: Point, label: string, merge?: string): void {
    const nodes = this.movable();
    if (nodes.length === 0) return;
    const canMoveParts = this.editor.loop.parts.value?.text === this.editor.text.value;
    this.editor.edit(label, this.moveEdits(nodes, by), { merge });
    if (canMoveParts) this.editor.loop.moveParts(by, this.editor.text.value);
  }

  /** The selected layers that have a place of their own: not locked, not in a row or column. */
  movable(): LayerNode[] {
    const { layers, selection } = this.editor;
    return topmost(layers.value, selection.value).filter((node) => {
      const placed = placeOf(layers.value, node.id);
      return !node.locked && placed !== undefined && !isPlacedByFlow(placed);
    });
  }

  // --- pressing

  #pressHandle(at: Point, point: Point, keys: Keys, place: HandlePlace): Press {
    const start = (press: Press) => (place.kind === "rotate" ? this.#rotation(press) : this.#resizing(press, place.handle));
    return { at, point, keys, gesture: undefined, start, click: () => {} };
  }

  #pressCanvas(at: Point, point: Point, keys: Keys): Press {
    const { selection } = this.editor;
    const [first] = selection.value;
    const options = { zoom: this.viewport.view.value.zoom, entered: this.entered.value };
    const hit = hitTest(this.drawn.value, point, { ...options, deeper: keys.alt, current: first });
    const press = { at, point, keys, gesture: undefined };
    if (hit === undefined) {
      return { ...press, start: (p) => this.#marquee(p), click: () => this.#clickGround(keys) };
    }
    if (keys.shift) {
      return { ...press, start: (p) => this.#marquee(p), click: () => this.#toggle(hit) };
    }
    if (selection.value.includes(hit) || keys.alt) {
      // Alt: a click goes one layer deeper, a drag takes a copy of what is selected along.
      const start = (p: Press) => (keys.alt && !selection.value.includes(hit) && selection.value.length === 0 ? undefined : this.#moving(p));
      return { ...press, start, click: () => this.#select(hit) };
    }
    // A layer as large as the canvas is everywhere: a press on it selects, a drag draws a marquee.
    if (this.#coversCanvas(hit)) return { ...press, start: (p) => this.#marquee(p), click: () => this.#select(hit) };
    this.#select(hit);
    return { ...press, start: (p) => this.#moving(p), click: () => {} };
  }

  #select(id: LayerId): void {
    this.editor.selection.value = [id];
  }

  #toggle(id: LayerId): void {
    const { selection } = this.editor;
    const has = selection.value.includes(id);
    selection.value = has ? selection.value.filter((other) => other !== id) : [...selection.value, id];
  }

  #clickGround(keys: Keys): void {
    if (keys.shift) return;
    if (this.editor.selection.value.length === 0) this.entered.value = undefined;
    this.editor.selection.value = [];
  }

  #doubleClick(point: Point): void {
    const options = { zoom: this.viewport.view.value.zoom, entered: this.entered.value };
    const hit = hitTest(this.drawn.value, point, options);
    if (hit === undefined) return;
    this.#select(hit);
    if (!this.enter(hit)) return;
    if (this.entered.value !== hit) return;
    const inner = hitTest(this.drawn.value, point, { ...options, entered: hit });
    if (inner !== undefined && inner !== hit) this.#select(inner);
  }

  #hover(at: Point): void {
    const handle = handleUnder(this.handles.value, at);
    this.cursor.value = handle?.cursor ?? "default";
    const options = { zoom: this.viewport.view.value.zoom, entered: this.entered.value };
    const under = handle ? undefined : hitTest(this.drawn.value, this.viewport.toCanvas(at), options);
    this.hovered.value = under;
  }

  #coversCanvas(id: LayerId): boolean {
    const { width, height } = this.size.value;
    const bounds = this.boundsOf([id]);
    if (bounds === undefined) return false;
    return bounds.x <= 0 && bounds.y <= 0 && bounds.x + bounds.width >= width && bounds.y + bounds.height >= height;
  }

  // --- gestures

  #moving(press: Press): Gesture | undefined {
    const nodes = this.movable();
    if (nodes.length === 0) return this.#reordering();
    return new MoveGesture(this, nodes, press);
  }

  #reordering(): Gesture | undefined {
    const [id, ...others] = this.editor.selection.value;
    const placed = id === undefined ? undefined : placeOf(this.editor.layers.value, id);
    if (placed === undefined || others.length > 0 || placed.node.locked || !isPlacedByFlow(placed)) return undefined;
    return new ReorderGesture(this, placed.node);
  }

  #resizing(press: Press, handle: Handle): Gesture | undefined {
    const node = this.editor.layer(this.editor.selection.value[0] ?? "");
    const corners = node && this.placesOf(node.id)[0];
    const frame = node && this.frameOf(node, corners);
    return node && corners && frame ? new ShapeGesture(this, node, corners, frame, press.point, handle) : undefined;
  }

  #rotation(press: Press): Gesture | undefined {
    return this.#resizing(press, ROTATE);
  }

  #marquee(press: Press): Gesture {
    const before = this.editor.selection.value;
    const kept = press.keys.shift ? before : [];
    return {
      update: (point) => {
        const box = boxBetween(press.point, point);
        this.marquee.value = box;
        const touched = layersTouching(this.drawn.value, box, this.entered.value);
        const inside = touched.filter((id) => !this.#coversCanvas(id));
        this.editor.selection.value = [...new Set([...kept, ...inside])];
      },
      commit: () => {
        this.marquee.value = undefined;
      },
      cancel: () => {
        this.marquee.value = undefined;
        this.editor.selection.value = before;
      },
    };
  }

  // --- what follows from signals

  /** The pointers whose parts are wanted: the selected layers, if they are siblings. */
  #partsWanted(): readonly string[] {
    const nodes = topmost(this.editor.layers.value, this.editor.selection.value).filter((node) => !node.locked);
    const parents = new Set(nodes.map((node) => node.pointer.replace(/\/\d+$/, "")));
    return parents.size === 1 ? nodes.map((node) => node.pointer) : [];
  }

  #forgetLive(): void {
    const { text, faults, stale } = this.editor.preview.value;
    const live = this.live.peek();
    if (live?.ended && (text === this.editor.text.peek() || faults.length > 0 || stale)) this.live.value = undefined;
  }

  #leaveGoneGroup(): void {
    const { value } = this.entered;
    if (value !== undefined && findLayer(this.editor.layers.value, value) === undefined) this.entered.value = undefined;
  }

  /** Above 100 %, and on fine screens, the picture has as many pixels as can be shown. */
  #chooseSharpness(): void {
    const { width, height } = this.size.value;
    const wanted = this.viewport.view.value.zoom * devicePixelRatio;
    const fitting = SHARPNESS.filter((dpr) => width * height * dpr * dpr <= MAX_PIXELS);
    this.editor.dpr.value = fitting.find((dpr) => dpr >= wanted - 0.01) ?? fitting.at(-1) ?? 1;
  }

  #handlePlaces(): readonly HandlePlace[] {
    const [id, ...others] = this.editor.selection.value;
    if (id === undefined || others.length > 0 || this.editing.value !== undefined) return [];
    const node = this.editor.layer(id);
    const places = this.placesOf(id);
    const placed = placeOf(this.editor.layers.value, id);
    if (node === undefined || placed === undefined || node.locked || places.length !== 1) return [];
    const corners = (places[0] as Corners).map((corner) => this.viewport.toScreen(corner));
    return handlePlaces(node, corners, isPlacedByFlow(placed));
  }
}

function placesByLayer(drawn: readonly DrawnLayer[]): ReadonlyMap<LayerId, readonly Corners[]> {
  const places = new Map<LayerId, Corners[]>();
  for (const { node, described } of drawn) {
    const known = places.get(node.id);
    if (known) known.push(described.corners);
    else places.set(node.id, [described.corners]);
  }
  return places;
}

const ROTATE: Handle = [0, 0];

/** Layers are moved: their picture, or their outlines, follow the pointer. */
class MoveGesture implements Gesture {
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
    private readonly press: Press,
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

function isOn(guides: readonly Guide[], axis: "x" | "y"): boolean {
  return guides.some((guide) => guide.axis === axis);
}

/** A layer is resized or turned: its picture is stretched; a text's outline changes and previews follow. */
class ShapeGesture implements Gesture {
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

/** A layer of a row or column is dragged to another place among its siblings. */
class ReorderGesture implements Gesture {
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

/** What the moving layers snap to: the canvas and all layers that do not move with them. */
function otherLayers(canvas: CanvasController, moving: ReadonlySet<LayerId>): SnapTargets {
  const others = canvas.drawn.value.filter(
    (layer) => !moving.has(layer.node.id) && !layer.ancestors.some((group) => moving.has(group.id)),
  );
  const boxes = others.map((layer) => boundsOf(layer.described.corners));
  const lines = others.flatMap((layer) => (isTurned(layer) ? [] : (layer.described.text?.lines ?? [])));
  return snapTargets(canvas.size.value, boxes, lines.map((line) => ({ x: line.x, y: line.baseline, width: line.width })));
}

function baselinesOf(canvas: CanvasController, moving: ReadonlySet<LayerId>): readonly number[] {
  const layer = canvas.drawn.value.find((one) => moving.has(one.node.id));
  if (layer === undefined || isTurned(layer)) return [];
  return layer.described.text?.lines.map((line) => line.baseline) ?? [];
}

function isTurned(layer: DrawnLayer): boolean {
  return Math.abs(angleOf(layer.described.corners)) > 0.01;
}

