/** The versions of a template: what they looked like, what differs, and how to go back to one. */

import { useEffect, useState } from "preact/hooks";

import type { Editor } from "../../editor/store";
import { listVersions, readVersionDocument, type VersionLine } from "../../server/templates";
import { navigate } from "../../shell/router";
import { words } from "../../words/screens";
import { Compare, type Side } from "./compare";
import { ChangeList, JsonDiff } from "./diff_view";
import { Dialog } from "../../components/dialog";
import { CopyButton } from "../../components/copy";
import { Labelled } from "../../components/fields";
import { TemplatePage } from "../frame";
import { ProblemNote } from "../../components/problem_note";
import { shownTime } from "../../words/formats";
import { EXAMPLES, fileOptions, useWorstPeople, valuesOf } from "../people_choice";
import { PersonSelect } from "../person_select";
import { useEditor } from "../use_editor";

const text = words.versions;
/** The draft, among version numbers. */
const DRAFT = 0;

type Open = { dialog: "use" | "recall"; version: VersionLine };

export function Versions({ id }: { id: string }) {
  const { editor, problem } = useEditor(id);
  const [versions, setVersions] = useState<readonly VersionLine[]>();
  const [cursor, setCursor] = useState<string | null>(null);
  const [listProblem, setListProblem] = useState<unknown>();
  const load = (from?: string) => {
    listVersions(id, from).then((page) => {
      setVersions((before) => [...(from === undefined ? [] : (before ?? [])), ...page.items]);
      setCursor(page.next_cursor);
    }, setListProblem);
  };
  useEffect(() => load(), [id]);
  return (
    <TemplatePage id={id} value={editor?.value.value} title={text.title}>
      <ProblemNote problem={problem ?? listProblem} />
      {versions?.length === 0 && <p class="quiet">{text.none}</p>}
      {editor && versions && versions.length > 0 && (
        <Compared id={id} editor={editor} versions={versions} more={cursor === null ? undefined : () => load(cursor)} />
      )}
    </TemplatePage>
  );
}

function Compared(props: { id: string; editor: Editor; versions: readonly VersionLine[]; more: (() => void) | undefined }) {
  const { id, editor, versions } = props;
  const latest = versions[0]!.version;
  const isDrafted = editor.draft.etag.value !== undefined || editor.saved.value !== "saved";
  const [after, setAfter] = useState(isDrafted ? DRAFT : latest);
  const [before, setBefore] = useState(isDrafted ? latest : (versions[1]?.version ?? latest));
  const [chosen, setChosen] = useState(EXAMPLES);
  const [open, setOpen] = useState<Open>();
  const documents = useDocuments(id, [before, after], editor.text.value);
  const worst = useWorstPeople(editor.text.value);
  const people = fileOptions(editor.people.value);
  const values = valuesOf(chosen, [...worst, ...people]);
  const side = (version: number): Side =>
    version === DRAFT
      ? { name: text.draft, body: { document: editor.text.value, findings: false, ...values } }
      : { name: text.version(version), body: { template_id: id, template_version: version, findings: false, ...values } };
  const options = (
    <>
      {isDrafted && <option value={DRAFT}>{text.draft}</option>}
      {versions.map((each) => (
        <option key={each.version} value={each.version}>
          {text.version(each.version)}
        </option>
      ))}
    </>
  );
  const [old, new_] = [documents[before], documents[after]];
  return (
    <div class="versions">
      <ol class="version-list">
        {isDrafted && (
          <li class={after === DRAFT ? "version chosen" : "version"}>
            <button type="button" class="version-name" aria-pressed={after === DRAFT} onClick={() => setAfter(DRAFT)}>
              {text.draft}
            </button>
          </li>
        )}
        {versions.map((version, index) => (
          <Version
            key={version.version}
            version={version}
            latest={index === 0}
            chosen={after === version.version}
            choose={() => {
              setAfter(version.version);
              setBefore(versions[index + 1]?.version ?? version.version);
            }}
            act={(dialog) => setOpen({ dialog, version })}
          />
        ))}
        {props.more && (
          <li>
            <button type="button" class="link" onClick={props.more}>
              {text.loadMore}
            </button>
          </li>
        )}
      </ol>
      <section class="version-compare">
        <div class="preview-tools">
          <Labelled label={text.before}>
            {(attributes) => (
              <select {...attributes} value={before} onChange={(event) => setBefore(Number(event.currentTarget.value))}>
                {options}
              </select>
            )}
          </Labelled>
          <Labelled label={text.after}>
            {(attributes) => (
              <select {...attributes} value={after} onChange={(event) => setAfter(Number(event.currentTarget.value))}>
                {options}
              </select>
            )}
          </Labelled>
          <PersonSelect label={text.whose} chosen={chosen} worst={worst} people={people} choose={setChosen} />
        </div>
        <Compare before={side(before)} after={side(after)} />
        {old !== undefined && new_ !== undefined && (
          <>
            <h2>{text.changes}</h2>
            <ChangeList before={old} after={new_} />
            <h2>{text.json}</h2>
            <JsonDiff before={old} after={new_} />
          </>
        )}
      </section>
      {open?.dialog === "use" && (
        <UseDialog id={id} editor={editor} version={open.version.version} isDrafted={isDrafted} close={() => setOpen(undefined)} />
      )}
      {open?.dialog === "recall" && (
        <RecallDialog id={id} version={open.version.version} latest={latest} close={() => setOpen(undefined)} />
      )}
    </div>
  );
}

/** The texts of versions, read once each. */
function useDocuments(id: string, wanted: readonly number[], draft: string): Record<number, string> {
  const [read, setRead] = useState<Record<number, string>>({});
  useEffect(() => {
    for (const version of new Set(wanted)) {
      if (version === DRAFT || read[version] !== undefined) continue;
      readVersionDocument(id, version).then(
        (document) => setRead((before) => ({ ...before, [version]: document })),
        () => undefined, // The pictures say what is wrong.
      );
    }
  }, [id, ...wanted]);
  return { ...read, [DRAFT]: draft };
}

function Version(props: {
  version: VersionLine;
  latest: boolean;
  chosen: boolean;
  choose: () => void;
  act: (dialog: Open["dialog"]) => void;
}) {
  const { version } = props;
  return (
    <li class={props.chosen ? "version chosen" : "version"}>
      <button type="button" class="version-name" aria-pressed={props.chosen} onClick={props.choose}>
        {text.version(version.version)}
        {props.latest && <span class="mark">{text.latest}</span>}
      </button>
      {version.note && <p class="version-note">{version.note}</p>}
      <p class="quiet">
        {shownTime(version.published_at)}
        {version.by ? `, ${text.by(version.by)}` : ""}
      </p>
      {version.replaced_by !== null && <p class="hint caution">{text.replacedBy(version.replaced_by)}</p>}
      <p class="version-actions">
        <button type="button" class="outlined" onClick={() => props.act("use")}>
          {text.use}
        </button>
        <button type="button" onClick={() => props.act("recall")}>
          {text.recall}
        </button>
      </p>
    </li>
  );
}

function UseDialog(props: { id: string; editor: Editor; version: number; isDrafted: boolean; close: () => void }) {
  const { id, editor, version } = props;
  const [problem, setProblem] = useState<unknown>();
  const use = async () => {
    try {
      // An entry of the history: the draft that was there comes back by undo.
      editor.replaceText(text.useTitle(version), await readVersionDocument(id, version));
      navigate(`/studio/t/${id}`);
    } catch (error) {
      setProblem(error);
    }
  };
  return (
    <Dialog title={text.useTitle(version)} close={props.close}>
      {props.isDrafted && <p>{text.useHelp}</p>}
      <ProblemNote problem={problem} />
      <div class="dialog-actions">
        <button type="button" onClick={props.close}>
          {words.cancel}
        </button>
        <button type="button" class="primary" onClick={() => void use()}>
          {props.isDrafted ? text.useSubmit : text.use}
        </button>
      </div>
    </Dialog>
  );
}

function RecallDialog({ id, version, latest, close }: { id: string; version: number; latest: number; close: () => void }) {
  const instead = latest === version ? version - 1 : latest;
  const command = `postcard templates recall ${id} ${version} --replaced-by ${instead}`;
  return (
    <Dialog title={text.recallTitle(version)} close={close}>
      {instead === 0 ? (
        <p>{text.recallAlone}</p>
      ) : (
        <>
          <p>{text.recallHelp}</p>
          <pre class="command-block" tabIndex={0}>
            {command}
          </pre>
        </>
      )}
      <div class="dialog-actions">
        {instead > 0 && <CopyButton text={command} label={words.copy} />}
        <span class="grow" />
        <button type="button" class="outlined" onClick={close}>
          {words.close}
        </button>
      </div>
    </Dialog>
  );
}
