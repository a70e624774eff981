/**
 * The JSON drawer's editor: CodeMirror in a shadow root, so that its styles need no page-wide rule.
 * A file of its own, loaded when the drawer opens.
 */

import { history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { json } from "@codemirror/lang-json";
import { bracketMatching, foldGutter, HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { type Diagnostic, lintGutter, setDiagnostics } from "@codemirror/lint";
import { Compartment, EditorState, Transaction } from "@codemirror/state";
import { EditorView, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { minimalSetup } from "codemirror";

export interface Mark {
  from: number;
  to: number;
  severity: "error" | "warning" | "info";
  message: string;
}

export interface JsonEditor {
  /** Replaces the text; what is equal stays as it is, and so does the cursor. */
  setText(text: string): void;
  setMarks(marks: readonly Mark[]): void;
  /** Selects a stretch of the text and scrolls to it. */
  show(from: number, to: number): void;
  focus(): void;
  destroy(): void;
}

export interface JsonEditorOptions {
  text: string;
  label: string;
  changed: (text: string) => void;
  /** The place of the cursor, when a person moved it. */
  moved: (offset: number) => void;
}

const colors = new Compartment();
const darkScheme = matchMedia("(prefers-color-scheme: dark)");

/** The colours of light or dark pages, as the page's own: they follow when the person changes over. */
function colorsNow() {
  return [theme(darkScheme.matches), syntaxHighlighting(highlighting(darkScheme.matches))];
}

function theme(dark: boolean) {
  return EditorView.theme(
    {
      "&": { height: "100%", fontSize: "12px", backgroundColor: "transparent", color: "inherit" },
      ".cm-scroller": { fontFamily: "ui-monospace, SFMono-Regular, Menlo, Consolas, monospace", lineHeight: "1.5" },
      ".cm-gutters": { backgroundColor: "transparent", border: "0", color: dark ? "#a5a5b0" : "#5d5d67" },
      "&.cm-focused": { outline: "none" },
      ".cm-cursor": { borderLeftColor: dark ? "#ececf0" : "#1b1b1f" },
    },
    { dark },
  );
}

function highlighting(dark: boolean): HighlightStyle {
  return HighlightStyle.define([
    { tag: tags.propertyName, color: dark ? "#a9b8ff" : "#2f4ac0" },
    { tag: tags.string, color: dark ? "#6fd08f" : "#1b6b3c" },
    { tag: [tags.number, tags.bool, tags.null], color: dark ? "#f0b95a" : "#8a5a00" },
  ]);
}

/** Puts an editor into an element. */
export function createJsonEditor(parent: HTMLElement, options: JsonEditorOptions): JsonEditor {
  const root = parent.shadowRoot ?? parent.attachShadow({ mode: "open", delegatesFocus: true });
  let quiet = false;
  const view = new EditorView({
    root,
    parent: root as unknown as Element,
    state: EditorState.create({
      doc: options.text,
      extensions: [
        minimalSetup,
        history(),
        lineNumbers(),
        foldGutter(),
        bracketMatching(),
        json(),
        lintGutter(),
        keymap.of([...historyKeymap, indentWithTab]),
        EditorView.contentAttributes.of({ "aria-label": options.label, tabindex: "0" }),
        EditorView.lineWrapping,
        colors.of(colorsNow()),
        EditorView.updateListener.of((update) => {
          if (quiet) return;
          if (update.docChanged) options.changed(update.state.doc.toString());
          else if (update.selectionSet) options.moved(update.state.selection.main.head);
        }),
      ],
    }),
  });
  const silently = (work: () => void): void => {
    quiet = true;
    work();
    quiet = false;
  };
  const recolor = (): void => silently(() => view.dispatch({ effects: colors.reconfigure(colorsNow()) }));
  darkScheme.addEventListener("change", recolor);
  return {
    setText: (text) => silently(() => replace(view, text)),
    setMarks: (marks) => silently(() => view.dispatch(setDiagnostics(view.state, diagnostics(view, marks)))),
    show: (from, to) =>
      silently(() => {
        const length = view.state.doc.length;
        const selection = { anchor: Math.min(from, length), head: Math.min(to, length) };
        view.dispatch({ selection, effects: EditorView.scrollIntoView(selection.anchor, { y: "center" }) });
      }),
    focus: () => view.focus(),
    destroy: () => {
      darkScheme.removeEventListener("change", recolor);
      view.destroy();
    },
  };
}

function replace(view: EditorView, text: string): void {
  const old = view.state.doc.toString();
  if (old === text) return;
  let from = 0;
  while (from < old.length && from < text.length && old[from] === text[from]) from++;
  let tail = 0;
  while (tail < old.length - from && tail < text.length - from && old[old.length - 1 - tail] === text[text.length - 1 - tail]) tail++;
  view.dispatch({
    changes: { from, to: old.length - tail, insert: text.slice(from, text.length - tail) },
    annotations: Transaction.addToHistory.of(false),
  });
}

function diagnostics(view: EditorView, marks: readonly Mark[]): Diagnostic[] {
  const length = view.state.doc.length;
  return marks.map((mark) => ({
    ...mark,
    from: Math.min(mark.from, length),
    to: Math.min(Math.max(mark.to, mark.from), length),
  }));
}
