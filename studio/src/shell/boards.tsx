/** Goes between the template's boards, and offers to draw one that has no layers. */

import { isObject } from "../document/json";
import { BOARDS, drawBoard, hasLayers } from "../editor/boards";
import type { TemplateEditor } from "../editor/editor";
import type { Board } from "../editor/store";
import { words } from "../words/boards";

export function Boards({ editor }: { editor: TemplateEditor }) {
  const shown = editor.board.value;
  return (
    <div class="boards">
      <div class="segmented" role="group" aria-label={words.label}>
        {BOARDS.map((board) => (
          <button type="button" key={board} aria-pressed={shown === board} title={words.when[board]} onClick={() => (editor.board.value = board)}>
            {words.board[board]}
          </button>
        ))}
      </div>
      {!hasLayers(editor.value.value, shown) && <Offer editor={editor} board={shown} />}
    </div>
  );
}

function Offer({ editor, board }: { editor: TemplateEditor; board: Board }) {
  const document = editor.value.value;
  const isWritten = isObject(document) && document[board] !== undefined;
  return (
    <div class="board-offer">
      <p>{words.when[board]}</p>
      <p>{isWritten ? words.withoutLayers : words.none[board]}</p>
      <button type="button" class="primary" onClick={() => editor.edit(words.draw[board], drawBoard(document, board))}>
        {words.draw[board]}
      </button>
    </div>
  );
}
