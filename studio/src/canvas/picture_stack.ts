/**
 * The service's pictures on the canvas: the whole one, or its three parts while a layer is dragged. A
 * picture is put in only when it is decoded, so no frame is empty.
 */

import type { Parts } from "../editor/preview_loop";
import type { PreviewPicture } from "../editor/store";
import type { Matrix } from "./geometry";

interface PartImages {
  of: Parts;
  below: HTMLImageElement | undefined;
  layer: HTMLImageElement;
  above: HTMLImageElement | undefined;
}

export class PictureStack {
  #host: HTMLElement | undefined;
  #newest: PreviewPicture | undefined;
  #whole: HTMLImageElement | undefined;
  #parts: PartImages | undefined;
  #partsAreShown = false;
  /** Whether a gesture shows the parts; afterwards they stay until a new picture is decoded. */
  #isDragging = false;

  attach(host: HTMLElement): void {
    this.#host = host;
    this.#show();
  }

  /**
   * Shows a picture as soon as it is decoded; `alt` says what it shows. The one that is there already
   * takes the place of a dragged layer's parts only where the service refused the change.
   */
  async setWhole(picture: PreviewPicture | undefined, alt: string, isRefused: boolean): Promise<void> {
    const isKnown = picture === this.#newest && !isRefused;
    this.#newest = picture;
    if (picture === undefined) return;
    if (isKnown) {
      if (this.#whole?.src === picture.url) this.#whole.alt = alt;
      return;
    }
    const image = imageOf(picture.url, 0, 0, picture.width, picture.height);
    image.alt = alt;
    await image.decode().catch(() => undefined);
    if (this.#newest !== picture) return;
    this.#whole = image;
    if (this.#isDragging) return;
    this.#partsAreShown = false;
    this.#show();
  }

  /** Decodes the parts of a picture, to have them at hand. */
  async setParts(parts: Parts | undefined, size: { width: number; height: number }): Promise<void> {
    if (parts === undefined) {
      if (!this.#partsAreShown) this.#parts = undefined;
      return;
    }
    if (this.#parts !== undefined && this.#parts.of.layer.url === parts.layer.url) {
      this.#parts.of = parts;
      return;
    }
    const whole = (url: string | undefined) => (url === undefined ? undefined : imageOf(url, 0, 0, size.width, size.height));
    const { url, x, y, width, height } = parts.layer;
    const images: PartImages = { of: parts, below: whole(parts.below), layer: imageOf(url, x, y, width, height), above: whole(parts.above) };
    const all = [images.below, images.layer, images.above].filter((image) => image !== undefined);
    const decoded = await Promise.all(all.map((image) => image.decode().then(() => true, () => false)));
    if (decoded.every(Boolean) && !this.#partsAreShown) this.#parts = images;
  }

  /** Begins a drag with the parts of these layers; false if they are not at hand. */
  beginDrag(pointers: readonly string[], text: string): boolean {
    const parts = this.#parts;
    if (parts === undefined || parts.of.text !== text || String(parts.of.pointers) !== String(pointers)) return false;
    place(parts.layer, parts.of.layer.x, parts.of.layer.y);
    this.#isDragging = true;
    this.#partsAreShown = true;
    this.#show();
    return true;
  }

  /** Moves, stretches or turns the dragged layers' picture on the canvas. */
  drag(matrix: Matrix): void {
    if (!this.#isDragging || this.#parts === undefined) return;
    const { x, y } = this.#parts.of.layer;
    place(this.#parts.layer, x, y, matrix);
  }

  /** Ends a drag. Unless it was given up, its picture stays until the new one is decoded. */
  endDrag(keep: boolean): void {
    if (!this.#isDragging) return;
    this.#isDragging = false;
    if (!keep) {
      this.#partsAreShown = false;
      this.#show();
    }
  }

  #show(): void {
    const host = this.#host;
    if (host === undefined) return;
    const { below, layer, above } = this.#parts ?? {};
    const images = this.#partsAreShown ? [below, layer, above] : [this.#whole];
    host.replaceChildren(...images.filter((image) => image !== undefined));
  }
}

function imageOf(url: string, x: number, y: number, width: number, height: number): HTMLImageElement {
  const image = new Image();
  image.draggable = false;
  image.alt = "";
  image.decoding = "sync";
  image.src = url;
  image.style.width = `${width}px`;
  image.style.height = `${height}px`;
  place(image, x, y);
  return image;
}

const STILL: Matrix = [1, 0, 0, 1, 0, 0];

/** Puts an image at a place, then maps it on the canvas. Its origin is the canvas's. */
function place(image: HTMLImageElement, x: number, y: number, matrix: Matrix = STILL): void {
  image.style.transform = `matrix(${matrix.join(",")}) translate(${x}px,${y}px)`;
}
