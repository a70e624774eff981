/**
 * Reads /v1/template.schema.json into forms: which properties a layer type, a field type and the
 * document have, with their types and bounds. A new layer type needs no change here.
 */

import { hasKey, isObject, type JsonObject } from "./json";
import type { Json } from "./types";

export type FormKind =
  | "number"
  | "integer"
  | "text"
  | "boolean"
  | "choice"
  | "constant"
  | "object"
  | "map"
  | "list"
  | "tuple"
  | "union"
  | "layers"
  | "any";

export interface PropertyForm {
  key: string;
  title: string;
  kind: FormKind;
  /** `paint`, `color`, `font`, `asset`, `condition`, `radius`, `padding`, `anchor`, `side` … */
  format?: string;
  /** May hold Liquid that yields a text, a colour or a number. */
  liquid?: string;
  group?: string;
  unit?: string;
  description?: string;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  choices?: readonly string[];
  /** What holds where the property is not written; undefined is none. */
  default?: Json;
  /** The same of a text's properties, unless its style or the document says something else. */
  inherited?: Json;
  required: boolean;
  /** Of a union. */
  alternatives?: readonly PropertyForm[];
  /** Of an object. */
  properties?: readonly PropertyForm[];
  /** Of a list, or the places of a tuple. */
  items?: readonly PropertyForm[];
}

/** Bounds how deep forms refer to forms: layers hold layers. */
const MAX_DEPTH = 6;

export class Schema {
  private readonly definitions: JsonObject;
  private readonly cache = new Map<string, readonly PropertyForm[]>();

  constructor(private readonly root: JsonObject) {
    this.definitions = isObject(root["$defs"]) ? root["$defs"] : {};
  }

  /** In the schema's order. */
  get layerTypes(): readonly string[] {
    return this.members("layers").map((member) => typeOf(member));
  }

  get fieldTypes(): readonly string[] {
    return this.fieldMembers().map((member) => typeOf(member));
  }

  layer(type: string): readonly PropertyForm[] | undefined {
    return this.formOf("layer", type, this.members("layers"));
  }

  field(type: string): readonly PropertyForm[] | undefined {
    return this.formOf("field", type, this.fieldMembers());
  }

  layerDescription(type: string): string {
    const found = this.members("layers").find((member) => typeOf(member) === type);
    return String(found?.["description"] ?? "");
  }

  get document(): readonly PropertyForm[] {
    return this.cached("document", () => this.properties(this.root, 0));
  }

  private formOf(kind: string, type: string, members: JsonObject[]): readonly PropertyForm[] | undefined {
    const found = members.find((member) => typeOf(member) === type);
    return found && this.cached(`${kind} ${type}`, () => this.properties(found, 0));
  }

  private cached(key: string, make: () => readonly PropertyForm[]): readonly PropertyForm[] {
    const forms = this.cache.get(key) ?? make();
    this.cache.set(key, forms);
    return forms;
  }

  private members(key: string): JsonObject[] {
    const layers = propertyOf(this.root, key);
    return alternativesOf(asObject(layers["items"])).map((member) => this.resolve(member));
  }

  private fieldMembers(): JsonObject[] {
    const fields = propertyOf(this.root, "fields");
    return alternativesOf(asObject(fields["additionalProperties"])).map((m) => this.resolve(m));
  }

  private resolve(schema: JsonObject): JsonObject {
    const reference = schema["$ref"];
    if (typeof reference !== "string") return schema;
    const name = reference.split("/").pop() ?? "";
    const target = hasKey(this.definitions, name) ? asObject(this.definitions[name]) : {};
    const { $ref: _, ...beside } = schema;
    return { ...target, ...beside };
  }

  private properties(schema: JsonObject, depth: number): PropertyForm[] {
    const required = Array.isArray(schema["required"]) ? schema["required"] : [];
    return Object.entries(asObject(schema["properties"])).map(([key, property]) =>
      this.form(key, asObject(property), required.includes(key), depth),
    );
  }

  private form(key: string, written: JsonObject, required: boolean, depth: number): PropertyForm {
    const schema = this.withoutNull(this.resolve(written));
    const title = schema["title"];
    const form: PropertyForm = { key, title: titleOf(key), kind: "any", required, ...annotations(schema) };
    if (typeof title === "string" && title.toLowerCase() !== key.replace(/_/g, " ")) form.title = title;
    form.default = written["default"] ?? schema["default"] ?? undefined;
    if (form.default === null) form.default = undefined;
    if (depth >= MAX_DEPTH) return form;
    return { ...form, ...this.shape(key, schema, depth), ...(form.format ? { format: form.format } : {}) };
  }

  /** Drops the alternative null: a property that is not written. */
  private withoutNull(schema: JsonObject): JsonObject {
    const written = alternativesOf(schema).map((member) => this.resolve(member));
    const rest = written.filter((member) => member["type"] !== "null");
    if (written.length === 0 || rest.length === written.length) return schema;
    const { anyOf: _a, oneOf: _o, ...beside } = schema;
    if (rest.length === 1) return this.withoutNull({ ...(rest[0] as JsonObject), ...beside });
    return { ...beside, oneOf: rest };
  }

  private shape(key: string, schema: JsonObject, depth: number): Partial<PropertyForm> {
    if (key === "layers") return { kind: "layers" };
    const members = alternativesOf(schema);
    if (members.length) return this.union(key, members, depth);
    if (hasKey(schema, "const")) return { kind: "constant", default: schema["const"] as Json };
    if (Array.isArray(schema["enum"])) return { kind: "choice", choices: schema["enum"].map(String) };
    switch (schema["type"]) {
      case "number":
      case "integer":
      case "boolean":
        return { kind: schema["type"] };
      case "string":
        return { kind: "text" };
      case "array":
        return this.list(key, schema, depth);
      case "object":
        return this.object(key, schema, depth);
      default:
        return { kind: "any" };
    }
  }

  private union(key: string, members: JsonObject[], depth: number): Partial<PropertyForm> {
    const alternatives = members.map((member) => this.form(key, member, true, depth + 1));
    return { kind: "union", alternatives, format: formatOf(alternatives) };
  }

  private list(key: string, schema: JsonObject, depth: number): Partial<PropertyForm> {
    const places = schema["prefixItems"];
    if (Array.isArray(places)) {
      return { kind: "tuple", items: places.map((p) => this.form(key, asObject(p), true, depth + 1)) };
    }
    return { kind: "list", items: [this.form(key, asObject(schema["items"]), true, depth + 1)] };
  }

  private object(key: string, schema: JsonObject, depth: number): Partial<PropertyForm> {
    if (isObject(schema["properties"])) {
      return { kind: "object", properties: this.properties(schema, depth + 1) };
    }
    return { kind: "map", items: [this.form(key, asObject(schema["additionalProperties"]), true, depth + 1)] };
  }
}

function asObject(value: Json | undefined): JsonObject {
  return isObject(value) ? value : {};
}

function propertyOf(schema: JsonObject, key: string): JsonObject {
  return asObject(asObject(schema["properties"])[key]);
}

function alternativesOf(schema: JsonObject): JsonObject[] {
  const members = schema["oneOf"] ?? schema["anyOf"];
  return Array.isArray(members) ? members.map(asObject) : [];
}

/** The value of a layer's or field's `type` that a member of the union is for. */
function typeOf(member: JsonObject): string {
  const type = propertyOf(member, "type");
  return String(type["const"] ?? type["default"] ?? "");
}

const COPIED = [
  "minimum",
  "maximum",
  "exclusiveMinimum",
  "minLength",
  "maxLength",
  "minItems",
  "maxItems",
  "format",
  "description",
] as const;

const EXTENSIONS = { liquid: "x-liquid", group: "x-group", unit: "x-unit" } as const;

function annotations(schema: JsonObject): Partial<PropertyForm> {
  const found: { [key: string]: Json } = {};
  for (const key of COPIED) if (hasKey(schema, key)) found[key] = schema[key] as Json;
  if (hasKey(schema, "x-default")) found["inherited"] = schema["x-default"] as Json;
  for (const [key, name] of Object.entries(EXTENSIONS)) {
    if (typeof schema[name] === "string") found[key] = schema[name];
  }
  return found as Partial<PropertyForm>;
}

/** What a union stands for, by its members. */
function formatOf(members: readonly PropertyForm[]): string | undefined {
  const has = (kind: FormKind): boolean => members.some((member) => member.kind === kind);
  const constants = members.filter((member) => member.kind === "constant").map((m) => m.default);
  if (has("text") && has("object")) return "paint";
  if (constants.includes("full")) return "radius";
  if (constants.includes("fill") && has("number")) return "side";
  if (has("number") && has("list")) return "padding";
  if (has("choice") && has("tuple")) return "anchor";
  return undefined;
}

/** `line_height` → "Line height". */
export function titleOf(key: string): string {
  const words = key.replace(/_/g, " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
