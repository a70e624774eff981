import type { Panels } from "../shell/registry";

/** The editor's panels. */
export const panels: Panels = {};
