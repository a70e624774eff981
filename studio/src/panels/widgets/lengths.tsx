/** Radius, padding, sides and tuples: one length, or several that belong together. */

import type { PropertyForm } from "../../document/schema";
import type { Json } from "../../document/types";
import { words } from "../../words/panels";
import { Icon } from "./icon";
import { NumberInput } from "./number";
import type { WidgetProps } from "./widget";

/** The first number among a union's members has the bounds. */
function lengthForm(form: PropertyForm): PropertyForm {
  const members = form.alternatives ?? [];
  const number = members.find((member) => member.kind === "number" || member.kind === "integer");
  return number ?? { ...form, kind: "number" };
}

function numbers(value: Json | undefined): number[] {
  return Array.isArray(value) ? value.filter((item): item is number => typeof item === "number") : [];
}

export function RadiusWidget({ form, value, mixed, set, id, describedBy }: WidgetProps) {
  const length = lengthForm(form);
  const many = Array.isArray(value);
  const single = typeof value === "number" ? value : undefined;
  const corners = many ? numbers(value) : Array.from({ length: 4 }, () => single ?? 0);
  return (
    <span class="stack lengths">
      <span class="row">
        {!many && value !== "full" && (
          <NumberInput
            id={id}
            form={length}
            value={single}
            set={(radius) => set(radius)}
            placeholder={mixed ? words.inspector.mixed : "0"}
            describedBy={describedBy}
          />
        )}
        <button
          type="button"
          id={value === "full" ? id : undefined}
          class="outlined small"
          aria-pressed={value === "full"}
          onClick={() => set(value === "full" ? 0 : "full")}
        >
          {words.widgets.full}
        </button>
        <Toggle
          label={words.widgets.corners}
          icon="corners"
          pressed={many}
          toggle={() => set(many ? (corners[0] ?? 0) : corners)}
        />
      </span>
      {many && <Four form={length} values={corners} names={words.widgets.cornerNames} set={(next) => set(next)} id={id} />}
    </span>
  );
}

export function PaddingWidget({ form, value, mixed, set, id, describedBy }: WidgetProps) {
  const length = lengthForm({ ...form, minimum: form.minimum ?? 0 });
  const sides = padding(value);
  const many = Array.isArray(value);
  return (
    <span class="stack lengths">
      <span class="row">
        {!many && (
          <NumberInput
            id={id}
            form={length}
            value={typeof value === "number" ? value : undefined}
            set={(all) => set(all)}
            placeholder={mixed ? words.inspector.mixed : "0"}
            describedBy={describedBy}
          />
        )}
        <Toggle
          label={words.widgets.sides}
          icon="sides"
          pressed={many}
          toggle={() => set(many ? (sides[0] ?? 0) : [...sides])}
        />
      </span>
      {many && (
        <Four form={length} values={sides} names={words.widgets.sideNames} set={(next) => set(compact(next))} id={id} />
      )}
    </span>
  );
}

/** Top, right, bottom, left. */
function padding(value: Json | undefined): number[] {
  if (typeof value === "number") return [value, value, value, value];
  const written = numbers(value);
  const [a = 0, b = a, c = a, d = b] = written;
  return [a, b, c, d];
}

/** `[vertical, horizontal]` where opposite sides are equal. */
function compact(four: readonly number[]): Json {
  const [top, right, bottom, left] = four;
  return top === bottom && right === left ? [top ?? 0, right ?? 0] : [...four];
}

interface FourProps {
  form: PropertyForm;
  values: readonly number[];
  names: readonly string[];
  set: (values: number[]) => void;
  id: string;
}

function Four({ form, values, names, set, id }: FourProps) {
  return (
    <span class="four">
      {names.map((name, index) => (
        <NumberInput
          key={name}
          id={index === 0 ? id : undefined}
          label={name}
          prefix={name.split(" ").map((word) => word.charAt(0).toUpperCase()).join("")}
          form={{ ...form, required: true }}
          value={values[index] ?? 0}
          set={(length) => set(names.map((_, n) => (n === index ? (length ?? 0) : (values[n] ?? 0))))}
        />
      ))}
    </span>
  );
}

function Toggle({ label, icon, pressed, toggle }: { label: string; icon: string; pressed: boolean; toggle: () => void }) {
  return (
    <button type="button" class="icon outlined" aria-label={label} title={label} aria-pressed={pressed} onClick={toggle}>
      <Icon name={icon} />
    </button>
  );
}

/** A side of a layer: so many pixels, `fill` in a row or column, or as large as its content. */
export function SideWidget({ form, value, mixed, set, id, describedBy }: WidgetProps) {
  const kind = mixed ? "" : value === "fill" ? "fill" : typeof value === "number" ? "fixed" : "auto";
  const change = (next: string): void => {
    if (next === "fill") set("fill");
    else if (next === "auto") set(undefined);
    else if (next === "fixed") set(100);
  };
  return (
    <span class="row side">
      <NumberInput
          id={id}
          disabled={kind === "fill"}
          form={{ ...lengthForm(form), required: form.required }}
          value={typeof value === "number" ? value : undefined}
          set={(length) => set(length)}
          placeholder={mixed ? words.inspector.mixed : kind === "fill" ? words.widgets.fill : words.widgets.auto}
          prefix={form.key.charAt(0).toUpperCase()}
          describedBy={describedBy}
        />
      <select
        aria-label={words.widgets.sizing(form.title)}
        title={words.widgets.sizing(form.title)}
        value={kind}
        onChange={(event) => change(event.currentTarget.value)}
      >
        {mixed && <option value="">{words.inspector.mixed}</option>}
        <option value="fixed">{words.widgets.fixed}</option>
        {(!form.required || kind === "auto") && <option value="auto">{words.widgets.auto}</option>}
        <option value="fill">{words.widgets.fill}</option>
      </select>
    </span>
  );
}

/** Numbers of fixed meaning, such as the dash's lengths on and off. */
export function TupleWidget({ form, value, set, id }: WidgetProps) {
  const places = form.items ?? [];
  const written = numbers(value);
  const change = (index: number, number: number | undefined): void => {
    if (number === undefined) set(undefined);
    else set(places.map((place, n) => (n === index ? number : (written[n] ?? Math.max(1, place.minimum ?? 0)))));
  };
  return (
    <span class="row">
      {places.map((place, index) => (
        <NumberInput
          key={index}
          id={index === 0 ? id : undefined}
          label={`${form.title}, ${index + 1}`}
          form={{ ...place, required: form.required }}
          value={written[index]}
          set={(number) => change(index, number)}
        />
      ))}
    </span>
  );
}
