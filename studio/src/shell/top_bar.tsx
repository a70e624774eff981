/** The bar above the editor: where you are, whether it is saved, undo, who is shown, publishing. */

import { useId } from "preact/hooks";

import { words } from "../words/shell";
import { runCommand } from "./commands";
import { Icon, type IconName } from "../components/icons";
import { keyLabel } from "./keys";
import { panels } from "./panels";
import { mayPublish, publish, publishFault } from "./publish_command";
import type { Workspace } from "./workspace";

export function TopBar({ workspace, name }: { workspace: Workspace; name: string }) {
  const { editor } = workspace;
  const { undo, redo } = editor.historyLabels;
  const InsertMenu = panels.value.insertMenu;
  return (
    <header class="top-bar" data-region="top" aria-label={words.regionTop} tabIndex={-1}>
      <a class="button icon" href="/studio" aria-label={words.allTemplates} title={words.allTemplates}>
        <Icon name="back" />
      </a>
      <div class="title">
        <h1>{name}</h1>
        <SaveMark workspace={workspace} />
      </div>
      <div class="row tools">
        <IconButton icon="undo" label={words.undoOf(undo)} keys="Mod+Z" disabled={!editor.canUndo.value} run={() => runCommand(workspace, "undo")} />
        <IconButton icon="redo" label={words.redoOf(redo)} keys="Mod+Shift+Z" disabled={!editor.canRedo.value} run={() => runCommand(workspace, "redo")} />
        {InsertMenu && <InsertMenu editor={editor} />}
      </div>
      <span class="grow" />
      <PersonChoice workspace={workspace} />
      <IconButton icon="search" label={words.commands} keys="Mod+K" run={() => runCommand(workspace, "commands")} />
      <IconButton icon="keyboard" label={words.shortcuts} keys="?" run={() => runCommand(workspace, "shortcuts")} />
      <a class="button" href={`/studio/t/${editor.templateId}/versions`}>
        {words.versions}
      </a>
      <a class="button outlined" href={`/studio/t/${editor.templateId}/preview`}>
        {words.preview}
      </a>
      <PublishButton workspace={workspace} />
    </header>
  );
}

function IconButton({ icon, label, keys, disabled = false, run }: { icon: IconName; label: string; keys: string; disabled?: boolean; run: () => void }) {
  return (
    <button type="button" class="icon" aria-label={label} title={`${label} (${keyLabel(keys)})`} disabled={disabled} onClick={run}>
      <Icon name={icon} />
    </button>
  );
}

function SaveMark({ workspace }: { workspace: Workspace }) {
  const { draft, saved } = workspace.editor;
  const state = saved.value;
  const text = {
    saved: draft.etag.value === undefined ? words.published : words.saved,
    saving: words.saving,
    edited: words.edited,
    offline: draft.kept.value ? words.offline : words.offlineHere,
    conflict: words.conflict,
    refused: words.refused(draft.problem.value ?? ""),
  }[state];
  return (
    <span class={`save-mark ${state}`} role="status" title={draft.problem.value}>
      {text}
    </span>
  );
}

function PersonChoice({ workspace }: { workspace: Workspace }) {
  const { people, person } = workspace.editor;
  const id = useId();
  if (people.value.length === 0) return null;
  return (
    <span class="row person-choice">
      <label class="visually-hidden" for={id}>
        {words.person}
      </label>
      <Icon name="person" />
      <select id={id} value={String(person.value)} onChange={(event) => (person.value = Number(event.currentTarget.value))}>
        <option value="-1">{words.examples}</option>
        {people.value.map((one, index) => (
          <option key={index} value={String(index)}>
            {one.label}
          </option>
        ))}
      </select>
    </span>
  );
}

function PublishButton({ workspace }: { workspace: Workspace }) {
  const id = useId();
  const fault = mayPublish() ? publishFault(workspace) : undefined;
  return (
    <>
      <button
        type="button"
        class="primary"
        aria-disabled={fault !== undefined}
        aria-describedby={fault ? id : undefined}
        title={fault ?? keyLabel("Mod+Enter")}
        onClick={() => publish(workspace)}
      >
        {mayPublish() ? words.publish : words.askForPublishing}
      </button>
      {fault && (
        <span class="visually-hidden" id={id}>
          {fault}
        </span>
      )}
    </>
  );
}
