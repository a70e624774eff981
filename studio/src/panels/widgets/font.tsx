/** A font by name, with samples that the service draws. */

import { useSignal } from "@preact/signals";
import { useEffect, useId, useRef } from "preact/hooks";

import { api, ApiProblem } from "../../server/api";
import { objectUrl, type PreviewAnswer } from "../../server/previews";
import { words } from "../../words/panels";
import { type FontFamily, fonts, loadFonts } from "../inspector/schema_store";
import { Icon } from "./icon";
import { placeBelow } from "../../components/dialog";
import type { WidgetProps } from "./widget";

export function FontWidget(props: WidgetProps) {
  const { form, value, mixed, set, id, invalid, describedBy } = props;
  const list = useId();
  useEffect(() => void loadFonts(), []);
  const written = Array.isArray(value) ? value.join(", ") : typeof value === "string" ? value : "";
  const change = (text: string): void => {
    const names = text.split(",").map((name) => name.trim()).filter(Boolean);
    if (names.length === 0) set(undefined);
    else set(names.length === 1 ? (names[0] as string) : names.slice(0, 10));
  };
  return (
    <span class="row font">
      <input
        id={id}
        type="text"
        list={list}
        autocomplete="off"
        spellcheck={false}
        placeholder={mixed ? words.inspector.mixed : String(form.default ?? words.widgets.unset)}
        title={words.widgets.ownScript}
        aria-invalid={invalid}
        aria-describedby={describedBy}
        value={written}
        onChange={(event) => change(event.currentTarget.value)}
      />
      <datalist id={list}>
        {fonts.value.map(({ family }) => (
          <option value={family} key={family} />
        ))}
      </datalist>
      <FontList choose={(family) => set(family)} />
    </span>
  );
}

function FontList({ choose }: { choose: (family: string) => void }) {
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const take = (family: string): void => {
    list.current?.hidePopover();
    button.current?.focus();
    choose(family);
  };
  const open = (event: { newState: string }): void => {
    if (event.newState !== "open" || !button.current || !list.current) return;
    void drawSamples(fonts.peek());
    placeBelow(list.current, button.current);
    list.current.querySelector("button")?.focus();
  };
  const walk = (event: KeyboardEvent): void => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (!step) return;
    event.preventDefault();
    const items = [...(list.current?.querySelectorAll("button") ?? [])];
    items[items.indexOf(document.activeElement as HTMLButtonElement) + step]?.focus();
  };
  return (
    <>
      <button
        type="button"
        ref={button}
        class="icon outlined"
        aria-label={words.widgets.fonts}
        title={words.widgets.fonts}
        aria-haspopup="dialog"
        popovertarget={id}
      >
        <Icon name="down" />
      </button>
      <div
        id={id}
        ref={list}
        popover="auto"
        role="dialog"
        aria-label={words.widgets.fonts}
        class="menu fonts"
        onToggle={open}
        onKeyDown={walk}
      >
        {fonts.value.map((font, index) => (
          <button type="button" key={font.family} onClick={() => take(font.family)}>
            <Sample index={index} family={font.family} />
          </button>
        ))}
      </div>
    </>
  );
}

const SAMPLE = { width: 220, height: 32 };
/** 200 layers are a document's bound. */
const MOST_SAMPLES = 150;

interface Sheet {
  url: string;
  dark: boolean;
  count: number;
}
const sheet: { current: Sheet | undefined; asked: boolean } = { current: undefined, asked: false };
const listeners = new Set<() => void>();

function isDark(): boolean {
  return matchMedia("(prefers-color-scheme: dark)").matches;
}

/** One picture with a line in each font, drawn by the service as templates are. */
async function drawSamples(families: readonly FontFamily[]): Promise<void> {
  const shown = families.slice(0, MOST_SAMPLES);
  if (sheet.asked || shown.length === 0) return;
  if (sheet.current?.dark === isDark() && sheet.current.count === shown.length) return;
  sheet.asked = true;
  try {
    const { body } = await api.post<PreviewAnswer>("/v1/previews", sampleSheet(shown), { tries: 2, has: ["image"] });
    if (sheet.current) URL.revokeObjectURL(sheet.current.url);
    sheet.current = { url: objectUrl(body.image), dark: isDark(), count: shown.length };
    for (const listener of listeners) listener();
  } catch (problem) {
    if (!(problem instanceof ApiProblem)) throw problem;
  } finally {
    sheet.asked = false;
  }
}

function sampleSheet(families: readonly FontFamily[]): string {
  const layers = families.map(({ family }, index) => ({
    type: "text",
    x: 0,
    y: index * SAMPLE.height,
    width: SAMPLE.width,
    height: SAMPLE.height,
    text: family,
    font: family,
    size: 17,
    valign: "middle",
    max_lines: 1,
  }));
  const document = {
    width: SAMPLE.width,
    height: SAMPLE.height * families.length,
    background: "transparent",
    color: isDark() ? "#ececf0" : "#1b1b1f",
    layers,
  };
  return JSON.stringify({ document, format: "png", dpr: 2 });
}

/** The line of one font, cut from the sheet. Until it is drawn, the name stands in the page's font. */
function Sample({ index, family }: { index: number; family: string }) {
  const drawn = useSignal(sheet.current);
  useEffect(() => {
    const update = (): void => {
      drawn.value = sheet.current;
    };
    listeners.add(update);
    return () => void listeners.delete(update);
  }, []);
  const shown = drawn.value;
  if (!shown || index >= shown.count) return <span class="sample">{family}</span>;
  const height = SAMPLE.height * shown.count;
  return (
    <svg class="sample" width={SAMPLE.width} height={SAMPLE.height} viewBox={`0 ${index * SAMPLE.height} ${SAMPLE.width} ${SAMPLE.height}`} role="img" aria-label={family}>
      <image href={shown.url} width={SAMPLE.width} height={height} />
    </svg>
  );
}
