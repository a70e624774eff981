/** A layer's text as one, though it may be written in spans. */

import { difference } from "../../document/history";
import { isObject } from "../../document/json";
import type { Edit, Json } from "../../document/types";
import { pathOf } from "../../editor/operations";
import type { LayerNode } from "../../editor/store";

/** A layer's text; of spans all of them after each other. */
export function plainText(text: Json | undefined): string {
  if (Array.isArray(text)) return text.map(spanText).join("");
  return typeof text === "string" ? text : "";
}

function spanText(span: Json | undefined): string {
  return isObject(span) && typeof span["text"] === "string" ? span["text"] : "";
}

/** The lengths of the spans in UTF-16 units; one for a text without spans. */
export function spanLengths(text: Json | undefined): number[] {
  return Array.isArray(text) ? text.map((span) => spanText(span).length) : [plainText(text).length];
}

/** The edits that make a layer's text another. Of spans, those change in which something was typed. */
export function textEdits(node: LayerNode, next: string): Edit[] {
  const text = node.value["text"];
  const path = [...pathOf(node), "text"];
  if (!Array.isArray(text)) return [{ kind: "set", path, value: next }];
  const change = difference(plainText(text), next);
  const end = change.start + change.removed.length;
  let offset = 0;
  let isInserted = change.inserted === "";
  return text.flatMap((span, index): Edit[] => {
    const old = spanText(span);
    const from = offset;
    offset += old.length;
    const isLast = index === text.length - 1;
    // What is typed where two spans meet belongs to the first, as in every text editor.
    const takes = !isInserted && (change.start <= offset || isLast);
    if (end <= from && !takes) return [];
    const kept = old.slice(0, Math.max(0, change.start - from));
    const rest = old.slice(Math.max(0, end - from));
    const value = takes ? kept + change.inserted + rest : kept + rest;
    isInserted ||= takes;
    return value === old ? [] : [{ kind: "set", path: [...path, index, "text"], value }];
  });
}
