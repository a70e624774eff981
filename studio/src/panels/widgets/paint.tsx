/** Paints: a colour, or a linear or radial gradient with its stops. */

import { isObject, type JsonObject } from "../../document/json";
import { round } from "../../document/numbers";
import type { PropertyForm } from "../../document/schema";
import type { Json } from "../../document/types";
import { words } from "../../words/panels";
import { ColorInput, Swatch } from "./color";
import { readColor, writeColor } from "./colors";
import { Icon } from "./icon";
import { NumberInput } from "./number";
import type { WidgetProps } from "./widget";

type Stop = [string, number];
type Kind = "none" | "solid" | "linear" | "radial";

const MAX_STOPS = 32;
const number = (bounds: Partial<PropertyForm>): PropertyForm => ({
  key: "",
  title: "",
  kind: "number",
  required: true,
  ...bounds,
});
const SHARE = number({ minimum: 0, maximum: 1 });
const ANGLE = number({ minimum: -360, maximum: 360 });
const RADIUS = number({ exclusiveMinimum: 0, maximum: 10 });

export function PaintWidget(props: WidgetProps) {
  const { form, value, set, mixed } = props;
  const kind = kindOf(value);
  // A text without a colour has that of its style or of the template.
  const inherits = form.group === "text";
  const optional = !form.required && form.default === undefined;
  const kinds: Kind[] = ["none", "solid", "linear", "radial"];
  const shown = kinds.filter((choice) => choice !== "none" || optional || value === undefined);
  return (
    <span class="paint">
      <span class="row">
        <select
          id={kind === "solid" ? undefined : props.id}
          aria-label={words.widgets.kind(form.title)}
          value={mixed ? "" : kind}
          onChange={(event) => set(converted(value, event.currentTarget.value as Kind, form))}
        >
          {mixed && <option value="">{words.inspector.mixed}</option>}
          {shown.map((choice) => (
            <option value={choice} key={choice}>
              {choice === "none" ? (optional && !inherits ? words.widgets.noPaint : words.widgets.unset) : words.widgets[choice]}
            </option>
          ))}
        </select>
        {isObject(value) && <Swatch color={cssGradient(value)} />}
      </span>
      {kind === "solid" && (
        <ColorInput
          id={props.id}
          label={form.title}
          value={String(value)}
          set={set}
          invalid={props.invalid}
          describedBy={props.describedBy}
        />
      )}
      {isObject(value) && <Gradient value={value} set={set} title={form.title} />}
    </span>
  );
}

function kindOf(value: Json | undefined): Kind {
  if (typeof value === "string") return "solid";
  if (!isObject(value)) return "none";
  return value["type"] === "radial" ? "radial" : "linear";
}

function stopsOf(value: Json | undefined): Stop[] {
  const stops = isObject(value) && Array.isArray(value["stops"]) ? value["stops"] : [];
  return stops.filter((stop): stop is Stop => Array.isArray(stop) && stop.length === 2);
}

/** The same paint in another kind, as near as it can be. */
function converted(value: Json | undefined, kind: Kind, form: PropertyForm): Json | undefined {
  if (kind === "none") return undefined;
  const stops = stopsOf(value);
  const inherited = typeof form.default === "string" ? form.default : "#888888";
  const first = typeof value === "string" ? value : (stops[0]?.[0] ?? inherited);
  if (kind === "solid") return first;
  const kept: Stop[] = stops.length >= 2 ? stops : [[first, 0], [lighter(first), 1]];
  return kind === "linear" ? { type: "linear", angle: 180, stops: kept } : { type: "radial", stops: kept };
}

/** A second colour for a new gradient. */
function lighter(color: string): string {
  const read = readColor(color);
  if (!read) return "#ffffff";
  const half = (part: number): number => part + (255 - part) * 0.5;
  return writeColor({ red: half(read.red), green: half(read.green), blue: half(read.blue), alpha: read.alpha });
}

function cssGradient(value: JsonObject): string {
  const stops = stopsOf(value).filter(([color]) => readColor(color));
  if (stops.length < 2) return "transparent";
  const list = stops.map(([color, at]) => `${color} ${round(Number(at) * 100)}%`).join(", ");
  if (value["type"] === "radial") return `radial-gradient(${list})`;
  return `linear-gradient(${Number(value["angle"] ?? 180)}deg, ${list})`;
}

function Gradient({ value, set, title }: { value: JsonObject; set: (value: Json) => void; title: string }) {
  const stops = stopsOf(value);
  const put = (key: string, part: Json): void => set({ ...value, [key]: part });
  const change = (index: number, stop: Stop): void => put("stops", stops.map((s, i) => (i === index ? stop : s)));
  return (
    <span class="gradient stack">
      {value["type"] === "radial" ? <Radial value={value} put={put} /> : <Angle value={value} put={put} />}
      {stops.map(([color, at], index) => (
        <span class="row stop" key={index}>
          <ColorInput label={`${title}, ${words.widgets.stop(index + 1)}`} value={color} set={(c) => change(index, [c, at])} />
          <NumberInput
            label={words.widgets.stopAt(index + 1)}
            form={SHARE}
            scale={100}
            value={Number(at)}
            set={(share) => change(index, [color, share ?? 0])}
          />
          <button
            type="button"
            class="icon"
            disabled={stops.length <= 2}
            aria-label={words.widgets.removeStop(index + 1)}
            title={words.widgets.removeStop(index + 1)}
            onClick={() => put("stops", stops.filter((_, i) => i !== index))}
          >
            <Icon name="minus" />
          </button>
        </span>
      ))}
      {stops.length < MAX_STOPS && (
        <button type="button" class="small" onClick={() => put("stops", withStop(stops))}>
          <Icon name="plus" />
          {words.widgets.addStop}
        </button>
      )}
    </span>
  );
}

/** A stop between the last two. */
function withStop(stops: readonly Stop[]): Json {
  const last = stops[stops.length - 1] ?? ["#888888", 1];
  const before = stops[stops.length - 2] ?? ["#888888", 0];
  const at = round((Number(before[1]) + Number(last[1])) / 2, 4);
  return [...stops.slice(0, -1), [last[0], at], last];
}

interface PartProps {
  value: JsonObject;
  put: (key: string, value: Json) => void;
}

function Angle({ value, put }: PartProps) {
  return (
    <label class="row inline">
      <span class="grow">{words.widgets.angle}</span>
      <NumberInput form={ANGLE} value={Number(value["angle"] ?? 180)} set={(angle) => put("angle", angle ?? 180)} unit="°" />
    </label>
  );
}

function Radial({ value, put }: PartProps) {
  const written = value["center"];
  const [x, y] = Array.isArray(written) ? written.map(Number) : [0.5, 0.5];
  const center = (part: 0 | 1, share: number | undefined): void => {
    const next = [x ?? 0.5, y ?? 0.5];
    next[part] = share ?? 0.5;
    put("center", next);
  };
  return (
    <span class="row">
      <NumberInput label={words.widgets.centerX} prefix="X" form={SHARE} scale={100} value={x} set={(v) => center(0, v)} />
      <NumberInput label={words.widgets.centerY} prefix="Y" form={SHARE} scale={100} value={y} set={(v) => center(1, v)} />
      <NumberInput
        label={words.widgets.radius}
        prefix="R"
        form={RADIUS}
        scale={100}
        value={Number(value["radius"] ?? 1)}
        set={(radius) => put("radius", radius ?? 1)}
      />
    </span>
  );
}
