/** Choices, yes or no, lines of text, and any JSON. */

import { useState } from "preact/hooks";

import { parse } from "../../document/text";
import type { Json } from "../../document/types";
import { CHOICES, words } from "../../words/panels";
import type { WidgetProps } from "./widget";

const FEW = 4;
const SHORT = 24;

/** A few short choices are buttons side by side, more are a list to choose from. */
export function ChoiceWidget(props: WidgetProps) {
  const choices = props.form.choices ?? [];
  const width = choices.reduce((sum, choice) => sum + choice.length, 0);
  return choices.length <= FEW && width <= SHORT ? <Segments {...props} /> : <Select {...props} />;
}

function Segments({ form, value, mixed, set }: WidgetProps) {
  const current = value ?? (mixed ? undefined : (form.default ?? form.inherited));
  return (
    <span class="segments" role="group" aria-label={form.title}>
      {(form.choices ?? []).map((choice) => (
        <button type="button" key={choice} aria-pressed={choice === current} onClick={() => set(choice)}>
          {labelOf(choice)}
        </button>
      ))}
    </span>
  );
}

function Select({ form, value, mixed, set, id, describedBy, plain }: WidgetProps & { plain?: boolean }) {
  const unset = form.default === undefined && form.inherited === undefined;
  return (
    <select
      id={id}
      aria-describedby={describedBy}
      value={typeof value === "string" ? value : mixed ? "?" : String(form.default ?? form.inherited ?? "")}
      onChange={(event) => set(event.currentTarget.value || undefined)}
    >
      {mixed && <option value="?">{words.inspector.mixed}</option>}
      {unset && <option value="">{words.widgets.unset}</option>}
      {(form.choices ?? []).map((choice) => (
        <option value={choice} key={choice}>
          {plain ? choice : labelOf(choice)}
        </option>
      ))}
    </select>
  );
}

function labelOf(choice: string): string {
  if (Object.hasOwn(CHOICES, choice)) return CHOICES[choice] as string;
  const plain = choice.replace(/[-_]/g, " ");
  return plain.charAt(0).toUpperCase() + plain.slice(1);
}

export function BooleanWidget({ form, value, mixed, set, id, describedBy }: WidgetProps) {
  const checked = typeof value === "boolean" ? value : (form.default ?? form.inherited) === true;
  return (
    <input
      id={id}
      type="checkbox"
      checked={checked}
      indeterminate={mixed}
      aria-describedby={describedBy}
      onChange={(event) => set(event.currentTarget.checked)}
    />
  );
}

export function LineWidget({ form, value, mixed, set, id, invalid, describedBy }: WidgetProps) {
  const write = (text: string): void => {
    if (text === "" && !form.required) set(undefined);
    else set(text);
  };
  return (
    <input
      id={id}
      type="text"
      autocomplete="off"
      maxLength={form.maxLength}
      placeholder={mixed ? words.inspector.mixed : typeof form.default === "string" ? form.default : ""}
      aria-invalid={invalid}
      aria-describedby={describedBy}
      value={typeof value === "string" ? value : ""}
      onInput={(event) => write(event.currentTarget.value)}
    />
  );
}

/** The name of one of the document's text styles. */
export function StyleWidget(props: WidgetProps) {
  return <ChoiceOf {...props} choices={props.surroundings.styles} />;
}

/** The name of one of the document's list fields. */
export function ListFieldWidget(props: WidgetProps) {
  return <ChoiceOf {...props} choices={props.surroundings.lists} />;
}

function ChoiceOf({ choices, ...props }: WidgetProps & { choices: readonly string[] }) {
  const written = typeof props.value === "string" && !choices.includes(props.value) ? [props.value] : [];
  return <Select {...props} plain form={{ ...props.form, choices: [...written, ...choices] }} />;
}

/** JSON as text, for what has no form of its own. */
export function JsonWidget({ value, set, id, describedBy }: WidgetProps) {
  const [typed, setTyped] = useState<string | undefined>(undefined);
  const broken = typed !== undefined && typed.trim() !== "" && parse(typed).value === undefined;
  const type = (text: string): void => {
    setTyped(text);
    const read: Json | undefined = parse(text).value;
    if (text.trim() === "") set(undefined);
    else if (read !== undefined) set(read);
  };
  return (
    <textarea
      id={id}
      class="mono"
      rows={2}
      spellcheck={false}
      aria-invalid={broken}
      aria-describedby={describedBy}
      title={broken ? words.widgets.notJson : undefined}
      value={typed ?? (value === undefined ? "" : JSON.stringify(value))}
      onInput={(event) => type(event.currentTarget.value)}
      onBlur={() => setTyped(undefined)}
    />
  );
}
