/** Pictures of templates that are drafts only: the service draws those that are in view. */

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import { api, ApiProblem } from "../../server/api";
import { objectUrl, type PreviewAnswer, previewJson } from "../../server/previews";
import { readDraft, type TemplateLine } from "../../server/templates";

const WIDTH = 320;
const AT_ONCE = 2;
/** A session may draw 12 pictures a second, and the next screen needs some of them. */
const SPACING_MS = 200;
const MAX_KEPT = 200;

/** Object URLs by template and draft, undefined for what cannot be drawn. */
const drawn = new Map<string, Promise<string | undefined>>();
const waiting = new Set<() => Promise<unknown>>();
let running = 0;
let lastStart = -Infinity;
let timer: ReturnType<typeof setTimeout> | undefined;

export function DraftPicture({ template, children }: { template: TemplateLine; children: ComponentChildren }) {
  const [url, setUrl] = useState<string>();
  const place = useRef<HTMLSpanElement>(null);
  const key = `${template.id} ${template.draft?.etag}`;
  useEffect(() => {
    let isGone = false;
    let leave: (() => void) | undefined;
    const draw = () =>
      pictureOf(key, template).then((picture) => {
        if (!isGone) setUrl(picture);
      });
    const observer = new IntersectionObserver((entries) => {
      leave?.();
      leave = entries.at(-1)?.isIntersecting ? queue(draw) : undefined;
    });
    if (drawn.has(key)) void draw();
    else if (place.current) observer.observe(place.current);
    return () => {
      isGone = true;
      observer.disconnect();
      leave?.();
    };
  }, [key]);
  if (url !== undefined) return <img src={url} alt="" draggable={false} />;
  return <span ref={place}>{children}</span>;
}

/** Draws soon, unless the returned function takes it back before. */
function queue(draw: () => Promise<unknown>): () => void {
  waiting.add(draw);
  startNext();
  return () => waiting.delete(draw);
}

function startNext(): void {
  const [draw] = waiting;
  if (draw === undefined || running >= AT_ONCE || timer !== undefined) return;
  const wait = lastStart + SPACING_MS - performance.now();
  if (wait > 0) {
    timer = setTimeout(() => {
      timer = undefined;
      startNext();
    }, wait);
    return;
  }
  waiting.delete(draw);
  running += 1;
  lastStart = performance.now();
  void draw().finally(() => {
    running -= 1;
    startNext();
  });
  startNext();
}

function pictureOf(key: string, template: TemplateLine): Promise<string | undefined> {
  const known = drawn.get(key);
  if (known !== undefined) return known;
  const picture = ask(template).catch((problem: unknown) => {
    // Of a document with faults there is no picture; a service that is busy has one later.
    if (!(problem instanceof ApiProblem) || problem.mayRepeat) drawn.delete(key);
    return undefined;
  });
  drawn.set(key, picture);
  forgetOldest();
  return picture;
}

async function ask({ id, width }: TemplateLine): Promise<string | undefined> {
  const draft = await readDraft(id);
  if (draft === undefined) return undefined;
  const size = Math.min(width ?? WIDTH, WIDTH);
  const body = { document: draft.text, base: "examples" as const, width: size, format: "webp", findings: false };
  return objectUrl((await api.post<PreviewAnswer>("/v1/previews", previewJson(body))).body.image);
}

function forgetOldest(): void {
  const [oldest] = drawn;
  if (drawn.size <= MAX_KEPT || oldest === undefined) return;
  drawn.delete(oldest[0]);
  void oldest[1].then((url) => url !== undefined && URL.revokeObjectURL(url));
}
