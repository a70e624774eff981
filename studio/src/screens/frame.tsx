/** The frame of every screen but the editor: its head with the way back, its title and actions. */

import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";

import type { Json } from "../document/types";
import { hasScope, session, sessionState, signOut } from "../server/session";
import { words } from "../words/screens";
import { nameOf } from "./templates/new_document";

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
        {hasScope("usage") && (
          <a class="head-link" href="/studio/usage">
            {words.usage}
          </a>
        )}
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

/** The frame of a template's screens: under the template's name, with a link to its editor. */
export function TemplatePage(props: { id: string; value: Json | undefined; title: string; children: ComponentChildren }) {
  const path = `/studio/t/${props.id}`;
  return (
    <Page
      title={props.title}
      crumbs={[
        { name: words.templates, path: "/studio" },
        { name: nameOf(props.value) ?? props.id, path },
      ]}
      actions={
        <a class="button outlined" href={path}>
          {words.preview.edit}
        </a>
      }
    >
      {props.children}
    </Page>
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
