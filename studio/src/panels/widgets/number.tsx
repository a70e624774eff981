/** Numbers: typed, stepped by arrow keys, dragged at their label, or computed (`1200 / 2`). */

import { useRef, useState } from "preact/hooks";

import { clampNumber, stepOf } from "../../document/bounds";
import type { PropertyForm } from "../../document/schema";
import { words } from "../../words/panels";
import type { WidgetProps } from "./widget";

export interface NumberInputProps {
  form: PropertyForm;
  value: number | undefined;
  set: (value: number | undefined) => void;
  id?: string;
  label?: string;
  placeholder?: string;
  invalid?: boolean;
  describedBy?: string;
  /** A short name in front, such as X; dragging it changes the value. */
  prefix?: string;
  /** Shown and typed values are this many times the stored ones: 100 for percent. */
  scale?: number;
  /** Shown behind the number. */
  unit?: string;
  disabled?: boolean;
}

export function NumberInput(props: NumberInputProps) {
  const { form, value, set, scale = 1 } = props;
  const [typed, setTyped] = useState<string | undefined>(undefined);
  const shown = typed ?? (value === undefined ? "" : format(value * scale));
  const commit = (number: number): void => set(clampNumber(number / scale, form));
  const type = (text: string): void => {
    setTyped(text);
    if (text.trim() === "") {
      if (!form.required) set(undefined);
      return;
    }
    const number = compute(text);
    if (number !== undefined) commit(number);
  };
  const step = (event: KeyboardEvent): void => {
    const direction = event.key === "ArrowUp" ? 1 : event.key === "ArrowDown" ? -1 : 0;
    if (event.key === "Escape" || event.key === "Enter") setTyped(undefined);
    if (!direction || event.altKey || event.metaKey || event.ctrlKey) return;
    event.preventDefault();
    setTyped(undefined);
    const by = stepOf(form) * (event.shiftKey ? 10 : 1) * direction;
    set(clampNumber((value ?? startOf(form)) + by, form));
  };
  return (
    <span class="number">
      {props.prefix && <Scrubber {...props} prefix={props.prefix} />}
      <input
        id={props.id}
        type="text"
        inputMode="decimal"
        role="spinbutton"
        autocomplete="off"
        aria-label={props.label}
        aria-valuenow={value === undefined ? undefined : value * scale}
        aria-valuemin={form.minimum === undefined ? undefined : form.minimum * scale}
        aria-valuemax={form.maximum === undefined ? undefined : form.maximum * scale}
        aria-invalid={props.invalid}
        aria-describedby={props.describedBy}
        placeholder={props.placeholder}
        disabled={props.disabled}
        value={shown}
        onFocus={(event) => event.currentTarget.select()}
        onInput={(event) => type(event.currentTarget.value)}
        onKeyDown={step}
        onBlur={() => setTyped(undefined)}
      />
      {props.unit && (
        <span class="unit" aria-hidden="true">
          {props.unit}
        </span>
      )}
    </span>
  );
}

/** Dragging sideways changes the number; keys and typing do the same. */
function Scrubber({ form, value, set, prefix }: NumberInputProps & { prefix: string }) {
  const from = useRef<{ x: number; value: number } | undefined>(undefined);
  return (
    <span
      class="scrubber"
      aria-hidden="true"
      onPointerDown={(event) => {
        event.preventDefault();
        event.currentTarget.setPointerCapture(event.pointerId);
        from.current = { x: event.clientX, value: value ?? startOf(form) };
      }}
      onPointerMove={(event) => {
        if (!from.current) return;
        const steps = Math.round((event.clientX - from.current.x) / 2);
        if (steps) set(clampNumber(from.current.value + steps * stepOf(form), form));
      }}
      onPointerUp={() => {
        from.current = undefined;
      }}
      onPointerCancel={() => {
        from.current = undefined;
      }}
    >
      {prefix}
    </span>
  );
}

export function NumberWidget({ form, value, mixed, set, id, invalid, describedBy }: WidgetProps) {
  const scale = isShare(form) ? 100 : 1;
  const fallback = form.default ?? form.inherited;
  const placeholder = mixed ? words.inspector.mixed : typeof fallback === "number" ? format(fallback * scale) : "";
  return (
    <NumberInput
      id={id}
      form={form}
      value={typeof value === "number" ? value : undefined}
      set={set}
      scale={scale}
      unit={scale === 100 ? "%" : UNITS[form.unit ?? ""]}
      placeholder={placeholder}
      invalid={invalid}
      describedBy={describedBy}
    />
  );
}

/** Signs of units that are worth telling; px is what everything is in. */
const UNITS: { [unit: string]: string } = { em: "em", deg: "°", bytes: "bytes" };

/** A share of the whole is shown in percent. */
function isShare(form: PropertyForm): boolean {
  return form.kind === "number" && form.minimum === 0 && form.maximum === 1;
}

function startOf(form: PropertyForm): number {
  const fallback = form.default ?? form.inherited;
  return typeof fallback === "number" ? fallback : Math.max(0, form.minimum ?? 0);
}

function format(value: number): string {
  return String(Number(value.toFixed(4)));
}

/** The value of a sum or product of numbers, as people type it: `80+12`, `1200/2`, `1,5`. */
function compute(text: string): number | undefined {
  const plain = text.replace(/−/g, "-").replace(/,/g, ".").replace(/\s/g, "").replace(/(px|%|°)$/, "");
  const match = /^(-?[0-9]*\.?[0-9]+)(?:([-+*/])(-?[0-9]*\.?[0-9]+))?$/.exec(plain);
  if (!match) return undefined;
  const [, first, operator, second] = match;
  const [a, b] = [Number(first), Number(second)];
  const results: { [operator: string]: number } = { "+": a + b, "-": a - b, "*": a * b, "/": a / b };
  const result = operator ? results[operator] : a;
  return Number.isFinite(result) ? result : undefined;
}
