/** New fields: their first properties, and fields that a text names before they exist. */

import { freeName, nameFault } from "./bounds";
import { isObject, type JsonObject, valueAt } from "./json";
import type { Edit, Json } from "./types";

/** The longest value of a new field, in characters. A merge link may fill only fields with a bound. */
const MAX_LENGTH = 40;
const UNKNOWN_NAME = /unknown name '([^']+)'/;

/** A text that each reader's mail may fill in. */
export function newTextField(): JsonObject {
  return { default: "", max_length: MAX_LENGTH, open: true };
}

/** The edit that adds a field of this name; with an example, so that the picture shows something. */
export function addTextField(name: string): Edit {
  return { kind: "set", path: ["fields", name], value: { example: exampleOf(name), ...newTextField() } };
}

/** `first_name` → "Alex"; else the words of the name. */
function exampleOf(name: string): string {
  if (/(^|_)name$/.test(name)) return "Alex";
  const words = name.replace(/_/g, " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1, MAX_LENGTH);
}

/** A free name for a new field: `name` for the first one. */
export function newFieldName(document: Json | undefined, otherwise: string): string {
  const names = Object.keys(fieldsIn(document));
  return freeName(names.length === 0 ? "name" : otherwise, names);
}

/** The name in a fault that says a text uses an unknown one, if a field can be called so. */
export function unknownName(fault: { code: string; detail: string } | undefined, document: Json | undefined): string | undefined {
  const name = fault?.code === "unknown_name" ? UNKNOWN_NAME.exec(fault.detail)?.[1] : undefined;
  return name !== undefined && nameFault(name, Object.keys(fieldsIn(document))) === undefined ? name : undefined;
}

function fieldsIn(document: Json | undefined): JsonObject {
  const fields = valueAt(document, ["fields"]);
  return isObject(fields) ? fields : {};
}
