/** Edits a text layer in place: a box below the layer, while the service's picture above follows. */

import { useEffect, useRef } from "preact/hooks";

import { isObject } from "../../document/json";
import { addFreeField, missingField } from "../../editor/add_field";
import type { LayerNode } from "../../editor/store";
import type { ApiFault } from "../../server/api";
import { canvasWords } from "../../words/shell";
import type { CanvasController } from "../controller";
import { type Point, boundsOf } from "../geometry";
import { plainText, textEdits } from "./spans";

const LEAST_WIDTH = 260;
const HEIGHT = 132;
const GAP = 10;

export function TextBox({ canvas }: { canvas: CanvasController }) {
  const id = canvas.editing.value;
  const node = id === undefined ? undefined : canvas.editor.layer(id);
  if (node === undefined) return null;
  return <Box key={node.id} canvas={canvas} node={node} />;
}

function Box({ canvas, node }: { canvas: CanvasController; node: LayerNode }) {
  const area = useRef<HTMLTextAreaElement>(null);
  const { editor } = canvas;
  useEffect(() => {
    canvas.text.attach(area.current);
    area.current?.focus();
    area.current?.select();
    return () => {
      canvas.text.attach(null);
      editor.seal();
    };
  }, [canvas, editor]);
  const text = plainText(node.value["text"]);
  const write = (next: string) => {
    const edits = textEdits(node, next);
    if (edits.length > 0) editor.edit(canvasWords.editText, edits, { merge: `text:${node.id}` });
  };
  const place = placeOf(canvas, node.id);
  const fault = faultAt(canvas, node);
  const direction = node.value["direction"];
  const language = node.value["language"];
  const faultId = `text-fault-${node.id}`;
  const offer = missingField(editor, fault);
  return (
    <div class="text-box" style={place}>
      <textarea
        ref={area}
        value={text}
        rows={2}
        spellcheck={false}
        maxLength={20000}
        dir={direction === "rtl" || direction === "ltr" ? direction : "auto"}
        lang={typeof language === "string" ? language : undefined}
        aria-label={canvasWords.textOf(node)}
        aria-invalid={fault !== undefined}
        aria-describedby={fault ? faultId : undefined}
        onInput={(event) => write(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.isComposing) return;
          if (event.key === "Escape" || (event.key === "Enter" && (event.ctrlKey || event.metaKey))) {
            event.preventDefault();
            event.stopPropagation();
            finish(canvas);
          }
        }}
      />
      {fault && (
        <p class="text-fault" id={faultId}>
          {canvasWords.notDrawn(fault.detail)}
        </p>
      )}
      {offer && (
        <button
          type="button"
          class="chip add-field"
          onClick={() => {
            offer.add();
            area.current?.focus();
          }}
        >
          {offer.label}
        </button>
      )}
      <Chips canvas={canvas} insert={(chip) => insertInto(area.current, chip, write)} />
    </div>
  );
}

/** The document's fields; one goes into the text at the caret. */
function Chips({ canvas, insert }: { canvas: CanvasController; insert: (chip: string) => void }) {
  const document = canvas.editor.value.value;
  const fields = isObject(document) && isObject(document["fields"]) ? Object.keys(document["fields"]) : [];
  return (
    <div class="chips">
      {fields.map((name) => (
        <button type="button" key={name} class="chip" onClick={() => insert(`{{ ${name} }}`)}>
          {name}
        </button>
      ))}
      <button type="button" class="chip" onClick={() => insert(`{{ ${addFreeField(canvas.editor)} }}`)}>
        + {canvasWords.newField}
      </button>
      <button type="button" class="chip done" onClick={() => finish(canvas)}>
        {canvasWords.done}
      </button>
    </div>
  );
}

function finish(canvas: CanvasController): void {
  canvas.editing.value = undefined;
  document.querySelector<HTMLElement>(".surface")?.focus({ preventScroll: true });
}

function insertInto(area: HTMLTextAreaElement | null, chip: string, write: (text: string) => void): void {
  if (area === null) return;
  area.setRangeText(chip, area.selectionStart, area.selectionEnd, "end");
  write(area.value);
  area.focus();
}

/** Below the layer, or above it where there is no room; never outside of the canvas's element. */
function placeOf(canvas: CanvasController, id: string) {
  const [corners] = canvas.placesOf(id);
  const { width, height } = canvas.viewport.size.value;
  const box = corners ? boundsOf(corners) : { x: 0, y: 0, width: 0, height: 0 };
  const [left, top] = canvas.viewport.toScreen([box.x, box.y]) as [number, number];
  const [right, bottom] = canvas.viewport.toScreen([box.x + box.width, box.y + box.height]) as Point as [number, number];
  const wide = Math.min(Math.max(LEAST_WIDTH, right - left), width - 2 * GAP);
  const below = bottom + GAP;
  const y = below + HEIGHT <= height ? below : Math.max(GAP, top - GAP - HEIGHT);
  const x = Math.min(Math.max(GAP, left), width - wide - GAP);
  return { left: `${Math.round(x)}px`, top: `${Math.round(y)}px`, width: `${Math.round(wide)}px` };
}

function faultAt(canvas: CanvasController, node: LayerNode): ApiFault | undefined {
  return canvas.editor.preview.value.faults.find((fault) => fault.pointer === node.pointer || fault.pointer.startsWith(`${node.pointer}/`));
}
