/** Switches the person whose values the preview shows. */

import type { Editor } from "./store";

/** Shows the next or previous person; before the first are the fields' examples. */
export function stepPerson(editor: Editor, by: 1 | -1): void {
  const count = editor.people.peek().length + 1;
  editor.person.value = ((editor.person.peek() + 1 + by + count) % count) - 1;
}
