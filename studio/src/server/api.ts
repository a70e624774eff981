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
}

const TRIES = 5;
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
  if (retryAfter !== undefined) return Math.min(retryAfter, MAX_WAIT);
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
  let response: Response;
  try {
    const { signal, keepalive = false } = options;
    response = await fetch(path, { method, headers, body: sent, signal, keepalive, credentials: "omit", cache: "no-store" });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new ApiProblem(0, "offline", "The service did not answer.");
  }
  if (!response.ok) throw await problemOf(response, options);
  return { status: response.status, body: (await read(response, options.as)) as T, headers: response.headers };
}

async function read(response: Response, as: CallOptions["as"] = "json"): Promise<unknown> {
  if (response.status === 204) return undefined;
  try {
    if (as === "blob") return await response.blob();
    if (as === "text") return await response.text();
    return await response.json();
  } catch {
    throw new ApiProblem(0, "offline", "The service's answer broke off.");
  }
}

async function problemOf(response: Response, options: CallOptions): Promise<ApiProblem> {
  const told = (await response.json().catch(() => ({}))) as Record<string, unknown>;
  const seconds = Number(response.headers.get("Retry-After") ?? Number.NaN);
  const requestId = response.headers.get("X-Request-Id") ?? (told["request_id"] as string | undefined);
  const problem = new ApiProblem(
    response.status,
    String(told["code"] ?? "unknown"),
    String(told["detail"] ?? told["title"] ?? `The service answered ${response.status}.`),
    Array.isArray(told["errors"]) ? (told["errors"] as ApiFault[]) : [],
    requestId ?? undefined,
    Number.isFinite(seconds) ? seconds : undefined,
  );
  if (problem.status === 401 && !options.anonymous) onUnauthorized();
  return problem;
}

export const api = {
  get: <T = unknown>(path: string, options?: CallOptions) => call<T>("GET", path, undefined, options),
  post: <T = unknown>(path: string, body?: Json | string, options?: CallOptions) => call<T>("POST", path, body, options),
  put: <T = unknown>(path: string, body: Json | string, options?: CallOptions) => call<T>("PUT", path, body, options),
  delete: <T = unknown>(path: string, options?: CallOptions) => call<T>("DELETE", path, undefined, options),
};
