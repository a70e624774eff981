/** Finds the background colour or gradient around a marked box, an old text in it, and text colours. */

export interface Pixels {
  data: Uint8ClampedArray;
  width: number;
  height: number;
}

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

export type Color = readonly [number, number, number];

/** The background around a mark: one colour, or a gradient across it. */
export interface Surroundings {
  color: Color;
  /** Left to right (90) or top to bottom (180), where the sides differ. */
  gradient?: { angle: 90 | 180; from: Color; to: Color };
  /** The share of the surrounding pixels near that colour or gradient, 0 to 1. */
  even: number;
}

/** Pixels in a mark that differ from its surroundings: an old text, most likely. */
export interface Ink {
  box: Box;
  color: Color;
  share: number;
}

const MAX_SAMPLES = 6_000;
const SIDE_DIFFERENCE = 10;
const EVEN_DISTANCE = 20;
const INK_DISTANCE = 56;
const MIN_CONTRAST = 4.5;
const WHITE: Color = [255, 255, 255];
const DARK: Color = [17, 24, 39];

export function hex(color: Color): string {
  return `#${color.map((part) => Math.round(part).toString(16).padStart(2, "0")).join("")}`;
}

function luminance(color: Color): number {
  const [red, green, blue] = color.map((part) => {
    const value = part / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** The contrast ratio of WCAG, 1 to 21. */
export function contrast(one: Color, other: Color): number {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

/** A box of whole pixels within the picture, at least one pixel large. */
export function within(box: Box, width: number, height: number): Box {
  const x = clamp(Math.round(box.x), 0, width - 1);
  const y = clamp(Math.round(box.y), 0, height - 1);
  return {
    x,
    y,
    width: clamp(Math.round(box.x + box.width) - x, 1, width - x),
    height: clamp(Math.round(box.y + box.height) - y, 1, height - y),
  };
}

export function surroundings(pixels: Pixels, marked: Box): Surroundings {
  const mark = within(marked, pixels.width, pixels.height);
  const ring = ringBoxes(pixels, mark);
  const boxes = [ring.left, ring.right, ring.top, ring.bottom].filter((box) => box !== undefined);
  if (boxes.length === 0) return { color: median(samples(pixels, [mark])), even: 0 };
  const color = median(samples(pixels, boxes));
  const gradient = gradientAcross(pixels, ring);
  const found: Surroundings = gradient ? { color, gradient, even: 0 } : { color, even: 0 };
  found.even = evenShare(pixels, mark, boxes, found);
  return found;
}

/** The ink in a mark; undefined where there is none, or too much to be a text. */
export function inkIn(pixels: Pixels, mark: Box, around: Surroundings): Ink | undefined {
  const area = within(mark, pixels.width, pixels.height);
  const rows = new Uint32Array(area.height);
  const columns = new Uint32Array(area.width);
  const found: { color: Color; distance: number }[] = [];
  let count = 0;
  const step = Math.max(1, Math.floor((area.width * area.height) / (MAX_SAMPLES * 4)));
  for (let y = 0; y < area.height; y += 1) {
    for (let x = 0; x < area.width; x += 1) {
      const color = colorAt(pixels, area.x + x, area.y + y);
      const away = distance(color, expected(around, area, area.x + x, area.y + y));
      if (away < INK_DISTANCE) continue;
      count += 1;
      rows[y]! += 1;
      columns[x]! += 1;
      if (count % step === 0) found.push({ color, distance: away });
    }
  }
  const share = count / (area.width * area.height);
  if (around.even < 0.6 || share < 0.004 || share > 0.6 || found.length === 0) return undefined;
  found.sort((one, other) => other.distance - one.distance);
  const strongest = found.slice(0, Math.max(1, Math.ceil(found.length / 2)));
  const [left, right] = extent(columns);
  const [top, bottom] = extent(rows);
  return {
    box: { x: area.x + left, y: area.y + top, width: right - left + 1, height: bottom - top + 1 },
    color: median(strongest.map((each) => each.color)),
    share,
  };
}

/** Colours for a text on the mark, the best first: the old text's, then the picture's own. */
export function textColors(pixels: Pixels, mark: Box, around: Surroundings, ink?: Ink): Color[] {
  const backgrounds = ink ? [around.color] : backgroundsOf(pixels, mark);
  const legible = (color: Color) => backgrounds.every((each) => contrast(each, color) >= MIN_CONTRAST);
  const plain = [WHITE, DARK].sort((one, other) => lowestContrast(other, backgrounds) - lowestContrast(one, backgrounds));
  const proposals = [...(ink ? [ink.color] : []), plain[0]!, ...palette(pixels).filter(legible)];
  const kept: Color[] = [];
  for (const color of [...proposals, plain[1]!]) {
    if (kept.every((each) => distance(each, color) > 48)) kept.push(color);
  }
  return kept.slice(0, 6);
}

function lowestContrast(color: Color, backgrounds: readonly Color[]): number {
  return Math.min(...backgrounds.map((each) => contrast(each, color)));
}

/** The darkest and the lightest tenth of a mark's pixels. */
function backgroundsOf(pixels: Pixels, mark: Box): Color[] {
  const found = samples(pixels, [within(mark, pixels.width, pixels.height)]);
  found.sort((one, other) => luminance(one) - luminance(other));
  return [found[Math.floor(found.length * 0.1)]!, found[Math.floor((found.length - 1) * 0.9)]!];
}

/** The picture's most frequent colours, in steps of 32. */
function palette(pixels: Pixels): Color[] {
  const bins = new Map<number, { count: number; sum: [number, number, number] }>();
  for (const color of samples(pixels, [{ x: 0, y: 0, width: pixels.width, height: pixels.height }])) {
    const key = ((color[0] >> 5) << 6) | ((color[1] >> 5) << 3) | (color[2] >> 5);
    const bin = bins.get(key) ?? { count: 0, sum: [0, 0, 0] };
    bin.count += 1;
    color.forEach((part, index) => (bin.sum[index]! += part));
    bins.set(key, bin);
  }
  const frequent = [...bins.values()].sort((one, other) => other.count - one.count).slice(0, 24);
  return frequent.map(({ count, sum }) => sum.map((part) => Math.round(part / count)) as unknown as Color);
}

interface Ring {
  left?: Box;
  right?: Box;
  top?: Box;
  bottom?: Box;
}

/** The four strips around a mark, as far as they are in the picture. */
function ringBoxes(pixels: Pixels, mark: Box): Ring {
  const thickness = clamp(Math.round(Math.min(mark.width, mark.height) * 0.12), 2, 24);
  const strip = (x: number, y: number, width: number, height: number): Box | undefined => {
    const [left, top] = [Math.max(0, x), Math.max(0, y)];
    const right = Math.min(pixels.width, x + width);
    const bottom = Math.min(pixels.height, y + height);
    if (right - left < 1 || bottom - top < 1) return undefined;
    return { x: left, y: top, width: right - left, height: bottom - top };
  };
  const ring: Ring = {};
  const left = strip(mark.x - thickness, mark.y, thickness, mark.height);
  const right = strip(mark.x + mark.width, mark.y, thickness, mark.height);
  const top = strip(mark.x, mark.y - thickness, mark.width, thickness);
  const bottom = strip(mark.x, mark.y + mark.height, mark.width, thickness);
  if (left) ring.left = left;
  if (right) ring.right = right;
  if (top) ring.top = top;
  if (bottom) ring.bottom = bottom;
  return ring;
}

function gradientAcross(pixels: Pixels, ring: Ring): Surroundings["gradient"] {
  const across = pair(pixels, ring.left, ring.right, 90);
  const down = pair(pixels, ring.top, ring.bottom, 180);
  const steepest = [across, down]
    .filter((each) => each !== undefined)
    .sort((one, other) => distance(other.from, other.to) - distance(one.from, one.to))[0];
  return steepest && distance(steepest.from, steepest.to) > SIDE_DIFFERENCE ? steepest : undefined;
}

function pair(pixels: Pixels, one: Box | undefined, other: Box | undefined, angle: 90 | 180) {
  if (!one || !other) return undefined;
  return { angle, from: median(samples(pixels, [one])), to: median(samples(pixels, [other])) };
}

function evenShare(pixels: Pixels, mark: Box, boxes: readonly Box[], around: Surroundings): number {
  let all = 0;
  let like = 0;
  for (const box of boxes) {
    const step = Math.max(1, Math.floor((box.width * box.height) / 1_500));
    for (let index = 0; index < box.width * box.height; index += step) {
      const [x, y] = [box.x + (index % box.width), box.y + Math.floor(index / box.width)];
      all += 1;
      if (distance(colorAt(pixels, x, y), expected(around, mark, x, y)) <= EVEN_DISTANCE) like += 1;
    }
  }
  return all === 0 ? 0 : like / all;
}

/** The colour that a place has by its surroundings. */
function expected(around: Surroundings, mark: Box, x: number, y: number): Color {
  const gradient = around.gradient;
  if (!gradient) return around.color;
  const along = gradient.angle === 90 ? (x - mark.x) / mark.width : (y - mark.y) / mark.height;
  const part = clamp(along, 0, 1);
  return gradient.from.map((from, index) => from + (gradient.to[index]! - from) * part) as unknown as Color;
}

function samples(pixels: Pixels, boxes: readonly Box[]): Color[] {
  const found: Color[] = [];
  for (const box of boxes) {
    const count = box.width * box.height;
    const step = Math.max(1, Math.floor(count / (MAX_SAMPLES / boxes.length)));
    for (let index = 0; index < count; index += step) {
      found.push(colorAt(pixels, box.x + (index % box.width), box.y + Math.floor(index / box.width)));
    }
  }
  return found;
}

/** A pixel's colour, on white where it is translucent. */
function colorAt(pixels: Pixels, x: number, y: number): Color {
  const at = (Math.round(y) * pixels.width + Math.round(x)) * 4;
  const alpha = (pixels.data[at + 3] ?? 255) / 255;
  const part = (offset: number) => (pixels.data[at + offset] ?? 255) * alpha + 255 * (1 - alpha);
  return [part(0), part(1), part(2)];
}

function median(colors: readonly Color[]): Color {
  const middle = (index: 0 | 1 | 2) => {
    const parts = colors.map((color) => color[index]).sort((a, b) => a - b);
    return Math.round(parts[Math.floor(parts.length / 2)] ?? 255);
  };
  return [middle(0), middle(1), middle(2)];
}

function distance(one: Color, other: Color): number {
  return Math.max(...one.map((part, index) => Math.abs(part - other[index]!)));
}

/** The first and last place with more than a stray pixel. */
function extent(counts: Uint32Array): [number, number] {
  const most = Math.max(...counts);
  const enough = Math.min(2, most);
  const first = counts.findIndex((count) => count >= enough);
  let last = counts.length - 1;
  while (last > first && counts[last]! < enough) last -= 1;
  return [Math.max(0, first), last];
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
