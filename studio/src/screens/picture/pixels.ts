/** Decodes a picture file to pixels, for finding colours. The pixels are never shown. */

import { type Box, type Pixels } from "./colors";
import { MAX_PIXELS, MAX_SIDE } from "../templates/new_document";

/** Colours are looked for in a picture of at most so many pixels a side. */
const MAX_READ_SIDE = 1_600;

export interface ReadPicture {
  width: number;
  height: number;
  /** Smaller than the picture by `scale`. */
  pixels: Pixels;
  scale: number;
}

export class PictureTooLarge extends Error {}

/** The pixels of a picture file as browsers show it; fails where it is none. */
export async function readPicture(file: Blob): Promise<ReadPicture> {
  const bitmap = await createImageBitmap(file);
  try {
    const { width, height } = bitmap;
    if (Math.max(width, height) > MAX_SIDE || width * height > MAX_PIXELS) throw new PictureTooLarge();
    const scale = Math.min(1, MAX_READ_SIDE / Math.max(width, height));
    const [readWidth, readHeight] = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
    const reader = new OffscreenCanvas(readWidth, readHeight).getContext("2d", { willReadFrequently: true });
    if (!reader) throw new Error("This browser cannot read pixels.");
    reader.drawImage(bitmap, 0, 0, readWidth, readHeight);
    const { data } = reader.getImageData(0, 0, readWidth, readHeight);
    return { width, height, pixels: { data, width: readWidth, height: readHeight }, scale };
  } finally {
    bitmap.close();
  }
}

/** A box of the picture in the pixels that were read, or back by `1 / scale`. */
export function scaledBox(box: Box, scale: number): Box {
  return { x: box.x * scale, y: box.y * scale, width: box.width * scale, height: box.height * scale };
}
