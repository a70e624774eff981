/** The open editor with what surrounds it: canvas, open tabs and dialogs. Commands act on it. */

import { type Signal, signal } from "@preact/signals";

import { CanvasController } from "../canvas/controller";
import type { TemplateEditor } from "../editor/editor";
import { type PreviewAnswer, type PreviewBody, PreviewQueue } from "../server/previews";
import { Announcer } from "./announce";

export type LeftTab = "layers" | "fields" | "assets" | "fonts";
export type BottomTab = "findings" | "people" | "json";
export type DialogName = "commands" | "shortcuts" | "publish" | "save_copy";

/** Previews beside the canvas's, one after the other; none takes another's place. */
class SidePreviews {
  readonly #queue = new PreviewQueue();
  #last: Promise<unknown> = Promise.resolve();

  ask(body: PreviewBody): Promise<PreviewAnswer | undefined> {
    const asked = this.#last.then(() => this.#queue.ask(body));
    this.#last = asked.catch(() => undefined);
    return asked;
  }

  close(): void {
    this.#queue.close();
  }
}

export class Workspace {
  readonly canvas: CanvasController;
  readonly leftTab = signal<LeftTab>("layers");
  readonly bottomTab: Signal<BottomTab | undefined> = signal(undefined);
  readonly dialog: Signal<DialogName | undefined> = signal(undefined);
  readonly announcer: Announcer;
  readonly sidePreviews = new SidePreviews();

  constructor(readonly editor: TemplateEditor) {
    this.canvas = new CanvasController(editor);
    this.announcer = new Announcer(editor);
  }

  /** Says something to people who hear the page, once it has been quiet for a moment. */
  tell(message: string): void {
    this.announcer.tell(message);
  }

  close(): void {
    this.announcer.close();
    this.sidePreviews.close();
    this.canvas.close();
  }
}
