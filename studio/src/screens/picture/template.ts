/** Builds a template from a finished picture and a box in it that shows each recipient's name. */

import { graphemes, nameFault } from "../../document/bounds";
import type { Json } from "../../document/types";
import { MAX_SIDE } from "../templates/new_document";
import { type Box, hex, type Ink, type Surroundings } from "./colors";

export interface PictureChoices {
  /** The template's name, for people. */
  name: string;
  assetId: string;
  /** The picture's own pixels. */
  picture: { width: number; height: number };
  /** The width at which mails show it, in CSS pixels. */
  width: number;
  /** Where the name goes, in pixels of the picture. */
  mark: Box;
  /** An old text's box in the mark: the new one begins, or ends, where it did. */
  old?: Box;
  /** The text, with the field in it: `Hi {{ name }}`. */
  text: string;
  field: string;
  /** Shown where a reader has no name. */
  whenEmpty: string;
  example: string;
  maxLength: number;
  color: string;
  font: string;
  weight: number;
  size: number;
  align: "start" | "center" | "end";
  alt: string;
  /** Hides an old name below the text. */
  cover?: Surroundings;
  /** The colour behind the picture, while it is not drawn. */
  background: string;
}

export const MIN_WIDTH = 16;
/** The height of capitals and small letters together, in sizes: between a cap's and a line's. */
const INK_HEIGHT = 0.8;
const LINE_HEIGHT = 1.2;

/** The width in a mail: banners of 1,000 pixels and more are shown at half their pixels. */
export function shownWidth(width: number): number {
  return width >= 1_000 ? Math.round(width / 2) : width;
}

function shownHeight(picture: { width: number; height: number }, width: number): number {
  return Math.max(1, Math.round((picture.height * width) / picture.width));
}

/** The size of the text, in CSS pixels: that of the old text, or what fills the mark. */
export function proposedSize(mark: Box, scale: number, ink?: Ink): number {
  const pixels = ink ? ink.box.height / INK_HEIGHT : mark.height / LINE_HEIGHT;
  return Math.max(8, Math.min(1_000, Math.floor(pixels * scale)));
}

/** How the text is aligned: as the old text is in its mark, or centred in the picture's middle. */
export function proposedAlign(mark: Box, pictureWidth: number, ink?: Ink): PictureChoices["align"] {
  const middle = mark.x + mark.width / 2;
  if (Math.abs(middle - pictureWidth / 2) < pictureWidth * 0.04) return "center";
  if (!ink) return middle > pictureWidth * 0.75 ? "end" : "start";
  const left = ink.box.x - mark.x;
  const right = mark.x + mark.width - ink.box.x - ink.box.width;
  if (Math.abs(left - right) < mark.width * 0.08) return left < mark.width * 0.12 ? "start" : "center";
  return left < right ? "start" : "end";
}

/** Moves or resizes a mark by keys; it stays in the picture. */
export function nudged(mark: Box, key: string, step: number, resize: boolean, picture: { width: number; height: number }): Box {
  const by = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[key];
  if (!by) return mark;
  const [dx, dy] = by as [number, number];
  if (resize) {
    return kept({ ...mark, width: mark.width + dx, height: mark.height + dy }, picture);
  }
  return kept({ ...mark, x: mark.x + dx, y: mark.y + dy }, picture);
}

/** A mark of whole pixels, in the picture and not smaller than a letter. */
export function kept(mark: Box, picture: { width: number; height: number }): Box {
  const width = Math.min(Math.max(Math.round(mark.width), 8), picture.width);
  const height = Math.min(Math.max(Math.round(mark.height), 8), picture.height);
  const x = Math.min(Math.max(Math.round(mark.x), 0), picture.width - width);
  const y = Math.min(Math.max(Math.round(mark.y), 0), picture.height - height);
  return { x, y, width, height };
}

/** The mark with one number changed, as far as the picture goes; the others stay. */
export function resized(mark: Box, name: keyof Box, value: number, picture: { width: number; height: number }): Box {
  const most = {
    x: picture.width - mark.width,
    y: picture.height - mark.height,
    width: picture.width - mark.x,
    height: picture.height - mark.y,
  }[name];
  return kept({ ...mark, [name]: Math.min(Math.max(value, 0), most) }, picture);
}

/** The mark between two corners of a drag. */
export function dragged(from: { x: number; y: number }, to: { x: number; y: number }, picture: { width: number; height: number }): Box {
  const clip = (value: number, high: number) => Math.min(Math.max(value, 0), high);
  const [x1, x2] = [clip(from.x, picture.width), clip(to.x, picture.width)].sort((a, b) => a - b) as [number, number];
  const [y1, y2] = [clip(from.y, picture.height), clip(to.y, picture.height)].sort((a, b) => a - b) as [number, number];
  return kept({ x: x1, y: y1, width: x2 - x1, height: y2 - y1 }, picture);
}

/** The invalid choices, by their property; empty where all are valid. */
export function faultsOf(choices: PictureChoices): Partial<Record<"field" | "text" | "maxLength" | "whenEmpty" | "example" | "width", string>> {
  const faults: ReturnType<typeof faultsOf> = {};
  if (nameFault(choices.field, [])) faults.field = "field";
  if (!mentions(choices.text, choices.field)) faults.text = "text";
  if (!(choices.maxLength >= 1 && choices.maxLength <= 1_000)) faults.maxLength = "maxLength";
  if (graphemes(choices.whenEmpty) > choices.maxLength) faults.whenEmpty = "whenEmpty";
  if (graphemes(choices.example) > choices.maxLength) faults.example = "example";
  if (!(choices.width >= MIN_WIDTH && choices.width <= MAX_SIDE)) faults.width = "width";
  return faults;
}

/** Whether a text shows the field. */
function mentions(text: string, field: string): boolean {
  return new RegExp(`\\{\\{-?\\s*${field}\\b[^}]*\\}\\}`).test(text);
}

export function pictureTemplate(choices: PictureChoices): { [key: string]: Json } {
  const scale = choices.width / choices.picture.width;
  const height = shownHeight(choices.picture, choices.width);
  const picture: Json = {
    type: "image", name: "picture", width: choices.width, height, source: `asset:${choices.assetId}`,
  };
  const below: Json[] = choices.cover ? [picture, coverLayer(choices.cover, choices.mark, scale)] : [picture];
  const field: { [key: string]: Json } = {};
  if (choices.whenEmpty) field.default = choices.whenEmpty;
  Object.assign(field, { example: choices.example, max_length: choices.maxLength, open: true });
  return {
    name: choices.name,
    width: choices.width,
    height,
    background: choices.background,
    fields: { [choices.field]: field },
    layers: [...below, textLayer(choices, scale)],
    fallback: choices.cover ? { layers: below } : { source: `asset:${choices.assetId}` },
    alt: choices.alt,
  };
}

/** The document as text: a layer a line, as a person would write it. */
export function pictureTemplateText(choices: PictureChoices): string {
  const entries = Object.entries(pictureTemplate(choices)).map(([key, value]) => {
    if (key !== "layers" || !Array.isArray(value)) return `  ${JSON.stringify(key)}: ${spaced(value)}`;
    return `  "layers": [\n${value.map((layer) => `    ${spaced(layer)}`).join(",\n")}\n  ]`;
  });
  return `{\n${entries.join(",\n")}\n}\n`;
}

function textLayer(choices: PictureChoices, scale: number): Json {
  const box = scaled(textBox(choices), scale);
  // A tight mark around capitals is lower than a line: the box grows about its middle.
  const lineHeight = Math.ceil(choices.size * LINE_HEIGHT);
  const grown = Math.max(0, lineHeight - box.height);
  return {
    type: "text",
    name: "title",
    x: box.x,
    y: Math.round(box.y - grown / 2),
    width: box.width,
    height: box.height + grown,
    text: choices.text,
    font: choices.font,
    weight: choices.weight,
    size: choices.size,
    color: choices.color,
    align: choices.align,
    valign: "middle",
    fit: "shrink",
    min_size: Math.max(6, Math.round(choices.size / 2)),
    // Written down though it is the default: a longer name may be cut.
    overflow: "ellipsis",
    max_lines: box.height >= lineHeight * 1.9 ? 2 : 1,
  };
}

/** The mark, from the old text's left or up to its right where the text is aligned so. */
function textBox({ mark, old, align }: PictureChoices): Box {
  if (!old || align === "center") return mark;
  if (align === "start") return { ...mark, x: old.x, width: mark.x + mark.width - old.x };
  return { ...mark, width: old.x + old.width - mark.x };
}

function coverLayer(around: Surroundings, mark: Box, scale: number): Json {
  const fill: Json = around.gradient
    ? {
        type: "linear",
        angle: around.gradient.angle,
        stops: [[hex(around.gradient.from), 0], [hex(around.gradient.to), 1]],
      }
    : hex(around.color);
  return { type: "rectangle", name: "cover", ...scaled(mark, scale), fill };
}

function scaled(box: Box, scale: number): Box {
  const [x, y] = [Math.round(box.x * scale), Math.round(box.y * scale)];
  return {
    x,
    y,
    width: Math.max(1, Math.round((box.x + box.width) * scale) - x),
    height: Math.max(1, Math.round((box.y + box.height) * scale) - y),
  };
}

/** JSON on one line with a space behind each comma and colon. */
function spaced(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(spaced).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    return `{${Object.entries(value).map(([key, part]) => `${JSON.stringify(key)}: ${spaced(part)}`).join(", ")}}`;
  }
  return JSON.stringify(value);
}

/** A title from a file's name: `spring_sale-2x.png` is `Spring sale`. */
export function titleOf(fileName: string): string {
  const words = fileName.replace(/\.[^.]*$/, "").replace(/[@_-]+[123]x$/i, "").replace(/[-_\s]+/g, " ").trim();
  return words.slice(0, 80).replace(/^./u, (first) => first.toUpperCase()) || "Banner";
}
