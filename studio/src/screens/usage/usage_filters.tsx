/** The period, template and campaign that the page shows. */

import { useState } from "preact/hooks";

import { Choice, Labelled } from "../../components/fields";
import type { UsageQuery, UsageReport } from "../../server/usage";
import { words } from "../../words/usage";
import { DEFAULT_DAYS, PERIODS, dayBefore, inPeriod } from "./usage_query";

const text = words.filters;
const OWN = "own";
/** No template and no campaign is called so. */
const ALL = "*";
const NONE = "(none)";

export function UsageFilters(props: {
  query: UsageQuery;
  report: UsageReport | undefined;
  choose: (query: UsageQuery) => void;
}) {
  const { query, report, choose } = props;
  const period = query.days !== undefined && (PERIODS as readonly number[]).includes(query.days) ? String(query.days) : OWN;
  return (
    <div class="usage-filters">
      <Choice
        label={text.period}
        value={period}
        options={[...PERIODS.map((days) => ({ value: String(days), name: text.days(days) })), { value: OWN, name: text.own }]}
        choose={(value) => {
          const own = { from: report?.from ?? dayBefore(DEFAULT_DAYS - 1), to: report?.to ?? dayBefore(0) };
          choose(inPeriod(query, value === OWN ? own : { days: Number(value) }));
        }}
      />
      {period === OWN && query.from !== undefined && query.to !== undefined && (
        <OwnDays key={`${query.from} ${query.to}`} from={query.from} to={query.to} choose={(days) => choose(inPeriod(query, days))} />
      )}
      <NameSelect
        label={text.template}
        all={text.allTemplates}
        names={report?.template_ids ?? []}
        value={query.template_id}
        choose={(template_id) => choose({ ...query, template_id })}
      />
      <NameSelect
        label={text.campaign}
        all={text.allCampaigns}
        none={text.noCampaign}
        names={report?.campaigns ?? []}
        value={query.campaign}
        choose={(campaign) => choose({ ...query, campaign })}
      />
    </div>
  );
}

/** Both ends of a period, which counts as soon as it is one. */
function OwnDays(props: { from: string; to: string; choose: (days: { from: string; to: string }) => void }) {
  const [from, setFrom] = useState(props.from);
  const [to, setTo] = useState(props.to);
  const today = dayBefore(0);
  const apply = () => {
    if (from && to && from <= to && to <= today && (from !== props.from || to !== props.to)) props.choose({ from, to });
  };
  const fault = from && to && from > to ? text.exchanged : undefined;
  return (
    <>
      <Labelled label={text.from} fault={fault}>
        {(attributes) => (
          <input {...attributes} type="date" max={today} value={from} onInput={(e) => setFrom(e.currentTarget.value)} onBlur={apply} onChange={apply} />
        )}
      </Labelled>
      <Labelled label={text.to}>
        {(attributes) => (
          <input {...attributes} type="date" max={today} value={to} onInput={(e) => setTo(e.currentTarget.value)} onBlur={apply} onChange={apply} />
        )}
      </Labelled>
    </>
  );
}

function NameSelect(props: {
  label: string;
  all: string;
  /** What stands for usage without a name, if there is such usage. */
  none?: string;
  names: readonly string[];
  value: string | undefined;
  choose: (name: string | undefined) => void;
}) {
  const { value } = props;
  const names = !value || props.names.includes(value) ? props.names : [value, ...props.names];
  const chosen = value === undefined ? ALL : value || NONE;
  const nameOf = (option: string) => (option === ALL ? undefined : option === NONE ? "" : option);
  return (
    <Labelled label={props.label}>
      {(attributes) => (
        <select {...attributes} value={chosen} onChange={(event) => props.choose(nameOf(event.currentTarget.value))}>
          <option value={ALL}>{props.all}</option>
          {props.none && <option value={NONE}>{props.none}</option>}
          {names.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      )}
    </Labelled>
  );
}
