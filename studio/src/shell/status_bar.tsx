/** The status bar: the picture's format, bytes and size, and whether mail shows the same bytes. */

import type { TemplateEditor } from "../editor/editor";
import { clockTime, fileSize } from "../words/formats";
import { words } from "../words/shell";

export function StatusBar({ editor }: { editor: TemplateEditor }) {
  const { exact, bytes, format, picture, stale, faults, drawnAt, problem } = editor.preview.value;
  if (picture === undefined) return <p class="status-bar" />;
  if (stale && problem?.mayRepeat) {
    return <p class="status-bar">{words.pictureFrom(clockTime(drawnAt))}</p>;
  }
  const size = `${picture.width} × ${picture.height}`;
  const state = faults.length > 0 ? words.notDrawn : exact ? words.exact : words.notExact;
  return (
    <p class={exact ? "status-bar exact" : "status-bar"}>
      {exact && (
        <>
          <span>{format.toUpperCase()}</span>
          <span>{fileSize(bytes)}</span>
        </>
      )}
      <span>{size}</span>
      <span class="status-state">{state}</span>
    </p>
  );
}
