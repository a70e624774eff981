/** Texts about a template's three boards. */

import type { Board } from "../editor/store";

export const words = {
  label: "Boards",
  board: { picture: "Picture", fallback: "Fallback", ended: "Ended" } satisfies Record<Board, string>,
  when: {
    picture: "",
    fallback: "Shown when a required value is missing, or a picture cannot be drawn.",
    ended: "Shown while the template is paused, and when a link has expired.",
  } satisfies Record<Board, string>,
  none: {
    picture: "",
    fallback: "There is no fallback picture yet, so mails show a plain colour.",
    ended: "There is no ended picture yet, so mails show the fallback picture.",
  } satisfies Record<Board, string>,
  /** It is written as a text or an asset. */
  withoutLayers: "It has no layers of its own: draw it to change it here.",
  draw: { picture: "", fallback: "Draw a fallback", ended: "Draw an ended picture" } satisfies Record<Board, string>,
  firstText: { picture: "", fallback: "Hello", ended: "This offer has ended" } satisfies Record<Board, string>,
};
