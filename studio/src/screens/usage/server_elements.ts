/** Builds the elements that the service describes as values: no text becomes HTML. */

import { h, type ComponentChild } from "preact";

import type { ServerElement } from "../../server/usage";

/** As TAGS and ATTRIBUTES of `usage/report/elements.py`; whatever else comes is left out. */
const TAGS = new Set(
  ("caption details div figcaption figure g h2 p rect span summary svg table tbody td th thead title tr").split(" "),
);
const ATTRIBUTES = new Set(
  ("aria-hidden aria-label class height id preserveAspectRatio role scope tabindex viewBox width x y").split(" "),
);

export function fromServer(node: ServerElement | string): ComponentChild {
  if (typeof node === "string") return node;
  const [tag, attributes, children] = node;
  if (!TAGS.has(tag)) return null;
  const known = Object.entries(attributes).filter(([name]) => ATTRIBUTES.has(name));
  return h(tag, Object.fromEntries(known), ...children.map(fromServer));
}
