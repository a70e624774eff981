/** The editor of one template: its text, layers, selection, history, draft and previews. */

import { type ReadonlySignal, type Signal, batch, computed, effect, signal, untracked } from "@preact/signals";

import { History } from "../document/history";
import { type IdForest, assignIds, carryIds, idAt, pointerOf, reserveIds } from "../document/ids";
import { applyEdits, EditError, parse } from "../document/text";
import type { Edit, Json } from "../document/types";
import { type Drafts, type LoadedDraft, TemplateDraft } from "../server/drafts";
import { type KeptDraft, type KeptHistory, LatestWriter, localStore } from "../server/local_store";
import type { PreviewQueue } from "../server/previews";
import { boardAt } from "./boards";
import { Composition } from "./composition";
import { PreviewLoop } from "./preview_loop";
import type { Board, EditOptions, Editor, LayerId, LayerNode, Person, PreviewState, SaveState } from "./store";
import { words } from "../words/shell";
import { findLayer, hiddenIds, layerTree } from "./tree";

interface DocumentState {
  text: string;
  value: Json | undefined;
  ids: IdForest;
}

/** What this browser kept of the draft, if anything. */
export interface Kept {
  draft: KeptDraft | undefined;
  history: KeptHistory | undefined;
}

const KEEP_HISTORY_MS = 1000;

/** The ids of a text that may have changed since the history was kept. */
function idsAfter(stored: KeptHistory, text: string, value: Json | undefined): IdForest {
  return stored.text === text ? stored.ids : assignIds(value, { ids: stored.ids, value: parse(stored.text).value });
}

export class TemplateEditor implements Editor {
  readonly text: ReadonlySignal<string>;
  readonly value: ReadonlySignal<Json | undefined>;
  readonly layers: ReadonlySignal<readonly LayerNode[]>;
  readonly selection: Signal<readonly LayerId[]> = signal([]);
  readonly canUndo: ReadonlySignal<boolean>;
  readonly canRedo: ReadonlySignal<boolean>;
  readonly preview: ReadonlySignal<PreviewState>;
  readonly previews: PreviewQueue;
  readonly board = signal<Board>("picture");
  readonly people = signal<readonly Person[]>([]);
  readonly person = signal(-1);
  readonly at = signal<string | undefined>(undefined);
  readonly saved: ReadonlySignal<SaveState>;
  readonly draft: Drafts;
  /** Device pixels per CSS pixel that the canvas can show. */
  readonly dpr = signal(1);
  /** The text layer that is edited on the picture, of which the carets are asked for. */
  readonly edited = signal<LayerId | undefined>(undefined);
  /** The text that previews show while a gesture lasts; it is not in the document yet. */
  readonly tentative = signal<string | undefined>(undefined);
  /** The newest message for people who hear the page. */
  readonly announcement = signal("");
  readonly loop = new PreviewLoop();

  readonly #state: Signal<DocumentState>;
  readonly #history: History;
  readonly #historyChanged = signal(0);
  readonly #draft: TemplateDraft;
  readonly #historyWriter = new LatestWriter(localStore.keepHistory);
  readonly #composition = new Composition();
  readonly #stop: (() => void)[] = [];
  #historyTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly templateId: string,
    loaded: LoadedDraft,
    kept: Kept,
  ) {
    const text = kept.draft?.text ?? loaded.text;
    const value = parse(text).value;
    const stored = kept.history;
    if (stored) reserveIds(stored.ids);
    const ids = stored ? idsAfter(stored, text, value) : assignIds(value);
    this.#history = new History(stored?.history);
    if (stored && stored.text !== text) {
      // The page was closed before its last changes were in the history: they are one entry of it.
      const at = performance.timeOrigin + performance.now();
      this.#history.push(words.lastChanges, { ...stored, selection: [] }, { text, ids, selection: [] }, at);
    }
    this.#state = signal({ text, value, ids });
    this.text = computed(() => this.#state.value.text);
    this.value = computed(() => this.#state.value.value);
    const hidden = computed(() => hiddenIds(this.loop.state.value));
    this.layers = computed(() => layerTree(this.#state.value.value, this.#state.value.ids, this.board.value, hidden.value));
    this.canUndo = computed(() => this.#historyChanged.value >= 0 && this.#history.canUndo);
    this.canRedo = computed(() => this.#historyChanged.value >= 0 && this.#history.canRedo);
    this.preview = this.loop.state;
    this.previews = this.loop.queue;
    this.#draft = new TemplateDraft(templateId, loaded, {
      text: () => this.#state.peek().text,
      isJson: () => parse(this.#state.peek().text).value !== undefined,
      replace: (label, replaced) => this.replaceText(label, replaced),
      tell: (message) => {
        this.announcement.value = message;
      },
    });
    this.draft = this.#draft;
    this.saved = this.#draft.state;
    this.#stop.push(
      effect(() => this.loop.want(this.#wish())),
      effect(() => this.#leaveOtherBoards(this.board.value)),
      this.#composition.listen(),
    );
    if (kept.draft?.dirty) this.#draft.changed();
  }

  edit(label: string, edits: readonly Edit[], options: EditOptions = {}): void {
    const before = this.#state.peek();
    const text = this.#edited(before.text, edits);
    if (text === before.text) {
      if (options.select) this.select(options.select);
      return;
    }
    const value = parse(text).value;
    const ids = carryIds(before.ids, edits, before.value, value);
    this.#change(label, { text, value, ids }, options);
  }

  replaceText(label: string, text: string, options: EditOptions = {}): void {
    const before = this.#state.peek();
    if (text === before.text) return;
    const parsed = parse(text).value;
    const ids = parsed === undefined ? before.ids : assignIds(parsed, before);
    this.#change(label, { text, value: parsed ?? before.value, ids }, options);
  }

  undo(): void {
    this.#history.seal();
    this.#restore(this.#history.undo(this.#state.peek().text));
  }

  redo(): void {
    this.#restore(this.#history.redo(this.#state.peek().text));
  }

  /** What undo and redo would do, for their buttons. */
  get historyLabels(): { undo: string | undefined; redo: string | undefined } {
    return this.#historyChanged.value >= 0 ? this.#history.labels : { undo: undefined, redo: undefined };
  }

  /** A gesture ended: the next edit is an entry of its own. */
  seal(): void {
    this.#history.seal();
  }

  select(ids: readonly LayerId[]): void {
    const [pointer] = ids.flatMap((id) => this.pointerOf(id) ?? []);
    batch(() => {
      if (pointer !== undefined) this.board.value = boardAt(pointer);
      this.selection.value = ids;
    });
  }

  pointerOf(id: LayerId): string | undefined {
    return pointerOf(this.#state.value.ids, id);
  }

  idAt(pointer: string): LayerId | undefined {
    return idAt(this.#state.value.ids, pointer);
  }

  layer(id: LayerId): LayerNode | undefined {
    return findLayer(this.layers.value, id);
  }

  close(): void {
    for (const stop of this.#stop) stop();
    clearTimeout(this.#historyTimer);
    this.#keepHistory();
    this.#draft.close();
    this.loop.close();
  }

  /** While the text is no JSON, as in the middle of typing, nothing else can change it. */
  #edited(text: string, edits: readonly Edit[]): string {
    try {
      return applyEdits(text, edits);
    } catch (error) {
      if (!(error instanceof EditError)) throw error;
      this.announcement.value = error.message;
      return text;
    }
  }

  #change(label: string, after: DocumentState, options: EditOptions): void {
    const before = this.#state.peek();
    const selectedBefore = this.selection.peek();
    batch(() => {
      this.#state.value = after;
      this.select(this.#existing(options.select ?? selectedBefore, after.ids));
    });
    this.#history.push(
      label,
      { text: before.text, ids: before.ids, selection: selectedBefore },
      { text: after.text, ids: after.ids, selection: this.selection.peek() },
      performance.timeOrigin + performance.now(),
      options.merge,
      this.#composition.continues(),
    );
    this.#changed();
  }

  #restore(snapshot: { text: string; ids: IdForest; selection: readonly LayerId[] } | undefined): void {
    if (snapshot === undefined) return;
    const { text, ids, selection } = snapshot;
    const value = parse(text).value ?? this.#state.peek().value;
    batch(() => {
      this.#state.value = { text, ids, value };
      this.select(this.#existing(selection, ids));
    });
    this.#changed();
  }

  #existing(selection: readonly LayerId[], ids: IdForest): readonly LayerId[] {
    const existing = selection.filter((id) => pointerOf(ids, id) !== undefined);
    return existing.length === selection.length ? selection : existing;
  }

  /** Of the text that is edited, if it is on the board that is shown. */
  #editedPointer(): string | undefined {
    const pointer = this.edited.value === undefined ? undefined : this.pointerOf(this.edited.value);
    return pointer !== undefined && boardAt(pointer) === this.board.value ? pointer : undefined;
  }

  /** What is selected and edited is always on the board that is shown. */
  #leaveOtherBoards(board: Board): void {
    untracked(() => {
      const isHere = (id: LayerId) => boardAt(this.pointerOf(id) ?? "") === board;
      if (!this.selection.value.every(isHere)) this.selection.value = this.selection.value.filter(isHere);
      if (this.edited.value !== undefined && !isHere(this.edited.value)) this.edited.value = undefined;
    });
  }

  #changed(): void {
    this.#historyChanged.value += 1;
    this.#draft.changed();
    clearTimeout(this.#historyTimer);
    this.#historyTimer = setTimeout(() => this.#keepHistory(), KEEP_HISTORY_MS);
  }

  #keepHistory(): void {
    if (!this.#draft.kept.peek()) return;
    const { text, ids } = this.#state.peek();
    void this.#historyWriter.put({ id: this.templateId, text, ids, history: this.#history.toJSON() });
  }

  #wish() {
    const person = this.people.value[this.person.value];
    return {
      text: this.tentative.value ?? this.#state.value.text,
      ids: this.#state.value.ids,
      modifications: person?.modifications,
      board: this.board.value,
      at: this.at.value,
      dpr: this.dpr.value,
      carets: this.#editedPointer(),
    };
  }
}
