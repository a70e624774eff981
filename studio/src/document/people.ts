/**
 * Computes statistics of a CSV file's columns (lengths, missing values, image hosts) and suggests bounds of
 * fields from them. All of it is computed in the browser.
 */

import { fieldType, graphemes } from "./bounds";
import type { Row } from "./csv";
import { hasKey, isObject } from "./json";
import type { Edit, Json } from "./types";

export const MAX_FILE_BYTES = 20_000_000;

/** The largest `max_length` of a field. */
const MAX_LENGTH = 5000;
/** Columns with more distinct values get no `choices`. */
const MAX_CHOICES = 12;
/** No `allowed_hosts` are suggested for more hosts. */
const MAX_HOSTS = 10;
/** No `pattern` is suggested for longer values. */
const MAX_PATTERN_LENGTH = 1000;
/** In UTF-16 units. Longer values become no example, since they would fill the document. */
const MAX_EXAMPLE_LENGTH = 1000;

/** Spellings of a missing value, such as `N/A`, and merge tags that were not replaced. */
const PLACEHOLDER =
  /^(null|nil|none|undefined|nan|n\/a|#n\/a|#ref!|#value!|#name\?|\{\}|\[\]|\(\)|""|''|\\n|invalid date|\[object object\])$/i;
const MERGE_TAG =
  /^(\{\{[^]*\}\}|\{%[^]*%\}|\*\|[^]*\|\*|%%[^]*%%|<%[^]*%>|\$\{[^]*\}|\[\[[^]*\]\]|\{\$[^]*\}|\[%[^]*%\]|\{[a-z_.:-]{2,}\}|%[a-z_.:-]{2,}%|\[[a-z]+_[a-z_]+\])$/i;

export function isMissing(value: string): boolean {
  const text = value.trim();
  return text === "" || PLACEHOLDER.test(text) || MERGE_TAG.test(text);
}

/** A column gets the first pattern that all of its values match. */
const PATTERNS: readonly { allowed: RegExp; pattern: string }[] = [
  { allowed: /^[0-9]+$/, pattern: "[0-9]" },
  { allowed: /^[A-Z]+$/, pattern: "[A-Z]" },
  { allowed: /^[A-Z0-9]+$/, pattern: "[A-Z0-9]" },
  { allowed: /^[A-Z0-9-]+$/, pattern: "[A-Z0-9-]" },
  { allowed: /^[a-f0-9]+$/, pattern: "[a-f0-9]" },
  { allowed: /^[A-Za-z0-9]*[0-9][A-Za-z0-9]*$/, pattern: "[A-Za-z0-9]" },
];

export interface ColumnStatistics {
  name: string;
  rows: number;
  /** Empty, a placeholder such as `N/A`, or a merge tag that was not replaced. */
  missing: number;
  /** Graphemes. */
  longest: number;
  longestValue: string;
  shortest: number;
  /** The 99th percentile of the lengths, in graphemes. */
  percentile99: number;
  /** Hosts of https addresses, most frequent first. */
  hosts: readonly string[];
  allImages: boolean;
  /** A pattern that all values match, such as `[A-Z0-9]{4,12}`. */
  pattern: string | undefined;
  /** All values, where there are few. */
  choices: readonly string[] | undefined;
  /** Smallest and largest, where all values are numbers. */
  range: readonly [number, number] | undefined;
}

/** Collects the statistics of one column, a value at a time. */
class ColumnCounter {
  private rows = 0;
  private missing = 0;
  private longest = 0;
  private longestValue = "";
  private shortest = Infinity;
  private readonly lengths = new Map<number, number>();
  private readonly hostCounts = new Map<string, number>();
  private images = 0;
  private patterns = PATTERNS;
  private distinct: Set<string> | undefined = new Set();
  private low = Infinity;
  private high = -Infinity;
  private numeric = true;

  constructor(readonly name: string) {}

  addMissing(): void {
    this.rows++;
    this.missing++;
  }

  add(value: string): void {
    this.rows++;
    this.addLength(value);
    this.addHost(value);
    this.addNumber(value);
    this.patterns = this.patterns.filter(({ allowed }) => allowed.test(value));
    this.distinct?.add(value);
    if (this.distinct && this.distinct.size > MAX_CHOICES) this.distinct = undefined;
  }

  finish(): ColumnStatistics {
    const values = this.rows - this.missing;
    const pattern = this.patterns[0]?.pattern;
    const { name, rows, missing, longest, longestValue } = this;
    const shortest = values ? this.shortest : 0;
    const span = shortest === longest ? `{${longest}}` : `{${shortest},${longest}}`;
    return {
      name,
      rows,
      missing,
      longest,
      longestValue,
      shortest,
      percentile99: this.percentile(values, 0.99),
      hosts: [...this.hostCounts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([host]) => host),
      allImages: values > 0 && this.images === values,
      pattern: values && pattern && longest <= MAX_PATTERN_LENGTH ? pattern + span : undefined,
      choices: values >= 50 && this.distinct ? [...this.distinct].sort() : undefined,
      range: values && this.numeric ? [this.low, this.high] : undefined,
    };
  }

  private addLength(value: string): void {
    const length = graphemes(value);
    this.lengths.set(length, (this.lengths.get(length) ?? 0) + 1);
    this.shortest = Math.min(this.shortest, length);
    if (length > this.longest) [this.longest, this.longestValue] = [length, value];
  }

  private addHost(value: string): void {
    const host = /^https:\/\/([^/?#\s]+)/i.exec(value)?.[1]?.toLowerCase();
    if (host === undefined) return;
    this.images++;
    if (this.hostCounts.has(host) || this.hostCounts.size < 1000) {
      this.hostCounts.set(host, (this.hostCounts.get(host) ?? 0) + 1);
    }
  }

  private addNumber(value: string): void {
    if (!/^-?[0-9]{1,15}(\.[0-9]{1,6})?$/.test(value)) this.numeric = false;
    if (!this.numeric) return;
    this.low = Math.min(this.low, Number(value));
    this.high = Math.max(this.high, Number(value));
  }

  /** The smallest length that this share of the values does not exceed (nearest rank). */
  private percentile(values: number, share: number): number {
    const rank = Math.ceil(values * share);
    let seen = 0;
    for (const length of [...this.lengths.keys()].sort((a, b) => a - b)) {
      seen += this.lengths.get(length) as number;
      if (seen >= rank) return length;
    }
    return 0;
  }
}

export interface TableRow {
  /** From 1, without the header. */
  number: number;
  cells: Row;
  /** Why this row is a good test: a column's longest value, a missing value, another script, or the first row. */
  reason: "longest" | "missing" | "script" | "first";
  column: string;
}

export interface TableStatistics {
  header: Row;
  rows: number;
  columns: readonly ColumnStatistics[];
  /** Rows with which to test the template. */
  notable: readonly TableRow[];
}

const NOTABLE = 24;

/** Collects the statistics of a whole table. */
export class TableCounter {
  private header: Row = [];
  private counters: ColumnCounter[] = [];
  private readonly longest: (TableRow | undefined)[] = [];
  private readonly missing: (TableRow | undefined)[] = [];
  private readonly scripts = new Map<string, TableRow>();
  private first: TableRow | undefined;
  private rows = 0;
  private lengths: number[] = [];

  add(row: Row, header: Row): void {
    if (this.rows === 0) {
      this.header = header;
      this.counters = header.map((name) => new ColumnCounter(name));
    }
    this.rows++;
    const note = (reason: TableRow["reason"], column: string): TableRow => ({
      number: this.rows,
      cells: row,
      reason,
      column,
    });
    this.first ??= note("first", "");
    for (const [index, counter] of this.counters.entries()) {
      const value = row[index] ?? "";
      if (isMissing(value)) {
        counter.addMissing();
        this.missing[index] ??= note("missing", counter.name);
      } else {
        counter.add(value);
        if (value.length > (this.lengths[index] ?? 0)) {
          this.lengths[index] = value.length;
          this.longest[index] = note("longest", counter.name);
        }
      }
      const script = scriptOf(value);
      if (script && !this.scripts.has(script)) this.scripts.set(script, note("script", counter.name));
    }
  }

  finish(): TableStatistics {
    const rows = [...this.longest, ...this.missing, ...this.scripts.values(), this.first];
    const seen = new Set<number>();
    const notable = rows.filter((row): row is TableRow => {
      if (row === undefined || seen.has(row.number)) return false;
      seen.add(row.number);
      return true;
    });
    return {
      header: this.header,
      rows: this.rows,
      columns: this.counters.map((counter) => counter.finish()),
      notable: notable.slice(0, NOTABLE),
    };
  }
}

const SCRIPTS = ["Arabic", "Hebrew", "Thai", "Devanagari", "Han", "Hangul", "Hiragana", "Cyrillic", "Greek"].map(
  (name) => ({ name, test: new RegExp(`\\p{Script=${name}}`, "u") }),
);

function scriptOf(value: string): string | undefined {
  if (/^[\x20-\x7e]*$/.test(value)) return undefined;
  return SCRIPTS.find(({ test }) => test.test(value))?.name;
}

// --- columns and fields

/** The field that a column fills, by the rules of docs/contract/tables.md. */
export function fieldFor(column: string, fields: readonly string[]): string | undefined {
  if (fields.includes(column)) return column;
  const key = comparable(column);
  const found = fields.filter((field) => comparable(field) === key);
  return key && found.length === 1 ? found[0] : undefined;
}

function comparable(name: string): string {
  return name.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
}

export type SuggestionKind = "max_length" | "pattern" | "choices" | "allowed_hosts" | "range" | "default";

export interface Suggestion {
  kind: SuggestionKind;
  field: string;
  column: ColumnStatistics;
  /** Empty where the author has to decide, as for a default. */
  edits: readonly Edit[];
}

/** The `max_length` that a column's values need. */
export function neededLength(column: ColumnStatistics): number {
  return Math.min(column.longest, MAX_LENGTH);
}

/** Bounds that all values of the column meet and the field does not have yet. */
export function suggestionsFor(field: string, spec: Json | undefined, column: ColumnStatistics): Suggestion[] {
  const written = isObject(spec) ? spec : {};
  const lacks = (key: string): boolean => !hasKey(written, key) || written[key] === null;
  const set = (key: string, value: Json): Edit => ({ kind: "set", path: ["fields", field, key], value });
  const found: Suggestion[] = [];
  const suggest = (kind: SuggestionKind, edits: readonly Edit[]): void => {
    found.push({ kind, field, column, edits });
  };
  const values = column.rows - column.missing;
  const type = fieldType(spec);
  if (values && type === "text") {
    const length = neededLength(column);
    if (written["max_length"] !== length) suggest("max_length", [set("max_length", length)]);
    if (column.pattern && lacks("pattern")) suggest("pattern", [set("pattern", column.pattern)]);
    if (column.choices && lacks("choices")) suggest("choices", [set("choices", [...column.choices])]);
  }
  if (type === "image" && column.hosts.length && column.hosts.length <= MAX_HOSTS) {
    const hosts = [...column.hosts].sort();
    const known = Array.isArray(written["allowed_hosts"]) ? written["allowed_hosts"] : [];
    if (hosts.some((host) => !known.includes(host))) suggest("allowed_hosts", [set("allowed_hosts", hosts)]);
  }
  if (type === "number" && column.range) {
    const [low, high] = column.range;
    const tooTight = Number(written["min"] ?? low) > low || Number(written["max"] ?? high) < high;
    if (lacks("min") || lacks("max") || tooTight) suggest("range", [set("min", low), set("max", high)]);
  }
  if (column.missing && lacks("default")) suggest("default", []);
  return found;
}

/** A new field for a column that has none, with the bound that its values need. */
export function fieldFromColumn(column: ColumnStatistics): { [key: string]: Json } {
  if (column.allImages) return { type: "image", allowed_hosts: [...column.hosts].sort().slice(0, 100) };
  if (column.range && !column.pattern?.startsWith("[0-9]{4,")) {
    return { type: "number", min: column.range[0], max: column.range[1], example: column.range[1] };
  }
  const length = Math.max(1, neededLength(column));
  const isExample = column.longest > 0 && column.longestValue.length <= MAX_EXAMPLE_LENGTH;
  return isExample ? { max_length: length, example: column.longestValue } : { max_length: length };
}
