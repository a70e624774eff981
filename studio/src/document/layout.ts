/** Formats a whole document: a property a line, and one line for each layer and each field. */

import { isObject } from "./json";
import { parse } from "./text";
import type { Json } from "./types";

const WIDTH = 100;

/** The text in the layout in which templates are kept in git; undefined where it is no JSON. */
export function formatDocument(text: string): string | undefined {
  const { value } = parse(text);
  if (!isObject(value)) return undefined;
  return `${spread(value, "")}\n`;
}

function line(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(line).join(", ")}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const members = Object.keys(value).map((key) => `${JSON.stringify(key)}: ${line(value[key] as Json)}`);
  return `{${members.join(", ")}}`;
}

/** An object with each property on a line of its own. */
function spread(value: { [key: string]: Json }, indent: string): string {
  const inner = `${indent}  `;
  const members = Object.keys(value).map((key) => `${inner}${JSON.stringify(key)}: ${member(key, value[key] as Json, inner)}`);
  return members.length ? `{\n${members.join(",\n")}\n${indent}}` : "{}";
}

function member(key: string, value: Json, indent: string): string {
  if (key === "layers" && Array.isArray(value)) return layers(value, indent);
  const holdsMore = key === "fields" || key === "styles" || (isObject(value) && Array.isArray(value["layers"]));
  if (isObject(value) && (holdsMore || indent.length + line(value).length > WIDTH)) return spread(value, indent);
  return line(value);
}

/** A layer a line; a group's layers on lines of their own, indented. */
function layers(list: Json[], indent: string): string {
  if (list.length === 0) return "[]";
  const inner = `${indent}  `;
  return `[\n${list.map((layer) => inner + layerLine(layer, inner)).join(",\n")}\n${indent}]`;
}

function layerLine(layer: Json, indent: string): string {
  if (!isObject(layer) || !Array.isArray(layer["layers"]) || layer["layers"].length === 0) return line(layer);
  const members = Object.keys(layer).map((key) => {
    const value = layer[key] as Json;
    return `${JSON.stringify(key)}: ${key === "layers" && Array.isArray(value) ? layers(value, indent) : line(value)}`;
  });
  return `{${members.join(", ")}}`;
}
