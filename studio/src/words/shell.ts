/** Texts of the shell and the canvas. */

import { entryOf, isObject } from "../document/json";
import type { Json } from "../document/types";
import type { Box, LayerNode } from "../editor/store";

const TYPES: Record<string, string> = {
  text: "text",
  image: "image",
  rectangle: "rectangle",
  ellipse: "ellipse",
  line: "line",
  path: "path",
  qr: "QR code",
  barcode: "barcode",
  progress: "progress",
  rating: "rating",
  group: "group",
};

export function typeName(type: string): string {
  return entryOf(TYPES, type) ?? type;
}

/** The type's name as a label: `QR code`, `Text`. */
export function typeTitle(type: string): string {
  const name = typeName(type).replace(/_/g, " ");
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** What a layer is called in lists: its name, else its text, else its type. */
export function layerTitle(node: LayerNode): string {
  if (node.name) return node.name;
  const { text, value, source } = node.value;
  const shown = textIn(text ?? value ?? source).replace(/\s+/g, " ").trim();
  if (shown !== "") return shown.slice(0, 60);
  return typeTitle(node.type);
}

/** A text, or the texts of its spans after each other. */
function textIn(value: Json | undefined): string {
  if (Array.isArray(value)) return value.map((span) => (isObject(span) ? textIn(span["text"]) : "")).join("");
  return typeof value === "string" ? value : "";
}

export const canvasWords = {
  canvas: "Canvas",
  noLayers: "This template has no layers",
  drawing: "Drawing…",
  done: "Done",
  editText: "Edit text",
  addField: (name: string) => `Add field “${name}”`,
  newField: "New field",
  newFieldName: "field",
  notDrawn: (detail: string) => `Not drawn: ${detail}`,
  textOf: (node: LayerNode) => `Text of ${layerTitle(node)}`,
  layer(node: LayerNode, box: Box | undefined): string {
    const place = box
      ? `left ${round(box.x)}, top ${round(box.y)}, ${round(box.width)} by ${round(box.height)}`
      : "not drawn";
    return [layerTitle(node), typeName(node.type), place, node.locked ? "locked" : ""].filter(Boolean).join(", ");
  },
};

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

export const words = {
  title: "Postcard Studio",
  openLink: "Open your invitation link to sign in.",
  noPage: "There is no such page",
  allTemplates: "All templates",
  noTemplate: (id: string) => `There is no template “${id}”`,
  noTemplateHint: "It has neither a published version nor a draft.",
  opening: "Opening…",
  tryAgain: "Try again",
  request: (id: string) => `Request ${id}`,

  undo: "Undo",
  redo: "Redo",
  undoOf: (label: string | undefined) => (label ? `Undo: ${label}` : "Undo"),
  redoOf: (label: string | undefined) => (label ? `Redo: ${label}` : "Redo"),
  preview: "Preview",
  publish: "Publish",
  askForPublishing: "Ask for publishing",
  draftLinkCopied: "The draft's link is copied. Send it to somebody who may publish.",
  cannotPublish: (detail: string) => `Not drawn: ${detail}`,
  versions: "Versions",
  commands: "Commands",
  commandsHint: "Search commands, layers, fields, people",
  noCommand: "Nothing is called that",
  shortcuts: "Keyboard shortcuts",
  licenses: "Licences of the packages in this page",
  zoom: "Zoom",
  zoomIn: "Zoom in",
  zoomOut: "Zoom out",
  fit: "Fit",
  actualSize: "100 %",

  saved: "Saved · draft",
  published: "Saved · as published",
  saving: "Saving…",
  edited: "Edited",
  offline: "Not connected. Your changes are kept in this browser.",
  offlineHere: "Not connected",
  refused: (detail: string) => `Not saved: ${detail}`,
  conflict: "Changed elsewhere",
  pictureFrom: (time: string) => `Picture of ${time}`,

  regionTop: "Toolbar",
  regionLeft: "Layers, fields and assets",
  regionCanvas: "Picture",
  regionInspector: "Inspector",
  regionBottom: "Findings, people and JSON",
  layers: "Layers",
  fields: "Fields",
  assets: "Assets",
  fonts: "Fonts",
  inspector: "Inspector",
  findings: "Findings",
  people: "People",
  json: "JSON",
  person: "Person",
  examples: "Examples",

  exact: "identical to what mail shows",
  notExact: "preview",
  notDrawn: "not drawn",

  partFailed: "A part of the page did not load. Your changes are kept in this browser.",
  loadAgain: "Load again",
  notKept: "This browser keeps no copy of your changes: its storage is refused or full, or another tab has this template open. Leave this page open until they are saved.",
  lastChanges: "Last changes",
  sessionOver: "Your session ended. Open your invitation link again; nothing is lost.",
  conflictTitle: (by: string, time: string) => `${by} changed this draft at ${time}.`,
  conflictHint: (count: number) =>
    count === 1
      ? "You both changed the same thing. Everything else can be joined."
      : `You both changed ${count} of the same things. Everything else can be joined.`,
  merge: "Merge, keep mine where both changed",
  keepMine: "Keep mine",
  takeTheirs: (by: string) => `Take ${by}'s`,
  mine: "Yours",
  theirs: (by: string) => `${by}'s`,
  keptInHistory: "What you do not take stays in the history: undo brings it back.",
};
