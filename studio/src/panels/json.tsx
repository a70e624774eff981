/** The JSON drawer: the document's text itself, with what was found marked at its place. */

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

import { fromPointer, toPointer } from "../document/json";
import { formatDocument } from "../document/layout";
import { locate, parse, pathAt } from "../document/text";
import type { Editor } from "../editor/store";
import type { PanelProps } from "../shell/registry";
import { words } from "../words/panels";
import { entriesOf } from "./findings";
import type { JsonEditor, Mark } from "./json_editor";

export function JsonDrawer({ editor }: PanelProps) {
  const host = useRef<HTMLDivElement>(null);
  const state = useSignal<"loading" | "ready" | "failed">("loading");
  const view = useSignal<JsonEditor | undefined>(undefined);
  useEffect(() => {
    let closed = false;
    const open = async (): Promise<void> => {
      const module = await import("./json_editor");
      if (closed || !host.current) return;
      view.value = module.createJsonEditor(host.current, optionsFor(editor));
      state.value = "ready";
    };
    open().catch(() => {
      state.value = "failed";
    });
    return () => {
      closed = true;
      view.peek()?.destroy();
    };
  }, [editor]);
  const text = editor.text.value;
  const entries = entriesOf(editor);
  const selection = editor.selection.value;
  useEffect(() => {
    // What was typed since this effect was planned is in the editor's text already.
    const current = editor.text.peek();
    view.value?.setText(current);
    view.value?.setMarks(marksFor(editor, current));
  }, [view.value, text, entries.length, editor.preview.value]);
  useEffect(() => showSelected(editor, view.value), [view.value, selection]);
  const format = (): void => {
    const formatted = formatDocument(editor.text.peek());
    if (formatted !== undefined) editor.replaceText(words.json.formatted, formatted);
  };
  return (
    <section class="panel json" aria-label={words.json.title}>
      <div class="row json-bar">
        <span class="quiet grow">{words.json.label}</span>
        <button
          type="button"
          class="outlined small"
          title={words.json.formatHint}
          disabled={parse(text).value === undefined}
          onClick={format}
        >
          {words.json.format}
        </button>
      </div>
      {state.value === "loading" && <p class="quiet panel-note">{words.json.loading}</p>}
      {state.value === "failed" && (
        <p class="fault panel-note" role="alert">
          {words.json.failed}
        </p>
      )}
      <div class="json-host" ref={host} data-keys="own" />
    </section>
  );
}

function optionsFor(editor: Editor) {
  return {
    text: editor.text.peek(),
    label: words.json.label,
    changed: (text: string) => editor.replaceText(words.json.edit, text, { merge: "json" }),
    moved: (offset: number) => selectAt(editor, offset),
  };
}

/** The layer in whose text the cursor is becomes the selected one. */
function selectAt(editor: Editor, offset: number): void {
  const id = editor.idAt(toPointer(pathAt(editor.text.peek(), offset)));
  if (id !== undefined && editor.selection.peek()[0] !== id) editor.select([id]);
}

function showSelected(editor: Editor, view: JsonEditor | undefined): void {
  const id = editor.selection.peek()[0];
  const pointer = id === undefined ? undefined : editor.pointerOf(id);
  if (!view || pointer === undefined || document.activeElement?.shadowRoot) return;
  const place = locate(editor.text.peek(), fromPointer(pointer));
  if (place) view.show(place.offset, place.offset);
}

/** Faults of the JSON itself, else what the service found, at their places in the text. */
function marksFor(editor: Editor, text: string): Mark[] {
  const parsed = parse(text);
  if (parsed.value === undefined) {
    return parsed.faults.map(({ offset, length, message }) => ({
      from: offset,
      to: offset + length,
      severity: "error",
      message,
    }));
  }
  if (editor.preview.peek().text !== text && editor.preview.peek().faults.length === 0) return [];
  return entriesOf(editor).flatMap(({ level, fault }): Mark[] => {
    const place = locate(text, fromPointer(fault.pointer, parsed.value));
    if (!place) return [];
    const severity = level === "fault" ? "error" : "warning";
    return [{ from: place.offset, to: place.offset + place.length, severity, message: fault.detail }];
  });
}
