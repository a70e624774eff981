/** All templates as pictures: find, open, duplicate and delete them. */

import { useEffect, useState } from "preact/hooks";

import { withName } from "./new_document";
import { hasScope } from "../../server/session";
import {
  createDraft, deleteDraft, deleteTemplate, listTemplates, readNewest, type TemplateLine,
} from "../../server/templates";
import { words } from "../../words/screens";
import { withoutMarks } from "../../document/bounds";
import { Dialog } from "../../components/dialog";
import { Labelled } from "../../components/fields";
import { MoreMenu } from "../../components/more_menu";
import { Page } from "../frame";
import { ProblemNote } from "../../components/problem_note";
import { shownDay, shownTime } from "../../words/formats";
import { DraftPicture } from "./draft_picture";
import { NameDialog } from "./name_dialog";
import { SnippetDialog } from "../snippet";

const text = words.list;

type Open = { dialog: "duplicate" | "remove" | "snippet"; template: TemplateLine };

export function Templates() {
  const [templates, setTemplates] = useState<readonly TemplateLine[]>();
  const [problem, setProblem] = useState<unknown>();
  const [query, setQuery] = useState("");
  const [open, setOpen] = useState<Open>();
  const load = () => {
    setProblem(undefined);
    listTemplates().then(setTemplates, setProblem);
  };
  useEffect(load, []);
  const found = (templates ?? []).filter((template) => matches(template, query));
  const close = () => setOpen(undefined);
  return (
    <Page title={text.title} actions={<Actions />}>
      <div class="list-tools">
        <input
          type="search"
          class="search"
          aria-label={text.search}
          placeholder={text.search}
          maxLength={100}
          value={query}
          onInput={(event) => setQuery(event.currentTarget.value)}
        />
        <span class="quiet" role="status">
          {templates && templates.length > 0 && text.count(found.length, templates.length)}
        </span>
      </div>
      <ProblemNote problem={problem} retry={load} />
      {templates === undefined && problem === undefined && <Waiting />}
      {templates?.length === 0 && <Empty />}
      {templates !== undefined && templates.length > 0 && found.length === 0 && (
        <div class="empty-place">
          <p>{text.noMatch(query)}</p>
          <button type="button" class="outlined" onClick={() => setQuery("")}>
            {text.clear}
          </button>
        </div>
      )}
      <ul class="card-grid">
        {found.map((template) => (
          <Card key={template.id} template={template} act={(dialog) => setOpen({ dialog, template })} />
        ))}
      </ul>
      {open?.dialog === "duplicate" && <Duplicate template={open.template} close={close} />}
      {open?.dialog === "remove" && (
        <Remove
          template={open.template}
          close={close}
          done={() => {
            close();
            load();
          }}
        />
      )}
      {open?.dialog === "snippet" && (
        <SnippetDialog id={open.template.id} name={open.template.name} version={open.template.version ?? 1} close={close} />
      )}
    </Page>
  );
}

function matches(template: TemplateLine, query: string): boolean {
  return withoutMarks(`${template.name} ${template.id}`).includes(withoutMarks(query.trim()));
}

function Actions() {
  return (
    <>
      <a class="button outlined" href="/studio/new/picture">
        {text.picture}
      </a>
      <a class="button primary" href="/studio/new">
        {text.create}
      </a>
    </>
  );
}

function Waiting() {
  return (
    <ul class="card-grid" aria-busy="true" aria-label={words.loading}>
      {[1, 2, 3, 4].map((number) => (
        <li key={number} class="tile waiting">
          <div class="card-picture" />
          <div class="card-about" />
        </li>
      ))}
    </ul>
  );
}

function Empty() {
  return (
    <div class="empty-place">
      <h2>{text.empty}</h2>
      <p class="quiet">{text.emptyHelp}</p>
      <div class="row">
        <Actions />
      </div>
    </div>
  );
}

function Card({ template, act }: { template: TemplateLine; act: (dialog: Open["dialog"]) => void }) {
  const { id, name, version, draft, width, height } = template;
  return (
    <li class="tile">
      <a class="card-picture" href={`/studio/t/${id}`} aria-label={`${text.edit}: ${name}`}>
        {template.thumbnail_url ? (
          <img src={template.thumbnail_url} alt="" loading="lazy" draggable={false} />
        ) : (
          <DraftPicture template={template}>
            <NoPicture width={width ?? 600} height={height ?? 300} />
          </DraftPicture>
        )}
      </a>
      <div class="card-about">
        <h2 class="card-name">
          <a href={`/studio/t/${id}`}>{name}</a>
        </h2>
        <p class="card-facts">
          <span>{version === null ? text.notPublished : text.version(version)}</span>
          {width !== null && height !== null && <span>{text.size(width, height)}</span>}
        </p>
        <p class="card-marks">
          {draft && (
            <span class="mark draft" title={`${text.draftBy(draft.by, shownTime(draft.updated_at))}. ${draft.expires_at ? text.expires(shownDay(draft.expires_at)) : ""}`}>
              {text.draft}
            </span>
          )}
          {template.paused && <span class="mark caution">{text.paused}</span>}
        </p>
        <CardMenu template={template} act={act} />
      </div>
    </li>
  );
}

/** A page of the template's proportions, where nothing is drawn. */
function NoPicture({ width, height }: { width: number; height: number }) {
  const scale = 120 / Math.max(width, height);
  return (
    <svg class="no-picture" width={width * scale} height={height * scale} aria-hidden="true">
      <rect x="0.5" y="0.5" width={width * scale - 1} height={height * scale - 1} rx="3" fill="none" stroke="currentColor" stroke-dasharray="4 3" />
    </svg>
  );
}

function CardMenu({ template, act }: { template: TemplateLine; act: (dialog: Open["dialog"]) => void }) {
  const { id, version, name } = template;
  const mayDelete = hasScope("templates") || version === null;
  return (
    <MoreMenu id={`menu-${id}`} label={text.more(name)} class="card-more">
      {(hide) => {
        const choose = (dialog: Open["dialog"]) => {
          hide();
          act(dialog);
        };
        return (
          <>
            <a class="button" href={`/studio/t/${id}`}>
              {text.edit}
            </a>
            <a class="button" href={`/studio/t/${id}/preview`}>
              {text.preview}
            </a>
            {version !== null && (
              <a class="button" href={`/studio/t/${id}/versions`}>
                {text.versions}
              </a>
            )}
            {version !== null && hasScope("images") && (
              <button type="button" onClick={() => choose("snippet")}>
                {text.snippet}
              </button>
            )}
            <button type="button" onClick={() => choose("duplicate")}>
              {text.duplicate}
            </button>
            {mayDelete && (
              <button type="button" class="danger" onClick={() => choose("remove")}>
                {text.remove}
              </button>
            )}
          </>
        );
      }}
    </MoreMenu>
  );
}

function Duplicate({ template, close }: { template: TemplateLine; close: () => void }) {
  return (
    <NameDialog
      title={words.duplicate.title(template.name)}
      name={words.duplicate.copyOf(template.name)}
      submit={words.duplicate.submit}
      close={close}
      make={async (id, name) => {
        const newest = await readNewest(template.id);
        if (newest === undefined) throw new Error(words.preview.none);
        await createDraft(id, withName(newest.text, name));
      }}
    />
  );
}

function Remove({ template, close, done }: { template: TemplateLine; close: () => void; done: () => void }) {
  const [typed, setTyped] = useState("");
  const [problem, setProblem] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const published = template.version !== null;
  const submit = async (event: Event) => {
    event.preventDefault();
    if (typed.trim() !== template.name.trim()) return;
    setBusy(true);
    try {
      await (published ? deleteTemplate(template.id) : deleteDraft(template.id));
      done();
    } catch (error) {
      setProblem(error);
      setBusy(false);
    }
  };
  return (
    <Dialog title={words.remove.title(template.name)} close={close}>
      <form onSubmit={submit} class="stack-form">
        <p>{published ? words.remove.published : words.remove.draft}</p>
        <Labelled label={words.remove.type(template.name)}>
          {(attributes) => (
            <input
              {...attributes}
              autofocus
              autocomplete="off"
              value={typed}
              onInput={(event) => setTyped(event.currentTarget.value)}
            />
          )}
        </Labelled>
        <ProblemNote problem={problem} />
        <div class="dialog-actions">
          <button type="button" onClick={close}>
            {words.cancel}
          </button>
          <button type="submit" class="primary destructive" disabled={busy || typed.trim() !== template.name.trim()}>
            {words.remove.submit}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
