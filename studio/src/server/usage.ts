/** Usage as the service reports it, and links that show it. */

import { api } from "./api";

/** An element of HTML or SVG: its tag, attributes and children. See `screens/usage/server_elements.ts`. */
export type ServerElement = [tag: string, attributes: Record<string, string>, children: (ServerElement | string)[]];

export interface UsageFigure {
  name: string;
  label: string;
  value: string;
  change: string;
  last_days: string;
}

export type UsageRow = Record<string, string | number> & { template_id: string; campaign: string };

export interface UsageReport {
  from: string;
  to: string;
  period: string;
  state: "empty" | "small" | "full";
  figures: UsageFigure[];
  plots: ServerElement[];
  rows: UsageRow[];
  row_count: number;
  template_ids: string[];
  campaigns: string[];
  note: string;
  as_of: string;
  log_complete_to: string | null;
}

/** What the page shows: the last days, or the days from one to another. */
export interface UsageQuery {
  days?: number;
  from?: string;
  to?: string;
  template_id?: string;
  campaign?: string;
}

export interface UsageShare {
  id: string;
  template_id: string | null;
  campaign: string | null;
  from: string | null;
  to: string | null;
  days: number | null;
  prices: boolean;
  created_by: string;
  created_at: string;
  expires_at: string;
}

export async function readUsage(query: UsageQuery, sort: string, signal: AbortSignal): Promise<UsageReport> {
  const path = `/v1/usage/report?${parameters({ ...query, sort })}`;
  return (await api.get<UsageReport>(path, { signal, has: ["figures", "plots", "rows"] })).body;
}

export async function readUsageCsv(query: UsageQuery, by: "campaign" | "day"): Promise<Blob> {
  return (await api.get<Blob>(`/v1/usage/report.csv?${parameters({ ...query, by })}`, { as: "blob" })).body;
}

export async function shareUsage(
  query: UsageQuery,
  more: { prices: boolean; expires_at: string },
): Promise<UsageShare & { path: string }> {
  return (await api.post<UsageShare & { path: string }>("/v1/usage/shares", { ...query, ...more }, { has: ["path"] })).body;
}

export async function listUsageShares(): Promise<UsageShare[]> {
  return (await api.get<{ items: UsageShare[] }>("/v1/usage/shares", { has: ["items"] })).body.items;
}

export async function deleteUsageShare(id: string): Promise<void> {
  await api.delete(`/v1/usage/shares/${id}`);
}

/** The query of an address, from what is given. */
export function parameters(values: Record<string, string | number | undefined>): string {
  const given = Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]));
  return new URLSearchParams(given).toString();
}
