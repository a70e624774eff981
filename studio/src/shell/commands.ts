/** Everything that a key, the palette or a button can do in the editor. */

import { canUngroup, duplicateLayers, groupLayers, namesIn, pathOf, placeOf, removeLayers, renamed, reorder, setNumbers, toggleHidden, toggleLocked, topmost, ungroup, numberOf } from "../editor/operations";
import type { Order } from "../editor/operations";
import { type Alignment, ALIGNMENTS, alignEdits } from "../canvas/align";
import { normalAngle, roundLength, union, type Point } from "../canvas/geometry";
import { resized } from "../canvas/gestures/shapes";
import { isObject, toPointer } from "../document/json";
import { parse } from "../document/text";
import type { Edit, Json, Path } from "../document/types";
import { BOARDS, endOfBoard } from "../editor/boards";
import { stepPerson } from "../editor/people";
import type { LayerId, LayerNode } from "../editor/store";
import { walk } from "../editor/tree";
import { commandWords as words, groups } from "../words/commands";
import { layerTitle } from "../words/shell";
import { panels } from "./panels";
import { publish } from "./publish_command";
import { goToRegion } from "./regions";
import { navigate } from "./router";
import type { Workspace } from "./workspace";

/** `layers`: only while the canvas or the tree has focus. `anywhere`: also elsewhere, not in text fields. */
export type Scope = "layers" | "anywhere" | "everywhere";

export interface Command {
  id: string;
  title: string;
  group: string;
  keys: readonly string[];
  scope: Scope;
  run(workspace: Workspace, step: number): void;
  /** Keys that are held change more and more; the number of their step is handed to `run`. */
  steps?: readonly number[];
  enabled?(workspace: Workspace): boolean;
}

type Run = Command["run"];

function command(id: string, title: string, group: string, keys: string | readonly string[], run: Run, more: Partial<Command> = {}): Command {
  const list = typeof keys === "string" ? (keys === "" ? [] : [keys]) : keys;
  return { id, title, group, keys: list, scope: "layers", run, ...more };
}

const hasSelection = ({ editor }: Workspace) => editor.selection.value.length > 0;
const selected = ({ editor }: Workspace): LayerNode[] => topmost(editor.layers.value, editor.selection.value);
const unlocked = (workspace: Workspace): LayerNode[] => selected(workspace).filter((node) => !node.locked);

export const COMMANDS: readonly Command[] = [
  command("commands", words.commands, groups.everywhere, "Mod+K", ({ dialog }) => void (dialog.value = "commands"), { scope: "everywhere" }),
  command("shortcuts", words.shortcuts, groups.everywhere, "?", ({ dialog }) => void (dialog.value = "shortcuts"), { scope: "anywhere" }),
  command("regions", words.regions, groups.everywhere, ["F6", "Shift+F6"], (_, step) => goToRegion(step === 0 ? 1 : -1), { scope: "everywhere" }),
  command("undo", words.undo, groups.everywhere, "Mod+Z", undo, { scope: "anywhere", enabled: ({ editor }) => editor.canUndo.value }),
  command("redo", words.redo, groups.everywhere, ["Mod+Shift+Z", "Mod+Y"], redo, { scope: "anywhere", enabled: ({ editor }) => editor.canRedo.value }),
  command("save", words.save, groups.everywhere, "Mod+S", save, { scope: "everywhere" }),
  command("save_copy", words.saveCopy, groups.everywhere, "", ({ dialog }) => void (dialog.value = "save_copy")),
  command("publish", words.publish, groups.everywhere, "Mod+Enter", publish, { scope: "anywhere" }),
  command("preview", words.preview, groups.everywhere, "", ({ editor }) => navigate(`/studio/t/${editor.templateId}/preview`)),
  command("versions", words.versions, groups.everywhere, "", ({ editor }) => navigate(`/studio/t/${editor.templateId}/versions`)),
  command("next_person", words.nextPerson, groups.everywhere, ".", ({ editor }) => stepPerson(editor, 1)),
  command("previous_person", words.previousPerson, groups.everywhere, ",", ({ editor }) => stepPerson(editor, -1)),
  command("json", words.json, groups.everywhere, "J", ({ bottomTab }) => void (bottomTab.value = bottomTab.value === "json" ? undefined : "json")),

  command("next_layer", words.nextLayer, groups.selecting, "PageDown", (workspace) => selectBeside(workspace, 1)),
  command("previous_layer", words.previousLayer, groups.selecting, "PageUp", (workspace) => selectBeside(workspace, -1)),
  command("enter", words.enter, groups.selecting, "Enter", enter, { enabled: hasSelection }),
  command("escape", words.escape, groups.selecting, "Escape", escape),
  command("select_all", words.selectAll, groups.selecting, "Mod+A", selectAll),

  command("nudge", words.nudge, groups.moving, ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Shift+ArrowLeft", "Shift+ArrowRight", "Shift+ArrowUp", "Shift+ArrowDown"], nudge, { steps: [1, 1, 1, 1, 10, 10, 10, 10], enabled: hasSelection }),
  command("resize", words.resize, groups.moving, ["Alt+ArrowLeft", "Alt+ArrowRight", "Alt+ArrowUp", "Alt+ArrowDown", "Alt+Shift+ArrowLeft", "Alt+Shift+ArrowRight", "Alt+Shift+ArrowUp", "Alt+Shift+ArrowDown"], resizeByKey, { enabled: hasSelection }),
  command("rotate_left", words.rotateLeft, groups.moving, ["Mod+Alt+ArrowLeft", "Mod+Alt+Shift+ArrowLeft"], (workspace, step) => rotateBy(workspace, step === 0 ? -1 : -15), { enabled: hasSelection }),
  command("rotate_right", words.rotateRight, groups.moving, ["Mod+Alt+ArrowRight", "Mod+Alt+Shift+ArrowRight"], (workspace, step) => rotateBy(workspace, step === 0 ? 1 : 15), { enabled: hasSelection }),
  ...ALIGNMENTS.map((alignment) => command(`align_${alignment}`, words.align[alignment], groups.moving, `Mod+Alt+${alignment.charAt(0).toUpperCase()}`, (workspace) => align(workspace, alignment), { enabled: hasSelection })),

  command("forward", words.forward, groups.layers, "Mod+]", (workspace) => order(workspace, "forward"), { enabled: hasSelection }),
  command("backward", words.backward, groups.layers, "Mod+[", (workspace) => order(workspace, "backward"), { enabled: hasSelection }),
  command("front", words.front, groups.layers, "Mod+Shift+]", (workspace) => order(workspace, "front"), { enabled: hasSelection }),
  command("back", words.back, groups.layers, "Mod+Shift+[", (workspace) => order(workspace, "back"), { enabled: hasSelection }),
  command("duplicate", words.duplicate, groups.layers, "Mod+D", duplicate, { enabled: hasSelection }),
  command("delete", words.delete, groups.layers, ["Delete", "Backspace"], remove, { enabled: hasSelection }),
  command("group", words.group, groups.layers, "Mod+G", group, { enabled: hasSelection }),
  command("ungroup", words.ungroup, groups.layers, "Mod+Shift+G", ungroupSelected, { enabled: (workspace) => selected(workspace).some(canUngroup) }),
  command("lock", words.lock, groups.layers, "Mod+Shift+L", (workspace) => toggle(workspace, words.lock, toggleLocked), { enabled: hasSelection }),
  command("hide", words.hide, groups.layers, "H", (workspace) => toggle(workspace, words.hide, toggleHidden), { enabled: hasSelection }),
  command("rename", words.rename, groups.layers, "F2", renameSelected, { enabled: hasSelection }),
  ...(
    [
      ["text", "T"],
      ["rectangle", "R"],
      ["ellipse", "O"],
      ["line", "L"],
      ["image", "I"],
      ["qr", "Q"],
    ] as const
  ).map(([kind, key]) => command(`new_${kind}`, words.add[kind], groups.adding, key, (workspace) => panels.value.insert?.(workspace.editor, kind))),

  command("zoom_in", words.zoomIn, groups.zoom, ["+", "="], ({ canvas }) => canvas.viewport.step(1)),
  command("zoom_out", words.zoomOut, groups.zoom, "-", ({ canvas }) => canvas.viewport.step(-1)),
  command("fit", words.fit, groups.zoom, "0", ({ canvas }) => canvas.viewport.fit(canvas.size.value)),
  command("actual_size", words.actualSize, groups.zoom, "1", ({ canvas }) => canvas.viewport.actual(canvas.size.value)),
  ...BOARDS.map((board) =>
    command(`board_${board}`, words.board[board], groups.zoom, "", ({ editor }) => void (editor.board.value = board)),
  ),
];

function commandById(id: string): Command {
  return COMMANDS.find((one) => one.id === id) as Command;
}

/** Runs a command if it has something to act on. */
export function runCommand(workspace: Workspace, id: string, step = 0): void {
  const found = commandById(id);
  if (found.enabled?.(workspace) ?? true) found.run(workspace, step);
}

// --- everywhere

function undo({ editor }: Workspace): void {
  editor.undo();
}

function redo({ editor }: Workspace): void {
  editor.redo();
}

function save(workspace: Workspace): void {
  void workspace.editor.draft.saveNow().then((isSaved) => workspace.tell(isSaved ? words.isSaved : words.isNotSaved));
}

// --- selecting

/** Selects a layer and brings it into view; its button on the canvas takes the focus if that had it. */
export function selectLayer({ editor, canvas }: Workspace, id: LayerId): void {
  editor.selection.value = [id];
  const box = canvas.boundsOf([id]);
  if (box) canvas.viewport.reveal(box);
  if (document.activeElement?.closest(".surface")) focusLayer(id);
}

function focusLayer(id: LayerId): void {
  requestAnimationFrame(() => {
    const buttons = [...document.querySelectorAll<HTMLElement>(".surface [data-layer]")];
    buttons.find((button) => button.dataset["layer"] === id)?.focus({ preventScroll: true });
  });
}

function selectBeside(workspace: Workspace, by: 1 | -1): void {
  const nodes = [...walk(workspace.editor.layers.value)];
  const [first] = workspace.editor.selection.value;
  const at = nodes.findIndex((node) => node.id === first);
  const next = nodes[at < 0 ? (by > 0 ? 0 : nodes.length - 1) : (at + by + nodes.length) % nodes.length];
  if (next) selectLayer(workspace, next.id);
}

function enter({ editor, canvas }: Workspace): void {
  const [id, ...others] = editor.selection.value;
  if (id === undefined || others.length > 0) return;
  const node = editor.layer(id);
  if (!canvas.enter(id) || node?.type !== "group") return;
  const [first] = node.children;
  if (first) editor.selection.value = [first.id];
}

function escape({ editor, canvas }: Workspace): void {
  if (canvas.cancel()) return;
  if (canvas.editing.value !== undefined) canvas.editing.value = undefined;
  else if (canvas.leaveGroup()) return;
  else if (editor.selection.value.length > 0) editor.selection.value = [];
  else document.querySelector<HTMLElement>("[data-region='top']")?.focus();
}

function selectAll({ editor, canvas }: Workspace): void {
  const group = canvas.entered.value;
  const nodes = group === undefined ? editor.layers.value : (editor.layer(group)?.children ?? []);
  editor.selection.value = nodes.filter((node) => !node.locked).map((node) => node.id);
}

// --- moving

const DIRECTIONS: readonly Point[] = [
  [-1, 0],
  [1, 0],
  [0, -1],
  [0, 1],
];

function nudge(workspace: Workspace, step: number): void {
  const [dx, dy] = DIRECTIONS[step % 4] as Point;
  const by = step < 4 ? 1 : 10;
  const { editor, canvas } = workspace;
  canvas.moveSelection([dx * by, dy * by], words.move, `nudge:${editor.selection.value.join()}`);
  const [first] = canvas.movable();
  if (first) workspace.tell(words.movedTo(numberOf(first, "x"), numberOf(first, "y")));
}

function resizeByKey(workspace: Workspace, step: number): void {
  const [dx, dy] = DIRECTIONS[step % 4] as Point;
  const by = step < 4 ? 1 : 10;
  const { editor, canvas } = workspace;
  const edits = unlocked(workspace).flatMap((node) => {
    const frame = canvas.frameOf(node);
    if (frame === undefined) return [];
    const width = Math.max(1, frame.width + dx * by);
    const height = Math.max(1, frame.height + dy * by);
    // The top left stays, also of a turned layer.
    const box = resized(frame, [1, 1], width, height, false);
    return setNumbers(node, { x: box.x, y: box.y, ...(dx === 0 ? { height: box.height } : { width: box.width }) });
  });
  editor.edit(words.resizeOne, edits, { merge: `resize:${editor.selection.value.join()}` });
  const [first] = unlocked(workspace);
  if (first) workspace.tell(words.resizedTo(numberOf(first, "width"), numberOf(first, "height")));
}

function rotateBy(workspace: Workspace, degrees: number): void {
  const { editor } = workspace;
  const edits = unlocked(workspace).flatMap((node) => setNumbers(node, { rotation: roundLength(normalAngle(numberOf(node, "rotation") + degrees)) }));
  editor.edit(words.rotate, edits, { merge: `rotate:${editor.selection.value.join()}` });
  const [first] = unlocked(workspace);
  if (first) workspace.tell(words.rotatedTo(numberOf(first, "rotation")));
}

function align(workspace: Workspace, alignment: Alignment): void {
  const { editor, canvas } = workspace;
  editor.edit(words.align[alignment], alignEdits(editor, canvas.movable(), alignment));
  const [first] = canvas.movable();
  if (first) workspace.tell(words.movedTo(numberOf(first, "x"), numberOf(first, "y")));
}

// --- layers

function order(workspace: Workspace, to: Order): void {
  const { editor } = workspace;
  editor.edit(words[to], reorder(editor.layers.value, unlocked(workspace), to));
}

const COPY_OFFSET = 16;

function duplicate(workspace: Workspace): void {
  const { editor } = workspace;
  const { edits, pointers } = duplicateLayers(editor.layers.value, selected(workspace), COPY_OFFSET);
  insertAndSelect(workspace, words.duplicate, edits, pointers);
}

function insertAndSelect({ editor }: Workspace, label: string, edits: readonly Edit[], pointers: readonly string[]): void {
  editor.edit(label, edits);
  editor.selection.value = pointers.flatMap((pointer) => editor.idAt(pointer) ?? []);
}

function remove(workspace: Workspace): void {
  const { editor, canvas } = workspace;
  const nodes = unlocked(workspace);
  const [first] = nodes;
  const beside = first && neighbour(workspace, first);
  editor.edit(words.delete, removeLayers(nodes), { select: beside ? [beside] : [] });
  canvas.editing.value = undefined;
  if (first) workspace.tell(words.deleted(nodes.length, layerTitle(first)));
}

/** What is selected after a layer is gone, so that the keyboard has a place to go on from. */
function neighbour({ editor }: Workspace, node: LayerNode): LayerId | undefined {
  if (!document.activeElement?.closest(".surface [data-layer], [role=tree]")) return undefined;
  const placed = placeOf(editor.layers.value, node.id);
  return placed && (placed.siblings[placed.index - 1] ?? placed.siblings[placed.index + 1] ?? placed.parent)?.id;
}

function group(workspace: Workspace): void {
  const nodes = unlocked(workspace);
  const own = nodes.flatMap((node) => localBounds(workspace, node) ?? []);
  const box = union(own);
  const made = box && groupLayers(nodes, roundedOut(box));
  if (made === undefined) {
    workspace.tell(words.groupSiblings);
    return;
  }
  insertAndSelect(workspace, words.group, made.edits, [made.pointer]);
}

/** The upright box round a layer in its parent's coordinates. */
function localBounds({ canvas }: Workspace, node: LayerNode) {
  const frame = canvas.frameOf(node);
  return frame && { x: frame.x, y: frame.y, width: frame.width, height: frame.height };
}

function roundedOut(box: { x: number; y: number; width: number; height: number }) {
  const x = Math.floor(box.x);
  const y = Math.floor(box.y);
  return { x, y, width: Math.max(1, Math.ceil(box.x + box.width) - x), height: Math.max(1, Math.ceil(box.y + box.height) - y) };
}

function ungroupSelected(workspace: Workspace): void {
  const found = selected(workspace).find(canUngroup);
  if (found === undefined) return;
  const { edits, pointers } = ungroup(found);
  insertAndSelect(workspace, words.ungroup, edits, pointers);
}

function toggle(workspace: Workspace, label: string, edits: (node: LayerNode) => Edit[]): void {
  workspace.editor.edit(label, selected(workspace).flatMap(edits));
}

/** The layers panel has the field for a name; this opens it. */
function renameSelected({ editor, leftTab }: Workspace): void {
  leftTab.value = "layers";
  const [id] = editor.selection.value;
  requestAnimationFrame(() => {
    document.querySelector("[role=tree]")?.dispatchEvent(new CustomEvent("rename-layer", { detail: id }));
  });
}

// --- clipboard: layers as JSON text

const MAX_PASTED = 262_144;
const MAX_LAYERS = 200;

/** The selected layers as text for the clipboard; undefined if nothing is selected. */
export function copyText(workspace: Workspace): string | undefined {
  const nodes = selected(workspace);
  if (nodes.length === 0) return undefined;
  return JSON.stringify(nodes.length === 1 ? nodes[0]?.value : nodes.map((node) => node.value), null, 2);
}

export function cut(workspace: Workspace): void {
  workspace.editor.edit(words.cut, removeLayers(unlocked(workspace)), { select: [] });
}

/** Adds the layers of a pasted text above what is selected; false for any other text. */
export function paste(workspace: Workspace, text: string): boolean {
  const { editor } = workspace;
  const pasted = layersIn(text);
  if (pasted === undefined) return false;
  const names = namesIn(editor.layers.value);
  const last = selected(workspace).at(-1);
  const place = last ? { edits: [], path: pathAfter(last) } : endOfBoard(editor.value.value, editor.board.value);
  const parent = place.path.slice(0, -1);
  const paths = pasted.map((_, offset) => [...parent, Number(place.path.at(-1)) + offset]);
  const edits = pasted.map((layer, index): Edit => ({ kind: "insert", path: paths[index] as Path, value: renamed(layer, names) }));
  insertAndSelect(workspace, words.paste, [...place.edits, ...edits], paths.map(toPointer));
  return true;
}

function pathAfter(node: LayerNode): Path {
  const path = pathOf(node);
  return [...path.slice(0, -1), Number(path.at(-1)) + 1];
}

function layersIn(text: string): { [key: string]: Json }[] | undefined {
  if (text.length > MAX_PASTED) return undefined;
  const { value } = parse(text);
  const list = Array.isArray(value) ? value : [value];
  const layers = list.filter((item): item is { [key: string]: Json } => isObject(item) && typeof item["type"] === "string");
  const isLayers = layers.length > 0 && layers.length === list.length && layers.length <= MAX_LAYERS;
  return isLayers ? layers : undefined;
}

