import assert from "node:assert/strict";
import { test } from "node:test";

import { contrast, hex, inkIn, type Pixels, surroundings, textColors } from "../src/screens/picture/colors";
import { slug } from "../src/document/bounds";
import { dragged, faultsOf, kept, nudged, type PictureChoices, pictureTemplate, pictureTemplateText, proposedAlign, proposedSize, shownWidth, titleOf } from "../src/screens/picture/template";

type Rgb = [number, number, number];

function picture(width: number, height: number, colorAt: (x: number, y: number) => Rgb): Pixels {
  const data = new Uint8ClampedArray(width * height * 4);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) data.set([...colorAt(x, y), 255], (y * width + x) * 4);
  }
  return { data, width, height };
}

const MARK = { x: 60, y: 40, width: 120, height: 40 };
/** Strokes of an old name, 8 px inside the mark. */
const stroke = (x: number, y: number) => x >= 68 && x < 150 && y >= 48 && y < 72 && x % 10 < 4;

test("the surroundings of a mark are its ground's colour, and old strokes are ink in theirs", () => {
  const pixels = picture(240, 120, (x, y) => (stroke(x, y) ? [250, 200, 10] : [20, 40, 90]));
  const around = surroundings(pixels, MARK);
  assert.deepEqual([hex(around.color), around.gradient, around.even], ["#14285a", undefined, 1]);
  const ink = inkIn(pixels, MARK, around)!;
  assert.equal(hex(ink.color), "#fac80a");
  assert.deepEqual(ink.box, { x: 70, y: 48, width: 74, height: 24 });
  assert.equal(hex(textColors(pixels, MARK, around, ink)[0]!), "#fac80a");
});

test("sides that differ give a gradient, and it counts as even", () => {
  const pixels = picture(240, 120, (x) => [x, 60, 255 - x]);
  const around = surroundings(pixels, MARK);
  assert.equal(around.gradient!.angle, 90);
  assert.ok(around.gradient!.from[0] < 62 && around.gradient!.to[0] > 178);
  assert.ok(around.even > 0.98);
  assert.equal(inkIn(pixels, MARK, around), undefined);
});

test("a photo's surroundings are not even, and nothing in it is taken for a name", () => {
  const pixels = picture(240, 120, (x, y) => [(x * 37 + y * 91) % 256, (x * 11 + y * 53) % 256, (x * y) % 256]);
  const around = surroundings(pixels, MARK);
  assert.ok(around.even < 0.6);
  assert.equal(inkIn(pixels, MARK, around), undefined);
});

test("the first colour that is proposed without an old name is legible on the darkest and lightest ground", () => {
  for (const ground of [[10, 20, 30], [250, 250, 245], [120, 30, 200]] as Rgb[]) {
    const pixels = picture(240, 120, (x) => (x > 200 ? [255, 120, 0] : ground));
    const colors = textColors(pixels, MARK, surroundings(pixels, MARK));
    assert.ok(contrast(colors[0]!, ground) >= 4.5, hex(colors[0]!));
    assert.ok(colors.length >= 2 && colors.length <= 6);
  }
});

test("a mark at the picture's edge or over all of it is answered too", () => {
  const pixels = picture(40, 20, () => [9, 9, 9]);
  for (const mark of [{ x: 0, y: 0, width: 40, height: 20 }, { x: 39, y: 19, width: 1, height: 1 }, { x: -5, y: -5, width: 90, height: 90 }]) {
    const around = surroundings(pixels, mark);
    assert.equal(hex(around.color), "#090909");
    assert.ok(textColors(pixels, mark, around).length > 0);
  }
});

const CHOICES: PictureChoices = {
  name: "Spring sale", assetId: "spring-sale", picture: { width: 1200, height: 400 }, width: 600,
  mark: { x: 101, y: 200, width: 400, height: 80 }, text: "Hi {{ name }}", field: "name", whenEmpty: "there",
  example: "Alex", maxLength: 40, color: "#ffffff", font: "Inter", weight: 700, size: 33, align: "start",
  alt: "Spring sale, for {{ name }}", background: "#14285a",
};

test("a template has the picture, the text fitted to the mark, and an open field with bounds", () => {
  const made = pictureTemplate(CHOICES);
  assert.deepEqual([made.width, made.height, made.alt], [600, 200, "Spring sale, for {{ name }}"]);
  assert.deepEqual(made.fields, { name: { default: "there", example: "Alex", max_length: 40, open: true } });
  assert.deepEqual(made.fallback, { source: "asset:spring-sale" });
  const [below, title, ...others] = made.layers as { [key: string]: unknown }[];
  assert.equal(others.length, 0);
  assert.deepEqual(below, { type: "image", name: "picture", width: 600, height: 200, source: "asset:spring-sale" });
  assert.deepEqual([title!.x, title!.y, title!.width, title!.height], [51, 100, 200, 40]);
  assert.deepEqual([title!.fit, title!.size, title!.min_size, title!.valign], ["shrink", 33, 17, "middle"]);
});

test("a cover is a rectangle between picture and text, and in the fallback picture too", () => {
  const made = pictureTemplate({ ...CHOICES, cover: { color: [20, 40, 90], even: 1 } });
  const layers = made.layers as { [key: string]: unknown }[];
  assert.deepEqual(layers.map((layer) => layer.name), ["picture", "cover", "title"]);
  assert.deepEqual(layers[1], { type: "rectangle", name: "cover", x: 51, y: 100, width: 200, height: 40, fill: "#14285a" });
  assert.deepEqual((made.fallback as { layers: unknown[] }).layers, layers.slice(0, 2));
});

test("a text begins or ends where the old one did", () => {
  const old = { x: 121, y: 210, width: 200, height: 60 };
  const title = (align: PictureChoices["align"]) =>
    (pictureTemplate({ ...CHOICES, old, align }).layers as { [key: string]: number }[])[1]!;
  assert.deepEqual([title("start").x, title("start").width], [61, 190]);
  assert.deepEqual([title("end").x, title("end").width], [51, 110]);
  assert.deepEqual([title("center").x, title("center").width], [51, 200]);
});

test("a line that is higher than a tight mark grows about the mark's middle", () => {
  const [, title] = pictureTemplate({ ...CHOICES, size: 50 }).layers as { [key: string]: number }[];
  assert.deepEqual([title!.y, title!.height], [90, 60]);
});

test("the text of a document has a layer a line and is the same JSON", () => {
  const text = pictureTemplateText(CHOICES);
  assert.deepEqual(JSON.parse(text), pictureTemplate(CHOICES));
  assert.equal(text.split("\n").filter((line) => line.startsWith("    {")).length, 2);
});

test("choices that would make no template are named", () => {
  assert.deepEqual(faultsOf(CHOICES), {});
  assert.ok(faultsOf({ ...CHOICES, field: "Name" }).field);
  assert.ok(faultsOf({ ...CHOICES, text: "Hi name" }).text);
  assert.ok(faultsOf({ ...CHOICES, maxLength: 0 }).maxLength);
  assert.ok(faultsOf({ ...CHOICES, maxLength: Number.NaN }).maxLength);
  assert.ok(faultsOf({ ...CHOICES, example: "👩‍👩‍👧‍👦".repeat(41) }).example);
});

test("a mark stays in the picture, whatever is dragged or pressed", () => {
  const size = { width: 300, height: 100 };
  assert.deepEqual(dragged({ x: 290, y: 90 }, { x: -40, y: 10 }, size), { x: 0, y: 10, width: 290, height: 80 });
  assert.deepEqual(dragged({ x: 299, y: 99 }, { x: 299, y: 99 }, size), { x: 292, y: 92, width: 8, height: 8 });
  assert.deepEqual(nudged({ x: 2, y: 2, width: 20, height: 20 }, "ArrowLeft", 10, false, size).x, 0);
  assert.deepEqual(nudged({ x: 2, y: 2, width: 20, height: 20 }, "ArrowDown", 10, true, size).height, 30);
  assert.deepEqual(kept({ x: 0, y: 0, width: 9_999, height: 9_999 }, size), { x: 0, y: 0, ...size });
});

test("size and alignment come from an old name where there is one", () => {
  const ink = { box: { x: 70, y: 48, width: 74, height: 24 }, color: [0, 0, 0] as const, share: 0.2 };
  assert.equal(proposedSize(MARK, 0.5, ink), 15);
  assert.equal(proposedSize(MARK, 0.5), 16);
  assert.equal(proposedAlign(MARK, 600, ink), "start");
  assert.equal(proposedAlign(MARK, 240), "center");
  assert.equal(shownWidth(1200), 600);
  assert.equal(shownWidth(640), 640);
});

test("ids and titles come from file names", () => {
  assert.equal(slug("Frühling_Sale@2x.PNG", "banner"), "fruhling-sale-2x-png");
  assert.equal(slug("春", "banner"), "banner");
  assert.match(slug("x".repeat(90), "banner"), /^x{48}$/);
  assert.equal(titleOf("spring_sale-2x.png"), "Spring sale");
  assert.equal(titleOf(".png"), "Banner");
});
