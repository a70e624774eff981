/** The properties of what is selected: of layers, or of the template where nothing is. */

import { useEffect, useId } from "preact/hooks";

import { fieldType, nameFault } from "../document/bounds";
import { liquidNames } from "../document/field_names";
import { equal, fromPointer, isObject, toPointer, valueAt } from "../document/json";
import type { PropertyForm } from "../document/schema";
import type { Json, Path } from "../document/types";
import { addFreeField, missingField } from "../editor/add_field";
import { isPlacedByFlow, placeOf } from "../editor/operations";
import { findLayer, walk } from "../editor/tree";
import type { Editor, LayerNode } from "../editor/store";
import type { ApiFault } from "../server/api";
import type { PanelProps } from "../shell/registry";
import { words } from "../words/panels";
import { typeTitle } from "../words/shell";
import { AlignButtons } from "./inspector/align";
import { documentGroups, type FormGroup, layerGroups } from "./inspector/groups";
import { changeProperty, pathsOf, readShared } from "./inspector/properties";
import { loadSchema, schema, schemaProblem } from "./inspector/schema_store";
import { Icon } from "./widgets/icon";
import { RemoveButton } from "./widgets/nested";
import { formatOf, isWide, Widget } from "./widgets/registry";
import type { Surroundings } from "./widgets/widget";

export function Inspector({ editor }: PanelProps) {
  const { drawnAt, faults, problem } = editor.preview.value;
  const isAnswered = drawnAt > 0 || faults.length > 0 || problem !== undefined;
  // Not beside the first picture: on AWS each of the calls would start a function of its own.
  useEffect(() => {
    if (isAnswered) void loadSchema();
  }, [isAnswered]);
  return (
    <section class="panel properties-panel" aria-label={words.inspector.title}>
      {schema.value ? <Forms editor={editor} /> : <SchemaState />}
    </section>
  );
}

function SchemaState() {
  const problem = schemaProblem.value;
  if (!problem) return <p class="quiet panel-note">{words.inspector.loading}</p>;
  return (
    <div class="panel-note stack">
      <p>{words.inspector.noSchema}</p>
      <p class="quiet">{problem.detail}</p>
      <button type="button" class="outlined" onClick={() => void loadSchema()}>
        {words.inspector.retry}
      </button>
    </div>
  );
}

function Forms({ editor }: PanelProps) {
  const layers = selectedLayers(editor);
  if (layers.length === 0) return <DocumentForm editor={editor} />;
  return <LayerForm editor={editor} layers={layers} />;
}

function selectedLayers(editor: Editor): LayerNode[] {
  const layers = editor.layers.value;
  return editor.selection.value.flatMap((id) => findLayer(layers, id) ?? []);
}

function DocumentForm({ editor }: PanelProps) {
  const groups = documentGroups(schema.value?.document ?? []);
  return (
    <>
      <header class="panel-head">
        <h2>{words.inspector.template}</h2>
      </header>
      {groups.map((group) => (
        <Group key={group.key} group={group} editor={editor} paths={[[]]} />
      ))}
    </>
  );
}

function LayerForm({ editor, layers }: { editor: Editor; layers: readonly LayerNode[] }) {
  const paths = pathsOf(editor, layers.map((layer) => layer.id));
  const type = layers[0]?.type ?? "";
  const forms = sharedForms(layers);
  const placed = layers.some((layer) => isInFlow(editor, layer));
  const groups = layerGroups(type, placed ? forms.filter((form) => form.key !== "x" && form.key !== "y") : forms);
  return (
    <>
      <header class="panel-head">
        {layers.length === 1 ? (
          <LayerHead editor={editor} layer={layers[0] as LayerNode} />
        ) : (
          <h2>{words.inspector.many(layers.length)}</h2>
        )}
      </header>
      {!placed && <AlignButtons editor={editor} />}
      {placed && <p class="quiet panel-note">{words.inspector.inFlow}</p>}
      {groups.map((group) => (
        <Group key={`${type} ${group.key}`} group={group} editor={editor} paths={paths} />
      ))}
    </>
  );
}

/** The properties that all the layers' types have. */
function sharedForms(layers: readonly LayerNode[]): readonly PropertyForm[] {
  const types = [...new Set(layers.map((layer) => layer.type))];
  const [first = [], ...others] = types.map((type) => schema.value?.layer(type) ?? []);
  return first.filter((form) => others.every((forms) => forms.some((other) => other.key === form.key && equal(other as never, form as never))));
}

function isInFlow(editor: Editor, layer: LayerNode): boolean {
  const placed = placeOf(editor.layers.value, layer.id);
  return placed !== undefined && isPlacedByFlow(placed);
}

function LayerHead({ editor, layer }: { editor: Editor; layer: LayerNode }) {
  const taken = [...walk(editor.layers.value)].flatMap((other) => (other.id !== layer.id && other.name ? [other.name] : []));
  const fault = layer.name ? nameFault(layer.name, taken) : undefined;
  const set = (name: string): void =>
    changeProperty(editor, {
      label: words.layers.edits.rename,
      paths: [[...fromPointer(layer.pointer), "name"]],
      value: name.trim() === "" ? undefined : name.trim(),
      merge: "name",
    });
  return (
    <>
      <span class="row layer-head">
        <Icon name={layer.type} />
        <span class="quiet">{typeTitle(layer.type)}</span>
        <input
          class="grow"
          type="text"
          aria-label={words.layers.name}
          placeholder={words.layers.name}
          maxLength={64}
          autocomplete="off"
          spellcheck={false}
          aria-invalid={fault !== undefined}
          aria-describedby={fault ? "layer-name-fault" : undefined}
          value={layer.name ?? ""}
          onInput={(event) => set(event.currentTarget.value)}
        />
      </span>
      {fault && (
        <p class="fault" id="layer-name-fault">
          {fault === "taken" ? words.layers.takenName : words.layers.badName}
        </p>
      )}
    </>
  );
}

interface GroupProps {
  group: FormGroup;
  editor: Editor;
  paths: readonly Path[];
}

/** Groups that few need are folded, unless something in them is written. */
const FOLDED = new Set(["typography", "advanced", "language"]);

function Group({ group, editor, paths }: GroupProps) {
  const grid = group.key === "position" ? "grid" : "";
  const document = editor.value.value;
  const isWritten = group.forms.some((form) => paths.some((path) => valueAt(document, [...path, form.key]) !== undefined));
  const folded = FOLDED.has(group.key) && !isWritten;
  return (
    <details class="group" open={!folded}>
      <summary>{group.title}</summary>
      <div class={`properties ${grid}`}>
        {group.forms.map((form) => (
          <Property key={form.key} form={form} editor={editor} paths={paths.map((path) => [...path, form.key])} />
        ))}
      </div>
    </details>
  );
}

interface PropertyProps {
  form: PropertyForm;
  editor: Editor;
  paths: readonly Path[];
}

export function Property({ form, editor, paths }: PropertyProps) {
  const id = useId();
  const { value, mixed } = readShared(editor.value.value, paths);
  const fault = faultAt(editor, paths);
  const offer = missingField(editor, fault);
  const set = (next: Json | undefined): void =>
    changeProperty(editor, {
      label: words.inspector.edit(form.title),
      paths,
      value: next,
      default: form.default,
      merge: "property",
    });
  const isWritten = mixed || value !== undefined;
  return (
    <div class={`property ${isWide(form, value) ? "wide" : ""} ${isWritten ? "written" : ""}`} data-property={form.key}>
      <label for={id} title={form.description}>
        {form.title}
      </label>
      {isWritten && !form.required && formatOf(form) !== "side" && form.kind !== "object" && (
        <button
          type="button"
          class="icon reset"
          aria-label={words.inspector.reset(form.title)}
          title={words.inspector.reset(form.title)}
          onClick={() => set(undefined)}
        >
          <Icon name="reset" />
        </button>
      )}
      {form.kind === "object" && isObject(value) && <RemoveButton title={form.title} remove={() => set(undefined)} />}
      <div class="control">
        <Widget
          id={id}
          form={form}
          value={value}
          mixed={mixed}
          set={set}
          invalid={fault !== undefined}
          describedBy={fault && `${id}-fault`}
          surroundings={surroundingsOf(editor, paths[0] ?? [])}
        />
      </div>
      {fault && (
        <p class="fault" id={`${id}-fault`}>
          {fault.detail}
        </p>
      )}
      {offer && (
        <button type="button" class="outlined small add-field" onClick={offer.add}>
          {offer.label}
        </button>
      )}
    </div>
  );
}

/** What the service said of one of these properties. */
function faultAt(editor: Editor, paths: readonly Path[]): ApiFault | undefined {
  const pointers = paths.map(toPointer);
  const hit = (pointer: string): boolean => pointers.some((p) => pointer === p || pointer.startsWith(`${p}/`));
  return editor.preview.value.faults.find((fault) => hit(fault.pointer));
}

function surroundingsOf(editor: Editor, path: Path): Surroundings {
  const document = editor.value.value;
  const keys = (key: string): string[] => {
    const found = valueAt(document, [key]);
    return isObject(found) ? Object.keys(found) : [];
  };
  const lists = keys("fields").filter((name) => fieldType(valueAt(document, ["fields", name])) === "list");
  return { names: liquidNames(document, path), styles: keys("styles"), lists, addField: () => addFreeField(editor) };
}

