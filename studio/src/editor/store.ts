/** What the editor's panels, canvas and screens read and change: one `Editor` a template. */

import type { ReadonlySignal, Signal } from "@preact/signals";

import type { IdForest } from "../document/ids";
import type { Edit, Json } from "../document/types";
import type { ApiFault, ApiProblem } from "../server/api";
import type { Drafts } from "../server/drafts";
import type { Caret, PreviewQueue } from "../server/previews";

/** A layer's name while the page is open. It survives edits and is nowhere in the document. */
export type LayerId = string;

export interface LayerNode {
  id: LayerId;
  pointer: string;
  type: string;
  name: string | undefined;
  locked: boolean;
  hidden: boolean;
  children: readonly LayerNode[];
  value: { [key: string]: Json };
}

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

export type Point = readonly [number, number];

export interface TextLine extends Box {
  baseline: number;
}

/** Where the service drew a layer, in CSS pixels of the template. */
export interface DescribedLayer extends Box {
  pointer: string;
  rotation: number;
  /** On the canvas, after all rotations: top left, top right, bottom right, bottom left. */
  corners: readonly Point[];
  ink: Box | null;
  text: { lines: readonly TextLine[]; size: number; shrink: boolean; cut: boolean; missing: string } | null;
}

export interface HiddenLayer {
  pointer: string;
  reason: string;
}

export interface Finding extends ApiFault {
  /** RFC 6902, where the API offers a change that removes the finding. */
  fix?: readonly { op: string; path: string; from?: string; value?: Json }[];
  /** What the fix does, in a sentence. */
  fix_detail?: string;
}

export interface PreviewPicture {
  /** An object URL; the editor revokes it when a newer picture took its place. */
  url: string;
  width: number;
  height: number;
}

export interface PreviewState {
  picture?: PreviewPicture;
  layers: readonly DescribedLayer[];
  hidden: readonly HiddenLayer[];
  findings: readonly Finding[];
  warnings: readonly ApiFault[];
  alt: string;
  bytes: number;
  format: string;
  sha256: string;
  /** The picture's bytes are those of the template's link. */
  exact: boolean;
  /** Why the document is not drawn as it stands; pointers are into the document. */
  faults: readonly ApiFault[];
  /** The picture is of an older document than the text. */
  stale: boolean;
  /** The service's answer to a call that failed, such as no connection. */
  problem?: ApiProblem;
  /** When the picture was drawn, in milliseconds. */
  drawnAt: number;
  /** The document that the picture shows, and its layers' ids. */
  text: string;
  ids: IdForest;
  /** Of the text layer that is edited on the picture, if its places are known. */
  carets: readonly Caret[] | null;
}

export type Modification = { name: string; [word: string]: Json };

/** Somebody whose values a preview shows. No person is `person` -1: the fields' examples. */
export interface Person {
  label: string;
  modifications: readonly Modification[];
}

export type Board = "picture" | "fallback" | "ended";
export type SaveState = "saved" | "saving" | "edited" | "offline" | "conflict" | "refused";

/** Somebody else's draft that stands against this one. */
export interface Conflict {
  by: string;
  updatedAt: string;
  theirs: string;
  mine: string;
  base: string;
}

export interface EditOptions {
  /** Entries with the same key that follow each other within a pause become one. */
  merge?: string;
  /** What is selected afterwards. Layers that the edits add are named by `idAt` after the edit. */
  select?: readonly LayerId[];
}

export interface Editor {
  readonly templateId: string;
  /** The document's text: the truth. */
  readonly text: ReadonlySignal<string>;
  /** The parsed text; while the text is no JSON, the last that was. */
  readonly value: ReadonlySignal<Json | undefined>;
  /** The layers of the board. */
  readonly layers: ReadonlySignal<readonly LayerNode[]>;
  /** Of the board's layers. */
  readonly selection: Signal<readonly LayerId[]>;
  /** Selects layers of any board, which is shown then. */
  select(ids: readonly LayerId[]): void;
  /** The text layer that is edited on the picture. */
  readonly edited: Signal<LayerId | undefined>;
  edit(label: string, edits: readonly Edit[], options?: EditOptions): void;
  /** Replaces the whole text, as the JSON drawer does. */
  replaceText(label: string, text: string, options?: EditOptions): void;
  undo(): void;
  redo(): void;
  readonly canUndo: ReadonlySignal<boolean>;
  readonly canRedo: ReadonlySignal<boolean>;
  pointerOf(id: LayerId): string | undefined;
  idAt(pointer: string): LayerId | undefined;
  readonly preview: ReadonlySignal<PreviewState>;
  readonly previews: PreviewQueue;
  readonly board: Signal<Board>;
  readonly people: Signal<readonly Person[]>;
  readonly person: Signal<number>;
  /** RFC 3339: the clock of previews; undefined is now. */
  readonly at: Signal<string | undefined>;
  readonly saved: ReadonlySignal<SaveState>;
  readonly draft: Drafts;
  /** Ends timers and requests; the screen was left. */
  close(): void;
}
