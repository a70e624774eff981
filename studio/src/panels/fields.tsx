/** The fields panel: a template's fields, their types and bounds. */

import { useSignal } from "@preact/signals";
import { useEffect, useId, useRef } from "preact/hooks";

import { fieldType, freeName, keptKeys, missingBound, nameFault } from "../document/bounds";
import { RenameError, renameField, usesOf } from "../document/field_names";
import { newTextField } from "../document/new_fields";
import { entryOf, isObject, type JsonObject, valueAt } from "../document/json";
import type { PropertyForm } from "../document/schema";
import type { Edit, Json } from "../document/types";
import type { Editor } from "../editor/store";
import type { PanelProps } from "../shell/registry";
import { words } from "../words/panels";
import { Property } from "./inspector";
import { loadSchema, schema } from "./inspector/schema_store";
import { TablePanel } from "./table/table";
import { Icon } from "./widgets/icon";

export function Fields({ editor }: PanelProps) {
  useEffect(() => void loadSchema(), []);
  const fields = fieldsOf(editor.value.value);
  const names = Object.keys(fields);
  const open = useSignal<string | undefined>(undefined);
  const added = useSignal<string | undefined>(undefined);
  const add = (): void => {
    const name = freeName(words.fields.newName, names);
    editor.edit(words.fields.edits.add, [{ kind: "set", path: ["fields", name], value: newTextField() }]);
    open.value = name;
    added.value = name;
  };
  return (
    <section class="panel fields" aria-label={words.fields.title}>
      {names.length === 0 && <p class="quiet panel-note">{words.fields.empty}</p>}
      <ul class="field-list">
        {names.map((name, index) => (
          <FieldCard
            key={index} // a field that is renamed keeps its form, and the focus in it
            editor={editor}
            name={name}
            names={names}
            field={fields[name]}
            open={open.value === name}
            isNew={added.value === name}
            toggle={(shown) => {
              open.value = shown ? name : undefined;
            }}
            renamed={(to) => {
              open.value = to;
            }}
          />
        ))}
      </ul>
      <div class="panel-note">
        <button type="button" class="outlined" onClick={add}>
          <Icon name="plus" />
          {words.fields.add}
        </button>
      </div>
      <TablePanel editor={editor} fields={fields} />
    </section>
  );
}

export function fieldsOf(document: Json | undefined): JsonObject {
  const fields = valueAt(document, ["fields"]);
  return isObject(fields) ? fields : {};
}

interface FieldCardProps {
  editor: Editor;
  name: string;
  names: readonly string[];
  field: Json | undefined;
  open: boolean;
  isNew: boolean;
  toggle: (shown: boolean) => void;
  renamed: (to: string) => void;
}

function FieldCard({ editor, name, names, field, open, isNew, toggle, renamed }: FieldCardProps) {
  const body = useId();
  const missing = isObject(field) && field["open"] === true ? missingBound(field) : [];
  const example = isObject(field) ? (field["example"] ?? field["default"]) : undefined;
  return (
    <li class={`field-card ${open ? "open" : ""}`} data-field={name}>
      <button type="button" class="field-head" aria-expanded={open} aria-controls={body} onClick={() => toggle(!open)}>
        <Icon name={open ? "down" : "chevron"} />
        <span class="grow field-name">{name}</span>
        {missing.length > 0 && (
          <span class="caution-mark" title={needs(missing)}>
            <Icon name="warning" />
          </span>
        )}
        <span class="quiet field-example" dir="auto">
          {exampleText(example)}
        </span>
        <span class="badge">{entryOf(words.fields.types, fieldType(field)) ?? fieldType(field)}</span>
      </button>
      <div id={body} hidden={!open}>
        {open && <FieldForm editor={editor} name={name} names={names} field={field} isNew={isNew} renamed={renamed} />}
      </div>
    </li>
  );
}

function exampleText(example: Json | undefined): string {
  if (example === undefined || example === null) return "";
  return typeof example === "object" ? "" : String(example);
}

function needs(keys: readonly string[]): string {
  const names = keys.map((key) => words.fields.bound[key] ?? key);
  const type = keys[0] === "min" || keys[0] === "max" ? "conjunction" : "disjunction";
  return words.fields.needsBound(new Intl.ListFormat("en-GB", { type }).format(names));
}

const HEAD = ["default", "example"];
const TAIL = new Set(["label", "erase_by", "on_bad", "too_long", "emphasis"]);

interface FieldFormProps {
  editor: Editor;
  name: string;
  names: readonly string[];
  field: Json | undefined;
  /** It was added just now: its name is what comes next. */
  isNew: boolean;
  renamed: (to: string) => void;
}

function FieldForm({ editor, name, names, field, isNew, renamed }: FieldFormProps) {
  const type = fieldType(field);
  const forms = schema.value?.field(type) ?? [];
  const shown = forms.filter((form) => !["type", "required", "open", ...HEAD].includes(form.key));
  const bounds = shown.filter((form) => !TAIL.has(form.key));
  const rest = shown.filter((form) => TAIL.has(form.key));
  const property = (form: PropertyForm) => (
    <Property key={form.key} form={form} editor={editor} paths={[["fields", name, form.key]]} />
  );
  return (
    <div class="field-form properties">
      <NameProperty editor={editor} name={name} names={names} isNew={isNew} renamed={renamed} />
      <TypeProperty editor={editor} name={name} field={field} />
      {HEAD.map((key) => property(valueForm(key, type)))}
      <RequiredAndOpen editor={editor} name={name} field={field} />
      {bounds.map(property)}
      {rest.length > 0 && (
        <details>
          <summary>{words.fields.more}</summary>
          {rest.map(property)}
        </details>
      )}
      <div class="row">
        <span class="quiet grow">{words.fields.uses(usesOf(editor.value.value, name).length)}</span>
        <button
          type="button"
          class="danger"
          aria-label={words.fields.remove(name)}
          onClick={() => editor.edit(words.fields.edits.remove, removal(editor, name))}
        >
          {words.fields.delete}
        </button>
      </div>
    </div>
  );
}

/** The last field takes the empty `fields` along. */
function removal(editor: Editor, name: string): Edit[] {
  const alone = Object.keys(fieldsOf(editor.value.peek())).length === 1;
  return [{ kind: "remove", path: alone ? ["fields"] : ["fields", name] }];
}

/** A default or example of a field's type; the schema leaves its form to the type. */
function valueForm(key: string, type: string): PropertyForm {
  const title = key === "default" ? words.fields.default : words.fields.example;
  const kinds: { [type: string]: Partial<PropertyForm> } = {
    number: { kind: "number" },
    boolean: { kind: "choice", choices: ["true", "false"] },
    color: { kind: "text", format: "color" },
    image: { kind: "text", format: "asset" },
    list: { kind: "any" },
  };
  return { key, title, kind: "text", required: false, ...kinds[type] };
}

function NameProperty({ editor, name, names, isNew, renamed }: Omit<FieldFormProps, "field">) {
  const id = useId();
  const box = useRef<HTMLInputElement>(null);
  const fault = useSignal<string | undefined>(undefined);
  useEffect(() => {
    if (!isNew) return;
    box.current?.focus();
    box.current?.select();
  }, []);
  useEffect(() => {
    if (box.current) box.current.value = name;
    fault.value = undefined;
  }, [name]);
  const rename = (): void => {
    const to = box.current?.value.trim() ?? "";
    fault.value = undefined;
    if (to === name) return;
    const found = nameFault(to, names);
    const messages = { form: words.fields.badName, reserved: words.fields.reserved, taken: words.fields.taken };
    if (found) {
      fault.value = messages[found];
      return;
    }
    try {
      editor.edit(words.fields.edits.rename, renameField(editor.value.peek() ?? {}, name, to));
      renamed(to);
    } catch (error) {
      if (!(error instanceof RenameError)) throw error;
      fault.value = error.message;
    }
  };
  return (
    <div class="property">
      <label for={id}>{words.fields.name}</label>
      <div class="control">
        <input
          id={id}
          ref={box}
          type="text"
          class="mono"
          maxLength={64}
          autocomplete="off"
          spellcheck={false}
          defaultValue={name}
          aria-invalid={fault.value !== undefined}
          aria-describedby={fault.value && `${id}-fault`}
          onKeyDown={(event) => event.key === "Enter" && rename()}
          onBlur={rename}
        />
      </div>
      {fault.value && (
        <p class="fault" id={`${id}-fault`}>
          {fault.value}
        </p>
      )}
    </div>
  );
}

function TypeProperty({ editor, name, field }: { editor: Editor; name: string; field: Json | undefined }) {
  const id = useId();
  const change = (type: string): void => {
    const written = isObject(field) ? field : {};
    const kept = keptKeys(written, schema.peek()?.field(type) ?? []).filter((key) => key !== "type");
    const value: JsonObject = type === "text" ? {} : { type };
    for (const key of kept) value[key] = written[key] as Json;
    if (type === "list") value["items"] = { name: { max_length: 40 } };
    editor.edit(words.fields.edits.change, [{ kind: "set", path: ["fields", name], value }]);
  };
  const types = schema.value?.fieldTypes ?? ["text"];
  return (
    <div class="property">
      <label for={id}>{words.fields.type}</label>
      <div class="control">
        <select id={id} value={fieldType(field)} onChange={(event) => change(event.currentTarget.value)}>
          {types.map((type) => (
            <option value={type} key={type}>
              {entryOf(words.fields.types, type) ?? type}
            </option>
          ))}
        </select>
      </div>
    </div>
  );
}

function RequiredAndOpen({ editor, name, field }: { editor: Editor; name: string; field: Json | undefined }) {
  const id = useId();
  const written = isObject(field) ? field : {};
  const missing = written["open"] === true ? missingBound(field) : [];
  const set = (key: string, on: boolean): void => {
    const path = ["fields", name, key];
    const edit: Edit = on ? { kind: "set", path, value: true } : { kind: "remove", path };
    editor.edit(words.fields.edits.change, on || written[key] !== undefined ? [edit] : []);
  };
  return (
    <div class="property wide">
      <div class="row switches">
        <label title={words.fields.requiredHint}>
          <input
            type="checkbox"
            checked={written["required"] === true}
            onChange={(event) => set("required", event.currentTarget.checked)}
          />
          {words.fields.required}
        </label>
        <label title={words.fields.openHint}>
          <input
            type="checkbox"
            checked={written["open"] === true}
            aria-describedby={missing.length ? `${id}-bound` : undefined}
            onChange={(event) => set("open", event.currentTarget.checked)}
          />
          {words.fields.open}
        </label>
      </div>
      {missing.length > 0 && (
        <div class="notice caution bound" id={`${id}-bound`} role="alert">
          <p>{needs(missing)}</p>
          <BoundChoices editor={editor} name={name} field={field} missing={missing} />
        </div>
      )}
    </div>
  );
}

/** One press gives the field a bound, which can then be changed below. */
function BoundChoices({ editor, name, field, missing }: { editor: Editor; name: string; field: Json | undefined; missing: readonly string[] }) {
  const bound = (values: JsonObject): void => {
    const edits = missing.flatMap((key): Edit[] =>
      values[key] === undefined ? [] : [{ kind: "set", path: ["fields", name, key], value: values[key] }],
    );
    editor.edit(words.fields.edits.bound, edits);
  };
  const type = fieldType(field);
  const { boundChoices } = words.fields;
  if (type === "image") return <HostBound bound={(host) => bound({ allowed_hosts: [host] })} />;
  if (type !== "text" && type !== "number") return null;
  return (
    <button type="button" class="outlined" onClick={() => bound(type === "text" ? newTextField() : numberBounds(field))}>
      {boundChoices[type]}
    </button>
  );
}

const HOST = /^[a-z0-9-]+(\.[a-z0-9-]+)+$/;

/** The host that serves the readers' pictures: only its owner knows it. */
function HostBound({ bound }: { bound: (host: string) => void }) {
  const host = useSignal("");
  return (
    <div class="row">
      <input
        type="text"
        class="grow mono"
        maxLength={253}
        spellcheck={false}
        autocomplete="off"
        aria-label={words.fields.host}
        placeholder={words.fields.hostExample}
        value={host.value}
        onInput={(event) => {
          host.value = event.currentTarget.value.trim().toLowerCase();
        }}
      />
      <button type="button" class="outlined" disabled={!HOST.test(host.value)} onClick={() => bound(host.value)}>
        {words.fields.boundChoices.image}
      </button>
    </div>
  );
}

function numberBounds(field: Json | undefined): JsonObject {
  const written = isObject(field) ? field : {};
  const [low, high] = [Number(written["min"] ?? 0), Number(written["max"] ?? 1_000_000)];
  return { min: Math.min(low, high), max: Math.max(low, high) };
}
