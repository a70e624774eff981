/** The signed-in session: exchanged for a code, kept in this browser, renewed while it is used. */

import { signal } from "@preact/signals";

import { ApiProblem, api, useKey } from "./api";
import { forgetCode, signInCode } from "./code";

export interface Session {
  key: string;
  expires_at: string;
  name: string;
  scopes: readonly string[];
  templates: readonly string[] | null;
  /** When it ends by this machine's clock, which may be wrong: milliseconds. */
  until?: number;
}

export type SessionState = "starting" | "none" | "signed_in" | "over";

const STORED = "postcard-studio-session";
const RENEW_BEFORE_MS = 60 * 60 * 1000;
/** Near the end of an invitation renewing adds nothing: then no call follows another. */
const RENEW_AGAIN_MS = 10 * 60 * 1000;

export const session = signal<Session | undefined>(undefined);
export const sessionState = signal<SessionState>("starting");
/** Why signing in failed, in the API's words. */
export const signInProblem = signal<ApiProblem | undefined>(undefined);

export function hasScope(scope: string): boolean {
  return session.value?.scopes.includes(scope) ?? false;
}

/** Sign in by the address's code, or by what this browser kept. */
export async function startSession(): Promise<void> {
  addEventListener("hashchange", () => {
    if (location.hash.startsWith("#code=")) location.reload();
  });
  const code = signInCode;
  forgetCode();
  if (code !== undefined && (await signIn(code))) return;
  if (sessionState.value === "signed_in") return;
  const kept = readStored();
  if (kept !== undefined) adopt(kept);
  else sessionState.value = "none";
}

/** Exchange a code for a session; false with `signInProblem` where the service refuses it. */
export async function signIn(code: string, keep = isKept()): Promise<boolean> {
  signInProblem.value = undefined;
  try {
    const answer = await api.post<Session>("/v1/sessions", { code }, { anonymous: true, tries: 2, has: ["key", "scopes"] });
    const begun = { ...answer.body, until: endOf(answer.body.expires_at, answer.headers) };
    store(begun, keep);
    adopt(begun);
    return true;
  } catch (problem) {
    if (!(problem instanceof ApiProblem)) throw problem;
    signInProblem.value = problem;
    return false;
  }
}

/** The code in a pasted invitation link, or in a code that was pasted alone. */
export function codeIn(pasted: string): string | undefined {
  const text = pasted.trim();
  return /#code=([A-Za-z0-9_-]{1,200})$/.exec(text)?.[1] ?? /^[A-Za-z0-9_-]{16,200}$/.exec(text)?.[0];
}

export async function signOut(): Promise<void> {
  await api.delete("/v1/sessions/current", { tries: 1 }).catch(() => undefined);
  clearStored();
  clearTimeout(renewal);
  session.value = undefined;
  useKey(undefined, () => {});
  sessionState.value = "none";
}

let renewal: ReturnType<typeof setTimeout> | undefined;

/** Uses a session, and renews it before it ends, after `wait` milliseconds at the earliest. */
function adopt(taken: Session, wait = 1000): void {
  session.value = taken;
  sessionState.value = "signed_in";
  useKey(taken.key, () => {
    sessionState.value = "over";
    clearTimeout(renewal);
    clearStored();
  });
  renewIn(Math.max(timeLeft(taken) - RENEW_BEFORE_MS, wait));
}

function timeLeft({ until, expires_at }: Session): number {
  return (until ?? Date.parse(expires_at)) - Date.now();
}

function renewIn(milliseconds: number): void {
  clearTimeout(renewal);
  renewal = setTimeout(() => void renew(), Math.min(milliseconds, 2 ** 31 - 1));
}

/** When something ends by this machine's clock. The service's own is in the answer's `Date`. */
function endOf(time: string, headers: Headers): number {
  const now = Date.parse(headers.get("Date") ?? "");
  const end = Date.parse(time);
  return Number.isNaN(now) ? end : Date.now() + end - now;
}

async function renew(): Promise<void> {
  try {
    const { body, headers } = await api.post<Session>("/v1/sessions/renew", undefined, { tries: 3, has: ["expires_at"] });
    const renewed = { ...session.value, ...body, until: endOf(body.expires_at, headers) } as Session;
    store(renewed, isKept());
    adopt(renewed, RENEW_AGAIN_MS);
  } catch {
    // The key stays valid until it expires. Then the next call says that the session is over.
    if (sessionState.value === "signed_in") renewIn(RENEW_AGAIN_MS);
  }
}

function isKept(): boolean {
  try {
    return localStorage.getItem(STORED) !== null;
  } catch {
    return false;
  }
}

function readStored(): Session | undefined {
  try {
    const text = sessionStorage.getItem(STORED) ?? localStorage.getItem(STORED);
    if (text === null) return undefined;
    const kept = JSON.parse(text) as Session;
    if (timeLeft(kept) > 0 && typeof kept.key === "string" && Array.isArray(kept.scopes)) return kept;
    clearStored();
    return undefined;
  } catch {
    return undefined;
  }
}

function store(taken: Session, keep: boolean): void {
  try {
    (keep ? localStorage : sessionStorage).setItem(STORED, JSON.stringify(taken));
    if (keep) sessionStorage.removeItem(STORED);
  } catch {
    // Storage is full or refused: the session lasts as long as the page.
  }
}

function clearStored(): void {
  try {
    sessionStorage.removeItem(STORED);
    localStorage.removeItem(STORED);
  } catch {
    // Nothing was stored then.
  }
}
