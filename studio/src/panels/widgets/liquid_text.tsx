/** Texts that may hold Liquid: a box that grows, and the fields to put into it. */

import { useEffect, useRef } from "preact/hooks";

import { words } from "../../words/panels";
import { Icon } from "./icon";
import { MenuButton } from "./menu_button";
import type { WidgetProps } from "./widget";

export interface LiquidTextProps {
  value: string;
  set: (value: string) => void;
  names: readonly string[];
  /** Adds a field and returns its name; not where only what exists may be named. */
  addField?: () => string;
  id?: string;
  label?: string;
  placeholder?: string;
  maxLength?: number;
  invalid?: boolean;
  describedBy?: string;
  /** What a chosen field becomes: `{{ name }}` in a text, `name` in a condition. */
  written?: (name: string) => string;
  rows?: number;
}

export function LiquidText(props: LiquidTextProps) {
  const box = useRef<HTMLTextAreaElement>(null);
  const { value, set, names, addField, written = (name: string) => `{{ ${name} }}` } = props;
  useEffect(() => grow(box.current), [value]);
  const insert = (name: string): void => {
    const element = box.current;
    if (!element) return;
    element.setRangeText(written(name), element.selectionStart, element.selectionEnd, "end");
    element.focus();
    set(element.value);
  };
  return (
    <span class="liquid">
      <textarea
        ref={box}
        id={props.id}
        dir="auto"
        rows={props.rows ?? 2}
        aria-label={props.label}
        aria-invalid={props.invalid}
        aria-describedby={props.describedBy}
        placeholder={props.placeholder}
        maxLength={props.maxLength}
        value={value}
        onInput={(event) => set(event.currentTarget.value)}
      />
      <MenuButton
        class="small insert-field"
        label={words.widgets.insertField}
        items={[
          ...names.map((name) => ({ label: name, icon: <Icon name="field" />, run: () => insert(name) })),
          ...(addField ? [{ label: words.widgets.newField, icon: <Icon name="plus" />, run: () => insert(addField()) }] : []),
        ]}
        empty={words.widgets.noFields}
      >
        <Icon name="field" />
        {words.widgets.insertField}
      </MenuButton>
    </span>
  );
}

const MOST_PIXELS = 220;

function grow(box: HTMLTextAreaElement | null): void {
  if (!box) return;
  box.style.setProperty("height", "auto");
  box.style.setProperty("height", `${Math.min(box.scrollHeight + 2, MOST_PIXELS)}px`);
}

export function LiquidTextWidget({ form, value, mixed, set, id, invalid, describedBy, surroundings }: WidgetProps) {
  return (
    <LiquidText
      id={id}
      value={typeof value === "string" ? value : ""}
      set={(text) => set(text === "" && !form.required ? undefined : text)}
      names={surroundings.names}
      addField={surroundings.addField}
      maxLength={form.maxLength}
      placeholder={mixed ? words.inspector.mixed : typeof form.default === "string" ? form.default : ""}
      invalid={invalid}
      describedBy={describedBy}
    />
  );
}

/** A Liquid condition, without braces. */
export function ConditionWidget({ value, mixed, set, id, invalid, describedBy, surroundings }: WidgetProps) {
  return (
    <LiquidText
      id={id}
      rows={1}
      value={typeof value === "string" ? value : ""}
      set={(text) => set(text.trim() === "" ? undefined : text)}
      names={surroundings.names}
      written={(name) => name}
      placeholder={mixed ? words.inspector.mixed : words.widgets.conditionHint}
      maxLength={1000}
      invalid={invalid}
      describedBy={describedBy}
    />
  );
}
