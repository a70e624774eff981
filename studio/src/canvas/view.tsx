/** The canvas: the service's pictures, and above them an overlay that takes pointer and keys. */

import { Component } from "preact";
import { useEffect, useRef } from "preact/hooks";

import { equal } from "../document/json";
import type { LayerNode } from "../editor/store";
import { walk } from "../editor/tree";
import { canvasWords } from "../words/shell";
import type { CanvasController } from "./controller";
import type { Keys } from "./gestures/gesture";
import { type Corners, type Point, boundsOf } from "./geometry";
import { Overlay } from "./overlay";
import { TextBox } from "./text/box";

interface Props {
  canvas: CanvasController;
}

export function CanvasView({ canvas }: Props) {
  const root = useRef<HTMLDivElement>(null);
  useEffect(() => observeSize(root.current, canvas), [canvas]);
  return (
    <div class="canvas" ref={root}>
      <Pictures canvas={canvas} />
      <Surface canvas={canvas} />
      <TextBox canvas={canvas} />
      <Empty canvas={canvas} />
    </div>
  );
}

function observeSize(element: HTMLElement | null, canvas: CanvasController): (() => void) | undefined {
  if (element === null) return undefined;
  const observer = new ResizeObserver(() => {
    canvas.resized({ width: element.clientWidth, height: element.clientHeight });
  });
  observer.observe(element);
  return () => observer.disconnect();
}

function stageStyle(canvas: CanvasController) {
  const { zoom, x, y } = canvas.viewport.view.value;
  const { width, height } = canvas.size.value;
  return { width: `${width}px`, height: `${height}px`, transform: `translate(${x}px, ${y}px) scale(${zoom})` };
}

/** A container that the picture stack fills; nothing else writes into it. */
function Pictures({ canvas }: Props) {
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (host.current) canvas.stack.attach(host.current);
  }, [canvas]);
  const { stale, picture } = canvas.editor.preview.value;
  const name = `pictures${stale && picture ? " stale" : ""}${picture ? "" : " none"}`;
  return <div class={name} style={stageStyle(canvas)} ref={host} />;
}

function Surface({ canvas }: Props) {
  const root = useRef<HTMLDivElement>(null);
  useEffect(() => (root.current ? listen(root.current, canvas) : undefined), [canvas]);
  return (
    <div
      class="surface"
      ref={root}
      role="group"
      aria-label={canvasWords.canvas}
      data-keys="layers"
      tabIndex={-1}
      style={{ cursor: canvas.cursor.value }}
    >
      <Overlay canvas={canvas} />
      <LayerButtons canvas={canvas} />
    </div>
  );
}

/** One button a layer, for keys and assistive technology; the pointer goes to the surface. */
function LayerButtons({ canvas }: Props) {
  const { editor } = canvas;
  const selected = new Set(editor.selection.value);
  const layers = [...walk(editor.layers.value)];
  const [first] = editor.selection.value;
  const tabStop = layers.find((node) => node.id === first)?.id ?? layers[0]?.id;
  const places = canvas.places.value;
  return (
    <div class="layer-buttons" style={stageStyle(canvas)}>
      {layers.map((node) => (
        <LayerButton key={node.id} canvas={canvas} node={node} corners={places.get(node.id)?.[0]} pressed={selected.has(node.id)} tabStop={node.id === tabStop} />
      ))}
      {layers.length === 0 && <button type="button" aria-label={canvasWords.noLayers} />}
    </div>
  );
}

interface LayerButtonProps extends Props {
  node: LayerNode;
  corners: Corners | undefined;
  pressed: boolean;
  tabStop: boolean;
}

/** With two hundred layers, only the buttons that change are made anew. */
class LayerButton extends Component<LayerButtonProps> {
  override shouldComponentUpdate(next: Readonly<LayerButtonProps>): boolean {
    const { node, corners, pressed, tabStop } = this.props;
    const isSame = equal(node.value, next.node.value) && node.locked === next.node.locked;
    return !isSame || String(corners) !== String(next.corners) || pressed !== next.pressed || tabStop !== next.tabStop;
  }

  override render({ canvas, node, corners, pressed, tabStop }: LayerButtonProps) {
    const box = corners && boundsOf(corners);
    const { x, y, width, height } = box ?? { x: 0, y: 0, width: 0, height: 0 };
    return (
      <button
        type="button"
        data-layer={node.id}
        aria-pressed={pressed}
        aria-label={canvasWords.layer(node, box)}
        tabIndex={tabStop ? 0 : -1}
        style={{ left: `${x}px`, top: `${y}px`, width: `${width}px`, height: `${height}px` }}
        onFocus={(event) => {
          if (!this.props.pressed && event.currentTarget.matches(":focus-visible")) canvas.editor.selection.value = [node.id];
        }}
      />
    );
  }
}

function Empty({ canvas }: Props) {
  const { faults, picture, problem } = canvas.editor.preview.value;
  if (picture !== undefined) return null;
  const [fault] = faults;
  if (fault === undefined && problem === undefined) return <p class="canvas-note">{canvasWords.drawing}</p>;
  return <p class="canvas-note">{canvasWords.notDrawn(fault?.detail ?? problem?.detail ?? "")}</p>;
}

// --- pointer, wheel and touch

function keysOf(event: MouseEvent): Keys {
  return { shift: event.shiftKey, alt: event.altKey, free: event.ctrlKey || event.metaKey };
}

/** Listens on the surface itself, which keeps the pointer's capture while layers come and go. */
function listen(surface: HTMLElement, canvas: CanvasController): () => void {
  const ends = new AbortController();
  const { signal } = ends;
  let pan: Point | undefined;
  const pointers = new Map<number, Point>();
  const at = (event: MouseEvent): Point => {
    const box = surface.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const on = <K extends keyof HTMLElementEventMap>(type: K, listener: (event: HTMLElementEventMap[K]) => void) =>
    surface.addEventListener(type, listener, { signal, passive: false });

  // The ring is for keys: a press with the pointer takes it away.
  on("focusin", (event) => surface.classList.toggle("by-keys", (event.target as Element).matches(":focus-visible")));
  on("pointerdown", (event) => {
    event.preventDefault();
    surface.setPointerCapture(event.pointerId);
    if (event.button === 0 && canvas.text.press(at(event), event.shiftKey)) return;
    canvas.editing.value = undefined;
    surface.focus({ preventScroll: true });
    surface.classList.remove("by-keys");
    pointers.set(event.pointerId, at(event));
    const isPan = event.button === 1 || (event.button === 0 && spaceIsDown) || pointers.size > 1;
    if (isPan) {
      canvas.cancel();
      pan = at(event);
    } else if (event.button === 0) canvas.down(at(event), keysOf(event));
  });
  on("pointermove", (event) => {
    const point = at(event);
    if (canvas.text.drag(point)) return;
    if (pointers.size > 1) pinch(canvas, pointers, event.pointerId, point);
    else if (pan) {
      canvas.viewport.panBy(point[0] - pan[0], point[1] - pan[1]);
      pan = point;
    } else canvas.move(point, keysOf(event));
    if (pointers.has(event.pointerId)) pointers.set(event.pointerId, point);
  });
  const end = (event: PointerEvent) => {
    if (canvas.text.release()) return;
    pointers.delete(event.pointerId);
    if (pan && pointers.size === 0) pan = undefined;
    else canvas.up(at(event));
  };
  on("pointerup", end);
  on("pointercancel", (event) => {
    pointers.delete(event.pointerId);
    pan = undefined;
    canvas.cancel();
  });
  on("pointerleave", () => canvas.leave());
  on("contextmenu", (event) => event.preventDefault());
  on("wheel", (event) => {
    event.preventDefault();
    const point = at(event);
    if (event.ctrlKey || event.metaKey) {
      canvas.viewport.zoomAt(point, canvas.viewport.view.value.zoom * Math.exp(-event.deltaY / 240));
    } else if (event.shiftKey && event.deltaX === 0) canvas.viewport.panBy(-event.deltaY, 0);
    else canvas.viewport.panBy(-event.deltaX, -event.deltaY);
  });

  let spaceIsDown = false;
  const setSpace = (down: boolean) => {
    spaceIsDown = down;
    surface.classList.toggle("panning", down);
  };
  on("keydown", (event) => {
    surface.classList.add("by-keys");
    if (event.key === " " && event.target === surface) {
      event.preventDefault();
      setSpace(true);
    }
  });
  addEventListener("keyup", (event) => event.key === " " && setSpace(false), { signal });
  addEventListener("blur", () => {
    setSpace(false);
    pointers.clear();
    pan = undefined;
    canvas.cancel();
  }, { signal });
  return () => ends.abort();
}

/** Two fingers move and zoom the canvas about their middle. */
function pinch(canvas: CanvasController, pointers: Map<number, Point>, moved: number, to: Point): void {
  const from = pointers.get(moved);
  const other = [...pointers].find(([id]) => id !== moved)?.[1];
  if (from === undefined || other === undefined) return;
  const spread = (point: Point) => Math.hypot(point[0] - other[0], point[1] - other[1]);
  const middle: Point = [(to[0] + other[0]) / 2, (to[1] + other[1]) / 2];
  if (spread(from) > 10) canvas.viewport.zoomAt(middle, (canvas.viewport.view.value.zoom * spread(to)) / spread(from));
  canvas.viewport.panBy((to[0] - from[0]) / 2, (to[1] - from[1]) / 2);
}
