/** JSON Patch (RFC 6902) as edits of the document's text. */

import { equal, fromPointer, valueAt } from "./json";
import { applyEdits, EditError, parse } from "./text";
import type { Edit, Json } from "./types";

export interface Operation {
  op: string;
  path: string;
  from?: string;
  value?: Json;
}

/** The edits of a patch. Throws EditError where the patch does not fit the document: none of it holds. */
export function patchEdits(text: string, patch: readonly Operation[]): Edit[] {
  const edits: Edit[] = [];
  let written = text;
  for (const operation of patch) {
    const edit = editFor(operation, parse(written).value);
    if (edit === undefined) continue;
    edits.push(edit);
    written = applyEdits(written, [edit]);
  }
  return edits;
}

function editFor(operation: Operation, value: Json | undefined): Edit | undefined {
  const path = pathIn(operation.path, value);
  const parent = valueAt(value, path.slice(0, -1));
  switch (operation.op) {
    case "test":
      if (!equal(valueAt(value, path), operation.value)) throw new EditError("The document has changed.");
      return undefined;
    case "remove":
      return { kind: "remove", path };
    case "replace":
      return { kind: "set", path, value: operation.value ?? null };
    case "add":
      return { kind: Array.isArray(parent) ? "insert" : "set", path, value: operation.value ?? null };
    case "move":
      return { kind: "move", from: pathIn(operation.from ?? "", value), path };
    case "copy": {
      const copied = valueAt(value, pathIn(operation.from ?? "", value)) ?? null;
      return { kind: Array.isArray(parent) ? "insert" : "set", path, value: copied };
    }
    default:
      throw new EditError(`The operation ${operation.op} is not known.`);
  }
}

/** `-` is the place behind an array's last item. */
function pathIn(pointer: string, value: Json | undefined): (string | number)[] {
  const path = [...fromPointer(pointer, value)];
  const parent = valueAt(value, path.slice(0, -1));
  if (path[path.length - 1] === "-" && Array.isArray(parent)) path[path.length - 1] = parent.length;
  return path;
}
