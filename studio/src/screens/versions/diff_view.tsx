/** The difference of two documents: a list of changes, and the lines of their JSON. */

import { useMemo } from "preact/hooks";

import { parse } from "../../document/text";
import type { Json } from "../../document/types";
import { words } from "../../words/screens";
import { type Change, changes, diffTexts, type DiffLine, hunks } from "./json_diff";

const text = words.diff;
const MAX_SHOWN = 90;
const MAX_LINES = 2_000;

export function ChangeList({ before, after }: { before: string; after: string }) {
  const found = useMemo(() => changes(parse(before).value, parse(after).value), [before, after]);
  if (found.length === 0) return <p class="quiet">{text.same}</p>;
  return (
    <ul class="change-list">
      {found.map((change, index) => (
        <li key={index}>
          <span class={`change-kind ${change.kind}`}>{text[change.kind]}</span>
          <span class="change-subject">
            <strong>{change.subject}</strong> <Values change={change} />
          </span>
        </li>
      ))}
    </ul>
  );
}

function Values({ change }: { change: Change }) {
  const names = text.properties(change.properties);
  if (change.before === undefined || change.after === undefined) return <>{names}</>;
  return (
    <>
      {names} {text.from} <code>{short(change.before)}</code> {text.to} <code>{short(change.after)}</code>
    </>
  );
}

function short(value: Json): string {
  const shown = typeof value === "string" ? value : JSON.stringify(value);
  return shown.length > MAX_SHOWN ? `${shown.slice(0, MAX_SHOWN - 1)}…` : shown || '""';
}

export function JsonDiff({ before, after }: { before: string; after: string }) {
  const found = useMemo(() => hunks(diffTexts(before, after)), [before, after]);
  if (found.length === 0) return <p class="quiet">{text.same}</p>;
  let shown = 0;
  return (
    <div class="json-diff" tabIndex={0} role="region" aria-label={text.table}>
      <table aria-label={text.table}>
        <tbody>
          {found.map((hunk, index) => (
            <>
              {hunk.skipped > 0 && (
                <tr key={`skipped-${index}`} class="skipped">
                  <td colSpan={3}>{text.skipped(hunk.skipped)}</td>
                </tr>
              )}
              {hunk.lines.slice(0, Math.max(0, MAX_LINES - shown)).map((line) => {
                shown += 1;
                return <Line key={`${line.before}-${line.after}`} line={line} />;
              })}
            </>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Line({ line }: { line: DiffLine }) {
  const sign = { same: "", added: "+", removed: "−" }[line.kind];
  return (
    <tr class={line.kind}>
      <td class="line-number">{line.before ?? ""}</td>
      <td class="line-number">{line.after ?? ""}</td>
      <td class="line">
        <span class="sign">{sign}</span>
        {line.kind !== "same" && <span class="visually-hidden">{text[line.kind]}: </span>}
        {line.text}
      </td>
    </tr>
  );
}
