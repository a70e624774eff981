/** What every screen has: the page's head, dialogs, labelled fields, problems, buttons that copy. */

import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";

import { ApiProblem } from "../server/api";
import { session, sessionState, signOut } from "../server/session";
import { words } from "../words/screens";

export interface Crumb {
  name: string;
  path: string;
}

export function Page(props: {
  title: string;
  crumbs?: readonly Crumb[];
  actions?: ComponentChildren;
  children: ComponentChildren;
}) {
  const name = session.value?.name;
  useEffect(() => {
    document.title = `${props.title} · ${words.product}`;
  }, [props.title]);
  return (
    <div class="screen">
      <a class="skip-link" href="#content">
        {words.skipToContent}
      </a>
      <header class="screen-head">
        <a class="wordmark" href="/studio" aria-label={words.product}>
          <Stamp />
          <span>{words.product}</span>
        </a>
        {(props.crumbs ?? []).map((crumb) => (
          <span class="crumb" key={crumb.path}>
            <span aria-hidden="true">/</span>
            <a href={crumb.path}>{crumb.name}</a>
          </span>
        ))}
        <span class="grow" />
        {name !== undefined && (
          <span class="signed-in">
            <span class="quiet" title={words.signedInAs(name)}>
              {name}
            </span>
            <button type="button" onClick={() => void signOut()}>
              {words.signOut}
            </button>
          </span>
        )}
      </header>
      <main id="content" class="screen-content" tabIndex={-1}>
        <div class="screen-title">
          <h1>{props.title}</h1>
          <span class="grow" />
          {props.actions}
        </div>
        {sessionState.value === "over" && (
          <p class="notice caution session-over" role="alert">
            {words.signIn.over}
          </p>
        )}
        {props.children}
      </main>
    </div>
  );
}

/** The product's mark: a stamp. */
export function Stamp() {
  return (
    <svg class="stamp" width="20" height="20" viewBox="0 0 20 20" aria-hidden="true">
      <rect x="1.5" y="3" width="17" height="14" rx="2.5" fill="none" stroke="currentColor" stroke-width="1.6" />
      <rect x="11.5" y="6" width="4" height="4.6" rx="0.6" fill="currentColor" />
      <path d="M4.5 7.5h4M4.5 10h4M4.5 12.9h7" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" />
    </svg>
  );
}

export function Modal(props: {
  title: string;
  close: () => void;
  wide?: boolean;
  children: ComponentChildren;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const title = useId();
  useEffect(() => {
    const element = dialog.current;
    const opener = document.activeElement;
    if (element && !element.open) element.showModal();
    return () => {
      element?.close();
      if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      class={props.wide ? "modal wide" : "modal"}
      aria-labelledby={title}
      onCancel={(event) => {
        event.preventDefault();
        props.close();
      }}
    >
      <div class="modal-head">
        <h2 id={title}>{props.title}</h2>
        <span class="grow" />
        <button type="button" class="icon" aria-label={words.close} onClick={props.close}>
          <Cross />
        </button>
      </div>
      {props.children}
    </dialog>
  );
}

export function Cross() {
  return (
    <svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true">
      <path d="M3 3l8 8M11 3l-8 8" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" />
    </svg>
  );
}

/** A label above its control, with what it is for or what is wrong with it. */
export function Labelled(props: {
  label: string;
  hint?: string | undefined;
  fault?: string | undefined;
  class?: string;
  children: (attributes: { id: string; "aria-describedby"?: string; "aria-invalid"?: "true" }) => ComponentChildren;
}) {
  const id = useId();
  const about = props.fault ?? props.hint;
  const attributes = {
    id,
    ...(about === undefined ? {} : { "aria-describedby": `${id}-about` }),
    ...(props.fault === undefined ? {} : { "aria-invalid": "true" as const }),
  };
  return (
    <div class={`labelled ${props.class ?? ""}`}>
      <label for={id}>{props.label}</label>
      {props.children(attributes)}
      {about !== undefined && (
        <p id={`${id}-about`} class={props.fault === undefined ? "hint" : "hint fault"}>
          {about}
        </p>
      )}
    </div>
  );
}

/** A number that counts as soon as it is within its bounds; what was typed stays until the field is left. */
export function NumberInput(props: {
  value: number;
  min: number;
  max: number;
  choose: (value: number) => void;
  [attribute: string]: unknown;
}) {
  const { value, min, max, choose, ...attributes } = props;
  const [typed, setTyped] = useState<string>();
  return (
    <input
      {...attributes}
      type="number"
      min={min}
      max={max}
      step={1}
      value={typed ?? String(value)}
      onInput={(event) => {
        setTyped(event.currentTarget.value);
        const number = event.currentTarget.valueAsNumber;
        if (number >= min && number <= max) choose(Math.round(number));
      }}
      onBlur={() => setTyped(undefined)}
    />
  );
}

/** What the service said, with the number that finds the call in its log. */
export function ProblemNote({ problem, retry }: { problem: unknown; retry?: () => void }) {
  if (problem === undefined || problem === null) return null;
  const detail = problem instanceof ApiProblem ? problem.detail : String((problem as Error).message ?? problem);
  const id = problem instanceof ApiProblem ? problem.requestId : undefined;
  return (
    <div class="notice danger problem" role="alert">
      <span>{detail}</span>
      {id !== undefined && <span class="request-id">{words.request(id)}</span>}
      {retry && (
        <button type="button" class="outlined" onClick={retry}>
          {words.tryAgain}
        </button>
      )}
    </div>
  );
}

export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

export function CopyButton(props: { text: string; label: string; class?: string; disabled?: boolean }) {
  const [said, say] = useState("");
  useEffect(() => {
    if (!said) return;
    const timer = setTimeout(() => say(""), 2_500);
    return () => clearTimeout(timer);
  }, [said]);
  return (
    <button
      type="button"
      class={props.class ?? "outlined"}
      disabled={props.disabled}
      onClick={() => void copyText(props.text).then((done) => say(done ? words.copied : words.copyRefused))}
    >
      {said || props.label}
      <span class="visually-hidden" role="status">
        {said}
      </span>
    </button>
  );
}

/** One of a few choices, as buttons beside each other. */
export function Choice<T extends string>(props: {
  label: string;
  value: T;
  options: readonly { value: T; name: string }[];
  choose: (value: T) => void;
}) {
  const name = useId();
  return (
    <fieldset class="choice">
      <legend>{props.label}</legend>
      <span class="choice-options">
        {props.options.map((option) => (
          <label key={option.value} class={option.value === props.value ? "chosen" : ""}>
            <input
              type="radio"
              name={name}
              checked={option.value === props.value}
              onChange={() => props.choose(option.value)}
            />
            <span>{option.name}</span>
          </label>
        ))}
      </span>
    </fieldset>
  );
}

/** `48.2 KB` of 48,211 bytes. */
export function fileSize(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${(bytes / 1_000).toFixed(1)} KB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

export function shownTime(time: string): string {
  const at = new Date(time);
  if (Number.isNaN(at.getTime())) return "";
  return at.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}

export function shownDay(time: string): string {
  const at = new Date(time);
  return Number.isNaN(at.getTime()) ? "" : at.toLocaleDateString(undefined, { dateStyle: "medium" });
}
