/** The editor's dialogs: command palette, shortcuts, and a draft that somebody else changed too. */

import { useEffect, useId, useRef, useState } from "preact/hooks";

import { Dialog } from "../components/dialog";
import { isObject } from "../document/json";
import { threeWay } from "../document/merge";
import type { Conflict } from "../editor/store";
import { walk } from "../editor/tree";
import { objectUrl } from "../server/previews";
import { commandWords } from "../words/commands";
import { clockTime } from "../words/formats";
import { layerTitle, typeName, words } from "../words/shell";
import { COMMANDS, runCommand, selectLayer } from "./commands";
import { keyLabel } from "./keys";
import type { Workspace } from "./workspace";

// --- palette

interface Entry {
  id: string;
  title: string;
  kind: string;
  keys: string | undefined;
  run: () => void;
}

const MOST_ENTRIES = 50;

function entries(workspace: Workspace): Entry[] {
  const { editor } = workspace;
  const commands = COMMANDS.filter((command) => command.enabled?.(workspace) ?? true).map(
    (command): Entry => ({
      id: `command-${command.id}`,
      title: command.title,
      kind: command.group,
      keys: command.keys[0],
      run: () => runCommand(workspace, command.id),
    }),
  );
  const layers = [...walk(editor.layers.value)].map(
    (node): Entry => ({
      id: `layer-${node.id}`,
      title: layerTitle(node),
      kind: `${commandWords.layer} · ${typeName(node.type)}`,
      keys: undefined,
      run: () => selectLayer(workspace, node.id),
    }),
  );
  const document = editor.value.value;
  const fields = isObject(document) && isObject(document["fields"]) ? Object.keys(document["fields"]) : [];
  const fieldEntries = fields.map(
    (name): Entry => ({
      id: `field-${name}`,
      title: name,
      kind: commandWords.field,
      keys: undefined,
      run: () => void (workspace.leftTab.value = "fields"),
    }),
  );
  const people = editor.people.value.map(
    (person, index): Entry => ({
      id: `person-${index}`,
      title: person.label,
      kind: commandWords.person,
      keys: undefined,
      run: () => void (editor.person.value = index),
    }),
  );
  return [...commands, ...layers, ...fieldEntries, ...people];
}

/** Every word of the search is somewhere in the title or kind; titles that begin with it come first. */
function search(all: readonly Entry[], query: string): Entry[] {
  const terms = query.trim().toLowerCase().split(/\s+/);
  const found = all.filter((entry) => {
    const text = `${entry.title} ${entry.kind}`.toLowerCase();
    return terms.every((word) => text.includes(word));
  });
  const rank = (entry: Entry) => (entry.title.toLowerCase().startsWith(terms[0] ?? "") ? 0 : 1);
  return found.sort((a, b) => rank(a) - rank(b)).slice(0, MOST_ENTRIES);
}

export function Palette({ workspace, close }: { workspace: Workspace; close: () => void }) {
  const [query, setQuery] = useState("");
  const [active, setActive] = useState(0);
  const list = useRef<HTMLUListElement>(null);
  const id = useId();
  const found = search(entries(workspace), query);
  const at = Math.min(active, Math.max(0, found.length - 1));
  useEffect(() => list.current?.children[at]?.scrollIntoView({ block: "nearest" }), [at]);
  const choose = (entry: Entry | undefined) => {
    if (entry === undefined) return;
    close();
    // After the dialog is gone, so that the command finds the focus where it was.
    requestAnimationFrame(entry.run);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      setActive(Math.min(found.length - 1, Math.max(0, at + step)));
    } else if (event.key === "Enter") {
      event.preventDefault();
      choose(found[at]);
    }
  };
  return (
    <Dialog title={words.commands} name="palette" lightDismiss close={close}>
      <input
        type="text"
        role="combobox"
        data-first
        autocomplete="off"
        aria-expanded="true"
        aria-controls={id}
        aria-activedescendant={found[at] ? `${id}-${at}` : undefined}
        aria-label={words.commandsHint}
        placeholder={words.commandsHint}
        maxLength={200}
        value={query}
        onInput={(event) => {
          setQuery(event.currentTarget.value);
          setActive(0);
        }}
        onKeyDown={onKeyDown}
      />
      <ul id={id} role="listbox" aria-label={words.commands} ref={list}>
        {found.map((entry, index) => (
          <li key={entry.id} id={`${id}-${index}`} role="option" aria-selected={index === at} onClick={() => choose(entry)} onPointerMove={() => setActive(index)}>
            <span class="entry-title">{entry.title}</span>
            <span class="quiet">{entry.kind}</span>
            {entry.keys && <kbd>{keyLabel(entry.keys)}</kbd>}
          </li>
        ))}
      </ul>
      {found.length === 0 && <p class="quiet">{words.noCommand}</p>}
    </Dialog>
  );
}

// --- shortcuts

export function Shortcuts({ close }: { close: () => void }) {
  const withKeys = COMMANDS.filter((command) => command.keys.length > 0);
  const groups = [...new Set(withKeys.map((command) => command.group))];
  return (
    <Dialog title={words.shortcuts} name="shortcuts" lightDismiss close={close}>
      <div class="shortcut-groups">
        {groups.map((group) => (
          <section key={group}>
            <h3>{group}</h3>
            <dl>
              {withKeys
                .filter((command) => command.group === group)
                .map((command) => (
                  <div key={command.id}>
                    <dt>{command.title}</dt>
                    <dd>
                      <kbd>{shownKeys(command.keys)}</kbd>
                    </dd>
                  </div>
                ))}
            </dl>
          </section>
        ))}
      </div>
      <p class="quiet">
        <a href="/studio/licenses.txt" target="_blank">
          {words.licenses}
        </a>
      </p>
    </Dialog>
  );
}

/** Four arrows are written as one. */
function shownKeys(keys: readonly string[]): string {
  const [first] = keys;
  if (first === undefined) return "";
  return keys.length === 8 ? keyLabel(first).replace("←", "← → ↑ ↓") : keyLabel(first);
}

// --- conflict

export function ConflictDialog({ workspace }: { workspace: Workspace }) {
  const conflict = workspace.editor.draft.conflict.value;
  return conflict ? <ConflictQuestion workspace={workspace} conflict={conflict} /> : null;
}

function ConflictQuestion({ workspace, conflict }: { workspace: Workspace; conflict: Conflict }) {
  const { editor } = workspace;
  const merge = threeWay(conflict.base, editor.text.value, conflict.theirs);
  const resolve = (by: "merge" | "mine" | "theirs") => editor.draft.resolve(by);
  const time = clockTime(conflict.updatedAt);
  return (
    <Dialog title={words.conflictTitle(conflict.by, time)} name="conflict">
      <p>{words.conflictHint(merge.conflicts.length)}</p>
      <div class="versus">
        <DocumentPicture title={words.mine} text={editor.text.value} workspace={workspace} />
        <DocumentPicture title={words.theirs(conflict.by)} text={conflict.theirs} workspace={workspace} />
      </div>
      <ul class="conflict-list">
        {merge.conflicts.slice(0, 8).map((one) => (
          <li key={one.pointer}>
            <code>{one.pointer || "/"}</code>
          </li>
        ))}
      </ul>
      <p class="quiet">{words.keptInHistory}</p>
      <div class="dialog-actions">
        <button type="button" class="primary" onClick={() => resolve("merge")}>
          {words.merge}
        </button>
        <button type="button" class="outlined" onClick={() => resolve("mine")}>
          {words.keepMine}
        </button>
        <button type="button" class="outlined" onClick={() => resolve("theirs")}>
          {words.takeTheirs(conflict.by)}
        </button>
      </div>
    </Dialog>
  );
}

/** A document as the service draws it. */
function DocumentPicture({ title, text, workspace }: { title: string; text: string; workspace: Workspace }) {
  const [url, setUrl] = useState<string>();
  const [alt, setAlt] = useState("");
  useEffect(() => {
    let made: string | undefined;
    let isGone = false;
    void workspace.sidePreviews.ask({ document: text, base: "examples", describe: true, format: "jpg" }).then(
      (answer) => {
        if (answer === undefined || isGone) return;
        made = objectUrl(answer.image);
        setAlt(answer.alt ?? "");
        setUrl(made);
      },
      () => undefined,
    );
    return () => {
      isGone = true;
      if (made) URL.revokeObjectURL(made);
    };
  }, [text]);
  return (
    <figure>
      {url ? <img src={url} alt={alt} /> : <div class="picture-place" />}
      <figcaption>{title}</figcaption>
    </figure>
  );
}
