/** A layer's text: one text, or parts with a style of their own. */

import { isObject, type JsonObject } from "../../document/json";
import type { PropertyForm } from "../../document/schema";
import type { Json } from "../../document/types";
import { words } from "../../words/panels";
import { Icon } from "./icon";
import { LiquidText, LiquidTextWidget } from "./liquid_text";
import { ObjectFields } from "./nested";
import type { WidgetProps } from "./widget";

export function SpansWidget(props: WidgetProps) {
  const { value, set, form } = props;
  const list = form.alternatives?.find((member) => member.kind === "list");
  const text = form.alternatives?.find((member) => member.kind === "text") ?? form;
  if (!Array.isArray(value)) {
    return (
      <span class="stack">
        <LiquidTextWidget {...props} form={{ ...text, required: true }} />
        {list && typeof value === "string" && (
          <button type="button" class="small" onClick={() => set(splitText(value))}>
            {words.widgets.split}
          </button>
        )}
      </span>
    );
  }
  return <SpanList {...props} spans={value} spanForm={list?.items?.[0]} />;
}

/** Two parts to style: the first field or the last word stands alone. */
function splitText(text: string): Json {
  const field = /\{\{[^]*?\}\}/.exec(text);
  if (!field) return [{ text }];
  const end = field.index + field[0].length;
  const parts = [text.slice(0, field.index), field[0], text.slice(end)];
  return parts.filter((part) => part !== "").map((part) => ({ text: part }));
}

function SpanList({ spans, spanForm, set, surroundings, id }: WidgetProps & { spans: Json[]; spanForm?: PropertyForm }) {
  const change = (index: number, span: Json): void => set(spans.map((old, n) => (n === index ? span : old)));
  const textOf = (span: Json): string => (isObject(span) ? String(span["text"] ?? "") : "");
  return (
    <span class="stack spans" role="group" aria-label={words.widgets.spans}>
      {spans.map((span, index) => (
        <SpanEditor
          key={index}
          id={index === 0 ? id : `${id}-${index}`}
          number={index + 1}
          span={isObject(span) ? span : { text: textOf(span) }}
          form={spanForm}
          surroundings={surroundings}
          set={(next) => change(index, next)}
          remove={spans.length > 1 ? () => set(spans.filter((_, n) => n !== index)) : undefined}
        />
      ))}
      <span class="row">
        <button type="button" class="small" onClick={() => set([...spans, { text: " " }])}>
          <Icon name="plus" />
          {words.widgets.addSpan}
        </button>
        <button type="button" class="small" onClick={() => set(spans.map(textOf).join(""))}>
          {words.widgets.join}
        </button>
      </span>
    </span>
  );
}

interface SpanEditorProps {
  id: string;
  number: number;
  span: JsonObject;
  form?: PropertyForm;
  surroundings: WidgetProps["surroundings"];
  set: (span: JsonObject) => void;
  remove?: () => void;
}

function SpanEditor({ id, number, span, form, surroundings, set, remove }: SpanEditorProps) {
  const styled = Object.keys(span).filter((key) => key !== "text").length;
  const properties = (form?.properties ?? []).filter((property) => property.key !== "text");
  return (
    <span class="span card">
      <span class="row">
        <span class="grow quiet">{words.widgets.span(number)}</span>
        {remove && (
          <button
            type="button"
            class="icon"
            aria-label={words.widgets.removeSpan(number)}
            title={words.widgets.removeSpan(number)}
            onClick={remove}
          >
            <Icon name="minus" />
          </button>
        )}
      </span>
      <LiquidText
        id={id}
        label={words.widgets.span(number)}
        rows={1}
        value={String(span["text"] ?? "")}
        names={surroundings.names}
        set={(text) => set({ ...span, text })}
      />
      <details>
        <summary>
          {words.widgets.spanStyle}
          {styled > 0 && <span class="badge">{styled}</span>}
        </summary>
        <ObjectFields
          id={id}
          properties={properties}
          value={span}
          set={(next) => set({ ...next, text: span["text"] ?? "" })}
          surroundings={surroundings}
        />
      </details>
    </span>
  );
}
