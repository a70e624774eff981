/** The editor of one template: bar, tabs, canvas, inspector and strips. */

import { effect } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";

import { CanvasView } from "../canvas/view";
import { isObject } from "../document/json";
import type { TemplateEditor } from "../editor/editor";
import { NoTemplate, openEditor } from "../editor/open";
import { screens } from "../screens";
import { ApiProblem } from "../server/api";
import { sessionState } from "../server/session";
import { commandWords } from "../words/commands";
import { words } from "../words/shell";
import { Boards } from "./boards";
import { runCommand } from "./commands";
import { ConflictDialog, Palette, Shortcuts } from "./dialogs";
import { Icon } from "../components/icons";
import { listenToKeys } from "./keys";
import { loadPanels, panels, panelsFailed } from "./panels";
import type { PanelProps } from "./registry";
import { StatusBar } from "./status_bar";
import { TopBar } from "./top_bar";
import { type BottomTab, type LeftTab, Workspace } from "./workspace";

const LONGEST_WAIT_MS = 2000; // a document that is no JSON has no picture

/** Fulfilled when the condition, which reads signals, holds. */
function holds(condition: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, LONGEST_WAIT_MS);
    effect(() => {
      if (condition()) resolve();
    });
  });
}

/** Fetches the panels while the service draws the first picture, and shows them behind it. */
async function showPanels({ loop, preview }: TemplateEditor): Promise<void> {
  const isAnswered = holds(() => {
    const { picture, problem, faults } = preview.value;
    return picture !== undefined || problem !== undefined || faults.length > 0;
  });
  await holds(() => loop.hasAsked.value);
  await loadPanels(isAnswered);
}

export function EditorScreen({ id }: { id: string }) {
  const [workspace, setWorkspace] = useState<Workspace>();
  const [problem, setProblem] = useState<unknown>();
  const [tries, setTries] = useState(0);
  useEffect(() => {
    let opened: Workspace | undefined;
    let isGone = false;
    setProblem(undefined);
    openEditor(id).then(
      (editor) => {
        if (isGone) return;
        opened = new Workspace(editor);
        setWorkspace(opened);
        void showPanels(editor);
      },
      (error: unknown) => !isGone && setProblem(error),
    );
    return () => {
      isGone = true;
      opened?.close();
    };
  }, [id, tries]);
  if (problem !== undefined) return <Failed id={id} problem={problem} again={() => setTries(tries + 1)} />;
  if (workspace === undefined) {
    return (
      <main class="page" aria-busy="true">
        <p class="quiet">{words.opening}</p>
      </main>
    );
  }
  return <EditorPage workspace={workspace} />;
}

function Failed({ id, problem, again }: { id: string; problem: unknown; again: () => void }) {
  const isMissing = problem instanceof NoTemplate;
  const detail = problem instanceof Error ? problem.message : String(problem);
  const request = problem instanceof ApiProblem ? problem.requestId : undefined;
  return (
    <main class="page stack">
      <h1>{isMissing ? words.noTemplate(id) : detail}</h1>
      {isMissing && <p>{words.noTemplateHint}</p>}
      {request && <p class="quiet">{words.request(request)}</p>}
      <div class="row">
        <a class="button outlined" href="/studio">
          {words.allTemplates}
        </a>
        {!isMissing && (
          <button type="button" class="outlined" onClick={again}>
            {words.tryAgain}
          </button>
        )}
      </div>
    </main>
  );
}

function EditorPage({ workspace }: { workspace: Workspace }) {
  const { editor } = workspace;
  useEffect(() => listenToKeys(workspace), [workspace]);
  const document = editor.value.value;
  const name = isObject(document) && typeof document["name"] === "string" ? document["name"] : editor.templateId;
  useEffect(() => {
    window.document.title = `${name} · ${words.title}`;
    return () => {
      window.document.title = words.title;
    };
  }, [name]);
  return (
    <div class="editor">
      <TopBar workspace={workspace} name={name} />
      <Notices workspace={workspace} />
      <LeftColumn workspace={workspace} />
      <main class="middle" data-region="canvas" aria-label={words.regionCanvas} tabIndex={-1}>
        <CanvasView canvas={workspace.canvas} />
        <Boards editor={editor} />
        <Zoom workspace={workspace} />
      </main>
      <aside class="inspector" data-region="inspector" aria-label={words.regionInspector} tabIndex={-1}>
        <Slot panel={panels.value.inspector} editor={editor} />
      </aside>
      <Bottom workspace={workspace} />
      <Dialogs workspace={workspace} />
      <p class="visually-hidden" aria-live="polite">
        {workspace.announcer.message.value}
      </p>
    </div>
  );
}

/** What stands between this page and the service, above the columns. */
function Notices({ workspace }: { workspace: Workspace }) {
  const { editor } = workspace;
  return (
    <div class="notices">
      {sessionState.value === "over" && (
        <p class="notice caution" role="alert">
          {words.sessionOver}
        </p>
      )}
      {editor.draft.gone.value && (
        <p class="notice caution" role="alert">
          {words.refused(editor.draft.problem.value ?? "")}{" "}
          <button type="button" class="outlined" onClick={() => runCommand(workspace, "save_copy")}>
            {commandWords.saveCopy}
          </button>
        </p>
      )}
      {isAtRisk(editor) && (
        <p class="notice caution" role="alert">
          {words.notKept}
        </p>
      )}
      {panelsFailed.value && (
        <p class="notice danger" role="alert">
          {words.partFailed}{" "}
          <button type="button" class="outlined" onClick={() => location.reload()}>
            {words.loadAgain}
          </button>
        </p>
      )}
    </div>
  );
}

/** Whether changes are in this page only, and stay there for a while. */
function isAtRisk({ draft, saved }: TemplateEditor): boolean {
  return !draft.kept.value && ["offline", "refused", "conflict"].includes(saved.value);
}

function Slot({ panel: Panel, editor }: { panel: ComponentType<PanelProps> | undefined; editor: TemplateEditor }) {
  return Panel ? <Panel editor={editor} /> : null;
}

// --- columns

const LEFT: readonly LeftTab[] = ["layers", "fields", "assets", "fonts"];

function LeftColumn({ workspace }: { workspace: Workspace }) {
  const { editor, leftTab } = workspace;
  const { layers, fields } = panels.value;
  const panel = { layers, fields, assets: screens.assets, fonts: screens.fonts };
  return (
    <aside class="left" data-region="left" aria-label={words.regionLeft} tabIndex={-1}>
      <Tabs label={words.regionLeft} tabs={LEFT} current={leftTab.value} name={(tab) => words[tab]} choose={(tab) => (leftTab.value = tab)} />
      <div class="tab-panel" role="tabpanel" id={`panel-${leftTab.value}`} aria-labelledby={`tab-${leftTab.value}`}>
        <Slot panel={panel[leftTab.value]} editor={editor} />
      </div>
    </aside>
  );
}

/** Tabs by the pattern of ARIA: one tab stop, arrow keys go round. */
function Tabs<T extends string>({ label, tabs, current, name, choose }: { label: string; tabs: readonly T[]; current: T; name: (tab: T) => string; choose: (tab: T) => void }) {
  const onKeyDown = (event: KeyboardEvent) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    const next = tabs[(tabs.indexOf(current) + by + tabs.length) % tabs.length];
    if (next === undefined) return;
    choose(next);
    window.document.getElementById(`tab-${next}`)?.focus();
  };
  return (
    <div class="tabs" role="tablist" aria-label={label} onKeyDown={onKeyDown}>
      {tabs.map((tab) => (
        <button
          type="button"
          key={tab}
          id={`tab-${tab}`}
          role="tab"
          aria-selected={tab === current}
          aria-controls={tab === current ? `panel-${tab}` : undefined}
          tabIndex={tab === current ? 0 : -1}
          onClick={() => choose(tab)}
        >
          {name(tab)}
        </button>
      ))}
    </div>
  );
}


function Zoom({ workspace }: { workspace: Workspace }) {
  const { zoom } = workspace.canvas.viewport.view.value;
  return (
    <div class="zoom segmented" role="group" aria-label={words.zoom}>
      <button type="button" class="icon" aria-label={words.zoomOut} onClick={() => runCommand(workspace, "zoom_out")}>
        <Icon name="minus" />
      </button>
      <button type="button" class="zoom-level" title={words.actualSize} onClick={() => runCommand(workspace, "actual_size")}>
        {Math.round(zoom * 100)} %
      </button>
      <button type="button" class="icon" aria-label={words.zoomIn} onClick={() => runCommand(workspace, "zoom_in")}>
        <Icon name="plus" />
      </button>
      <button type="button" onClick={() => runCommand(workspace, "fit")}>
        {words.fit}
      </button>
    </div>
  );
}

// --- strips

const BOTTOM: readonly BottomTab[] = ["findings", "people", "json"];

function Bottom({ workspace }: { workspace: Workspace }) {
  const { editor, bottomTab } = workspace;
  const open = bottomTab.value;
  return (
    <section class="bottom" data-region="bottom" aria-label={words.regionBottom} tabIndex={-1}>
      <div class="strip-bar">
        {BOTTOM.map((tab) => (
          <button type="button" key={tab} aria-expanded={open === tab} aria-controls={`strip-${tab}`} onClick={() => (bottomTab.value = open === tab ? undefined : tab)}>
            {words[tab]}
            {tab === "findings" && <Count editor={editor} />}
          </button>
        ))}
        <StatusBar editor={editor} />
      </div>
      {open !== undefined && (
        <div class={`strip strip-${open}`} id={`strip-${open}`}>
          <Slot panel={panels.value[open]} editor={editor} />
        </div>
      )}
    </section>
  );
}

function Count({ editor }: { editor: TemplateEditor }) {
  const { findings, faults } = editor.preview.value;
  const count = findings.length + faults.length;
  if (count === 0) return null;
  return <span class={faults.length > 0 ? "count faulty" : "count"}>{count}</span>;
}

function Dialogs({ workspace }: { workspace: Workspace }) {
  const { dialog, editor } = workspace;
  const shown = dialog.value;
  const close = () => {
    if (dialog.value === shown) dialog.value = undefined;
  };
  return (
    <>
      {shown === "commands" && <Palette workspace={workspace} close={close} />}
      {shown === "shortcuts" && <Shortcuts close={close} />}
      {shown === "publish" && screens.publish && <screens.publish editor={editor} close={close} />}
      {shown === "save_copy" && screens.saveCopy && <screens.saveCopy editor={editor} close={close} />}
      <ConflictDialog workspace={workspace} />
    </>
  );
}
