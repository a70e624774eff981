/** The menu of layers that can be added. A new layer type of the schema appears by itself. */

import { useEffect } from "preact/hooks";

import type { Json } from "../document/types";
import type { Editor } from "../editor/store";
import type { PanelProps } from "../shell/registry";
import { words } from "../words/panels";
import { typeTitle } from "../words/shell";
import { INSERTED, insertLayer } from "./layer_edits";
import { loadSchema, schema } from "./inspector/schema_store";
import { Icon } from "./widgets/icon";
import { MenuButton } from "./widgets/menu_button";
import { firstValue } from "./widgets/nested";

/** The keys that add a layer; the canvas listens to them. */
const KEYS: { [kind: string]: string } = { text: "T", rectangle: "R", ellipse: "O", line: "L", image: "I", qr: "Q" };

export function InsertMenu({ editor }: PanelProps) {
  useEffect(() => void loadSchema(), []);
  const known = schema.value?.layerTypes ?? INSERTED;
  const kinds = [...INSERTED.filter((kind) => known.includes(kind)), ...known.filter((kind) => !INSERTED.includes(kind))];
  const items = kinds.map((kind) => ({
    label: typeTitle(kind),
    icon: <Icon name={kind} />,
    hint: KEYS[kind],
    run: () => insert(editor, kind),
  }));
  return (
    <MenuButton label={words.insert.button} items={items} class="insert">
      <Icon name="plus" />
      {words.insert.button}
    </MenuButton>
  );
}

export function insert(editor: Editor, kind: string): void {
  const forms = schema.peek()?.layer(kind) ?? [];
  const required = forms.filter((form) => form.required && form.key !== "type");
  const values: [string, Json][] = required
    .filter((form) => form.key !== "width" && form.key !== "height")
    .map((form) => [form.key, firstValue(form)]);
  insertLayer(editor, kind, Object.fromEntries(values));
}
