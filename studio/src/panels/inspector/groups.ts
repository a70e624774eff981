/** The groups of properties in the inspector, and their order. */

import type { PropertyForm } from "../../document/schema";
import { titleOf } from "../../document/schema";
import { words } from "../../words/panels";

export interface FormGroup {
  key: string;
  title: string;
  forms: readonly PropertyForm[];
}

const LAYER_GROUPS: { [group: string]: string } = {
  position: "x y width height rotation",
  content: "text source value max symbology show_text d view fit position flip on_error error_correction logo shape count",
  text: "style font size weight italic text_color align valign line_height letter_spacing",
  fitting: "fit_text min_size max_lines overflow wrap",
  typography: "transform decoration emphasis trim direction language features",
  layout: "flow gap padding align_group justify clip",
  repeat: "repeat as",
  fill: "fill color background track stroke border radius thickness highlight quiet_zone",
  effects: "opacity blend shadow filter",
  visibility: "if",
};

const DOCUMENT_GROUPS: { [group: string]: string } = {
  canvas: "name width height background color font",
  content: "alt countdown",
  output: "format quality max_bytes",
  language: "locale time_zone direction numerals",
  boards: "fallback ended",
  advanced: "styles",
};

/** Not in the inspector: fields and layers have panels of their own, `meta` is for others. */
const LEFT_OUT = new Set(["type", "meta", "layers", "fields", "$schema"]);
/** The layer's name is edited in the panel's head. */
const LAYER_LEFT_OUT = new Set([...LEFT_OUT, "name"]);

export function layerGroups(type: string, forms: readonly PropertyForm[]): FormGroup[] {
  const keyFor = (form: PropertyForm): string => {
    if (type === "text" && (form.key === "fit" || form.key === "color")) return form.key === "fit" ? "fit_text" : "text_color";
    if (type === "qr" && form.key === "style") return "shape";
    if (type === "group" && form.key === "align") return "align_group";
    return form.key;
  };
  const known = forms.filter((form) => !LAYER_LEFT_OUT.has(form.key) && form.kind !== "layers");
  return grouped(LAYER_GROUPS, known, keyFor, "other");
}

export function documentGroups(forms: readonly PropertyForm[]): FormGroup[] {
  const known = forms.filter((form) => !LEFT_OUT.has(form.key));
  return grouped(DOCUMENT_GROUPS, known, (form) => form.key, "other");
}

function grouped(
  groups: { [group: string]: string },
  forms: readonly PropertyForm[],
  keyFor: (form: PropertyForm) => string,
  rest: string,
): FormGroup[] {
  const place = new Map<string, { group: string; order: number }>();
  for (const [group, keys] of Object.entries(groups)) {
    keys.split(" ").forEach((key, order) => place.set(key, { group, order }));
  }
  const found = new Map<string, PropertyForm[]>();
  const groupOf = (form: PropertyForm): string => place.get(keyFor(form))?.group ?? form.group ?? rest;
  for (const form of forms) {
    const group = groupOf(form);
    found.set(group, [...(found.get(group) ?? []), form]);
  }
  const orderOf = (form: PropertyForm): number => place.get(keyFor(form))?.order ?? 1000;
  const order = [...Object.keys(groups), ...[...found.keys()].filter((key) => !Object.hasOwn(groups, key))];
  return order.flatMap((key) => {
    const members = found.get(key);
    if (!members) return [];
    const title = words.inspector.groups[key] ?? titleOf(key);
    return [{ key, title, forms: members.sort((a, b) => orderOf(a) - orderOf(b)) }];
  });
}
