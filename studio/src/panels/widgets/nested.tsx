/** Objects, lists and maps: forms inside of forms. */

import { useState } from "preact/hooks";

import { isObject, type JsonObject } from "../../document/json";
import type { PropertyForm } from "../../document/schema";
import type { Json } from "../../document/types";
import { words as boardWords } from "../../words/boards";
import { words } from "../../words/panels";
import { Icon } from "./icon";
import { isWide, Widget } from "./registry";
import type { WidgetProps } from "./widget";

export interface ObjectFieldsProps {
  id: string;
  properties: readonly PropertyForm[];
  value: JsonObject;
  set: (value: JsonObject) => void;
  surroundings: WidgetProps["surroundings"];
}

/** The properties of one object, a line each. */
export function ObjectFields({ id, properties, value, set, surroundings }: ObjectFieldsProps) {
  const change = (key: string, part: Json | undefined): void => {
    const { [key]: _, ...rest } = value;
    set(part === undefined ? rest : { ...value, [key]: part });
  };
  return (
    <span class="object">
      {properties
        .filter((form) => form.kind !== "constant" && form.kind !== "layers")
        .map((form) => (
          <span class={`property ${isWide(form, value[form.key]) ? "wide" : ""}`} key={form.key}>
            <label for={`${id}-${form.key}`}>{form.title}</label>
            {form.kind === "object" && isObject(value[form.key]) && (
              <RemoveButton title={form.title} remove={() => change(form.key, undefined)} />
            )}
            <Widget
              id={`${id}-${form.key}`}
              form={form}
              value={value[form.key]}
              set={(part) => change(form.key, part)}
              surroundings={surroundings}
            />
          </span>
        ))}
    </span>
  );
}

/** What a new object has: its required properties. */
export function firstValue(form: PropertyForm): Json {
  if (form.default !== undefined) return form.default;
  switch (form.kind) {
    case "number":
    case "integer":
      return Math.max(1, form.minimum ?? 0);
    case "boolean":
      return false;
    case "choice":
      return form.choices?.[0] ?? "";
    case "object": {
      const required = (form.properties ?? []).filter((property) => property.required);
      return Object.fromEntries(required.map((property) => [property.key, firstValue(property)]));
    }
    case "list":
      return Array.from({ length: form.minItems ?? 0 }, () => firstValue(form.items?.[0] ?? form));
    case "union":
      return firstValue(form.alternatives?.[0] ?? { ...form, kind: "text" });
    default:
      return /color|tint|background/.test(form.key) || form.format === "color" ? "#000000" : "";
  }
}

/** Takes an object away; it stands beside the object's label. */
export function RemoveButton({ title, remove }: { title: string; remove: () => void }) {
  const label = words.inspector.remove(title);
  return (
    <button type="button" class="icon remove" aria-label={label} title={label} onClick={remove}>
      <Icon name="minus" />
    </button>
  );
}

/** An object that need not be there: a button adds it. */
export function ObjectWidget({ form, value, set, id, surroundings }: WidgetProps) {
  if (!isObject(value)) {
    return (
      <button
        type="button"
        id={id}
        class="icon"
        aria-label={words.inspector.add(form.title)}
        title={words.inspector.add(form.title)}
        onClick={() => set(firstObject(form))}
      >
        <Icon name="plus" />
      </button>
    );
  }
  return (
    <span class="nested">
      <ObjectFields
        id={`${id}-in`}
        properties={form.properties ?? []}
        value={value}
        set={set}
        surroundings={surroundings}
      />
    </span>
  );
}

/** Where an empty object would show nothing, or be refused: a shadow that can be seen, a picture's text. */
const VISIBLE: { [key: string]: Json } = {
  shadow: { color: "#00000040", y: 4, blur: 12 },
  fallback: { text: boardWords.firstText.fallback },
  ended: { text: boardWords.firstText.ended },
};

function firstObject(form: PropertyForm): Json {
  return VISIBLE[form.key] ?? firstValue({ ...form, default: undefined });
}

/** A list of values, each with its own widget. */
export function ListWidget({ form, value, set, id, surroundings }: WidgetProps) {
  const items = Array.isArray(value) ? value : [];
  const item = form.items?.[0];
  if (!item) return null;
  const put = (next: Json[]): void => set(next.length === 0 && !form.required ? undefined : next);
  return (
    <span class="stack list">
      {items.map((part, index) => (
        <span class="row" key={index}>
          <span class="grow">
            <Widget
              id={index === 0 ? id : `${id}-${index}`}
              form={{ ...item, title: `${form.title} ${index + 1}` }}
              value={part}
              set={(next) => put(items.map((old, n) => (n === index ? (next ?? "") : old)))}
              surroundings={surroundings}
            />
          </span>
          <button
            type="button"
            class="icon"
            aria-label={words.widgets.removeItem(index + 1)}
            title={words.widgets.removeItem(index + 1)}
            onClick={() => put(items.filter((_, n) => n !== index))}
          >
            <Icon name="minus" />
          </button>
        </span>
      ))}
      {items.length < (form.maxItems ?? 1000) && (
        <button
          type="button"
          class="small"
          id={items.length === 0 ? id : undefined}
          onClick={() => put([...items, firstValue(item)])}
        >
          <Icon name="plus" />
          {words.widgets.addItem}
        </button>
      )}
    </span>
  );
}

/** Named values of one form, such as a document's text styles. */
export function MapWidget({ form, value, set, id, surroundings }: WidgetProps) {
  const [name, setName] = useState("");
  const entries = isObject(value) ? value : {};
  const item = form.items?.[0];
  const add = (): void => {
    if (item && name && !Object.hasOwn(entries, name)) set({ ...entries, [name]: firstValue(item) });
    setName("");
  };
  const put = (key: string, part: Json | undefined): void => {
    const { [key]: _, ...rest } = entries;
    if (part === undefined) set(Object.keys(rest).length ? rest : undefined);
    else set({ ...entries, [key]: part });
  };
  return (
    <span class="stack map">
      {Object.keys(entries).map((key) => (
        <details key={key} class="card">
          <summary>{key}</summary>
          {item && (
            <Widget
              id={`${id}-${key}`}
              form={{ ...item, title: key }}
              value={entries[key]}
              set={(part) => put(key, part)}
              surroundings={surroundings}
            />
          )}
        </details>
      ))}
      <span class="row">
        <input
          id={id}
          type="text"
          placeholder={words.widgets.addNamed}
          aria-label={`${form.title}, ${words.widgets.addNamed.toLowerCase()}`}
          value={name}
          maxLength={64}
          onInput={(event) => setName(event.currentTarget.value)}
          onKeyDown={(event) => event.key === "Enter" && add()}
        />
        <button type="button" class="outlined" disabled={!name} onClick={add}>
          {words.widgets.addItem}
        </button>
      </span>
    </span>
  );
}
