/** JSON values, paths in a document and the edits that change its text. */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type Path = readonly (string | number)[];

/** One change of a document. Paths of later edits are those of the text that earlier ones made. */
export type Edit =
  /** Replaces or adds a property or array item. */
  | { kind: "set"; path: Path; value: Json }
  | { kind: "remove"; path: Path }
  /** The path ends with the array index to insert before. */
  | { kind: "insert"; path: Path; value: Json }
  /** Takes the value at `from` out, then inserts it at `path`. */
  | { kind: "move"; from: Path; path: Path };
