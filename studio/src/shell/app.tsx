/** The whole page: the screen of the address, behind the sign-in. */

import { useEffect } from "preact/hooks";

import { closeEditor } from "../editor/open";
import { screens } from "../screens";
import { session, sessionState } from "../server/session";
import { words as loadingWords } from "../words/loading";
import { words } from "../words/shell";
import { EditorScreen } from "./editor_screen";
import { route } from "./router";

export function App() {
  const state = sessionState.value;
  if (!isRecent()) return <OldBrowser />;
  if (state === "starting") return <main class="page" aria-busy="true" />;
  if (state === "none" || (state === "over" && session.value === undefined)) {
    return screens.signIn ? <screens.signIn /> : <SignInMissing />;
  }
  return <Screen />;
}

function SignInMissing() {
  return (
    <main class="page">
      <h1>{words.title}</h1>
      <p>{words.openLink}</p>
    </main>
  );
}

function Screen() {
  const at = route.value;
  const isOpen = "id" in at;
  useEffect(() => {
    if (!isOpen) closeEditor();
  }, [isOpen]);
  switch (at.screen) {
    case "templates":
      return screens.templates ? <screens.templates /> : null;
    case "new":
      return screens.newTemplate ? <screens.newTemplate /> : null;
    case "picture_start":
      return screens.pictureStart ? <screens.pictureStart /> : null;
    case "usage":
      return screens.usage ? <screens.usage /> : null;
    case "editor":
      return <EditorScreen key={at.id} id={at.id} />;
    case "preview":
      return screens.preview ? <screens.preview key={at.id} id={at.id} /> : null;
    case "versions":
      return screens.versions ? <screens.versions key={at.id} id={at.id} /> : null;
    case "unknown":
      return (
        <main class="page">
          <h1>{words.noPage}</h1>
          <p>
            <a href="/studio">{words.allTemplates}</a>
          </p>
        </main>
      );
  }
}

// --- old browsers

/** What the page cannot do without, and what browsers before `loadingWords.needed` lack. */
function isRecent(): boolean {
  return (
    "popover" in HTMLElement.prototype &&
    "showModal" in HTMLDialogElement.prototype &&
    "Segmenter" in Intl &&
    CSS.supports("color", "light-dark(#fff, #000)")
  );
}

function OldBrowser() {
  return (
    <main class="page stack">
      <h1>{loadingWords.oldBrowser}</h1>
      <p>{loadingWords.needed}</p>
      <p>{loadingWords.nothingLost}</p>
    </main>
  );
}
