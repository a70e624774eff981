/** Reads and writes properties of layers, fields and the document through the editor. */

import { equal, fromPointer, toPointer, valueAt } from "../../document/json";
import type { Edit, Json, Path } from "../../document/types";
import type { Editor } from "../../editor/store";

/** Properties that this page added: setting one of them to its default takes it away again. */
const added = new WeakMap<Editor, Set<string>>();

function addedBy(editor: Editor): Set<string> {
  const known = added.get(editor) ?? new Set<string>();
  added.set(editor, known);
  return known;
}

/** What a set of values has in common. */
export interface Shared {
  value: Json | undefined;
  /** The values differ. */
  mixed: boolean;
}

export function readShared(document: Json | undefined, paths: readonly Path[]): Shared {
  const values = paths.map((path) => valueAt(document, path));
  const mixed = values.some((value) => !equal(value, values[0]));
  return { value: mixed ? undefined : values[0], mixed };
}

export interface PropertyChange {
  label: string;
  paths: readonly Path[];
  /** Undefined takes the property away. */
  value: Json | undefined;
  default?: Json;
  /** Changes with the same key become one entry of the history. */
  merge?: string;
}

export function changeProperty(editor: Editor, change: PropertyChange): void {
  const { label, paths, merge } = change;
  const edits = paths.flatMap((path) => editsFor(editor, path, change));
  if (edits.length) editor.edit(label, edits, { merge: merge && `${merge} ${paths.map(toPointer).join(" ")}` });
}

function editsFor(editor: Editor, path: Path, { value, default: fallback }: PropertyChange): Edit[] {
  const written = valueAt(editor.value.peek(), path);
  const key = keyOf(editor, path);
  const isDefault = value !== undefined && fallback !== undefined && equal(value, fallback);
  if (value === undefined || (isDefault && addedBy(editor).has(key))) {
    addedBy(editor).delete(key);
    return written === undefined ? [] : [{ kind: "remove", path }];
  }
  if (written === undefined) addedBy(editor).add(key);
  return [{ kind: "set", path, value }];
}

/** A name for a property that outlives moves of its layer. */
function keyOf(editor: Editor, path: Path): string {
  const pointer = toPointer(path);
  const id = editor.idAt(pointer);
  const start = id === undefined ? undefined : editor.pointerOf(id);
  return start === undefined ? pointer : `${id}${pointer.slice(start.length)}`;
}

/** The paths of layers, in the document as it is now. */
export function pathsOf(editor: Editor, ids: readonly string[]): Path[] {
  return ids.flatMap((id) => {
    const pointer = editor.pointerOf(id);
    return pointer === undefined ? [] : [fromPointer(pointer)];
  });
}
