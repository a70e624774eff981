/** The dialog for publishing: what changes, what was found, a note; afterwards the snippet. */

import { useEffect, useState } from "preact/hooks";

import { graphemes } from "../document/bounds";
import { threeWay } from "../document/merge";
import { parse } from "../document/text";
import type { Editor } from "../editor/store";
import { ApiProblem } from "../server/api";
import { isStale, publish } from "../server/publishing";
import { hasScope } from "../server/session";
import { readDocument, readVersionDocument } from "../server/templates";
import { words } from "../words/screens";
import { Compare } from "./versions/compare";
import { ChangeList, JsonDiff } from "./versions/diff_view";
import { changes } from "./versions/json_diff";
import { type Drawn, useDrawn } from "../components/drawn";
import { Dialog } from "../components/dialog";
import { CopyButton } from "../components/copy";
import { Labelled } from "../components/fields";
import { ProblemNote } from "../components/problem_note";
import { Snippet } from "./snippet";
import { nameOf } from "./templates/new_document";

const text = words.publish;
const MAX_NOTE = 200;
/** Findings of a preview that publishing refuses. */
const BLOCKING = ["drawing_too_slow"];
const TO_CONFIRM = ["image_unavailable"];

/** The latest version as the service has it; 0 with an empty text where there is none. */
interface Latest {
  version: number;
  text: string;
}

interface Fault {
  code: string;
  pointer: string;
  detail: string;
}

export function Publish({ editor, close }: { editor: Editor; close: () => void }) {
  const [latest, setLatest] = useState<Latest>();
  const [problem, setProblem] = useState<unknown>();
  const [published, setPublished] = useState<{ version: number; isNew: boolean }>();
  const name = nameOf(editor.value.value) ?? editor.templateId;
  const load = () => readLatest(editor.templateId).then(setLatest, setProblem);
  useEffect(() => void load(), [editor]);
  return (
    <Dialog title={published ? text.done(published.version) : text.title(name)} close={close} name="wide">
      <ProblemNote problem={problem} />
      {published === undefined && latest === undefined && problem === undefined && <p class="quiet">{words.loading}</p>}
      {published === undefined && latest !== undefined && (
        <Review editor={editor} latest={latest} reload={load} close={close} done={setPublished} />
      )}
      {published !== undefined && (
        <>
          <p class="quiet">{published.isNew ? text.doneHelp : text.unchanged(published.version)}</p>
          <Snippet id={editor.templateId} version={published.version} />
          <div class="dialog-actions">
            <span class="grow" />
            <button type="button" class="outlined" onClick={close}>
              {words.close}
            </button>
          </div>
        </>
      )}
    </Dialog>
  );
}

async function readLatest(id: string): Promise<Latest> {
  const document = await readDocument(id);
  return document ? { version: Number(document.etag), text: document.text } : { version: 0, text: "{}" };
}

function Review(props: {
  editor: Editor;
  latest: Latest;
  reload: () => Promise<void>;
  close: () => void;
  done: (published: { version: number; isNew: boolean }) => void;
}) {
  const { editor, latest } = props;
  const [note, setNote] = useState("");
  const [confirmed, setConfirmed] = useState(false);
  const [problem, setProblem] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const [rebased, setRebased] = useState<string>();
  const document = editor.text.value;
  const drawn = useDrawn({ document, base: "examples" });
  const found = bySeverity(drawn);
  const base = editor.draft.base.value;
  const stale = latest.version !== base && latest.version > 0;
  const mayPublish = hasScope("templates");
  const isEqual = latest.version > 0 && changes(parse(latest.text).value, parse(document).value).length === 0;
  const reason = isEqual ? text.equal : whyNot(found, confirmed, drawn);
  const noteFault = graphemes(note.trim()) > MAX_NOTE ? text.noteHelp : undefined;
  const submit = async (event: Event) => {
    event.preventDefault();
    if (reason !== undefined || noteFault !== undefined || stale || busy) return;
    setBusy(true);
    setProblem(undefined);
    try {
      await editor.draft.saveNow();
      const sent = editor.text.value;
      const answer = await publish({
        id: editor.templateId, text: sent, base, draft: editor.draft.etag.value, note,
      });
      editor.draft.published(answer.version, sent);
      props.done({ version: answer.version, isNew: answer.version !== base });
    } catch (error) {
      await props.reload();
      setProblem(isStale(error) ? await whatIsStale(editor, base, error) : error);
      setBusy(false);
    }
  };
  if (stale) {
    return (
      <Stale
        editor={editor}
        latest={latest}
        base={base}
        rebased={(message) => {
          setRebased(message);
          setProblem(undefined);
        }}
        close={props.close}
      />
    );
  }
  return (
    <form class="stack-form" onSubmit={submit} noValidate>
      {rebased !== undefined && (
        <p class="notice" role="status">
          {rebased}
        </p>
      )}
      {!isEqual && <p class="quiet">{latest.version === 0 ? text.first : text.next(latest.version + 1)}</p>}
      <section aria-label={text.pictures}>
        {latest.version === 0 || isEqual ? (
          <div class="shown-pictures first-picture">
            {drawn.url && <img src={drawn.url} alt={nameOf(editor.value.value) ?? ""} draggable={false} />}
          </div>
        ) : (
          <Compare
            before={{ name: text.now(latest.version), body: { template_id: editor.templateId, base: "examples", findings: false } }}
            after={{ name: text.then, body: { document, base: "examples", findings: false } }}
          />
        )}
      </section>
      {latest.version > 0 && !isEqual && (
        <section>
          <h3>{text.changes}</h3>
          <ChangeList before={latest.text} after={document} />
          <details>
            <summary>{text.json}</summary>
            <JsonDiff before={latest.text} after={document} />
          </details>
        </section>
      )}
      <section>
        <h3>{text.findings}</h3>
        <Weights found={found} busy={drawn.busy} />
        {found.confirm.length > 0 && (
          <label class="check">
            <input type="checkbox" checked={confirmed} onChange={(event) => setConfirmed(event.currentTarget.checked)} />
            <span>{text.confirm}</span>
          </label>
        )}
      </section>
      {mayPublish ? (
        <>
          {!isEqual && (
            <Labelled label={text.note} hint={text.noteHelp} fault={noteFault}>
              {(attributes) => (
                <input {...attributes} maxLength={1_000} autofocus value={note} onInput={(event) => setNote(event.currentTarget.value)} />
              )}
            </Labelled>
          )}
          <ProblemNote problem={problem} />
          <FaultList problem={problem} />
          <div class="dialog-actions">
            <span id="publish-reason" class="quiet" role="status">
              {reason ?? ""}
            </span>
            <span class="grow" />
            <button type="button" onClick={props.close}>
              {words.cancel}
            </button>
            {isEqual && (
              <button type="button" class="primary" onClick={() => props.done({ version: latest.version, isNew: false })}>
                {words.list.snippet}
              </button>
            )}
            {!isEqual && (
              <button
                type="submit"
                class="primary"
                aria-describedby="publish-reason"
                title={reason}
                disabled={reason !== undefined || noteFault !== undefined || busy}
              >
                {busy ? text.publishing : text.submit}
              </button>
            )}
          </div>
        </>
      ) : (
        <Ask id={editor.templateId} />
      )}
    </form>
  );
}

/** For a session that designs only: the way to somebody who publishes. */
function Ask({ id }: { id: string }) {
  return (
    <div class="notice">
      <p>{text.missingScope}</p>
      <p class="row">
        <code class="grow">{`${location.origin}/studio/t/${id}`}</code>
        <CopyButton text={`${location.origin}/studio/t/${id}`} label={text.ask} class="primary" />
      </p>
    </div>
  );
}

interface FindingsBySeverity {
  blocking: readonly Fault[];
  confirm: readonly Fault[];
  advice: readonly Fault[];
}

function bySeverity(drawn: Drawn): FindingsBySeverity {
  if (drawn.problem instanceof ApiProblem && drawn.problem.status === 400) {
    const { errors, code, detail } = drawn.problem;
    return { blocking: errors.length > 0 ? errors : [{ code, pointer: "", detail }], confirm: [], advice: [] };
  }
  const all: Fault[] = [];
  for (const fault of [...(drawn.answer?.findings ?? []), ...(drawn.answer?.warnings ?? [])]) {
    if (!all.some((each) => each.code === fault.code && each.pointer === fault.pointer)) all.push(fault);
  }
  return {
    blocking: all.filter((fault) => BLOCKING.includes(fault.code)),
    confirm: all.filter((fault) => TO_CONFIRM.includes(fault.code)),
    advice: all.filter((fault) => !BLOCKING.includes(fault.code) && !TO_CONFIRM.includes(fault.code)),
  };
}

function whyNot(found: FindingsBySeverity, confirmed: boolean, drawn: Drawn): string | undefined {
  if (found.blocking.length > 0) return text.blocked;
  if (found.confirm.length > 0 && !confirmed) return text.unconfirmed;
  return drawn.busy && drawn.answer === undefined ? words.loading : undefined;
}

function Weights({ found, busy }: { found: FindingsBySeverity; busy: boolean }) {
  const weights = (["blocking", "confirm", "advice"] as const).filter((weight) => found[weight].length > 0);
  if (weights.length === 0) return <p class="quiet">{busy ? words.loading : text.noFindings}</p>;
  return (
    <>
      {weights.map((weight) => (
        <div key={weight} class={`finding-weight ${weight}`}>
          <h4>{text.weights[weight]}</h4>
          <ul>
            {found[weight].map((fault) => (
              <li key={fault.code + fault.pointer}>{fault.detail}</li>
            ))}
          </ul>
        </div>
      ))}
    </>
  );
}

function FaultList({ problem }: { problem: unknown }) {
  if (!(problem instanceof ApiProblem) || problem.errors.length < 2) return null;
  return (
    <ul class="fault-list">
      {problem.errors.slice(0, 20).map((fault) => (
        <li key={fault.code + fault.pointer + fault.detail}>{fault.detail}</li>
      ))}
    </ul>
  );
}

/** A 412 is of the version, which `Stale` shows, or of the draft. */
async function whatIsStale(editor: Editor, base: number, error: unknown): Promise<unknown> {
  const { version } = await readLatest(editor.templateId);
  return version === base ? new Error(text.draftChanged) : error;
}

/** Somebody published since: compare, and put the draft on top of the newer version. */
function Stale(props: { editor: Editor; latest: Latest; base: number; rebased: (message: string) => void; close: () => void }) {
  const { editor, latest, base } = props;
  const [began, setBegan] = useState<string>();
  const [problem, setProblem] = useState<unknown>();
  const [comparing, setComparing] = useState(false);
  const mine = editor.text.value;
  useEffect(() => {
    if (base === 0) setBegan("{}");
    else readVersionDocument(editor.templateId, base).then(setBegan, setProblem);
  }, [base]);
  const rebase = () => {
    if (began === undefined) return;
    const merge = threeWay(began, mine, latest.text);
    editor.replaceText(text.rebase, merge.text);
    editor.draft.rebase(latest.version);
    const places = merge.conflicts.map((conflict) => conflict.pointer || "/").join(", ");
    const message = text.rebased(merge.merged.length);
    props.rebased(merge.conflicts.length > 0 ? `${message} ${text.conflicts(places)}` : message);
  };
  return (
    <div class="stack-form">
      <p class="notice caution" role="alert">
        {text.stale(latest.version, base)}
      </p>
      <ProblemNote problem={problem} />
      {comparing && (
        <>
          <Compare
            before={{ name: text.now(latest.version), body: { template_id: editor.templateId, base: "examples", findings: false } }}
            after={{ name: text.then, body: { document: mine, base: "examples", findings: false } }}
          />
          {began !== undefined && (
            <>
              <h3>{text.theirChanges}</h3>
              <ChangeList before={began} after={latest.text} />
              <h3>{text.yourChanges}</h3>
              <ChangeList before={began} after={mine} />
            </>
          )}
        </>
      )}
      <div class="dialog-actions">
        <span class="grow" />
        <button type="button" onClick={props.close}>
          {words.cancel}
        </button>
        {!comparing && (
          <button type="button" class="outlined" onClick={() => setComparing(true)}>
            {text.compare}
          </button>
        )}
        <button type="button" class="primary" disabled={began === undefined} onClick={rebase}>
          {text.rebase}
        </button>
      </div>
    </div>
  );
}
