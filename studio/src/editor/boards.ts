/** A template's three boards: the picture itself, the fallback and the ended picture. Each has its own layers. */

import { isObject, valueAt, type JsonObject } from "../document/json";
import { LAYER_ROOTS, layersAt } from "../document/ids";
import { round } from "../document/numbers";
import { parse } from "../document/text";
import type { Edit, Json, Path } from "../document/types";
import { words } from "../words/boards";
import type { Board } from "./store";

/** In the order of LAYER_ROOTS. */
export const BOARDS: readonly Board[] = ["picture", "fallback", "ended"];

/** Where a board's layers are in the document. */
export function layersPath(board: Board): Path {
  return LAYER_ROOTS[BOARDS.indexOf(board)] as Path;
}

/** The board that a JSON pointer is on. */
export function boardAt(pointer: string): Board {
  const [, first] = pointer.split("/");
  return BOARDS.find((board) => board === first) ?? "picture";
}

/** The size of a document's canvas in CSS pixels. */
export function canvasSize(text: string): { width: number; height: number } {
  return documentSize(parse(text).value);
}

/** The same of a parsed document, which stays the last good one while the text is no JSON. */
export function documentSize(value: Json | undefined): { width: number; height: number } {
  const side = (key: string) => (isObject(value) && typeof value[key] === "number" ? value[key] : 0);
  return { width: side("width"), height: side("height") };
}

/** Whether a board has layers. The template's own picture always has. */
export function hasLayers(document: Json | undefined, board: Board): boolean {
  return board === "picture" || Array.isArray(valueAt(document, layersPath(board)));
}

/** The edits that give a board layers: those that look like what it showed, else first ones. */
export function drawBoard(document: Json | undefined, board: Board): Edit[] {
  if (!isObject(document) || hasLayers(document, board)) return [];
  const path = layersPath(board);
  const layers = layersLike(document, board) ?? firstLayers(document, board);
  return [
    { kind: "set", path: [board], value: { layers: [] } },
    ...layers.map((value, index): Edit => ({ kind: "insert", path: [...path, index], value })),
  ];
}

/** Where a board's next layer goes, in front of all others, and the edits that make room for it. */
export function endOfBoard(document: Json | undefined, board: Board): { edits: Edit[]; path: Path } {
  // One that is written as a text or an asset would not be a board any more with layers beside it.
  const isWritten = valueAt(document, [board]) !== undefined;
  const edits = isWritten ? drawBoard(document, board) : [];
  const count = edits.length > 0 ? edits.length - 1 : layersAt(document, layersPath(board)).length;
  return { edits, path: [...layersPath(board), count] };
}

const MOST_LAYERS = 200;

/** The layers of the picture that are the same for everybody; a text where those say nothing. */
function firstLayers(document: JsonObject, board: Board): Json[] {
  const text = words.firstText[board];
  if (board !== "fallback") return textLayers(document, { text });
  const still = stillLayers(document["layers"]);
  const all = count(document["layers"]) + count(valueAt(document, ["ended", "layers"])) + count(still);
  return still.some(saysSomething) && all <= MOST_LAYERS ? still : textLayers(document, { text });
}

/** A board that is written as an asset or as a text, in layers. */
function layersLike(document: JsonObject, board: Board): Json[] | undefined {
  const written = document[board];
  if (!isObject(written)) return undefined;
  if (typeof written["text"] === "string") return textLayers(document, written);
  if (typeof written["source"] !== "string") return undefined;
  return [{ type: "image", ...documentSize(document), source: written["source"] }];
}

/** A text in the middle, as the service draws that of a board without layers. */
function textLayers(document: JsonObject, { text, color, background }: JsonObject): Json[] {
  const { width, height } = documentSize(document);
  const side = Math.min(width, height);
  const margin = round(side * 0.08, 0);
  const ground = { type: "rectangle", width, height, fill: background ?? "#f1f5f9" };
  const centered = {
    type: "text",
    x: margin,
    y: margin,
    width: width - 2 * margin,
    height: height - 2 * margin,
    text: text ?? "",
    color: color ?? "#1e293b",
    size: Math.max(1, Math.min(1000, round(side * 0.12, 0))),
    weight: 600,
    min_size: 1,
    fit: "shrink",
    align: "center",
    valign: "middle",
    wrap: "balance",
  };
  return [ground, centered];
}

/** The layers without those that differ by person or time. */
function stillLayers(layers: Json | undefined): Json[] {
  if (!Array.isArray(layers)) return [];
  return layers.flatMap((layer): Json[] => {
    if (!isObject(layer)) return [];
    const { layers: inner, ...own } = layer;
    if (isPersonal(own)) return [];
    if (!Array.isArray(inner)) return [layer];
    const still = stillLayers(inner);
    return still.length > 0 ? [{ ...own, layers: still }] : [];
  });
}

function isPersonal(layer: JsonObject): boolean {
  return "if" in layer || "repeat" in layer || /\{[{%]/.test(JSON.stringify(layer));
}

function saysSomething(layer: Json): boolean {
  if (!isObject(layer)) return false;
  if (layer["type"] === "text" || layer["type"] === "image") return true;
  return Array.isArray(layer["layers"]) && layer["layers"].some(saysSomething);
}

function count(layers: Json | undefined): number {
  if (!Array.isArray(layers)) return 0;
  return layers.reduce<number>((sum, layer) => sum + 1 + (isObject(layer) ? count(layer["layers"]) : 0), 0);
}
