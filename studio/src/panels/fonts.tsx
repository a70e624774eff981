/** The fonts panel: every family with a sample that the service drew, and uploads. */

import { useEffect, useMemo, useState } from "preact/hooks";

import type { Edit } from "../document/types";
import { pathOf } from "../editor/operations";
import type { Editor, LayerNode } from "../editor/store";
import { useDrawn } from "../components/drawn";
import { ProblemNote } from "../components/problem_note";
import { FONT_FILE_TYPES, type FontFamily, listFonts } from "../server/assets";
import type { PreviewBody } from "../server/previews";
import type { PanelProps } from "../shell/registry";
import { words } from "../words/screens";
import { FileButton, UploadList, useUploads } from "./assets";

const text = words.fonts;
const ROW = { width: 240, height: 30 };
/** A document has at most 200 layers, and a picture 5,000 pixels a side. */
const MAX_SAMPLES = 80;

export function FontsPanel({ editor }: PanelProps) {
  const [fonts, setFonts] = useState<readonly FontFamily[]>([]);
  const [problem, setProblem] = useState<unknown>();
  const [query, setQuery] = useState("");
  const [message, setMessage] = useState("");
  const load = () => {
    setProblem(undefined);
    listFonts().then(setFonts, setProblem);
  };
  useEffect(load, []);
  const { uploads, start, dismiss } = useUploads(load);
  const body = useMemo(() => (fonts.length > 0 ? samples(fonts) : undefined), [fonts]);
  const drawn = useDrawn(body);
  const texts = selectedTexts(editor);
  const found = fonts.filter((font) => font.family.toLowerCase().includes(query.trim().toLowerCase()));
  const row = (font: FontFamily) => (
    <li key={font.family}>
      <button
        type="button"
        class="font-row"
        onClick={() => {
          apply(editor, texts, font.family);
          setMessage(text.used(font.family));
        }}
      >
        <Sample url={drawn.url} row={fonts.indexOf(font)} count={Math.min(fonts.length, MAX_SAMPLES)} />
        <span class="font-about">
          <span>
            <span class="visually-hidden">{text.use("")}</span>
            {font.family}
          </span>
          <span class="quiet">{text.weights(font.weights.length, font.italic)}</span>
        </span>
      </button>
    </li>
  );
  return (
    <div class="fonts-panel">
      <div class="panel-tools">
        <input
          type="search"
          aria-label={text.search}
          placeholder={text.search}
          maxLength={64}
          value={query}
          onInput={(event) => setQuery(event.currentTarget.value)}
        />
        <FileButton label={text.upload} accept={FONT_FILE_TYPES} multiple choose={(files) => start(files)} />
      </div>
      <p class="hint">
        {text.target(texts.length)}. {text.help}
      </p>
      <ProblemNote problem={problem} retry={load} />
      <UploadList uploads={uploads} dismiss={dismiss} />
      <span class="visually-hidden" role="status">
        {message}
      </span>
      {fonts.length > 0 && found.length === 0 && <p class="quiet">{text.none}</p>}
      <ul class="font-list">{found.filter(isForLatin).map(row)}</ul>
      {found.some((font) => !isForLatin(font)) && (
        <>
          <h2>{text.scripts}</h2>
          <p class="hint">{text.scriptsHelp}</p>
          <ul class="font-list">{found.filter((font) => !isForLatin(font)).map(row)}</ul>
        </>
      )}
    </div>
  );
}

const ALPHABETS = ["Latn", "Grek", "Cyrl"];

/** Whether a family is a choice for Latin text, and not there for a script of its own. */
function isForLatin(font: FontFamily): boolean {
  return font.family === "Noto Sans" || (font.scripts.includes("Latn") && font.scripts.every((script) => ALPHABETS.includes(script)));
}

function sampleOf(font: FontFamily): string {
  if (isForLatin(font)) return text.sample;
  const script = font.scripts.find((each) => text.samples[each] !== undefined);
  return script === undefined ? font.family : (text.samples[script] ?? font.family);
}

/** One picture with a line of every family; each row shows its part of it. */
function samples(fonts: readonly FontFamily[]): PreviewBody {
  const shown = fonts.slice(0, MAX_SAMPLES);
  const isDark = matchMedia("(prefers-color-scheme: dark)").matches;
  const document = JSON.stringify({
    width: ROW.width,
    height: ROW.height * shown.length,
    background: "transparent",
    color: isDark ? "#ececf0" : "#1b1b1f",
    layers: shown.map((font, index) => ({
      type: "text",
      y: index * ROW.height,
      width: ROW.width,
      height: ROW.height,
      valign: "middle",
      text: sampleOf(font),
      font: font.family,
      size: 20,
      fit: "shrink",
      max_lines: 1,
    })),
  });
  return { document, format: "png", dpr: 2, findings: false };
}

function Sample({ url, row, count }: { url: string | undefined; row: number; count: number }) {
  return (
    <svg class="font-sample" viewBox={`0 ${row * ROW.height} ${ROW.width} ${ROW.height}`} width={ROW.width} height={ROW.height} aria-hidden="true">
      {url !== undefined && row < count && <image href={url} width={ROW.width} height={ROW.height * count} />}
    </svg>
  );
}

function selectedTexts(editor: Editor): readonly LayerNode[] {
  const selected = new Set(editor.selection.value);
  const found: LayerNode[] = [];
  const visit = (layers: readonly LayerNode[], inside: boolean) => {
    for (const layer of layers) {
      const counts = inside || selected.has(layer.id);
      if (counts && layer.type === "text" && !layer.locked) found.push(layer);
      visit(layer.children, counts);
    }
  };
  visit(editor.layers.value, false);
  return found;
}

/** Sets the font of the selected texts, or of the whole document where none is selected. */
function apply(editor: Editor, texts: readonly LayerNode[], family: string): void {
  const edits: Edit[] = texts.map((layer) => ({
    kind: "set",
    path: [...pathOf(layer), "font"],
    value: family,
  }));
  editor.edit(text.use(family), edits.length > 0 ? edits : [{ kind: "set", path: ["font"], value: family }]);
}
