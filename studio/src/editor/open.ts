/** Opens a template's editor: the service's draft, with what this browser has beside it. */

import { threeWay } from "../document/merge";
import { loadDraft } from "../server/drafts";
import { type KeptDraft, localStore } from "../server/local_store";
import { ApiProblem } from "../server/api";
import { type Kept, TemplateEditor } from "./editor";

/** The editor that is open, so that preview and versions show the text as it stands. */
let current: { id: string; editor: Promise<TemplateEditor> } | undefined;

/** Thrown for an id that has neither a version nor a draft. */
export class NoTemplate extends Error {}

/** The editor of a template; the same one while the address stays with this template. */
export function openEditor(id: string): Promise<TemplateEditor> {
  if (current?.id !== id) {
    closeEditor();
    const editor = open(id);
    current = { id, editor };
    editor.catch(() => {
      if (current?.editor === editor) current = undefined;
    });
  }
  return (current as { editor: Promise<TemplateEditor> }).editor;
}

export function closeEditor(): void {
  void current?.editor.then((editor) => editor.close()).catch(() => undefined);
  current = undefined;
}

async function open(id: string): Promise<TemplateEditor> {
  const kept = await readKept(id);
  const draft = kept.draft;
  let loaded: Awaited<ReturnType<typeof loadDraft>>;
  try {
    loaded = await loadDraft(id, draft ? 2 : 5);
  } catch (problem) {
    if (draft === undefined || !(problem instanceof ApiProblem) || !opensKept(problem, draft)) throw problem;
    return keptEditor(id, draft, kept);
  }
  if (loaded === undefined) {
    if (draft === undefined || !draft.dirty) throw new NoTemplate(id);
    return keptEditor(id, draft, kept);
  }
  if (draft === undefined || !draft.dirty) {
    const isKnown = loaded.text === draft?.text || loaded.text === kept.history?.text;
    return new TemplateEditor(id, loaded, { draft: undefined, history: isKnown ? kept.history : undefined });
  }
  if (draft.serverText === loaded.text) return new TemplateEditor(id, loaded, kept);
  return openChanged(id, draft, loaded, kept);
}

/** Whether what this browser kept is opened though the service did not answer with a document. */
function opensKept({ mayRepeat, status }: ApiProblem, { dirty }: KeptDraft): boolean {
  // 410 and 403: the template was deleted, or is somebody else's now. Unsaved changes are saved as a copy.
  return mayRepeat || (dirty && (status === 410 || status === 403));
}

function keptEditor(id: string, { serverText, etag, base }: KeptDraft, kept: Kept): TemplateEditor {
  return new TemplateEditor(id, { text: serverText, etag: etag ?? undefined, base }, kept);
}

/** The service's draft changed since this browser saw it, and so did this browser's. */
function openChanged(id: string, draft: KeptDraft, loaded: NonNullable<Awaited<ReturnType<typeof loadDraft>>>, kept: Kept): TemplateEditor {
  const merge = threeWay(draft.serverText, draft.text, loaded.text);
  if (merge.conflicts.length > 0) {
    // The service refuses the stale tag, and the conflict is shown as any other.
    const stale = { text: draft.serverText, etag: draft.etag ?? undefined, base: draft.base };
    return new TemplateEditor(id, stale, kept);
  }
  const editor = new TemplateEditor(id, loaded, { ...kept, draft: { ...draft } });
  editor.replaceText("Merge", merge.text);
  editor.announcement.value = "The draft was changed elsewhere too. Both changes are in it now.";
  return editor;
}

async function readKept(id: string): Promise<Kept> {
  try {
    const [draft, history] = await Promise.all([localStore.draft(id), localStore.history(id)]);
    return { draft, history };
  } catch {
    return { draft: undefined, history: undefined };
  }
}
