/**
 * The layers as a tree, the front one first. It is the truth for readers who hear the page: everything
 * that the canvas does by dragging, the tree does by keys.
 */

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

import { nameFault } from "../document/bounds";
import { findLayer, walk } from "../editor/tree";
import type { Editor, HiddenLayer, LayerId, LayerNode } from "../editor/store";
import type { PanelProps } from "../shell/registry";
import { words } from "../words/panels";
import { layerTitle, typeTitle } from "../words/shell";
import {
  type DropPlace,
  isHiddenByUser,
  moveLayers,
  renameLayer,
  setHidden,
  setLocked,
} from "./layer_edits";
import { insert } from "./insert_menu";
import { Icon } from "./widgets/icon";

interface Line {
  layer: LayerNode;
  depth: number;
  parent: LayerNode | undefined;
  /** Among its siblings, as they are shown. */
  place: number;
  siblings: number;
}

interface Tree {
  editor: Editor;
  lines: readonly Line[];
  folded: ReadonlySet<LayerId>;
  fold: (id: LayerId, folded: boolean) => void;
  renaming: LayerId | undefined;
  rename: (id: LayerId | undefined) => void;
}

export function Layers({ editor }: PanelProps) {
  const folded = useSignal<ReadonlySet<LayerId>>(new Set());
  const renaming = useSignal<LayerId | undefined>(undefined);
  const search = useSignal("");
  const found = search.value.trim().toLowerCase();
  const all = linesOf(editor.layers.value, found ? new Set() : folded.value);
  const lines = found ? all.filter(({ layer }) => layerTitle(layer).toLowerCase().includes(found)) : all;
  const tree: Tree = {
    editor,
    lines,
    folded: folded.value,
    fold: (id, shut) => {
      const next = new Set(folded.peek());
      if (shut) next.add(id);
      else next.delete(id);
      folded.value = next;
    },
    renaming: renaming.value,
    rename: (id) => {
      renaming.value = id;
    },
  };
  return (
    <section class="panel layers" aria-label={words.layers.title}>
      {all.length > 8 && (
        <input
          type="search"
          class="panel-search"
          placeholder={words.layers.search}
          aria-label={words.layers.search}
          value={search.value}
          onInput={(event) => {
            search.value = event.currentTarget.value;
          }}
        />
      )}
      {all.length === 0 ? <Empty editor={editor} /> : <TreeList tree={tree} />}
      {all.length > 0 && lines.length === 0 && <p class="quiet panel-note">{words.layers.none}</p>}
    </section>
  );
}

const FIRST_KINDS = ["text", "rectangle", "qr"];

/** The first layers of an empty template are one press away. */
function Empty({ editor }: PanelProps) {
  return (
    <div class="panel-note stack">
      <p class="quiet">{words.layers.empty}</p>
      {FIRST_KINDS.map((kind) => (
        <button type="button" class="outlined begin" key={kind} onClick={() => insert(editor, kind)}>
          <Icon name={kind} />
          {typeTitle(kind)}
        </button>
      ))}
    </div>
  );
}

function linesOf(layers: readonly LayerNode[], folded: ReadonlySet<LayerId>, depth = 0, parent?: LayerNode): Line[] {
  return [...layers].reverse().flatMap((layer, place) => [
    { layer, depth, parent, place, siblings: layers.length },
    ...(folded.has(layer.id) ? [] : linesOf(layer.children, folded, depth + 1, layer)),
  ]);
}

function TreeList({ tree }: { tree: Tree }) {
  const list = useRef<HTMLUListElement>(null);
  const { editor, lines } = tree;
  const selection = editor.selection.value;
  const focused = useSignal<LayerId | undefined>(undefined);
  const drop = useSignal<DropPlace | undefined>(undefined);
  const current = lines.find(({ layer }) => layer.id === focused.value) ?? lines.find(({ layer }) => selection.includes(layer.id)) ?? lines[0];
  const focus = (id: LayerId): void => {
    focused.value = id;
    rowOf(list.current, id)?.focus();
  };
  useEffect(() => {
    const rename = (event: Event): void => tree.rename((event as CustomEvent<LayerId>).detail);
    list.current?.addEventListener("rename-layer", rename);
    return () => list.current?.removeEventListener("rename-layer", rename);
  }, []);
  useEffect(() => {
    const last = selection[selection.length - 1];
    if (last !== undefined) rowOf(list.current, last)?.scrollIntoView({ block: "nearest" });
  }, [selection]);
  return (
    <ul
      role="tree"
      ref={list}
      class="tree"
      aria-label={words.layers.title}
      aria-multiselectable="true"
      onKeyDown={(event) => onKey(event, tree, current, focus)}
    >
      {lines.map((line) => (
        <Row
          key={line.layer.id}
          tree={tree}
          line={line}
          selected={selection.includes(line.layer.id)}
          tabbable={line === current}
          drop={dropMark(drop.value, line)}
          onFocus={() => {
            focused.value = line.layer.id;
          }}
          refocus={() => focus(line.layer.id)}
          onDrop={(place) => {
            drop.value = place;
          }}
        />
      ))}
    </ul>
  );
}

function rowOf(list: HTMLElement | null, id: LayerId): HTMLElement | null {
  return list?.querySelector<HTMLElement>(`[data-layer="${id}"]`) ?? null;
}

// --- selecting

/** Selects a layer; with `add` beside the others, with `range` all from the last one. */
export function select(tree: Pick<Tree, "editor" | "lines">, id: LayerId, how: { add: boolean; range: boolean }): void {
  const { selection } = tree.editor;
  const before = selection.peek();
  if (how.range && before.length) {
    const shown = tree.lines.map(({ layer }) => layer.id);
    const from = shown.indexOf(before[0] as LayerId);
    const to = shown.indexOf(id);
    const range = shown.slice(Math.min(from, to), Math.max(from, to) + 1);
    selection.value = from <= to ? range : range.reverse();
  } else if (how.add) {
    selection.value = before.includes(id) ? before.filter((other) => other !== id) : [...before, id];
  } else selection.value = [id];
}

type Focus = (id: LayerId) => void;

function onKey(event: KeyboardEvent, tree: Tree, current: Line | undefined, focus: Focus): void {
  if (!current || (event.target as HTMLElement).tagName === "INPUT") return;
  if (handleKey(event, tree, current, focus)) {
    event.preventDefault();
    event.stopPropagation();
  }
}

function handleKey(event: KeyboardEvent, tree: Tree, current: Line, focus: Focus): boolean {
  const { lines } = tree;
  const { layer } = current;
  const control = event.ctrlKey || event.metaKey;
  const at = lines.indexOf(current);
  const go = (line: Line | undefined): boolean => {
    if (!line) return true;
    if (!control) select(tree, line.layer.id, { add: false, range: event.shiftKey });
    focus(line.layer.id);
    return true;
  };
  if (event.altKey) return false;
  switch (event.key) {
    case "ArrowDown":
      return go(lines[at + 1]);
    case "ArrowUp":
      return go(lines[at - 1]);
    case "Home":
      return go(lines[0]);
    case "End":
      return go(lines[lines.length - 1]);
    case "ArrowRight":
      return unfold(tree, current, go);
    case "ArrowLeft":
      return fold(tree, current, go);
    case " ":
      select(tree, layer.id, { add: control, range: event.shiftKey });
      return true;
    case "F2":
      tree.rename(layer.id);
      return true;
    default:
      return false;
  }
}

function unfold(tree: Tree, { layer }: Line, go: (line: Line | undefined) => boolean): boolean {
  if (layer.children.length === 0) return true;
  if (!tree.folded.has(layer.id)) return go(tree.lines[tree.lines.findIndex((line) => line.layer === layer) + 1]);
  tree.fold(layer.id, false);
  return true;
}

function fold(tree: Tree, { layer, parent }: Line, go: (line: Line | undefined) => boolean): boolean {
  if (layer.children.length > 0 && !tree.folded.has(layer.id)) {
    tree.fold(layer.id, true);
    return true;
  }
  return go(tree.lines.find((line) => line.layer === parent));
}

// --- one line

interface RowProps {
  tree: Tree;
  line: Line;
  selected: boolean;
  tabbable: boolean;
  drop: "before" | "after" | "inside" | undefined;
  onFocus: () => void;
  refocus: () => void;
  onDrop: (place: DropPlace | undefined) => void;
}

function Row({ tree, line, selected, tabbable, drop, onFocus, refocus, onDrop }: RowProps) {
  const { editor } = tree;
  const { layer, depth } = line;
  const hiddenHere = isHiddenByUser(layer);
  const reason = hiddenReason(editor.preview.value.hidden, layer);
  const title = layerTitle(layer);
  const isGroup = layer.children.length > 0;
  const indent = (element: HTMLElement | null): void => element?.style.setProperty("--depth", String(depth));
  return (
    <li
      role="treeitem"
      ref={indent}
      class={`tree-row ${drop ? `drop-${drop}` : ""} ${hiddenHere || reason ? "dim" : ""}`}
      data-layer={layer.id}
      tabIndex={tabbable ? 0 : -1}
      aria-level={depth + 1}
      aria-posinset={line.place + 1}
      aria-setsize={line.siblings}
      aria-selected={selected}
      aria-expanded={isGroup ? !tree.folded.has(layer.id) : undefined}
      aria-label={[title, typeTitle(layer.type), layer.locked ? "locked" : "", reason ?? ""]
        .filter(Boolean)
        .join(", ")}
      title={reason}
      onFocus={onFocus}
      onClick={(event) => select(tree, layer.id, { add: event.ctrlKey || event.metaKey, range: event.shiftKey })}
      onDblClick={() => tree.rename(layer.id)}
      onPointerDown={(event) => startDrag(event, tree, layer, onDrop)}
    >
      {isGroup ? (
        <button
          type="button"
          class={`icon fold ${tree.folded.has(layer.id) ? "" : "open"}`}
          tabIndex={-1}
          aria-hidden="true"
          onClick={(event) => {
            event.stopPropagation();
            tree.fold(layer.id, !tree.folded.has(layer.id));
          }}
        >
          <Icon name="chevron" />
        </button>
      ) : (
        <span class="fold" />
      )}
      <Icon name={layer.type} />
      {tree.renaming === layer.id ? (
        <NameBox tree={tree} layer={layer} done={refocus} />
      ) : (
        <span class={`grow tree-title ${layer.name ? "" : "unnamed"}`} dir="auto">
          {title}
        </span>
      )}
      <Switch
        on={layer.locked}
        icon={layer.locked ? "lock" : "unlock"}
        label={layer.locked ? words.layers.unlock(title) : words.layers.lock(title)}
        toggle={() => setLocked(editor, layer, !layer.locked)}
      />
      <Switch
        on={hiddenHere}
        icon={hiddenHere ? "hidden" : "eye"}
        label={hiddenHere ? words.layers.show(title) : words.layers.hide(title)}
        toggle={() => setHidden(editor, layer, !hiddenHere)}
      />
    </li>
  );
}

function hiddenReason(hidden: readonly HiddenLayer[], layer: LayerNode): string | undefined {
  const found = hidden.find((entry) => entry.pointer === layer.pointer);
  return found && words.layers.hiddenBecause(found.reason);
}

function Switch({ on, icon, label, toggle }: { on: boolean; icon: string; label: string; toggle: () => void }) {
  return (
    <button
      type="button"
      class={`icon tree-switch ${on ? "on" : ""}`}
      tabIndex={-1}
      aria-label={label}
      aria-pressed={on}
      title={label}
      onClick={(event) => {
        event.stopPropagation();
        toggle();
      }}
    >
      <Icon name={icon} />
    </button>
  );
}

function NameBox({ tree, layer, done }: { tree: Tree; layer: LayerNode; done: () => void }) {
  const box = useRef<HTMLInputElement>(null);
  const fault = useSignal<string | undefined>(undefined);
  useEffect(() => box.current?.select(), []);
  const taken = [...walk(tree.editor.layers.value)].flatMap((other) => (other.id !== layer.id && other.name ? [other.name] : []));
  const finish = (keep: boolean): void => {
    const name = box.current?.value.trim() ?? "";
    fault.value = undefined;
    const found = keep && name ? nameFault(name, taken) : undefined;
    if (found === "form" || found === "taken") {
      fault.value = found === "taken" ? words.layers.takenName : words.layers.badName;
      return;
    }
    if (keep) renameLayer(tree.editor, layer, name);
    tree.rename(undefined);
  };
  return (
    <input
      ref={box}
      class="grow"
      type="text"
      maxLength={64}
      aria-label={words.layers.name}
      aria-invalid={fault.value !== undefined}
      title={fault.value}
      defaultValue={layer.name ?? ""}
      onClick={(event) => event.stopPropagation()}
      onPointerDown={(event) => event.stopPropagation()}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key !== "Enter" && event.key !== "Escape") return;
        finish(event.key === "Enter");
        if (fault.peek() === undefined) done();
      }}
      onBlur={() => {
        finish(true);
        if (fault.peek() !== undefined) tree.rename(undefined);
      }}
    />
  );
}

// --- dragging

const DRAG_AFTER = 4;

/** Follows the pointer from its press to its release; a press that hardly moves is a click. */
function startDrag(event: PointerEvent, tree: Tree, layer: LayerNode, onDrop: (place: DropPlace | undefined) => void): void {
  if (event.button !== 0 || (event.target as Element).closest("button, input")) return;
  const list = (event.currentTarget as HTMLElement).parentElement as HTMLElement;
  const start = event.clientY;
  let dragging = false;
  let place: DropPlace | undefined;
  let y = start;
  const follow = (): void => {
    place = placeAt(list, tree, y);
    onDrop(place);
  };
  const scrolling = scrollAtEdges(list, () => (dragging ? y : undefined), follow);
  const move = (moved: PointerEvent): void => {
    if (!dragging && Math.abs(moved.clientY - start) < DRAG_AFTER) return;
    if (!dragging) list.setPointerCapture(moved.pointerId);
    dragging = true;
    y = moved.clientY;
    follow();
    scrolling.start();
  };
  const end = (ended: Event): void => {
    scrolling.stop();
    list.removeEventListener("pointermove", move);
    for (const name of ["pointerup", "pointercancel"]) list.removeEventListener(name, end);
    onDrop(undefined);
    if (!dragging || ended.type === "pointercancel" || !place) return;
    const ids = tree.editor.selection.peek();
    moveLayers(tree.editor, ids.includes(layer.id) ? ids : [layer.id], place);
  };
  list.addEventListener("pointermove", move);
  for (const name of ["pointerup", "pointercancel"]) list.addEventListener(name, end);
}

/** Pixels from an edge of the list's scrolled box in which a drag scrolls it, and pixels a frame at most. */
const EDGE = 32;
const FASTEST = 12;

/** Scrolls what holds the list while the pointer is near its upper or lower edge. */
function scrollAtEdges(list: HTMLElement, pointer: () => number | undefined, scrolled: () => void) {
  const box = scrollerOf(list);
  let frame = 0;
  const step = (): void => {
    frame = 0;
    const y = pointer();
    if (box === undefined || y === undefined) return;
    const { top, bottom } = box.getBoundingClientRect();
    const beyond = Math.min(0, y - top - EDGE) + Math.max(0, y - bottom + EDGE);
    const before = box.scrollTop;
    box.scrollTop += Math.sign(beyond) * Math.min(FASTEST, Math.abs(beyond) / 2);
    if (box.scrollTop === before) return;
    scrolled();
    start();
  };
  const start = (): void => {
    if (frame === 0) frame = requestAnimationFrame(step);
  };
  return { start, stop: () => cancelAnimationFrame(frame) };
}

function scrollerOf(element: HTMLElement): HTMLElement | undefined {
  for (let box = element.parentElement; box !== null; box = box.parentElement) {
    if (box.scrollHeight > box.clientHeight && /auto|scroll/.test(getComputedStyle(box).overflowY)) return box;
  }
  return undefined;
}

/** The place between the rows at this height; the middle of a group's row is inside of the group. */
function placeAt(list: HTMLElement, tree: Tree, y: number): DropPlace | undefined {
  const layers = tree.editor.layers.peek();
  for (const row of list.querySelectorAll<HTMLElement>("[data-layer]")) {
    const box = row.getBoundingClientRect();
    if (y > box.bottom) continue;
    const layer = findLayer(layers, row.dataset["layer"] ?? "");
    if (!layer) return undefined;
    return placeOn(tree, layer, (y - box.top) / box.height);
  }
  return { parent: undefined, index: 0 };
}

function placeOn(tree: Tree, layer: LayerNode, share: number): DropPlace {
  const line = tree.lines.find((other) => other.layer.id === layer.id) as Line;
  const index = line.siblings - 1 - line.place;
  const isGroup = layer.type === "group";
  if (isGroup && share > 0.3 && share < 0.7) return { parent: layer.id, index: layer.children.length };
  const isOpen = isGroup && layer.children.length > 0 && !tree.folded.has(layer.id);
  if (share >= 0.5 && isOpen) return { parent: layer.id, index: layer.children.length };
  return { parent: line.parent?.id, index: share < 0.5 ? index + 1 : index };
}

function dropMark(place: DropPlace | undefined, line: Line): RowProps["drop"] {
  if (!place) return undefined;
  if (place.parent === line.layer.id) return "inside";
  if (place.parent !== line.parent?.id) return undefined;
  const index = line.siblings - 1 - line.place;
  if (place.index === index + 1) return "before";
  return place.index === 0 && index === 0 ? "after" : undefined;
}

