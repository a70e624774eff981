/** The caret and the selection of a text where the service drew it. */

import type { Caret } from "../../server/previews";
import type { Box, Point } from "../geometry";

/** A caret with its offset in the whole text, of which spans are parts after each other. */
export interface TextCaret extends Caret {
  at: number;
}

/** `lengths`: those of the spans, in UTF-16 units; one for a text without spans. */
export function textCarets(carets: readonly Caret[], lengths: readonly number[]): TextCaret[] {
  const starts = lengths.reduce<number[]>((all, length) => [...all, (all.at(-1) ?? 0) + length], [0]);
  return carets.map((caret) => ({ ...caret, at: (starts[caret.span] ?? 0) + caret.offset }));
}

/** The caret at an offset; inside of a letter or a tag that before it. */
export function caretAt(carets: readonly TextCaret[], offset: number): TextCaret | undefined {
  const before = carets.filter((caret) => caret.at <= offset);
  return before.reduce<TextCaret | undefined>((last, caret) => (last === undefined || caret.at >= last.at ? caret : last), undefined) ?? carets[0];
}

/** The caret nearest to a point: first the line, then the place in it. */
export function caretNear(carets: readonly TextCaret[], [x, y]: Point): TextCaret | undefined {
  const away = (caret: TextCaret) => Math.max(caret.top - y, y - caret.bottom, 0);
  return [...carets].sort((a, b) => away(a) - away(b) || Math.abs(a.x - x) - Math.abs(b.x - x))[0];
}

/** The boxes of a selection, one a letter or a run of letters that follow each other on a line. */
export function selectionBoxes(carets: readonly TextCaret[], start: number, end: number): Box[] {
  const chosen = carets.filter((caret) => caret.at >= start && caret.at <= end).sort((a, b) => a.at - b.at);
  const boxes: Box[] = [];
  chosen.slice(1).forEach((caret, index) => {
    const before = chosen[index] as TextCaret;
    if (before.top !== caret.top || before.x === caret.x) return;
    const x = Math.min(before.x, caret.x);
    const width = Math.abs(before.x - caret.x);
    const last = boxes.at(-1);
    if (last && last.y === caret.top && Math.abs(last.x + last.width - x) < 0.01) last.width += width;
    else boxes.push({ x, y: caret.top, width, height: caret.bottom - caret.top });
  });
  return boxes;
}
