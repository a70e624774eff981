/** The open editor of a template, for screens beside the canvas. */

import { useEffect, useState } from "preact/hooks";

import { NoTemplate, openEditor } from "../editor/open";
import type { Editor } from "../editor/store";
import { words } from "../words/screens";

export function useEditor(id: string): { editor: Editor | undefined; problem: unknown } {
  const [editor, setEditor] = useState<Editor>();
  const [problem, setProblem] = useState<unknown>();
  useEffect(() => {
    let left = false;
    openEditor(id).then(
      (opened) => {
        if (!left) setEditor(opened);
      },
      (error: unknown) => {
        if (!left) setProblem(error instanceof NoTemplate ? new Error(words.preview.none) : error);
      },
    );
    return () => {
      left = true;
    };
  }, [id]);
  return { editor, problem };
}
