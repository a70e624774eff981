/** Labelled fields, numbers and choices of forms. */

import type { ComponentChildren } from "preact";
import { useId, useState } from "preact/hooks";

/** A label above its control, with what it is for or what is wrong with it. */
export function Labelled(props: {
  label: string;
  hint?: string | undefined;
  fault?: string | undefined;
  class?: string;
  children: (attributes: { id: string; "aria-describedby"?: string; "aria-invalid"?: "true" }) => ComponentChildren;
}) {
  const id = useId();
  const about = props.fault ?? props.hint;
  const attributes = {
    id,
    ...(about === undefined ? {} : { "aria-describedby": `${id}-about` }),
    ...(props.fault === undefined ? {} : { "aria-invalid": "true" as const }),
  };
  return (
    <div class={`labelled ${props.class ?? ""}`}>
      <label for={id}>{props.label}</label>
      {props.children(attributes)}
      {about !== undefined && (
        <p id={`${id}-about`} class={props.fault === undefined ? "hint" : "hint fault"}>
          {about}
        </p>
      )}
    </div>
  );
}

/** A number that counts as soon as it is within its bounds; what was typed stays until the field is left. */
export function NumberInput(props: {
  value: number;
  min: number;
  max: number;
  choose: (value: number) => void;
  [attribute: string]: unknown;
}) {
  const { value, min, max, choose, ...attributes } = props;
  const [typed, setTyped] = useState<string>();
  return (
    <input
      {...attributes}
      type="number"
      min={min}
      max={max}
      step={1}
      value={typed ?? String(value)}
      onInput={(event) => {
        setTyped(event.currentTarget.value);
        const number = event.currentTarget.valueAsNumber;
        if (number >= min && number <= max) choose(Math.round(number));
      }}
      onBlur={() => setTyped(undefined)}
    />
  );
}

/** One of a few choices, as buttons beside each other. */
export function Choice<T extends string>(props: {
  label: string;
  value: T;
  options: readonly { value: T; name: string }[];
  choose: (value: T) => void;
}) {
  const name = useId();
  return (
    <fieldset class="choice">
      <legend>{props.label}</legend>
      <span class="choice-options">
        {props.options.map((option) => (
          <label key={option.value} class={option.value === props.value ? "chosen" : ""}>
            <input
              type="radio"
              name={name}
              checked={option.value === props.value}
              onChange={() => props.choose(option.value)}
            />
            <span>{option.name}</span>
          </label>
        ))}
      </span>
    </fieldset>
  );
}
