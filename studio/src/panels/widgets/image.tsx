/** Widgets of images: where a picture comes from, and which part of it stays in view. */

import { useEffect } from "preact/hooks";

import { words } from "../../words/panels";
import { assets, loadAssets } from "../inspector/schema_store";
import { Icon } from "./icon";
import { MenuButton } from "./menu_button";
import { NumberInput } from "./number";
import type { WidgetProps } from "./widget";

/** An asset, an address, or a field that holds one of them. */
export function AssetWidget({ form, value, mixed, set, id, invalid, describedBy, surroundings }: WidgetProps) {
  useEffect(() => void loadAssets(), []);
  const items = [
    ...assets.value.map((asset) => ({
      label: `asset:${asset}`,
      icon: <Icon name="image" />,
      run: () => set(`asset:${asset}`),
    })),
    ...(form.liquid === undefined && form.key !== "source"
      ? []
      : surroundings.names.map((name) => ({
          label: `{{ ${name} }}`,
          icon: <Icon name="field" />,
          run: () => set(`{{ ${name} }}`),
        }))),
  ];
  return (
    <span class="row">
      <input
        id={id}
        type="text"
        class="grow mono"
        autocomplete="off"
        spellcheck={false}
        placeholder={mixed ? words.inspector.mixed : "asset:…"}
        maxLength={form.maxLength ?? 5000}
        aria-invalid={invalid}
        aria-describedby={describedBy}
        value={typeof value === "string" ? value : ""}
        onInput={(event) => set(event.currentTarget.value === "" && !form.required ? undefined : event.currentTarget.value)}
      />
      <MenuButton class="icon outlined" iconOnly label={words.widgets.assets} items={items} empty={words.widgets.noAssets}>
        <Icon name="down" />
      </MenuButton>
    </span>
  );
}

const PLACES = ["top-left", "top", "top-right", "left", "center", "right", "bottom-left", "bottom", "bottom-right"];
const SHARE = { key: "", title: "", kind: "number", required: true, minimum: 0, maximum: 1 } as const;

/** Nine places, or shares from the left and the top. */
export function PositionWidget({ form, value, mixed, set, id }: WidgetProps) {
  const current = value ?? (mixed ? undefined : form.default);
  const [x, y] = sharesOf(current);
  return (
    <span class="row position">
      <span class="places" role="radiogroup" aria-label={form.title}>
        {PLACES.map((place, index) => (
          <label key={place} title={words.widgets.positions[place]}>
            <input
              type="radio"
              id={index === 0 ? id : undefined}
              name={`${id}-place`}
              aria-label={words.widgets.positions[place]}
              checked={current === place}
              onChange={() => set(place)}
            />
          </label>
        ))}
      </span>
      <span class="stack" title={words.widgets.customPosition}>
        <NumberInput label={words.widgets.centerX} prefix="X" scale={100} form={SHARE} value={x} set={(v) => set([v ?? 0.5, y ?? 0.5])} />
        <NumberInput label={words.widgets.centerY} prefix="Y" scale={100} form={SHARE} value={y} set={(v) => set([x ?? 0.5, v ?? 0.5])} />
      </span>
    </span>
  );
}

function sharesOf(value: unknown): [number | undefined, number | undefined] {
  if (Array.isArray(value)) return [Number(value[0]), Number(value[1])];
  if (typeof value !== "string") return [undefined, undefined];
  const x = value.includes("left") ? 0 : value.includes("right") ? 1 : 0.5;
  const y = value.startsWith("top") ? 0 : value.startsWith("bottom") ? 1 : 0.5;
  return [x, y];
}
