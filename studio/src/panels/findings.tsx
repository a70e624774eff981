/** What the service found: faults, warnings and findings in its own words, with Show and Fix. */

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";

import { patchEdits } from "../document/patch";
import { parse } from "../document/text";
import { missingField } from "../editor/add_field";
import type { Editor, Finding } from "../editor/store";
import { type ApiFault, ApiProblem } from "../server/api";
import { PreviewQueue } from "../server/previews";
import type { PanelProps } from "../shell/registry";
import { words } from "../words/panels";
import { Icon } from "./widgets/icon";

type Level = "fault" | "warning" | "finding";

interface Entry {
  level: Level;
  fault: Finding;
}

export function Findings({ editor }: PanelProps) {
  const announced = useSignal("");
  const fixes = useFixes(editor);
  const entries = entriesOf(editor).map((entry) => ({ ...entry, fault: { ...entry.fault, ...fixes.get(keyOf(entry.fault)) } }));
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
            key={keyOf(entry.fault)}
            editor={editor}
            entry={entry}
            tell={(message) => {
              announced.value = message;
            }}
          />
        ))}
      </ul>
      <p role="status" class="visually-hidden">
        {announced.value}
      </p>
    </section>
  );
}

function keyOf(fault: ApiFault): string {
  return `${fault.code} ${fault.pointer} ${fault.detail}`;
}

type Fix = Pick<Finding, "fix" | "fix_detail">;
const NO_FIXES: ReadonlyMap<string, Fix> = new Map();

/**
 * Asks for the findings' fixes once the document is at rest. The service tries each of them by drawing,
 * so this is a request of its own, which the next edit ends.
 */
function useFixes(editor: Editor): ReadonlyMap<string, Fix> {
  const { exact, text, findings } = editor.preview.value;
  const known = useSignal<{ text: string; fixes: ReadonlyMap<string, Fix> }>({ text: "", fixes: NO_FIXES });
  const wanted = exact && findings.length > 0 && text === editor.text.value ? text : undefined;
  useEffect(() => {
    if (wanted === undefined || known.peek().text === wanted) return undefined;
    const queue = new PreviewQueue();
    queue.ask({ document: wanted, fixes: true, format: "jpg" }).then(
      (answer) => {
        if (answer) known.value = { text: wanted, fixes: fixesOf(answer.findings) };
      },
      (problem: unknown) => {
        if (!(problem instanceof ApiProblem)) throw problem;
      },
    );
    return () => queue.close();
  }, [wanted]);
  return known.value.text === editor.text.value ? known.value.fixes : NO_FIXES;
}

function fixesOf(findings: readonly Finding[]): ReadonlyMap<string, Fix> {
  const fixed = findings.filter((finding) => finding.fix?.length);
  return new Map(fixed.map((finding) => [keyOf(finding), { fix: finding.fix, fix_detail: finding.fix_detail }]));
}

/** Each once: a document's findings hold its warnings too. */
export function entriesOf(editor: Editor): Entry[] {
  const { faults, warnings, findings } = editor.preview.value;
  const broken = brokenText(editor.text.value);
  if (broken) return [broken];
  const seen = new Set<string>();
  const fresh = (fault: ApiFault): boolean => {
    const key = keyOf(fault);
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

/** The first fault of a text that is no JSON. */
function brokenText(text: string): Entry | undefined {
  const { value, faults } = parse(text);
  const first = faults[0];
  if (value !== undefined || !first) return undefined;
  const line = text.slice(0, first.offset).split("\n").length;
  return { level: "fault", fault: { code: "invalid_json", pointer: "", detail: words.findings.inLine(line, first.message) } };
}

function FindingLine({ editor, entry, tell }: { editor: Editor; entry: Entry; tell: (message: string) => void }) {
  const { level, fault } = entry;
  const layer = editor.idAt(fault.pointer);
  const offer = missingField(editor, fault);
  const detail = level === "fault" ? words.findings.notDrawn(fault.detail) : fault.detail;
  const fix = (): void => {
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
            editor.select([layer]);
          }}
        >
          {words.findings.show}
        </button>
      )}
      {offer && (
        <button type="button" class="outlined small" onClick={offer.add}>
          {offer.label}
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
function applyFix(editor: Editor, finding: Finding): void {
  const edits = patchEdits(editor.text.peek(), finding.fix ?? []);
  editor.edit(words.findings.edit(finding.fix_detail ?? ""), edits);
}
