/** The lines on the canvas: outlines, handles, guides, marks. Positions are attributes, in screen pixels. */

import type { LayerId } from "../editor/store";
import { idAt } from "../document/ids";
import type { CanvasController } from "./controller";
import { type Corners, type Point, boundsOf } from "./geometry";
import { HANDLE_SIZE } from "./handles";
import type { Gap, Guide } from "./gestures/snap";

interface Props {
  canvas: CanvasController;
}

export function Overlay({ canvas }: Props) {
  const { width, height } = canvas.viewport.size.value;
  return (
    <svg class="overlay" width={width} height={height} aria-hidden="true">
      <Hover canvas={canvas} />
      <Faults canvas={canvas} />
      <Selected canvas={canvas} />
      <Guides canvas={canvas} />
      <Handles canvas={canvas} />
      <TextMarks canvas={canvas} />
      <Marquee canvas={canvas} />
    </svg>
  );
}

/** Screen coordinates as SVG's `points`, on half pixels where a line is upright. */
function points(canvas: CanvasController, corners: Corners): string {
  return corners.map((corner) => canvas.viewport.toScreen(corner).map(crisp).join(",")).join(" ");
}

function crisp(value: number): number {
  return Math.round(value * 2) / 2;
}

function Outlines({ canvas, ids, name }: Props & { ids: readonly LayerId[]; name: string }) {
  const places = ids.flatMap((id) => canvas.placesOf(id));
  return (
    <>
      {places.map((corners, index) => (
        <polygon key={index} class={name} points={points(canvas, corners)} />
      ))}
    </>
  );
}

function Hover({ canvas }: Props) {
  const id = canvas.hovered.value;
  if (id === undefined || canvas.editor.selection.value.includes(id) || canvas.live.value) return null;
  return <Outlines canvas={canvas} ids={[id]} name="outline hovered" />;
}

function Faults({ canvas }: Props) {
  const { faults, ids } = canvas.editor.preview.value;
  const faulty = [...new Set(faults.flatMap((fault) => idAt(ids, fault.pointer) ?? []))];
  return <Outlines canvas={canvas} ids={faulty} name="outline faulty" />;
}

function Selected({ canvas }: Props) {
  const { selection } = canvas.editor;
  const group = canvas.entered.value;
  const around = selection.value.length > 1 ? canvas.boundsOf(selection.value) : undefined;
  return (
    <>
      {group !== undefined && <Outlines canvas={canvas} ids={[group]} name="outline entered" />}
      <Outlines canvas={canvas} ids={selection.value} name="outline selected" />
      {around && (
        <polygon
          class="outline around"
          points={points(canvas, [
            [around.x, around.y],
            [around.x + around.width, around.y],
            [around.x + around.width, around.y + around.height],
            [around.x, around.y + around.height],
          ])}
        />
      )}
      <Size canvas={canvas} />
    </>
  );
}

/** What the gesture makes of the layer, below it: its place, size or angle. */
function Size({ canvas }: Props) {
  const live = canvas.live.value;
  if (!live?.label) return null;
  const corners = [...live.corners.values()].flat();
  if (corners.length === 0) return null;
  const box = boundsOf(corners);
  const [x, y] = canvas.viewport.toScreen([box.x + box.width / 2, box.y + box.height]);
  return <Label at={[x, y + 18]} text={live.label} />;
}

function Label({ at: [x, y], text, name = "" }: { at: Point; text: string; name?: string }) {
  const width = 12 + text.length * 6.4;
  return (
    <g class={`label ${name}`} transform={`translate(${Math.round(x - width / 2)} ${Math.round(y - 9)})`}>
      <rect width={width} height={18} rx={4} />
      <text x={width / 2} y={13} text-anchor="middle">
        {text}
      </text>
    </g>
  );
}

function Handles({ canvas }: Props) {
  const live = canvas.live.value;
  if (live && !live.ended) return null;
  const half = HANDLE_SIZE / 2;
  const places = canvas.handles.value;
  const [first] = places;
  const turn = places.find((place) => place.kind === "rotate");
  return (
    <>
      {turn && <RotationLine canvas={canvas} to={turn.at} />}
      {first &&
        places.map((place) =>
          place.kind === "rotate" ? (
            <circle key="rotate" class="handle" cx={place.at[0]} cy={place.at[1]} r={half} />
          ) : (
            <rect
              key={String(place.handle)}
              class="handle"
              data-handle={String(place.handle)}
              x={place.at[0] - half}
              y={place.at[1] - half}
              width={HANDLE_SIZE}
              height={HANDLE_SIZE}
              rx={2}
              transform={`rotate(${place.angle} ${place.at[0]} ${place.at[1]})`}
            />
          ),
        )}
    </>
  );
}

function RotationLine({ canvas, to }: Props & { to: Point }) {
  const [id] = canvas.editor.selection.value;
  const [corners] = canvas.placesOf(id ?? "");
  if (corners === undefined) return null;
  const [a, b] = corners.map((corner) => canvas.viewport.toScreen(corner)) as [Point, Point];
  return <line class="outline selected" x1={(a[0] + b[0]) / 2} y1={(a[1] + b[1]) / 2} x2={to[0]} y2={to[1]} />;
}

function Guides({ canvas }: Props) {
  const live = canvas.live.value;
  if (live === undefined || live.ended) return null;
  return (
    <>
      {live.guides.map((guide) => (
        <GuideLine key={`${guide.axis}${guide.at}`} canvas={canvas} guide={guide} />
      ))}
      {live.gaps.map((gap) => (
        <GapMark key={`${gap.axis}${gap.from}`} canvas={canvas} gap={gap} />
      ))}
      {live.insertion && <InsertionMark canvas={canvas} from={live.insertion.from} to={live.insertion.to} />}
    </>
  );
}

function GuideLine({ canvas, guide }: Props & { guide: Guide }) {
  const onCanvas = (along: number): Point => (guide.axis === "x" ? [guide.at, along] : [along, guide.at]);
  const [x1, y1] = canvas.viewport.toScreen(onCanvas(guide.from)).map(crisp) as [number, number];
  const [x2, y2] = canvas.viewport.toScreen(onCanvas(guide.to)).map(crisp) as [number, number];
  const { free } = guide;
  return (
    <>
      <line class="guide" x1={x1} y1={y1} x2={x2} y2={y2} />
      {free && free[1] - free[0] >= 1 && (
        <Label name="distance" at={canvas.viewport.toScreen(onCanvas((free[0] + free[1]) / 2))} text={String(Math.round(free[1] - free[0]))} />
      )}
    </>
  );
}

function GapMark({ canvas, gap }: Props & { gap: Gap }) {
  const onCanvas = (along: number): Point => (gap.axis === "x" ? [along, gap.at] : [gap.at, along]);
  const from = canvas.viewport.toScreen(onCanvas(gap.from));
  const to = canvas.viewport.toScreen(onCanvas(gap.to));
  const middle: Point = [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2];
  return (
    <>
      <line class="guide gap" x1={from[0]} y1={from[1]} x2={to[0]} y2={to[1]} />
      <Label name="distance" at={middle} text={String(Math.round((gap.to - gap.from) * 10) / 10)} />
    </>
  );
}

function InsertionMark({ canvas, from, to }: Props & { from: Point; to: Point }) {
  const [x1, y1] = canvas.viewport.toScreen(from);
  const [x2, y2] = canvas.viewport.toScreen(to);
  return <line class="insertion" x1={x1} y1={y1} x2={x2} y2={y2} />;
}

/** The caret, or what is selected, in the text that is edited. */
function TextMarks({ canvas }: Props) {
  const { caret, boxes } = canvas.text.marks.value;
  return (
    <>
      {boxes.map((corners, index) => (
        <polygon key={index} class="text-selection" points={corners.map((corner) => canvas.viewport.toScreen(corner).join(",")).join(" ")} />
      ))}
      {caret && <CaretLine canvas={canvas} from={caret[0]} to={caret[1]} />}
    </>
  );
}

function CaretLine({ canvas, from, to }: Props & { from: Point; to: Point }) {
  const [x1, y1] = canvas.viewport.toScreen(from);
  const [x2, y2] = canvas.viewport.toScreen(to);
  return (
    <g class="caret" key={`${x1} ${y1}`}>
      <line class="caret-edge" x1={x1} y1={y1} x2={x2} y2={y2} />
      <line class="caret-line" x1={x1} y1={y1} x2={x2} y2={y2} />
    </g>
  );
}

function Marquee({ canvas }: Props) {
  const box = canvas.marquee.value;
  if (box === undefined) return null;
  const [x, y] = canvas.viewport.toScreen([box.x, box.y]);
  const { zoom } = canvas.viewport.view.value;
  return <rect class="marquee" x={x} y={y} width={box.width * zoom} height={box.height * zoom} />;
}

