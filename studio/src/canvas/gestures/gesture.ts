/** A drag in progress: it follows the pointer, then it is kept or given up. */

import type { Point } from "../geometry";

export interface Keys {
  shift: boolean;
  alt: boolean;
  /** Ctrl, or the command key: no snapping. */
  free: boolean;
}

export interface Gesture {
  update(point: Point, keys: Keys): void;
  commit(): void;
  cancel(): void;
}
