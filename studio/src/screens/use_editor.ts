/** The open editor of a template, for screens beside the canvas. */

import { useEffect, useState } from "preact/hooks";

import type { TemplateEditor } from "../editor/editor";
import { NoTemplate, openEditor } from "../editor/open";
import type { Editor } from "../editor/store";
import { words } from "../words/screens";

export function useEditor(id: string): { editor: Editor | undefined; problem: unknown } {
  const [editor, setEditor] = useState<Editor>();
  const [problem, setProblem] = useState<unknown>();
  useEffect(() => {
    let left = false;
    let resting: TemplateEditor | undefined;
    openEditor(id).then(
      (opened) => {
        if (left) return;
        // These screens ask for pictures of their own, so the canvas asks for none.
        opened.loop.rest("all");
        resting = opened;
        setEditor(opened);
      },
      (error: unknown) => {
        if (!left) setProblem(error instanceof NoTemplate ? new Error(words.preview.none) : error);
      },
    );
    return () => {
      left = true;
      resting?.loop.rest("none");
    };
  }, [id]);
  return { editor, problem };
}
