/** Asks for the name and id of a new template, then makes it. */

import { useState } from "preact/hooks";

import { ApiProblem } from "../../server/api";
import { createDraft, isFree, isTemplateId } from "../../server/templates";
import { words } from "../../words/screens";
import type { PanelProps } from "../../shell/registry";
import { navigate } from "../../shell/router";
import { Dialog } from "../../components/dialog";
import { Labelled } from "../../components/fields";
import { ProblemNote } from "../../components/problem_note";
import { slug } from "../../document/bounds";
import { nameIn, withName } from "./new_document";

const text = words.name;

export function NameDialog(props: {
  title: string;
  name: string;
  submit: string;
  /** Makes the template; its editor is opened afterwards. */
  make: (id: string, name: string) => Promise<void>;
  close: () => void;
}) {
  const [name, setName] = useState(props.name);
  const [ownId, setOwnId] = useState<string>();
  const [taken, setTaken] = useState<string>();
  const [problem, setProblem] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const id = ownId ?? slug(name, "template");
  const fault = !isTemplateId(id) ? text.idFault : taken === id ? text.taken(id) : undefined;
  const submit = async (event: Event) => {
    event.preventDefault();
    if (fault !== undefined || busy) return;
    setBusy(true);
    setProblem(undefined);
    try {
      const free = await freeId(id, ownId === undefined);
      if (free === undefined) {
        setTaken(id);
        return;
      }
      await props.make(free, name.trim() || free);
      navigate(`/studio/t/${free}`);
    } catch (error) {
      setProblem(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog title={props.title} close={props.close}>
      <form onSubmit={submit} class="stack-form" noValidate>
        <Labelled label={text.name}>
          {(attributes) => (
            <input
              {...attributes}
              autofocus
              maxLength={100}
              value={name}
              onFocus={(event) => event.currentTarget.select()}
              onInput={(event) => setName(event.currentTarget.value)}
            />
          )}
        </Labelled>
        <Labelled label={text.id} hint={text.idHelp} fault={fault}>
          {(attributes) => (
            <input
              {...attributes}
              class="code"
              maxLength={64}
              spellcheck={false}
              value={id}
              onInput={(event) => setOwnId(event.currentTarget.value)}
            />
          )}
        </Labelled>
        <ProblemNote problem={problem} />
        <div class="dialog-actions">
          <button type="button" onClick={props.close}>
            {words.cancel}
          </button>
          <button type="submit" class="primary" disabled={busy || fault !== undefined}>
            {props.submit}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** Saves the editor's document as the first draft of another template. */
export function SaveCopy({ editor, close }: PanelProps & { close: () => void }) {
  const name = nameIn(editor.text.value) ?? editor.templateId;
  return (
    <NameDialog
      title={text.saveCopy}
      name={words.duplicate.copyOf(name)}
      submit={text.saveCopy}
      close={close}
      make={(id, chosen) => createDraft(id, withName(editor.text.peek(), chosen))}
    />
  );
}

/** The id, or with a number behind it where it is taken and nobody typed it. */
export async function freeId(id: string, mayChange: boolean): Promise<string | undefined> {
  for (let number = 1; number <= (mayChange ? 20 : 1); number += 1) {
    const tried = number === 1 ? id : `${id.slice(0, 58)}-${number}`;
    try {
      if (await isFree(tried)) return tried;
    } catch (problem) {
      // 410: a template of this id was deleted, so the id is taken for good.
      if (!(problem instanceof ApiProblem && problem.status === 410)) throw problem;
    }
  }
  return undefined;
}
