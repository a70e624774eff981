/** Usage by template and campaign, sorted by a column. */

import type { UsageReport, UsageRow } from "../../server/usage";
import { fileSize } from "../../words/formats";
import { words } from "../../words/usage";

const text = words.table;
const NAMES = ["template_id", "campaign"] as const;
/** Known from the CDN's log alone. */
const LOGGED = ["fetches", "hits", "misses", "refusals", "sent_bytes"];
const COUNTS = ["first_opens", "fetches", "hits", "misses", "fallbacks", "refusals", "links", "images", "sent_bytes", "usd"] as const;

export function UsageTable(props: { report: UsageReport; sort: string; choose: (sort: string) => void }) {
  const { report, sort, choose } = props;
  const isWhole = report.rows.length === report.row_count;
  const rows = isWhole ? sorted(report.rows, sort) : report.rows;
  const columns = COUNTS.filter((name) => report.rows[0]?.[name] !== undefined);
  return (
    <section class="usage-table">
      <h2 id="usage-table">{text.title}</h2>
      <div class="table-scroll" role="region" aria-labelledby="usage-table" tabIndex={0}>
        <table class="numbers">
          <thead>
            <tr>
              {[...NAMES, ...columns].map((name) => (
                <Head key={name} name={name} sort={sort} choose={choose} />
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={`${row.template_id}\n${row.campaign}`}>
                <th scope="row">
                  <span class="name">{row.template_id}</span>
                </th>
                <td>
                  <span class="name">{row.campaign || text.noCampaign}</span>
                </td>
                {columns.map((name) => (
                  <td key={name} class="numeric">
                    {report.log_complete_to === null && LOGGED.includes(name) ? text.unknown : shown(name, Number(row[name]))}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {!isWhole && <p class="quiet">{text.more(report.rows.length, report.row_count)}</p>}
    </section>
  );
}

function Head({ name, sort, choose }: { name: string; sort: string; choose: (sort: string) => void }) {
  const isSorted = sort.replace("-", "") === name;
  const isName = (NAMES as readonly string[]).includes(name);
  const down = `-${name}`;
  const next = isSorted ? (sort === down ? name : down) : isName ? name : down;
  const order = sort === down ? "descending" : "ascending";
  return (
    <th scope="col" class={isName ? "" : "numeric"} aria-sort={isSorted ? order : undefined}>
      <button type="button" onClick={() => choose(next)}>
        {isName && text.columns[name]}
        <svg class="sort-mark" width="8" height="8" viewBox="0 0 8 8" aria-hidden="true">
          {isSorted && <path d={order === "descending" ? "M0 2h8L4 7z" : "M0 6h8L4 1z"} fill="currentColor" />}
        </svg>
        {!isName && text.columns[name]}
      </button>
    </th>
  );
}

/** By a column; equal rows stay in the service's order. */
export function sorted(rows: readonly UsageRow[], sort: string): UsageRow[] {
  const name = sort.replace("-", "");
  const sign = sort.startsWith("-") ? -1 : 1;
  const compare = (a: string | number = 0, b: string | number = 0) => (a < b ? -sign : a > b ? sign : 0);
  return [...rows].sort((one, other) => compare(one[name], other[name]));
}

function shown(name: string, value: number): string {
  if (name === "usd") return dollars(value);
  if (name === "sent_bytes") return fileSize(value);
  return value.toLocaleString("en");
}

/** As the service writes dollars: with cents, and below one with three digits that count, below a cent with two. */
export function dollars(value: number): string {
  if (value >= 1) return `$${value.toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
  return `$${value.toLocaleString("en", { maximumSignificantDigits: value < 0.01 ? 2 : 3 })}`;
}
