/** The select field for the person whose values a preview shows. */

import { words } from "../words/screens";
import { Labelled } from "../components/fields";
import { DEFAULTS, EXAMPLES, OWN, type PersonOption } from "./people_choice";

export function PersonSelect(props: {
  label: string;
  chosen: string;
  worst: readonly PersonOption[];
  people: readonly PersonOption[];
  own?: boolean;
  choose: (value: string) => void;
}) {
  const group = (label: string, options: readonly PersonOption[]) =>
    options.length > 0 && (
      <optgroup label={label}>
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.name}
          </option>
        ))}
      </optgroup>
    );
  return (
    <Labelled label={props.label}>
      {(attributes) => (
        <select {...attributes} value={props.chosen} onChange={(event) => props.choose(event.currentTarget.value)}>
          <option value={EXAMPLES}>{words.preview.examples}</option>
          <option value={DEFAULTS}>{words.preview.defaults}</option>
          {props.own && <option value={OWN}>{words.preview.own}</option>}
          {group(words.preview.difficult, props.worst)}
          {group(words.preview.fromFile, props.people)}
        </select>
      )}
    </Labelled>
  );
}
