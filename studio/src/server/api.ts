/** Calls the API with the session's key; waits and tries again as docs/contract/api.md says. */

import type { Json } from "../document/types";

export interface ApiFault {
  code: string;
  pointer: string;
  detail: string;
}

export interface ApiResponse<T = unknown> {
  status: number;
  body: T;
  headers: Headers;
}

/** A response that is no success, or none at all (`status` 0, `code` `offline`). */
export class ApiProblem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly errors: readonly ApiFault[] = [],
    readonly requestId: string | undefined = undefined,
    readonly retryAfter: number | undefined = undefined,
  ) {
    super(detail);
  }

  /** Whether the same call may succeed later without a change. */
  get mayRepeat(): boolean {
    return WAIT_STATUSES.has(this.status) && this.code !== "quota_exceeded";
  }
}

export interface CallOptions {
  headers?: Record<string, string>;
  signal?: AbortSignal;
  /** How often the call is tried in all; 5 unless given. */
  tries?: number;
  /** What the body is read as: JSON unless given. */
  as?: "json" | "text" | "blob";
  /** The call goes on after the page was left. */
  keepalive?: boolean;
  /** Sent without the session's key. */
  anonymous?: boolean;
  /** Keys that the body must have: one without them is not the service's. */
  has?: readonly string[];
}

const TRIES = 5;
/** A call that takes longer has lost its connection: the service ends every call before. */
const LONGEST_MS = 40_000;
const MAX_WAIT = 60;
const WAIT_STATUSES = new Set([0, 429, 500, 503, 504]);

let sessionKey: string | undefined;
let onUnauthorized = (): void => {};

/** Sets the key that calls send, and what happens when the service refuses it. */
export function useKey(key: string | undefined, refused: () => void): void {
  sessionKey = key;
  onUnauthorized = refused;
}

/** Seconds before try number `tried + 1`: `Retry-After`, else 1, 2, 4, 8 … with jitter. */
export function waitBefore(tried: number, retryAfter: number | undefined, random = Math.random): number {
  if (retryAfter !== undefined) return Math.min(Math.max(retryAfter, 0), MAX_WAIT);
  return Math.min(2 ** (tried - 1), MAX_WAIT) * (0.75 + random() / 2);
}

export function pause(seconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, seconds * 1000);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}

async function call<T>(
  method: string,
  path: string,
  body: Json | string | undefined,
  options: CallOptions = {},
): Promise<ApiResponse<T>> {
  const tries = options.tries ?? TRIES;
  for (let tried = 1; ; tried++) {
    try {
      return await once<T>(method, path, body, options);
    } catch (problem) {
      if (!(problem instanceof ApiProblem) || !problem.mayRepeat || tried >= tries) throw problem;
      await pause(waitBefore(tried, problem.retryAfter), options.signal);
    }
  }
}

async function once<T>(
  method: string,
  path: string,
  body: Json | string | undefined,
  options: CallOptions,
): Promise<ApiResponse<T>> {
  const headers: Record<string, string> = { Accept: "application/json", ...options.headers };
  if (sessionKey !== undefined && !options.anonymous) headers["Authorization"] = `Bearer ${sessionKey}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const sent = typeof body === "string" || body === undefined ? body : JSON.stringify(body);
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), LONGEST_MS);
  const signal = options.signal ? AbortSignal.any([options.signal, late.signal]) : late.signal;
  try {
    const { keepalive = false } = options;
    const response = await fetch(path, { method, headers, body: sent, signal, keepalive, credentials: "omit", cache: "no-store" });
    if (!response.ok) throw await problemOf(response, options);
    return { status: response.status, body: (await read(response, options)) as T, headers: response.headers };
  } catch (error) {
    if (options.signal?.aborted || error instanceof ApiProblem) throw error;
    throw new ApiProblem(0, "offline", "The service did not answer.");
  } finally {
    clearTimeout(timer);
  }
}

async function read(response: Response, { as = "json", has = [] }: CallOptions): Promise<unknown> {
  if (response.status === 204) return undefined;
  if (as === "blob") return await response.blob();
  const text = await response.text();
  const isJson = /^application\/(.+\+)?json\b/.test(response.headers.get("Content-Type") ?? "");
  const value = isJson ? parsed(text) : undefined;
  const isWhole = typeof value === "object" && value !== null && has.every((key) => key in value);
  // A text is a document, which the service never answers without its tag.
  if (!isWhole || (as === "text" && !response.headers.has("ETag"))) throw notTheService();
  return as === "text" ? text : value;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A proxy's page, the sign-in page of a Wi-Fi, or half of an answer. */
function notTheService(): ApiProblem {
  return new ApiProblem(0, "offline", "Something else answered in the service's place. Check your connection, such as the sign-in page of a Wi-Fi.");
}

async function problemOf(response: Response, options: CallOptions): Promise<ApiProblem> {
  const body = problemIn(await response.text().catch(() => ""));
  const seconds = Number(response.headers.get("Retry-After") ?? Number.NaN);
  const requestId = response.headers.get("X-Request-Id") ?? textOf(body["request_id"]);
  const problem = new ApiProblem(
    response.status,
    textOf(body["code"]) ?? "unknown",
    textOf(body["detail"]) ?? textOf(body["title"]) ?? `The service answered ${response.status}. Try again later.`,
    Array.isArray(body["errors"]) ? body["errors"].filter(isFault) : [],
    requestId,
    Number.isFinite(seconds) ? seconds : undefined,
  );
  if (problem.status === 401 && !options.anonymous) onUnauthorized();
  return problem;
}

/** The members of a problem's JSON; none of another body. */
function problemIn(text: string): Record<string, unknown> {
  const value = parsed(text);
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function isFault(value: unknown): value is ApiFault {
  const fault = value as Partial<ApiFault> | null;
  return [fault?.code, fault?.pointer, fault?.detail].every((part) => typeof part === "string");
}

export const api = {
  get: <T = unknown>(path: string, options?: CallOptions) => call<T>("GET", path, undefined, options),
  post: <T = unknown>(path: string, body?: Json | string, options?: CallOptions) => call<T>("POST", path, body, options),
  put: <T = unknown>(path: string, body: Json | string, options?: CallOptions) => call<T>("PUT", path, body, options),
  delete: <T = unknown>(path: string, options?: CallOptions) => call<T>("DELETE", path, undefined, options),
};
