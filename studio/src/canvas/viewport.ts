/** Which part of the canvas is on the screen, and how large. */

import { type Signal, signal } from "@preact/signals";

import type { Box, Point } from "./geometry";

const MIN_ZOOM = 0.1;
const MAX_ZOOM = 8;
const MARGIN = 32;
const STEPS = [0.1, 0.25, 0.33, 0.5, 0.67, 0.75, 1, 1.25, 1.5, 2, 3, 4, 6, 8];

export interface View {
  zoom: number;
  /** Where the canvas's top left is in the element, in screen pixels. */
  x: number;
  y: number;
}

export class Viewport {
  readonly view: Signal<View> = signal({ zoom: 1, x: MARGIN, y: MARGIN });
  /** The element's size in screen pixels. */
  readonly size = signal({ width: 0, height: 0 });
  /** Whether the canvas is fitted again when the element's size changes. */
  #fitted = true;

  toCanvas([x, y]: Point): Point {
    const view = this.view.value;
    return [(x - view.x) / view.zoom, (y - view.y) / view.zoom];
  }

  toScreen([x, y]: Point): Point {
    const view = this.view.value;
    return [x * view.zoom + view.x, y * view.zoom + view.y];
  }

  resized(size: { width: number; height: number }, canvas: { width: number; height: number }): void {
    this.size.value = size;
    if (this.#fitted) this.fit(canvas);
  }

  /** The whole canvas, at most at its own size. */
  fit(canvas: { width: number; height: number }): void {
    this.#fitted = true;
    const { width, height } = this.size.value;
    if (width === 0 || canvas.width === 0) return;
    const across = (width - 2 * MARGIN) / canvas.width;
    const down = (height - 2 * MARGIN) / canvas.height;
    this.#center(clampZoom(Math.min(across, down, 1)), canvas);
  }

  /** One CSS pixel of the template is one of the screen. */
  actual(canvas: { width: number; height: number }): void {
    this.#fitted = false;
    this.#center(1, canvas);
  }

  zoomAt(point: Point, zoom: number): void {
    this.#fitted = false;
    const before = this.view.value;
    const next = clampZoom(zoom);
    const scale = next / before.zoom;
    this.view.value = {
      zoom: next,
      x: Math.round(point[0] - (point[0] - before.x) * scale),
      y: Math.round(point[1] - (point[1] - before.y) * scale),
    };
  }

  /** To the next usual zoom, about the middle. */
  step(direction: 1 | -1): void {
    const { zoom } = this.view.value;
    const next = direction > 0 ? STEPS.find((step) => step > zoom * 1.01) : STEPS.findLast((step) => step < zoom * 0.99);
    const { width, height } = this.size.value;
    this.zoomAt([width / 2, height / 2], next ?? zoom);
  }

  panBy(dx: number, dy: number): void {
    this.#fitted = false;
    const { zoom, x, y } = this.view.value;
    this.view.value = { zoom, x: Math.round(x + dx), y: Math.round(y + dy) };
  }

  /** Bring a box of the canvas into view with the least movement. */
  reveal(box: Box): void {
    const [left, top] = this.toScreen([box.x, box.y]);
    const [right, bottom] = this.toScreen([box.x + box.width, box.y + box.height]);
    const { width, height } = this.size.value;
    const dx = shift(left, right, width);
    const dy = shift(top, bottom, height);
    if (dx !== 0 || dy !== 0) this.panBy(dx, dy);
  }

  #center(zoom: number, canvas: { width: number; height: number }): void {
    const { width, height } = this.size.value;
    const free = (all: number, used: number) => Math.round(Math.max(MARGIN, (all - used * zoom) / 2));
    this.view.value = { zoom, x: free(width, canvas.width), y: free(height, canvas.height) };
  }
}

function shift(from: number, to: number, length: number): number {
  if (from >= 0 && to <= length) return 0;
  if (to - from > length) return from > 0 || to < length ? MARGIN - from : 0;
  return from < 0 ? MARGIN - from : length - MARGIN - to;
}

function clampZoom(zoom: number): number {
  return Math.min(MAX_ZOOM, Math.max(MIN_ZOOM, zoom));
}
