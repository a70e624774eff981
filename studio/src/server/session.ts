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
}

export type SessionState = "starting" | "none" | "signed_in" | "over";

const STORED = "postcard-studio-session";
const RENEW_BEFORE_MS = 60 * 60 * 1000;

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
    const { body } = await api.post<Session>("/v1/sessions", { code }, { anonymous: true, tries: 2 });
    store(body, keep);
    adopt(body);
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
  session.value = undefined;
  useKey(undefined, () => {});
  sessionState.value = "none";
}

let renewal: ReturnType<typeof setTimeout> | undefined;

function adopt(taken: Session): void {
  session.value = taken;
  sessionState.value = "signed_in";
  useKey(taken.key, () => {
    sessionState.value = "over";
    clearStored();
  });
  clearTimeout(renewal);
  const left = Date.parse(taken.expires_at) - Date.now() - RENEW_BEFORE_MS;
  renewal = setTimeout(() => void renew(), Math.min(Math.max(left, 1000), 2 ** 31 - 1));
}

async function renew(): Promise<void> {
  try {
    const { body } = await api.post<Partial<Session>>("/v1/sessions/renew", undefined, { tries: 3 });
    const renewed = { ...session.value, ...body } as Session;
    store(renewed, isKept());
    adopt(renewed);
  } catch {
    // The key stays valid until it expires. Then the next call says that the session is over.
    renewal = setTimeout(() => void renew(), RENEW_BEFORE_MS / 6);
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
    if (Date.parse(kept.expires_at) > Date.now()) return kept;
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
