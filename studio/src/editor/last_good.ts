/** Replaces values that are half typed by the last valid ones, so that previews continue while somebody types. */

import { fromPointer, valueAt } from "../document/json";
import { applyEdits, parse } from "../document/text";
import type { Edit, Json, Path } from "../document/types";
import type { ApiFault } from "../server/api";

export function lastGood(text: string): Json | undefined {
  return parse(text).value;
}

/**
 * The document with each faulty value as it was in `good`; undefined where that is no help. A faulty
 * value that was not there before is left out.
 */
export function withoutFaults(
  text: string,
  good: Json | undefined,
  faults: readonly ApiFault[],
): string | undefined {
  const value = parse(text).value;
  if (good === undefined || value === undefined) return undefined;
  const pointers = [...new Set(faults.map((fault) => fault.pointer))].filter((pointer) => pointer !== "");
  if (pointers.length === 0) return undefined;
  try {
    return applyEdits(text, pointers.flatMap((pointer) => repair(pointer, value, good)).reverse());
  } catch {
    return undefined;
  }
}

function repair(pointer: string, value: Json, good: Json): Edit[] {
  const path = fromPointer(pointer, value);
  const now = valueAt(value, path);
  const before = valueAt(good, path);
  if (before !== undefined) return [{ kind: "set", path, value: before }];
  return now === undefined ? [] : [{ kind: "remove", path: newLayer(path, good) ?? path }];
}

/** The layer around a place, if the last good document did not have it yet: it is not drawn without its value. */
function newLayer(path: Path, good: Json): Path | undefined {
  const lengths = path.flatMap((step, index) => (step === "layers" ? [index + 2] : []));
  return lengths.map((length) => path.slice(0, length)).find((layer) => valueAt(good, layer) === undefined);
}
