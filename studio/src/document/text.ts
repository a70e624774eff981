/**
 * The document's text is the truth: edits change it in place, and what no edit touches keeps its
 * bytes. A new layer is written on one line, indented as its siblings; a removed one takes its line.
 */

import { type Node, type ParseError, parseTree, printParseErrorCode } from "jsonc-parser";

import { equal, isObject, toPointer } from "./json";
import { tidyNumbers } from "./numbers";
import type { Edit, Json, Path } from "./types";

export interface TextFault {
  offset: number;
  length: number;
  message: string;
}

export interface Parsed {
  /** Undefined where the text is not JSON. */
  value: Json | undefined;
  faults: TextFault[];
}

/** Longer texts are never drawn or stored: the contract's bound of a document, with room to cut. */
const MAX_TEXT = 1_000_000;
const MAX_DEPTH = 200;
const MAX_FAULTS = 20;

const STRICT = { disallowComments: true, allowTrailingComma: false, allowEmptyContent: false };

const FAULT_MESSAGES: { [code: string]: string } = {
  InvalidSymbol: "This word is not JSON. Texts need double quotation marks.",
  InvalidNumberFormat: "This is not a number.",
  PropertyNameExpected: "A property's name in double quotation marks belongs here.",
  ValueExpected: "A value belongs here.",
  ColonExpected: "A colon belongs here.",
  CommaExpected: "A comma belongs here.",
  CloseBraceExpected: "A closing brace } is missing.",
  CloseBracketExpected: "A closing bracket ] is missing.",
  EndOfFileExpected: "The document has ended before this.",
  InvalidCommentToken: "JSON has no comments. Put them into meta.",
  UnexpectedEndOfString: "The quotation mark that ends this text is missing.",
  InvalidUnicode: "This \\u escape is not complete.",
  InvalidEscapeCharacter: "This escape is not known. A backslash is written \\\\.",
  InvalidCharacter: "This character has to be written as an escape, a line break as \\n.",
};

/** Reads a document's text; tells where it is not JSON. */
export function parse(text: string): Parsed {
  if (text.length > MAX_TEXT) return failed(0, "The document is over 256 KB.");
  if (nestingDepth(text) > MAX_DEPTH) return failed(0, "The document is nested too deep.");
  try {
    return { value: JSON.parse(text) as Json, faults: [] };
  } catch {
    return { value: undefined, faults: findFaults(text) };
  }
}

/** Applies edits one after the other and returns the new text. Throws EditError for a wrong path. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  return edits.reduce((current, edit) => applyEdit(current, edit), text);
}

export class EditError extends Error {}

/** The place of a value in the text, for marking it. */
export function locate(text: string, path: Path): { offset: number; length: number } | undefined {
  const root = tryTree(text);
  const node = root && findNode(root, path);
  return node && { offset: node.offset, length: node.length };
}

/** The path of the innermost value at an offset of the text. */
export function pathAt(text: string, offset: number): Path {
  let node = tryTree(text);
  const path: (string | number)[] = [];
  while (node) {
    const members: Node[] = node.children ?? [];
    const index = members.findIndex((m) => offset >= m.offset && offset <= endOf(m));
    const member = members[index];
    if (!member) break;
    path.push(node.type === "object" ? keyOf(member) : index);
    node = node.type === "object" ? valueOf(member) : member;
  }
  return path;
}

// --- reading

function failed(offset: number, message: string): Parsed {
  return { value: undefined, faults: [{ offset, length: 1, message }] };
}

function findFaults(text: string): TextFault[] {
  const errors: ParseError[] = [];
  parseTree(text, errors, STRICT);
  const faults = errors.slice(0, MAX_FAULTS).map((error) => {
    const code = printParseErrorCode(error.error);
    const message = FAULT_MESSAGES[code] ?? code;
    return { offset: error.offset, length: Math.max(1, error.length), message };
  });
  return faults.length ? faults : [{ offset: 0, length: 1, message: "This is not JSON." }];
}

/** How deep brackets are nested, counted without recursion: a parser's stack is not endless. */
function nestingDepth(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (inString) {
      if (code === 92) i++;
      else if (code === 34) inString = false;
    } else if (code === 34) inString = true;
    else if (code === 123 || code === 91) deepest = Math.max(deepest, ++depth);
    else if (code === 125 || code === 93) depth--;
  }
  return deepest;
}

function tryTree(text: string): Node | undefined {
  return nestingDepth(text) > MAX_DEPTH ? undefined : parseTree(text, [], STRICT);
}

function readTree(text: string): Node {
  const errors: ParseError[] = [];
  const deep = text.length > MAX_TEXT || nestingDepth(text) > MAX_DEPTH;
  const root = deep ? undefined : parseTree(text, errors, STRICT);
  if (!root || errors.length) throw new EditError("The document's text is not JSON.");
  return root;
}

function findNode(root: Node, path: Path): Node | undefined {
  return path.reduce<Node | undefined>((node, step) => node && childAt(node, step), root);
}

function childAt(node: Node, step: string | number): Node | undefined {
  if (node.type === "array") return typeof step === "number" ? node.children?.[step] : undefined;
  const property = propertyAt(node, String(step));
  return property && valueOf(property);
}

/** Of a key that is written twice the last counts, as JSON's readers have it. */
function propertyAt(node: Node, key: string): Node | undefined {
  return node.type === "object" ? node.children?.findLast((p) => keyOf(p) === key) : undefined;
}

function keyOf(property: Node): string {
  return property.children?.[0]?.value as string;
}

function valueOf(property: Node): Node | undefined {
  return property.children?.[1];
}

function endOf(node: Node): number {
  return node.offset + node.length;
}

// --- one edit

function applyEdit(text: string, edit: Edit): string {
  switch (edit.kind) {
    case "set":
      return set(text, edit.path, edit.value);
    case "remove":
      return remove(text, edit.path);
    case "insert":
      return insert(text, edit.path, (style) => write(edit.value, style));
    case "move":
      return move(text, edit.from, edit.path);
  }
}

function set(text: string, path: Path, raw: Json): string {
  const root = readTree(text);
  const value = tidyNumbers(raw, path[path.length - 1]);
  const { node, rest } = deepest(root, path);
  if (rest.length === 0) return replace(text, node, value);
  if (node.type !== "object" && node.type !== "array") {
    return replace(text, node, nest(rest, value));
  }
  const added = nest(rest.slice(1), value);
  const step = rest[0] as string | number;
  if (node.type === "array") {
    if (step !== (node.children ?? []).length) throw noSuch(path);
    return insert(text, path.slice(0, path.length - rest.length + 1), (style) => write(added, style));
  }
  return addProperty(text, node, String(step), added, path.length === rest.length);
}

/** The deepest value that a path reaches, and the steps that are still missing. */
function deepest(root: Node, path: Path): { node: Node; rest: Path } {
  let node = root;
  for (let depth = 0; depth < path.length; depth++) {
    const child = childAt(node, path[depth] as string | number);
    if (!child) return { node, rest: path.slice(depth) };
    node = child;
  }
  return { node, rest: [] };
}

/** Wraps a value in the objects and arrays of the steps that lead to it. */
function nest(steps: Path, value: Json): Json {
  return steps.reduceRight<Json>(
    (inner, step) => (typeof step === "number" ? [inner] : { [step]: inner }),
    value,
  );
}

function replace(text: string, node: Node, value: Json): string {
  const written = text.slice(node.offset, endOf(node));
  if (equal(JSON.parse(written) as Json, value)) return text;
  return splice(text, node.offset, endOf(node), write(value, styleOf(text)));
}

function remove(text: string, path: Path): string {
  const member = memberAt(readTree(text), path);
  const { start, end } = extent(text, member);
  return splice(text, start, end, "");
}

type Writer = (style: Style, indent: string) => string;

function insert(text: string, path: Path, writer: Writer): string {
  const array = findNode(readTree(text), path.slice(0, -1));
  const index = path[path.length - 1];
  if (!array || array.type === "null") {
    return insert(set(text, path.slice(0, -1), []), path, writer);
  }
  if (array.type !== "array") throw noSuch(path);
  const items = array.children ?? [];
  if (typeof index !== "number" || index < 0 || index > items.length) throw noSuch(path);
  return addItem(text, array, index, writer);
}

function addItem(text: string, array: Node, index: number, writer: Writer): string {
  const items = array.children ?? [];
  const after = items[index];
  const sibling = after ?? items[index - 1];
  if (!sibling) return fillEmptyArray(text, array, writer);
  const style = styleOf(text);
  const ownLine = startsLine(text, sibling.offset);
  const indent = lineIndent(text, ownLine ? sibling.offset : array.offset);
  const gap = ownLine ? lineEnd(text) + indent : style.comma.slice(1);
  const item = writer(style, indent);
  if (after) return splice(text, after.offset, after.offset, `${item},${gap}`);
  return splice(text, endOf(sibling), endOf(sibling), `,${gap}${item}`);
}

function fillEmptyArray(text: string, array: Node, writer: Writer): string {
  const style = styleOf(text);
  const indent = lineIndent(text, array.offset);
  const start = array.offset + 1;
  const end = endOf(array) - 1;
  if (!text.includes("\n")) return splice(text, start, end, writer(style, indent));
  const inner = indent + indentUnit(text);
  const item = writer(style, inner);
  return splice(text, start, end, lineEnd(text) + inner + item + lineEnd(text) + indent);
}

function move(text: string, from: Path, path: Path): string {
  const root = readTree(text);
  const node = findNode(root, from);
  if (!node) throw noSuch(from);
  const sameParent = from.length === path.length && from.slice(0, -1).every((s, i) => s === path[i]);
  const key = path[path.length - 1];
  if (sameParent && typeof key === "string") return rename(text, root, from, key);
  if (isWithin(path, from)) throw new EditError("A layer cannot be moved into itself.");
  const raw = text.slice(node.offset, endOf(node));
  const oldIndent = lineIndent(text, node.offset);
  const rest = remove(text, from);
  if (typeof key === "number") {
    return insert(rest, path, (_style, indent) => reindent(raw, oldIndent, indent));
  }
  return set(rest, path, JSON.parse(raw) as Json);
}

function rename(text: string, root: Node, from: Path, key: string): string {
  const member = memberAt(root, from);
  const name = member.node.children?.[0] as Node;
  if (name.value === key) return text;
  if (propertyAt(member.parent, key)) throw new EditError(`There is a ${key} already.`);
  return splice(text, name.offset, endOf(name), JSON.stringify(key));
}

function isWithin(path: Path, outer: Path): boolean {
  return path.length > outer.length && outer.every((step, index) => step === path[index]);
}

// --- members of objects and arrays

interface Member {
  parent: Node;
  node: Node;
  index: number;
}

function memberAt(root: Node, path: Path): Member {
  const parent = findNode(root, path.slice(0, -1));
  const step = path[path.length - 1];
  const node =
    parent && step !== undefined
      ? parent.type === "object"
        ? propertyAt(parent, String(step))
        : childAt(parent, step)
      : undefined;
  if (!parent || !node) throw noSuch(path);
  return { parent, node, index: (parent.children ?? []).indexOf(node) };
}

/** What goes with a removed member: its comma, and its line if it has one for itself. */
function extent(text: string, { parent, node, index }: Member): { start: number; end: number } {
  const before = parent.children?.[index - 1];
  const after = parent.children?.[index + 1];
  if (!before && !after) return { start: parent.offset + 1, end: endOf(parent) - 1 };
  const leadsLine = startsLine(text, node.offset);
  if (after && (!before || (leadsLine && !startsLine(text, after.offset)))) {
    return { start: node.offset, end: after.offset };
  }
  return { start: endOf(before as Node), end: endOf(node) };
}

/** Where a new key goes: behind the last one that comes before it here, else before `layers`. */
const KEY_ORDER = (
  "$schema type name x y width height rotation opacity blend background color font direction " +
  "locale time_zone numerals styles fields"
).split(" ");

function addProperty(text: string, object: Node, key: string, value: Json, isRoot: boolean): string {
  const style = styleOf(text);
  const written = `${JSON.stringify(key)}${style.colon}${write(value, style)}`;
  const properties = object.children ?? [];
  const last = properties[properties.length - 1];
  if (!last) return splice(text, object.offset + 1, endOf(object) - 1, firstProperty(text, isRoot, written));
  const anchor = anchorFor(properties, key);
  const expanded = startsLine(text, (properties[0] as Node).offset) && (isRoot || allOnLines(text, properties));
  const gap = expanded ? lineEnd(text) + lineIndent(text, (properties[0] as Node).offset) : style.comma.slice(1);
  if (anchor) return splice(text, endOf(anchor), endOf(anchor), `,${gap}${written}`);
  const first = properties.find((p) => keyOf(p) === "layers") ?? (properties[0] as Node);
  return splice(text, first.offset, first.offset, `${written},${gap}`);
}

function firstProperty(text: string, isRoot: boolean, written: string): string {
  if (!isRoot || !text.includes("\n")) return written;
  return lineEnd(text) + indentUnit(text) + written + lineEnd(text);
}

/** The property to write behind, or undefined for the front (before `layers`). */
function anchorFor(properties: readonly Node[], key: string): Node | undefined {
  const rank = KEY_ORDER.indexOf(key);
  if (rank >= 0) {
    const known = properties.filter((p) => {
      const other = KEY_ORDER.indexOf(keyOf(p));
      return other >= 0 && other < rank;
    });
    return known[known.length - 1] ?? undefined;
  }
  const last = properties[properties.length - 1] as Node;
  if (keyOf(last) !== "layers") return last;
  return properties[properties.length - 2];
}

function allOnLines(text: string, properties: readonly Node[]): boolean {
  return properties.every((property) => startsLine(text, property.offset));
}

// --- layout of the text

interface Style {
  colon: string;
  comma: string;
}

/** How the document writes colons and commas: `": "` as people do, or `":"` where it is minified. */
function styleOf(text: string): Style {
  const minified = /^\s*[{[]\s*"(?:[^"\\]|\\.)*":\S/.test(text);
  return minified ? { colon: ":", comma: "," } : { colon: ": ", comma: ", " };
}

function write(value: Json, style: Style): string {
  return stringify(tidyNumbers(value), style);
}

function stringify(value: Json, style: Style): string {
  if (Array.isArray(value)) return `[${value.map((v) => stringify(v, style)).join(style.comma)}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const members = Object.keys(value).map(
    (key) => `${JSON.stringify(key)}${style.colon}${stringify(value[key] as Json, style)}`,
  );
  return `{${members.join(style.comma)}}`;
}

function lineEnd(text: string): string {
  return /\r\n/.test(text) ? "\r\n" : "\n";
}

function lineStart(text: string, offset: number): number {
  return text.lastIndexOf("\n", offset - 1) + 1;
}

function startsLine(text: string, offset: number): boolean {
  const start = lineStart(text, offset);
  return start > 0 && text.slice(start, offset).trim() === "";
}

function lineIndent(text: string, offset: number): string {
  return /^[ \t]*/.exec(text.slice(lineStart(text, offset), offset))?.[0] ?? "";
}

function indentUnit(text: string): string {
  return /\n([ \t]+)\S/.exec(text)?.[1] ?? "  ";
}

/** A value of several lines keeps its shape at its new place. */
function reindent(raw: string, from: string, to: string): string {
  if (from === to) return raw;
  return raw.replace(/\n([ \t]*)/g, (line, indent: string) =>
    indent.startsWith(from) ? `\n${to}${indent.slice(from.length)}` : line,
  );
}

function splice(text: string, start: number, end: number, inserted: string): string {
  return text.slice(0, start) + inserted + text.slice(end);
}

function noSuch(path: Path): EditError {
  return new EditError(`The document has nothing at ${toPointer(path) || "its root"}.`);
}
