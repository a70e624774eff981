/** Turns pointer events on the canvas into selections and edits. */

import { type ReadonlySignal, type Signal, computed, effect, signal } from "@preact/signals";

import { idAt } from "../document/ids";
import type { Edit } from "../document/types";
import type { TemplateEditor } from "../editor/editor";
import { movable, numberOf, placeOf, isPlacedByFlow, setNumbers, topmost } from "../editor/operations";
import { documentSize } from "../editor/boards";
import type { LayerId, LayerNode } from "../editor/store";
import { findLayer } from "../editor/tree";
import { type Box, type Corners, type Point, angleOf, boundsOf, boxBetween, distance, normalAngle, roundLength, sizeOf, union } from "./geometry";
import { type Frame, type Handle, inParent } from "./gestures/shapes";
import type { Gesture, Keys } from "./gestures/gesture";
import { MoveGesture } from "./gestures/move";
import { ReorderGesture } from "./gestures/reorder";
import { ReshapeGesture, ROTATE } from "./gestures/reshape";
import { type HandlePlace, handlePlaces, handleUnder } from "./handles";
import { type DrawnLayer, drawnLayers, hitTest, layersTouching } from "./hit";
import { PictureStack } from "./picture_stack";
import type { Insertion } from "./gestures/insertion";
import type { Gap, Guide } from "./gestures/snap";
import { TextEditing } from "./text/editing";
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
      effect(() => editor.loop.wantParts(this.#partPointers())),
      effect(() => this.#forgetLive()),
      effect(() => this.#leaveGoneGroup()),
      effect(() => this.#chooseSharpness()),
    );
  }

  /** The canvas is on the page in this size: now it is known how sharp a picture it can show. */
  resized(size: { width: number; height: number }): void {
    this.viewport.resized(size, this.size.value);
    this.editor.loop.shown(true);
  }

  close(): void {
    this.cancel();
    this.editor.loop.shown(false);
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

  movable(): LayerNode[] {
    return movable(this.editor.layers.value, this.editor.selection.value);
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
    return node && corners && frame ? new ReshapeGesture(this, node, corners, frame, press.point, handle) : undefined;
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

  /** The pointers of the layers whose parts are fetched: the selected ones, if they are siblings. */
  #partPointers(): readonly string[] {
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
    const needed = this.viewport.view.value.zoom * devicePixelRatio;
    const fitting = SHARPNESS.filter((dpr) => width * height * dpr * dpr <= MAX_PIXELS);
    this.editor.dpr.value = fitting.find((dpr) => dpr >= needed - 0.01) ?? fitting.at(-1) ?? 1;
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
