/** What the picture is: format, bytes, size, and whether mail shows the same bytes. */

import type { TemplateEditor } from "../editor/editor";
import { words } from "../words/shell";

export function StatusBar({ editor }: { editor: TemplateEditor }) {
  const { exact, bytes, format, picture, stale, faults, drawnAt, problem } = editor.preview.value;
  if (picture === undefined) return <p class="status-bar" />;
  if (stale && problem?.mayRepeat) {
    const time = new Date(drawnAt).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    return <p class="status-bar">{words.pictureFrom(time)}</p>;
  }
  const size = `${picture.width} × ${picture.height}`;
  const state = faults.length > 0 ? words.notDrawn : exact ? words.exact : words.notExact;
  return (
    <p class={exact ? "status-bar exact" : "status-bar"}>
      {exact && (
        <>
          <span>{format.toUpperCase()}</span>
          <span>{kilobytes(bytes)}</span>
        </>
      )}
      <span>{size}</span>
      <span class="status-state">{state}</span>
    </p>
  );
}

function kilobytes(bytes: number): string {
  return bytes < 1000 ? `${bytes} B` : `${(bytes / 1000).toFixed(1)} KB`;
}
