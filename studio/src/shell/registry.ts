/** The places of the editor and the screens that other modules fill. */

import type { ComponentType } from "preact";

import type { Editor } from "../editor/store";

export interface PanelProps {
  editor: Editor;
}

/** What `src/panels/index.ts` gives the editor. */
export interface Panels {
  layers?: ComponentType<PanelProps>;
  inspector?: ComponentType<PanelProps>;
  fields?: ComponentType<PanelProps>;
  people?: ComponentType<PanelProps>;
  findings?: ComponentType<PanelProps>;
  json?: ComponentType<PanelProps>;
  /** A button with the menu of layers that can be added; stands in the top bar. */
  insertMenu?: ComponentType<PanelProps>;
  /** Adds a layer of this kind in the middle of the picture: text rectangle ellipse line image qr … */
  insert?: (editor: Editor, kind: string) => void;
}

/** What `src/screens/index.ts` gives the app. */
export interface Screens {
  signIn?: ComponentType<Record<string, never>>;
  templates?: ComponentType<Record<string, never>>;
  newTemplate?: ComponentType<Record<string, never>>;
  pictureStart?: ComponentType<Record<string, never>>;
  preview?: ComponentType<{ id: string }>;
  usage?: ComponentType<Record<string, never>>;
  versions?: ComponentType<{ id: string }>;
  /** The dialog for publishing; `close` takes it away. */
  publish?: ComponentType<PanelProps & { close: () => void }>;
  /** The dialog that saves the document as another template. */
  saveCopy?: ComponentType<PanelProps & { close: () => void }>;
  assets?: ComponentType<PanelProps>;
  fonts?: ComponentType<PanelProps>;
}
