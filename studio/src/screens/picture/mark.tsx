/** The box on a picture that marks where the name goes: drawn, moved and resized by pointer, keys and number fields. */

import { useRef, useState } from "preact/hooks";

import { words } from "../../words/screens";
import { Labelled, NumberInput } from "../../components/fields";
import { type Box } from "./colors";
import { dragged, kept, nudged, resized } from "./template";

const text = words.picture;

interface Size {
  width: number;
  height: number;
}

type Corner = "nw" | "ne" | "sw" | "se";
type Drag =
  | { kind: "new"; from: Point }
  | { kind: "move"; from: Point; mark: Box }
  | { kind: "corner"; fixed: Point };
interface Point {
  x: number;
  y: number;
}

const CORNERS: readonly Corner[] = ["nw", "ne", "sw", "se"];

export function Mark(props: {
  mark: Box;
  /** The mark is a proposal: wherever a drag begins, it draws a new one. */
  proposed: boolean;
  picture: Size;
  change: (mark: Box, done: boolean) => void;
}) {
  const { mark, proposed, picture, change } = props;
  const root = useRef<SVGSVGElement>(null);
  const [drag, setDrag] = useState<Drag>();
  const hasChanged = useRef(false);
  const pointAt = (event: PointerEvent): Point => {
    const box = root.current!.getBoundingClientRect();
    return {
      x: ((event.clientX - box.left) / box.width) * picture.width,
      y: ((event.clientY - box.top) / box.height) * picture.height,
    };
  };
  const start = (event: PointerEvent) => {
    if (event.button !== 0) return;
    event.preventDefault();
    root.current!.setPointerCapture(event.pointerId);
    hasChanged.current = false;
    const from = pointAt(event);
    const corner = (event.target as Element).getAttribute("data-corner") as Corner | null;
    if (proposed) setDrag({ kind: "new", from });
    else if (corner) setDrag({ kind: "corner", fixed: opposite(mark, corner) });
    else if ((event.target as Element).hasAttribute("data-mark")) setDrag({ kind: "move", from, mark });
    else setDrag({ kind: "new", from });
    root.current!.querySelector<SVGElement>("[data-mark]")?.focus({ preventScroll: true });
  };
  const follow = (event: PointerEvent, done: boolean) => {
    if (!drag) return;
    const to = pointAt(event);
    if (done) setDrag(undefined);
    // A click beside the mark is no new mark.
    if (drag.kind === "new" && Math.hypot(to.x - drag.from.x, to.y - drag.from.y) < picture.width / 200) {
      if (done && hasChanged.current) change(mark, true);
      return;
    }
    hasChanged.current = true;
    change(moved(drag, to, picture), done);
  };
  const press = (event: KeyboardEvent) => {
    if (!event.key.startsWith("Arrow") || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    change(nudged(mark, event.key, event.shiftKey ? 10 : 1, event.altKey, picture), true);
  };
  const unit = picture.width / 600;
  return (
    <svg
      ref={root}
      class={`mark-overlay ${drag ? "dragging" : ""} ${proposed ? "proposed" : ""}`}
      viewBox={`0 0 ${picture.width} ${picture.height}`}
      onPointerDown={start}
      onPointerMove={(event) => follow(event, false)}
      onPointerUp={(event) => follow(event, true)}
      onPointerCancel={() => setDrag(undefined)}
    >
      <path class="mark-shade" fill-rule="evenodd" d={`M0 0H${picture.width}V${picture.height}H0z${outline(mark)}`} />
      <rect
        data-mark=""
        class="mark-box"
        x={mark.x}
        y={mark.y}
        width={mark.width}
        height={mark.height}
        tabindex={0}
        role="application"
        aria-label={text.markLabel(mark.x, mark.y, mark.width, mark.height)}
        aria-describedby="mark-help"
        onKeyDown={press}
      />
      {(proposed ? [] : CORNERS).map((corner) => {
        const at = cornerOf(mark, corner);
        return (
          <g key={corner}>
            <circle class="mark-handle" cx={at.x} cy={at.y} r={5 * unit} />
            <circle class={`mark-grip ${corner}`} data-corner={corner} cx={at.x} cy={at.y} r={13 * unit} />
          </g>
        );
      })}
    </svg>
  );
}

function outline({ x, y, width, height }: Box): string {
  return `M${x} ${y}h${width}v${height}h${-width}z`;
}

function cornerOf(mark: Box, corner: Corner): Point {
  return {
    x: corner.endsWith("w") ? mark.x : mark.x + mark.width,
    y: corner.startsWith("n") ? mark.y : mark.y + mark.height,
  };
}

function opposite(mark: Box, corner: Corner): Point {
  const across: Record<Corner, Corner> = { nw: "se", ne: "sw", sw: "ne", se: "nw" };
  return cornerOf(mark, across[corner]);
}

function moved(drag: Drag, to: Point, picture: Size): Box {
  switch (drag.kind) {
    case "new":
      return dragged(drag.from, to, picture);
    case "corner":
      return dragged(drag.fixed, to, picture);
    case "move":
      return kept({ ...drag.mark, x: drag.mark.x + to.x - drag.from.x, y: drag.mark.y + to.y - drag.from.y }, picture);
  }
}

/** The mark's four numbers, for those who do not drag. */
export function MarkFields(props: { mark: Box; picture: Size; change: (mark: Box, done: boolean) => void }) {
  const fields = [
    ["x", text.left],
    ["y", text.top],
    ["width", text.width],
    ["height", text.height],
  ] as const;
  return (
    <div class="mark-fields">
      {fields.map(([name, label]) => (
        <Labelled key={name} label={label}>
          {(attributes) => (
            <NumberInput
              {...attributes}
              value={props.mark[name]}
              min={0}
              max={5_000}
              choose={(value) => props.change(resized(props.mark, name, value, props.picture), true)}
            />
          )}
        </Labelled>
      ))}
    </div>
  );
}
