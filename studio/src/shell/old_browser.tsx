/** Says what the studio needs, in browsers that lack it. */

import { words } from "../words/loading";

/** What the page cannot do without, and what browsers before words.oldBrowser lack. */
export function isRecent(): boolean {
  return (
    "popover" in HTMLElement.prototype &&
    "showModal" in HTMLDialogElement.prototype &&
    "Segmenter" in Intl &&
    CSS.supports("color", "light-dark(#fff, #000)")
  );
}

export function OldBrowser() {
  return (
    <main class="page stack">
      <h1>{words.oldBrowser}</h1>
      <p>{words.needed}</p>
      <p>{words.nothingLost}</p>
    </main>
  );
}
