/** The page's address: which days, template and campaign it shows. */

import { parameters, type UsageQuery } from "../../server/usage";

export const PERIODS = [7, 30, 90] as const;
export const DEFAULT_DAYS = 30;
const MAX_DAYS = 400;
const DAY_MS = 86_400_000;
const DAY = /^\d{4}-\d\d-\d\d$/;

/** What an address asks for; what it has wrong is left out. */
export function queryOf(search: string): UsageQuery {
  const given = new URLSearchParams(search);
  const [from, to] = [given.get("from") ?? "", given.get("to") ?? ""];
  const days = Number(given.get("days") ?? DEFAULT_DAYS);
  const period =
    DAY.test(from) && DAY.test(to) ? { from, to } : { days: days >= 1 && days <= MAX_DAYS ? Math.round(days) : DEFAULT_DAYS };
  return { ...period, ...textOf(given, "template_id", /^[a-z0-9][a-z0-9_-]{0,63}$/), ...textOf(given, "campaign", /^[a-z0-9-]{0,32}$/) };
}

function textOf(given: URLSearchParams, name: "template_id" | "campaign", form: RegExp): UsageQuery {
  const text = given.get(name);
  return text !== null && form.test(text) ? { [name]: text } : {};
}

export function pathOf(query: UsageQuery): string {
  const isDefault = query.days === DEFAULT_DAYS;
  const text = parameters({ ...query, days: isDefault ? undefined : query.days });
  return text ? `/studio/usage?${text}` : "/studio/usage";
}

/** The same template and campaign in another period. */
export function inPeriod(query: UsageQuery, period: { days: number } | { from: string; to: string }): UsageQuery {
  const { template_id, campaign } = query;
  return { ...period, template_id, campaign };
}

/** A day of the calendar (UTC), some days before now. */
export function dayBefore(days: number, now = Date.now()): string {
  return new Date(now - days * DAY_MS).toISOString().slice(0, 10);
}
