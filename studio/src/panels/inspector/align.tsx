/** Buttons that align layers. */

import { ALIGNMENTS, alignEdits } from "../../canvas/align";
import { movable } from "../../editor/operations";
import type { Editor } from "../../editor/store";
import { commandWords } from "../../words/commands";
import { words } from "../../words/panels";
import { Icon } from "../widgets/icon";

export function AlignButtons({ editor }: { editor: Editor }) {
  return (
    <div class="row align" role="group" aria-label={words.inspector.align}>
      {ALIGNMENTS.map((alignment) => (
        <button
          type="button"
          class="icon"
          key={alignment}
          aria-label={commandWords.align[alignment]}
          title={commandWords.align[alignment]}
          onClick={() => editor.edit(commandWords.align[alignment], alignEdits(editor, movable(editor.layers.value, editor.selection.value), alignment))}
        >
          <Icon name={`align-${alignment}`} />
        </button>
      ))}
    </div>
  );
}
