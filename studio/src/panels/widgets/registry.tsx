/** Chooses a property's widget: by its format, else by its kind. What has neither is JSON. */

import type { ComponentType } from "preact";

import { isObject } from "../../document/json";
import type { FormKind, PropertyForm } from "../../document/schema";
import type { Json } from "../../document/types";
import { ColorWidget } from "./color";
import { FontWidget } from "./font";
import { AssetWidget, PositionWidget } from "./image";
import { PaddingWidget, RadiusWidget, SideWidget, TupleWidget } from "./lengths";
import { ConditionWidget, LiquidTextWidget } from "./liquid_text";
import { ListWidget, MapWidget, ObjectWidget } from "./nested";
import { NumberWidget } from "./number";
import { PaintWidget } from "./paint";
import { BooleanWidget, ChoiceWidget, JsonWidget, LineWidget, ListFieldWidget, StyleWidget } from "./simple";
import { SpansWidget } from "./spans";
import type { WidgetProps } from "./widget";

type WidgetType = ComponentType<WidgetProps>;

const BY_FORMAT: { [format: string]: WidgetType } = {
  paint: PaintWidget,
  color: ColorWidget,
  font: FontWidget,
  asset: AssetWidget,
  condition: ConditionWidget,
  radius: RadiusWidget,
  padding: PaddingWidget,
  anchor: PositionWidget,
  style: StyleWidget,
  "list-field": ListFieldWidget,
  side: SideWidget,
  spans: SpansWidget,
  text: LiquidTextWidget,
};

const BY_KIND: { [kind in FormKind]?: WidgetType } = {
  number: NumberWidget,
  integer: NumberWidget,
  choice: ChoiceWidget,
  boolean: BooleanWidget,
  text: LineWidget,
  object: ObjectWidget,
  list: ListWidget,
  tuple: TupleWidget,
  map: MapWidget,
};

/** Formats by the names that these properties have in every layer type. */
const FORMAT_OF_KEY: { [key: string]: string } = {
  color: "color",
  background: "color",
  track: "color",
  tint: "color",
  font: "font",
  source: "asset",
  logo: "asset",
  if: "condition",
  text: "text",
  value: "text",
  alt: "text",
  to: "text",
};

export function formatOf(form: PropertyForm): string | undefined {
  if (form.key === "text" && form.kind === "union") return "spans";
  if (form.format && BY_FORMAT[form.format]) return form.format;
  if (form.kind === "text" || form.kind === "union") {
    if (FORMAT_OF_KEY[form.key]) return FORMAT_OF_KEY[form.key];
    if (form.kind === "text" && ["text", "plain", "date"].includes(form.liquid ?? "")) return "text";
    if (form.kind === "text" && form.liquid === "color") return "color";
  }
  return undefined;
}

/** Whether a property's widget takes the whole width, below its label. */
export function isWide(form: PropertyForm, value: Json | undefined): boolean {
  const format = formatOf(form);
  if (format === "paint") return isObject(value);
  if (form.kind === "object") return isObject(value);
  if (format) return ["spans", "text", "condition"].includes(format);
  return ["list", "map", "any"].includes(form.kind) || numeric(form);
}

export function Widget(props: WidgetProps) {
  const format = formatOf(props.form);
  const Type = (format && BY_FORMAT[format]) || BY_KIND[props.form.kind] || (numeric(props.form) ? NumberOrText : JsonWidget);
  return <Type {...props} />;
}

/** A number that Liquid may give, such as a progress bar's value. */
function numeric(form: PropertyForm): boolean {
  const kinds = (form.alternatives ?? []).map((member) => member.kind);
  return kinds.includes("number") && kinds.includes("text");
}

function NumberOrText(props: WidgetProps) {
  const { set, form, value } = props;
  const read = (text: string): void => {
    const number = Number(text);
    set(text.trim() !== "" && Number.isFinite(number) ? number : text);
  };
  return (
    <LiquidTextWidget
      {...props}
      form={{ ...form, kind: "text" }}
      value={typeof value === "number" ? String(value) : value}
      set={(text) => (typeof text === "string" ? read(text) : set(text))}
    />
  );
}
