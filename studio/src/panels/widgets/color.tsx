/** Colours: a swatch, the text as it is written, and alpha. Liquid is typed as text. */

import { useState } from "preact/hooks";

import { words } from "../../words/panels";
import { opaque, readColor, writeColor } from "./colors";
import { NumberInput } from "./number";
import type { WidgetProps } from "./widget";

const PERCENT = { key: "alpha", title: "", kind: "number", required: true, minimum: 0, maximum: 1 } as const;

export interface ColorInputProps {
  label: string;
  value: string;
  set: (value: string) => void;
  id?: string;
  placeholder?: string;
  invalid?: boolean;
  describedBy?: string;
  /** Empty text takes the colour away. */
  clear?: () => void;
}

export function ColorInput(props: ColorInputProps) {
  const { label, value, set, placeholder = "" } = props;
  const [typed, setTyped] = useState<string | undefined>(undefined);
  const color = readColor(value || placeholder);
  const type = (text: string): void => {
    setTyped(text);
    if (text.trim() === "") props.clear?.();
    else if (readColor(text) || text.includes("{{") || text.includes("{%")) set(text.trim());
  };
  const pick = (hex: string): void => {
    const picked = readColor(hex);
    if (picked) set(writeColor({ ...picked, alpha: color?.alpha || 1 }));
  };
  return (
    <span class="color">
      <Swatch color={value || placeholder}>
        <input
          type="color"
          aria-label={words.widgets.color(label)}
          value={color ? opaque(color) : "#000000"}
          onInput={(event) => pick(event.currentTarget.value)}
        />
      </Swatch>
      <input
        id={props.id}
        type="text"
        class="color-text"
        spellcheck={false}
        autocomplete="off"
        aria-label={words.widgets.value(label)}
        aria-invalid={props.invalid || (typed !== undefined && typed !== "" && !readColor(typed) && !typed.includes("{"))}
        aria-describedby={props.describedBy}
        placeholder={placeholder}
        value={typed ?? value}
        onInput={(event) => type(event.currentTarget.value)}
        onBlur={() => setTyped(undefined)}
      />
      {color && (
        <NumberInput
          label={`${label}, ${words.widgets.alpha.toLowerCase()}`}
          form={PERCENT}
          scale={100}
          value={Number(color.alpha.toFixed(2))}
          set={(alpha) => set(writeColor({ ...color, alpha: alpha ?? 1 }))}
        />
      )}
    </span>
  );
}

/** A colour or a gradient over a chequered ground; what is inside lies on it unseen. */
export function Swatch({ color, children }: { color: string; children?: preact.ComponentChildren }) {
  const paint = (element: HTMLElement | null): void => {
    element?.style.setProperty("--swatch", /^[a-z-]+-gradient\(/.test(color) || readColor(color) ? color : "transparent");
  };
  return (
    <span class={readColor(color) || color.includes("gradient") ? "swatch" : "swatch none"} ref={paint}>
      {children}
    </span>
  );
}

export function ColorWidget({ form, value, mixed, set, id, invalid, describedBy }: WidgetProps) {
  return (
    <ColorInput
      id={id}
      label={form.title}
      value={typeof value === "string" ? value : ""}
      placeholder={mixed ? words.inspector.mixed : typeof form.default === "string" ? form.default : ""}
      set={set}
      clear={form.required ? undefined : () => set(undefined)}
      invalid={invalid}
      describedBy={describedBy}
    />
  );
}
