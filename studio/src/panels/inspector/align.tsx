/** Aligns layers: one to the canvas or its group, several to the box around them. */

import { round } from "../../document/numbers";
import type { Edit } from "../../document/types";
import { alignBox, type Alignment, numberOf, setNumbers } from "../../editor/operations";
import { canvasSize } from "../../editor/preview_loop";
import { parentOf } from "../../editor/tree";
import type { Box, Editor, LayerNode } from "../../editor/store";
import { words } from "../../words/panels";
import { Icon } from "../widgets/icon";

const ALIGNMENTS: readonly Alignment[] = ["left", "center", "right", "top", "middle", "bottom"];

export function AlignButtons({ editor, layers }: { editor: Editor; layers: readonly LayerNode[] }) {
  return (
    <div class="row align" role="group" aria-label={words.inspector.align.label}>
      {ALIGNMENTS.map((alignment) => (
        <button
          type="button"
          class="icon"
          key={alignment}
          aria-label={words.inspector.align[alignment]}
          title={words.inspector.align[alignment]}
          onClick={() => alignLayers(editor, layers, alignment)}
        >
          <Icon name={`align-${alignment}`} />
        </button>
      ))}
    </div>
  );
}

/** Moves the layers so that their boxes, as the service drew them, lie on one line. */
export function alignLayers(editor: Editor, layers: readonly LayerNode[], alignment: Alignment): void {
  const boxes = layers.map((layer) => ({ layer, box: boxOf(editor, layer) }));
  const known = boxes.filter((entry): entry is { layer: LayerNode; box: Box } => entry.box !== undefined);
  const first = known[0];
  if (!first) return;
  const frame = known.length > 1 ? around(known.map((entry) => entry.box)) : frameOf(editor, first.layer);
  const edits = known.flatMap(({ layer, box }) => move(layer, box, frame, alignment));
  if (edits.length) editor.edit(words.inspector.align[alignment], edits);
}

/** The box round the layer as it was drawn. */
function boxOf(editor: Editor, layer: LayerNode): Box | undefined {
  const drawn = editor.preview.value.layers.find((found) => found.pointer === layer.pointer);
  if (!drawn) return undefined;
  return around(drawn.corners.map(([x, y]) => ({ x, y, width: 0, height: 0 })));
}

function around(boxes: readonly Box[]): Box {
  const x = Math.min(...boxes.map((box) => box.x));
  const y = Math.min(...boxes.map((box) => box.y));
  const right = Math.max(...boxes.map((box) => box.x + box.width));
  const bottom = Math.max(...boxes.map((box) => box.y + box.height));
  return { x, y, width: right - x, height: bottom - y };
}

/** The group's box, or the canvas. */
function frameOf(editor: Editor, layer: LayerNode): Box {
  const group = parentOf(editor.layers.value, layer.id);
  const box = group && boxOf(editor, group);
  return box ?? { x: 0, y: 0, ...canvasSize(editor.text.value) };
}

function move(layer: LayerNode, box: Box, frame: Box, alignment: Alignment): Edit[] {
  const [dx, dy] = alignBox(box, frame, alignment);
  return setNumbers(layer, { x: round(numberOf(layer, "x") + dx), y: round(numberOf(layer, "y") + dy) });
}
