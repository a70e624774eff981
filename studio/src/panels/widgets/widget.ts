/** The props of every widget of the inspector. */

import type { PropertyForm } from "../../document/schema";
import type { Json } from "../../document/types";

export interface WidgetProps {
  form: PropertyForm;
  value: Json | undefined;
  /** Several layers are selected and their values differ. */
  mixed?: boolean;
  /** Undefined takes the property away. */
  set: (value: Json | undefined) => void;
  /** For the label; the first control of the widget has it. */
  id: string;
  /** An error message is shown below. */
  invalid?: boolean;
  describedBy?: string;
  surroundings: Surroundings;
}

/** What widgets need to know of the document around them. */
export interface Surroundings {
  /** Names that Liquid may use here, such as `first_name` or `item.price`. */
  names: readonly string[];
  /** Names of the document's text styles. */
  styles: readonly string[];
  /** Names of the document's list fields. */
  lists: readonly string[];
  /** Adds a field for a text, and returns its name. */
  addField: () => string;
}
