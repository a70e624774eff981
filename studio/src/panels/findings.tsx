/** What the service found: faults, warnings and findings in its own words, with Show and Fix. */

import { useSignal } from "@preact/signals";

import { fromPointer, valueAt } from "../document/json";
import { applyEdits, EditError } from "../document/text";
import type { Edit, Json } from "../document/types";
import type { Editor, Finding } from "../editor/store";
import type { ApiFault } from "../server/api";
import type { PanelProps } from "../shell/registry";
import { words } from "../words/panels";
import { Icon } from "./widgets/icon";

type Level = "fault" | "warning" | "finding";

interface Entry {
  level: Level;
  fault: Finding;
}

export function Findings({ editor }: PanelProps) {
  const told = useSignal("");
  const entries = entriesOf(editor);
  const { problem } = editor.preview.value;
  return (
    <section class="panel findings" aria-label={words.findings.title}>
      {entries.length === 0 && !problem && <p class="quiet panel-note">{words.findings.none}</p>}
      {problem && entries.length === 0 && (
        <p class="fault panel-note">
          {problem.detail} {problem.requestId && <span class="quiet">{words.findings.request(problem.requestId)}</span>}
        </p>
      )}
      <ul class="finding-list">
        {entries.map((entry) => (
          <FindingLine
            key={`${entry.fault.code} ${entry.fault.pointer} ${entry.fault.detail}`}
            editor={editor}
            entry={entry}
            tell={(message) => {
              told.value = message;
            }}
          />
        ))}
      </ul>
      <p role="status" class="visually-hidden">
        {told.value}
      </p>
    </section>
  );
}

/** Each once: a document's findings hold its warnings too. */
export function entriesOf(editor: Editor): Entry[] {
  const { faults, warnings, findings } = editor.preview.value;
  const seen = new Set<string>();
  const fresh = (fault: ApiFault): boolean => {
    const key = `${fault.code} ${fault.pointer} ${fault.detail}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  };
  const entry = (level: Level) => (fault: Finding): Entry => ({ level, fault });
  return [
    ...faults.filter(fresh).map(entry("fault")),
    ...findings.filter(fresh).map(entry("finding")),
    ...warnings.filter(fresh).map(entry("warning")),
  ];
}

function FindingLine({ editor, entry, tell }: { editor: Editor; entry: Entry; tell: (message: string) => void }) {
  const { level, fault } = entry;
  const layer = editor.idAt(fault.pointer);
  const detail = level === "fault" ? words.findings.notDrawn(fault.detail) : fault.detail;
  const fix = (): void => {
    const { text } = editor.preview.peek();
    if (text !== editor.text.peek()) {
      tell(words.findings.fixStale);
      return;
    }
    applyFix(editor, fault);
    tell(words.findings.fixed);
  };
  return (
    <li class={`finding ${level}`} data-code={fault.code} data-pointer={fault.pointer}>
      <span class="finding-mark" title={words.findings.levels[level]}>
        <Icon name="warning" />
        <span class="visually-hidden">{words.findings.levels[level]}: </span>
      </span>
      <span class="grow">
        <span>{detail}</span>
        {fault.fix_detail && <span class="quiet fix-detail">{fault.fix_detail}</span>}
      </span>
      {layer !== undefined && (
        <button
          type="button"
          class="small"
          onClick={() => {
            editor.selection.value = [layer];
          }}
        >
          {words.findings.show}
        </button>
      )}
      {fault.fix && fault.fix.length > 0 && (
        <button type="button" class="outlined small" title={fault.fix_detail} onClick={fix}>
          {words.findings.fix}
        </button>
      )}
    </li>
  );
}

/** Applies the service's patch as one edit, which undo takes back. */
export function applyFix(editor: Editor, finding: Finding): void {
  const edits = patchEdits(editor.text.peek(), editor.value.peek(), finding.fix ?? []);
  editor.edit(words.findings.edit(finding.fix_detail ?? ""), edits);
}

type Operation = NonNullable<Finding["fix"]>[number];

/** RFC 6902 operations as edits of the text. */
export function patchEdits(text: string, value: Json | undefined, patch: readonly Operation[]): Edit[] {
  const edits: Edit[] = [];
  let current = value;
  let written = text;
  for (const operation of patch) {
    const edit = editFor(operation, current);
    if (edit === undefined) continue;
    edits.push(edit);
    written = applyEdits(written, [edit]);
    current = JSON.parse(written) as Json;
  }
  return edits;
}

function editFor(operation: Operation, value: Json | undefined): Edit | undefined {
  const path = pathIn(operation.path, value);
  const parent = valueAt(value, path.slice(0, -1));
  switch (operation.op) {
    case "test":
      return undefined;
    case "remove":
      return { kind: "remove", path };
    case "replace":
      return { kind: "set", path, value: operation.value ?? null };
    case "add":
      return { kind: Array.isArray(parent) ? "insert" : "set", path, value: operation.value ?? null };
    case "move":
      return { kind: "move", from: pathIn(operation.from ?? "", value), path };
    case "copy": {
      const copied = valueAt(value, pathIn(operation.from ?? "", value)) ?? null;
      return { kind: Array.isArray(parent) ? "insert" : "set", path, value: copied };
    }
    default:
      throw new EditError(`The operation ${operation.op} is not known.`);
  }
}

/** `-` is the place behind an array's last item. */
function pathIn(pointer: string, value: Json | undefined): (string | number)[] {
  const path = [...fromPointer(pointer, value)];
  const parent = valueAt(value, path.slice(0, -1));
  if (path[path.length - 1] === "-" && Array.isArray(parent)) path[path.length - 1] = parent.length;
  return path;
}
