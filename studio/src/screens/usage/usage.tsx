/** Usage: four figures, plots that the service writes, and the table by template and campaign. */

import { useEffect, useState } from "preact/hooks";

import { ProblemNote } from "../../components/problem_note";
import { readUsage, readUsageCsv, type UsageFigure, type UsageQuery, type UsageReport } from "../../server/usage";
import { navigate } from "../../shell/router";
import { shownTime } from "../../words/formats";
import { words as screenWords } from "../../words/screens";
import { words } from "../../words/usage";
import { Page } from "../frame";
import { fromServer } from "./server_elements";
import { ShareDialog } from "./share_dialog";
import { UsageEmpty } from "./usage_empty";
import { UsageFilters } from "./usage_filters";
import { pathOf, queryOf } from "./usage_query";
import { UsageTable } from "./usage_table";

const DEFAULT_SORT = "-first_opens";

export function Usage() {
  const [query, setQuery] = useState(() => queryOf(location.search));
  const [sort, setSort] = useState(DEFAULT_SORT);
  const [report, setReport] = useState<UsageReport>();
  const [problem, setProblem] = useState<unknown>();
  const [isLoading, setLoading] = useState(true);
  const [isSharing, setSharing] = useState(false);
  const [tries, setTries] = useState(0);
  const isWhole = report !== undefined && report.rows.length === report.row_count;
  // The page sorts all rows itself; of a part, the service tells which rows come first.
  const asked = isWhole ? DEFAULT_SORT : sort;
  useEffect(() => {
    const leaving = new AbortController();
    setLoading(true);
    setProblem(undefined);
    readUsage(query, asked, leaving.signal)
      .then(setReport)
      .catch((failed: unknown) => leaving.signal.aborted || setProblem(failed))
      .finally(() => leaving.signal.aborted || setLoading(false));
    return () => leaving.abort();
  }, [query, asked, tries]);
  const choose = (chosen: UsageQuery) => {
    setQuery(chosen);
    navigate(pathOf(chosen), { replace: true });
  };
  return (
    <Page
      title={words.title}
      crumbs={[{ name: screenWords.templates, path: "/studio" }]}
      actions={report && report.state !== "empty" && <Actions query={query} share={() => setSharing(true)} fail={setProblem} />}
    >
      <UsageFilters query={query} report={report} choose={choose} />
      <ProblemNote problem={problem} retry={() => setTries(tries + 1)} />
      <p class="visually-hidden" role="status">
        {isLoading ? screenWords.loading : report && words.shown(scopeOf(report, query))}
      </p>
      <div class="usage" aria-busy={isLoading}>
        {report === undefined ? isLoading && <Waiting /> : <Report report={report} query={query} sort={sort} choose={setSort} />}
      </div>
      {isSharing && report && <ShareDialog query={query} report={report} close={() => setSharing(false)} />}
    </Page>
  );
}

function Actions(props: { query: UsageQuery; share: () => void; fail: (problem: unknown) => void }) {
  const download = async (by: "campaign" | "day") => {
    try {
      save(await readUsageCsv(props.query, by), `usage-by-${by}.csv`);
    } catch (problem) {
      props.fail(problem);
    }
  };
  return (
    <span class="usage-actions">
      <button type="button" class="outlined" onClick={() => void download("campaign")}>
        {words.csv}
      </button>
      <button type="button" class="outlined" onClick={() => void download("day")}>
        {words.csvByDay}
      </button>
      <button type="button" class="primary" onClick={props.share}>
        {words.share.open}
      </button>
    </span>
  );
}

/** Gives the browser a file to save. */
function save(file: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

function Report(props: { report: UsageReport; query: UsageQuery; sort: string; choose: (sort: string) => void }) {
  const { report, query } = props;
  if (report.state === "empty") {
    const isFiltered = query.template_id !== undefined || query.campaign !== undefined;
    // A change tells of usage in the period before.
    const isUsed = isFiltered || report.figures.some((figure) => figure.change !== "");
    return isUsed ? <p class="notice">{words.nothing}</p> : <UsageEmpty />;
  }
  return (
    <>
      <p class="usage-scope">{scopeOf(report, query)}</p>
      <ul class="figures">
        {report.figures.map((figure) => (
          <Figure key={figure.name} figure={figure} />
        ))}
      </ul>
      {report.state === "small" && <p class="notice">{words.small}</p>}
      {report.plots.length > 0 && <div class="plots">{report.plots.map(fromServer)}</div>}
      {report.rows.length > 0 && <UsageTable report={report} sort={props.sort} choose={props.choose} />}
      <footer class="usage-foot">
        <p>{report.note}</p>
        <p class="quiet">
          {words.log(report.log_complete_to && shownTime(report.log_complete_to))} {words.asOf(shownTime(report.as_of))}
        </p>
      </footer>
    </>
  );
}

/** The days and what of them is shown, in words. */
function scopeOf(report: UsageReport, query: UsageQuery): string {
  const campaign = query.campaign === "" ? words.share.noCampaign : query.campaign;
  return [report.period, query.template_id, campaign].filter(Boolean).join(" · ");
}

function Figure({ figure }: { figure: UsageFigure }) {
  return (
    <li class="figure">
      <span class="figure-label">{figure.label}</span>
      <span class="figure-value">{figure.value}</span>
      {figure.change && <span class="figure-change">{figure.change}</span>}
      <span class="figure-days">{figure.last_days}</span>
    </li>
  );
}

function Waiting() {
  return (
    <ul class="figures" aria-label={screenWords.loading}>
      {[1, 2, 3, 4].map((number) => (
        <li key={number} class="figure waiting" />
      ))}
    </ul>
  );
}
