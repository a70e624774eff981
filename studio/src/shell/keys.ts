/** Finds the command of a key press. Letters alone count only while canvas or tree has the focus. */

import { COMMANDS, type Command, type Scope, copyText, cut, paste } from "./commands";
import type { Workspace } from "./workspace";

const isMac = /Mac|iPhone|iPad/.test(navigator.platform);

interface Chord {
  mod: boolean;
  alt: boolean;
  shift: boolean;
  key: string;
}

function parseKeys(keys: string): Chord {
  const parts = keys === "+" ? ["+"] : keys.split("+");
  const key = (parts.pop() as string).toLowerCase();
  return { mod: parts.includes("Mod"), alt: parts.includes("Alt"), shift: parts.includes("Shift"), key };
}

const CODES: Record<string, string> = {
  BracketLeft: "[",
  BracketRight: "]",
  Comma: ",",
  Period: ".",
  Minus: "-",
  Equal: "=",
};

/** The key by its place on the keyboard, for Alt and Shift that change what it writes. */
function keyOfCode(code: string): string {
  if (/^Key[A-Z]$/.test(code)) return code.slice(3).toLowerCase();
  if (/^Digit\d$/.test(code)) return code.slice(5);
  return CODES[code] ?? "";
}

function matches(chord: Chord, event: KeyboardEvent): boolean {
  const mod = isMac ? event.metaKey : event.ctrlKey;
  const otherMod = isMac ? event.ctrlKey : event.metaKey;
  if (mod !== chord.mod || otherMod || event.altKey !== chord.alt) return false;
  const typed = event.key.toLowerCase();
  // A sign such as ? or + may need Shift on this keyboard, and is meant all the same.
  if (/^[?+]$/.test(chord.key)) return typed === chord.key;
  if (event.shiftKey !== chord.shift) return false;
  return typed === chord.key || ((chord.mod || chord.alt || chord.shift) && keyOfCode(event.code) === chord.key);
}

const CHORDS = COMMANDS.flatMap((command) => command.keys.map((keys, step) => ({ command, step, chord: parseKeys(keys) })));

function isTextField(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || target.matches("textarea, select, input:not([type=checkbox], [type=radio], [type=range], [type=color], [type=button])"));
}

function isInLayers(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("[data-keys=layers], [role=tree]") !== null;
}

function isInDialog(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("dialog, [popover]") !== null;
}

function applies(scope: Scope, event: KeyboardEvent): boolean {
  if (scope === "everywhere") return true;
  if (isTextField(event.target)) return false;
  return scope === "anywhere" || isInLayers(event.target);
}

/** Listens on the whole page while the editor is open; returns what ends it. */
export function listenToKeys(workspace: Workspace): () => void {
  const ends = new AbortController();
  const { signal } = ends;
  document.addEventListener("keydown", (event) => onKey(workspace, event), { signal });
  document.addEventListener("copy", (event) => onCopy(workspace, event, false), { signal });
  document.addEventListener("cut", (event) => onCopy(workspace, event, true), { signal });
  document.addEventListener("paste", (event) => onPaste(workspace, event), { signal });
  return () => ends.abort();
}

function onKey(workspace: Workspace, event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing || isInDialog(event.target)) return;
  // A drag ends at once, whatever keys are held for it.
  if (event.key === "Escape" && workspace.canvas.cancel()) {
    event.preventDefault();
    return;
  }
  const found = CHORDS.find(({ command, chord }) => matches(chord, event) && applies(command.scope, event));
  if (found === undefined) return;
  const { command, step } = found;
  event.preventDefault();
  if (command.enabled?.(workspace) ?? true) command.run(workspace, step);
}

function onCopy(workspace: Workspace, event: ClipboardEvent, isCut: boolean): void {
  if (!isInLayers(event.target) && !isInLayers(document.activeElement)) return;
  if (isTextField(event.target)) return;
  const text = copyText(workspace);
  if (text === undefined) return;
  event.preventDefault();
  event.clipboardData?.setData("text/plain", text);
  if (isCut) cut(workspace);
}

function onPaste(workspace: Workspace, event: ClipboardEvent): void {
  if (isTextField(event.target) || !isInLayers(document.activeElement)) return;
  if (paste(workspace, event.clipboardData?.getData("text/plain") ?? "")) event.preventDefault();
}

/** How a shortcut is written on this machine: `Ctrl+Shift+Z`, on macOS `⇧⌘Z`. */
export function keyLabel(keys: string): string {
  const { mod, alt, shift, key } = parseKeys(keys);
  const name = KEY_NAMES[key] ?? (key.length === 1 ? key.toUpperCase() : key.charAt(0).toUpperCase() + key.slice(1));
  if (isMac) return `${alt ? "⌥" : ""}${shift ? "⇧" : ""}${mod ? "⌘" : ""}${name}`;
  return [mod && "Ctrl", alt && "Alt", shift && "Shift", name].filter(Boolean).join("+");
}

const KEY_NAMES: Record<string, string> = {
  arrowleft: "←",
  arrowright: "→",
  arrowup: "↑",
  arrowdown: "↓",
  pagedown: "PageDown",
  pageup: "PageUp",
  escape: "Esc",
  "-": "−",
};

export type { Command };
