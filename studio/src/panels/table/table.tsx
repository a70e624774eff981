/** Reads a CSV file of recipients in the browser: suggests bounds of fields, and offers rows to preview. */

import { useSignal, type Signal } from "@preact/signals";

import { freeName } from "../../document/bounds";
import { CsvError, readTable } from "../../document/csv";
import type { JsonObject } from "../../document/json";
import {
  type ColumnStatistics,
  fieldFor,
  fieldFromColumn,
  isMissing,
  MAX_FILE_BYTES,
  neededLength,
  type Suggestion,
  suggestionsFor,
  TableCounter,
  type TableRow,
  type TableStatistics,
} from "../../document/people";
import type { Editor, Modification, Person } from "../../editor/store";
import { words } from "../../words/panels";
import { addPeople } from "./people_storage";
import { Icon } from "../widgets/icon";

const MOST_PICKED = 12;

type State =
  | { step: "none"; fault?: string }
  | { step: "reading"; share: number }
  | { step: "read"; file: string; table: TableStatistics };

export function TablePanel({ editor, fields }: { editor: Editor; fields: JsonObject }) {
  const state = useSignal<State>({ step: "none" });
  const over = useSignal(false);
  const drop = (event: DragEvent): void => {
    event.preventDefault();
    over.value = false;
    const file = event.dataTransfer?.files[0];
    if (file) void read(file, state);
  };
  const at = state.value;
  return (
    <div
      class={`table-panel ${over.value ? "over" : ""}`}
      onDragOver={(event) => {
        event.preventDefault();
        over.value = true;
      }}
      onDragLeave={() => {
        over.value = false;
      }}
      onDrop={drop}
    >
      {at.step === "none" && <Chooser state={state} fault={at.fault} />}
      {at.step === "reading" && (
        <p role="status">
          <progress value={at.share} aria-label={words.table.reading(at.share)} /> {words.table.reading(at.share)}
        </p>
      )}
      {at.step === "read" && <TableView editor={editor} fields={fields} table={at.table} file={at.file} state={state} />}
    </div>
  );
}

export function TableFile({ choose }: { choose: (file: File) => void }) {
  return (
    <label class="button outlined file">
      {words.table.choose}
      <input
        type="file"
        accept=".csv,.tsv,.txt,text/csv"
        class="visually-hidden"
        onChange={(event) => {
          const file = event.currentTarget.files?.[0];
          event.currentTarget.value = "";
          if (file) choose(file);
        }}
      />
    </label>
  );
}

function Chooser({ state, fault }: { state: Signal<State>; fault?: string }) {
  return (
    <>
      <p class="quiet">{words.table.drop}</p>
      <TableFile choose={(file) => void read(file, state)} />
      {fault && (
        <p class="fault" role="alert">
          {fault}
        </p>
      )}
    </>
  );
}

async function read(file: File, state: Signal<State>): Promise<void> {
  const read = await tableIn(file, (share) => {
    state.value = { step: "reading", share };
  });
  state.value = typeof read === "string" ? { step: "none", fault: read } : { step: "read", file: file.name, table: read };
}

/** The statistics of a file, read in the browser and not sent anywhere; or a text that says why it could not be read. */
async function tableIn(file: File, progress: (share: number) => void): Promise<TableStatistics | string> {
  if (file.size > MAX_FILE_BYTES) return words.table.tooLarge;
  progress(0);
  const counter = new TableCounter();
  try {
    await readTable(file, (row, header) => counter.add(row, header), progress);
    return counter.finish();
  } catch (error) {
    const known = error instanceof CsvError ? words.table.faults[error.message] : undefined;
    return known ?? words.table.unreadable;
  }
}

/** The people of a file with whom to test the template; or a text that says why it could not be read. */
export async function notablePeople(file: File, fields: JsonObject): Promise<readonly Person[] | string> {
  const table = await tableIn(file, () => undefined);
  if (typeof table === "string") return table;
  const names = Object.keys(fields);
  if (!table.header.some((column) => fieldFor(column, names))) return words.table.noMatch(names);
  return table.notable.slice(0, MOST_PICKED).map((row) => personFrom(row, table, fields));
}

interface TableViewProps {
  editor: Editor;
  fields: JsonObject;
  table: TableStatistics;
  file: string;
  state: Signal<State>;
}

function TableView({ editor, fields, table, file, state }: TableViewProps) {
  return (
    <>
      <div class="row">
        <strong class="grow">{words.table.summary(file, table.rows, table.columns.length)}</strong>
        <button
          type="button"
          class="icon"
          aria-label={words.table.close}
          title={words.table.close}
          onClick={() => {
            state.value = { step: "none" };
          }}
        >
          <Icon name="close" />
        </button>
      </div>
      <ul class="columns">
        {table.columns.map((column, index) => (
          <Column key={index} editor={editor} fields={fields} column={column} />
        ))}
      </ul>
      <Notable editor={editor} fields={fields} table={table} />
    </>
  );
}

function Column({ editor, fields, column }: { editor: Editor; fields: JsonObject; column: ColumnStatistics }) {
  const field = fieldFor(column.name, Object.keys(fields));
  const suggestions = field === undefined ? [] : suggestionsFor(field, fields[field], column);
  return (
    <li class="card column" data-column={column.name}>
      <div class="row">
        <strong class="grow">{words.table.column(column.name)}</strong>
        {field === undefined && <AddField editor={editor} fields={fields} column={column} />}
      </div>
      <p class="quiet">
        {[
          words.table.longest(column.longest, column.percentile99),
          column.missing ? words.table.missing(column.missing, column.rows) : "",
          column.hosts.length ? words.table.hosts(column.hosts) : "",
        ]
          .filter(Boolean)
          .join(" · ")}
      </p>
      {suggestions.map((suggestion) => (
        <SuggestionLine key={suggestion.kind} editor={editor} suggestion={suggestion} />
      ))}
    </li>
  );
}

function AddField({ editor, fields, column }: { editor: Editor; fields: JsonObject; column: ColumnStatistics }) {
  const name = freeName(column.name || "field", Object.keys(fields));
  const add = (): void =>
    editor.edit(words.fields.edits.add, [{ kind: "set", path: ["fields", name], value: fieldFromColumn(column) }]);
  return (
    <button type="button" class="small" onClick={add}>
      <Icon name="plus" />
      {words.table.addField(name)}
    </button>
  );
}

function SuggestionLine({ editor, suggestion }: { editor: Editor; suggestion: Suggestion }) {
  const text = words.table.suggestions[suggestion.kind]?.(suggestedValue(suggestion)) ?? suggestion.kind;
  return (
    <div class="row suggestion" data-suggestion={suggestion.kind}>
      <span class="grow">{text}</span>
      {suggestion.edits.length > 0 && (
        <button
          type="button"
          class="outlined small"
          aria-label={`${words.table.accept}: ${text}`}
          onClick={() => editor.edit(words.fields.edits.bound, suggestion.edits)}
        >
          {words.table.accept}
        </button>
      )}
    </div>
  );
}

function suggestedValue({ kind, column }: Suggestion): string {
  switch (kind) {
    case "max_length":
      return String(neededLength(column));
    case "pattern":
      return column.pattern ?? "";
    case "choices":
      return (column.choices ?? []).join(", ");
    case "allowed_hosts":
      return [...column.hosts].sort().join(", ");
    case "range":
      return (column.range ?? []).map((bound) => bound.toLocaleString("en")).join(" to ");
    case "default":
      return `${column.missing.toLocaleString("en")} of ${column.rows.toLocaleString("en")}`;
  }
}

function Notable({ editor, fields, table }: { editor: Editor; fields: JsonObject; table: TableStatistics }) {
  const picked = useSignal<ReadonlySet<number>>(new Set());
  const message = useSignal("");
  const toggle = (row: TableRow): void => {
    const next = new Set(picked.peek());
    if (!next.delete(row.number)) next.add(row.number);
    picked.value = next;
  };
  const show = (): void => {
    const rows = table.notable.filter((row) => picked.peek().has(row.number));
    const people = rows.map((row) => personFrom(row, table, fields));
    void addPeople(editor, people);
    message.value = words.table.picked(people.length);
    picked.value = new Set();
  };
  return (
    <fieldset class="notable">
      <legend>{words.table.notable}</legend>
      {table.notable.map((row) => (
        <label class="row" key={row.number}>
          <input
            type="checkbox"
            checked={picked.value.has(row.number)}
            disabled={!picked.value.has(row.number) && picked.value.size >= MOST_PICKED}
            onChange={() => toggle(row)}
          />
          <span class="grow">
            <span dir="auto">{personLabel(row, table)}</span>
            <span class="quiet"> {words.table.reasons[row.reason]?.(row.column)}</span>
          </span>
        </label>
      ))}
      <button type="button" class="outlined" disabled={picked.value.size === 0} onClick={show}>
        {words.table.pick}
      </button>
      <p role="status" class="quiet">
        {message.value}
      </p>
    </fieldset>
  );
}

/** The row's number and its first values. */
function personLabel(row: TableRow, table: TableStatistics): string {
  const values = row.cells.filter((cell) => cell && !/^https?:/.test(cell)).slice(0, 2);
  const at = table.header.indexOf(row.column);
  const special = row.reason === "longest" || row.reason === "script" ? row.cells[at] : undefined;
  const shown = special && !values.includes(special) ? [special, ...values.slice(0, 1)] : values;
  return [words.table.row(row.number), ...shown.map((value) => value.slice(0, 40))].join(" · ");
}

/** The values of a row that the template has fields for. */
function personFrom(row: TableRow, table: TableStatistics, fields: JsonObject): Person {
  const names = Object.keys(fields);
  const modifications = table.header.flatMap((column, index): Modification[] => {
    const field = fieldFor(column, names);
    const value = row.cells[index] ?? "";
    return field === undefined || isMissing(value) ? [] : [{ name: field, value }];
  });
  return { label: personLabel(row, table), modifications };
}
