import type { Screens } from "../shell/registry";

/** The app's screens and the editor's dialogs. */
export const screens: Screens = {};
