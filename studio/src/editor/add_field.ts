/** Offers the field that a text names and the template lacks. */

import { addTextField, newFieldName, unknownName } from "../document/new_fields";
import type { ApiFault } from "../server/api";
import { canvasWords } from "../words/shell";
import type { Editor } from "./store";

export interface FieldOffer {
  label: string;
  add: () => void;
}

/** What a button beside the fault does; undefined where no field would end it. */
export function missingField(editor: Editor, fault: ApiFault | undefined): FieldOffer | undefined {
  const name = unknownName(fault, editor.value.value);
  if (name === undefined) return undefined;
  const label = canvasWords.addField(name);
  return { label, add: () => editor.edit(label, [addTextField(name)]) };
}

/** Adds a field with a free name, which is returned. */
export function addFreeField(editor: Editor): string {
  const name = newFieldName(editor.value.peek(), canvasWords.newFieldName);
  editor.edit(canvasWords.addField(name), [addTextField(name)]);
  return name;
}
