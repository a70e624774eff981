/** The screen that makes a template from a picture: drop a finished banner, mark where the name goes. */

import { useEffect, useMemo, useRef, useState } from "preact/hooks";

import { ApiProblem } from "../../server/api";
import { type Asset, contentTypeOf, type FontFamily, listFonts, MAX_BYTES } from "../../server/assets";
import { createDraft } from "../../server/templates";
import { navigate } from "../../shell/router";
import { words } from "../../words/screens";
import { useDrawn } from "../../components/drawn";
import { Choice, Labelled, NumberInput } from "../../components/fields";
import { Page } from "../frame";
import { ProblemNote } from "../../components/problem_note";
import { freeId } from "../templates/name_dialog";
import { MAX_SIDE } from "../templates/new_document";
import { type Box, hex, inkIn, surroundings, textColors } from "./colors";
import { Mark, MarkFields } from "./mark";
import { PictureTooLarge, type ReadPicture, readPicture, scaledBox } from "./pixels";
import { slug } from "../../document/bounds";
import { faultsOf, MIN_WIDTH, type PictureChoices, pictureTemplateText, proposedAlign, proposedSize, shownWidth, titleOf } from "./template";
import { PictureUpload } from "./upload";

const text = words.picture;
const FIELD = "name";
const LONGEST = "Wilhelmina-Alexandra Featherstonehaugh";

interface Chosen {
  file: File;
  url: string;
  read: ReadPicture;
}

export function PictureStart() {
  const [chosen, setChosen] = useState<Chosen>();
  const [asset, setAsset] = useState<Asset>();
  const [share, setShare] = useState(0);
  const [problem, setProblem] = useState<unknown>();
  const upload = useRef<PictureUpload | undefined>(undefined);
  const forget = () => {
    upload.current?.leave();
    setChosen(undefined);
    setAsset(undefined);
    setShare(0);
  };
  useEffect(() => {
    const leave = (event: PageTransitionEvent) => {
      if (!event.persisted) upload.current?.leave();
    };
    addEventListener("pagehide", leave);
    return () => {
      removeEventListener("pagehide", leave);
      upload.current?.leave();
    };
  }, []);
  useEffect(() => () => void (chosen && URL.revokeObjectURL(chosen.url)), [chosen]);
  const choose = async (file: File) => {
    forget();
    setProblem(undefined);
    const fault = faultOf(file);
    if (fault !== undefined) {
      setProblem(new Error(fault));
      return;
    }
    const begun = new PictureUpload();
    upload.current = begun;
    try {
      const read = await readPicture(file).catch((error: unknown) => {
        throw new Error(error instanceof PictureTooLarge ? text.tooManyPixels : text.types);
      });
      setChosen({ file, url: URL.createObjectURL(file), read });
      const id = slug(file.name.replace(/\.[^.]*$/, ""), "banner");
      const uploaded = await begun.send(file, id, setShare);
      if (uploaded.status !== "ready") throw new Error(uploaded.detail ?? text.types);
      setAsset(uploaded);
    } catch (error) {
      if (begun.isEnded) return;
      forget();
      setProblem(error);
    }
  };
  return (
    <Page
      title={text.title}
      crumbs={[
        { name: words.templates, path: "/studio" },
        { name: words.create.title, path: "/studio/new" },
      ]}
      actions={
        chosen && (
          <button type="button" class="outlined" onClick={forget}>
            {text.other}
          </button>
        )
      }
    >
      <ProblemNote problem={problem} />
      {!chosen && <DropPlace choose={choose} />}
      {chosen && (
        <Marking
          key={chosen.url}
          chosen={chosen}
          asset={asset}
          share={share}
          used={(isUsed) => upload.current?.used(isUsed)}
        />
      )}
    </Page>
  );
}

function faultOf(file: File): string | undefined {
  const type = contentTypeOf(file);
  if (type === undefined || !type.startsWith("image/")) return text.types;
  return file.size > MAX_BYTES ? text.tooLarge : undefined;
}

function DropPlace({ choose }: { choose: (file: File) => void }) {
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  return (
    <div
      class={over ? "drop-place over" : "drop-place"}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        const file = event.dataTransfer?.files[0];
        if (file) choose(file);
      }}
    >
      <svg width="56" height="56" viewBox="0 0 56 56" aria-hidden="true">
        <rect x="6" y="10" width="44" height="36" rx="5" class="art-ground" />
        <path d="M6 38l12-11 9 8 6-5 17 11a5 5 0 0 1-5 5H11a5 5 0 0 1-5-5z" class="art-hill" />
        <rect x="13" y="17" width="20" height="7" rx="1" class="art-mark" />
      </svg>
      <h2>{text.lead}</h2>
      <p class="quiet">{text.leadHelp}</p>
      <input
        ref={input}
        type="file"
        class="visually-hidden"
        accept="image/png,image/jpeg,image/webp,image/avif,image/gif"
        tabIndex={-1}
        aria-hidden="true"
        onChange={(event) => {
          const file = event.currentTarget.files?.[0];
          if (file) choose(file);
        }}
      />
      <button type="button" class="primary large" onClick={() => input.current?.click()}>
        {text.choose}
      </button>
    </div>
  );
}

/** The author's choices; those that are not set are proposed from the picture. */
type Own = Partial<
  Pick<PictureChoices, "name" | "text" | "whenEmpty" | "example" | "maxLength" | "color" | "font" | "weight" | "size" | "align" | "alt" | "width">
> & { covers?: boolean };

type Somebody = "example" | "nobody" | "longest";

function Marking(props: { chosen: Chosen; asset: Asset | undefined; share: number; used: (isUsed: boolean) => void }) {
  const { chosen, asset, share } = props;
  const { read, file } = chosen;
  const [mark, setMark] = useState<Box>(() => firstMark(read));
  const [settled, setSettled] = useState(mark);
  const [marked, setMarked] = useState(false);
  const [own, setOwn] = useState<Own>({});
  const [somebody, setSomebody] = useState<Somebody>("example");
  const [fonts, setFonts] = useState<readonly FontFamily[]>([]);
  const [problem, setProblem] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    listFonts().then(setFonts, () => undefined);
  }, []);
  const found = useMemo(() => colorsAt(read, settled), [read, settled]);
  const choices = choicesOf(own, read, file, settled, found, asset?.id ?? "picture");
  const covered = choices.cover !== undefined;
  const faults = faultsOf(choices);
  const faulty = Object.keys(faults).length > 0;
  const document = asset && !faulty ? pictureTemplateText(choices) : undefined;
  const drawn = useDrawn(document === undefined ? undefined : { document, describe: true, dpr: 2, ...valuesOf(somebody, choices) });
  const change = (next: Box, done: boolean) => {
    setMark(next);
    setMarked(true);
    if (done) setSettled(next);
  };
  const dragging = mark !== settled;
  const choose = (part: Own) => setOwn((before) => ({ ...before, ...part }));
  const create = async (event: Event) => {
    event.preventDefault();
    if (document === undefined || busy) return;
    setBusy(true);
    setProblem(undefined);
    try {
      const id = await freeId(slug(choices.name, "banner"), true);
      if (id === undefined) throw new Error(words.name.taken(slug(choices.name, "banner")));
      // Where no answer comes, the draft may be stored all the same.
      props.used(true);
      await createDraft(id, document);
      navigate(`/studio/t/${id}`);
    } catch (error) {
      if (error instanceof ApiProblem && !error.mayRepeat) props.used(false);
      setProblem(error);
      setBusy(false);
    }
  };
  const fault = (name: keyof typeof text.faults): string | undefined => {
    if (!faults[name]) return undefined;
    const message = text.faults[name];
    return typeof message === "function" ? message(FIELD) : message;
  };
  return (
    <form class="marking" onSubmit={create} noValidate>
      <div class="marking-stage">
        <p id="mark-help" class="marking-help">
          <strong>{text.markTitle}</strong> <span class="quiet">{text.markHelp}</span>
        </p>
        <div class="stage-picture">
          <img
            src={drawn.url && !dragging ? drawn.url : chosen.url}
            alt={drawn.answer?.alt ?? text.result}
            width={read.width}
            height={read.height}
            draggable={false}
          />
          <Mark mark={mark} proposed={!marked} picture={read} change={change} />
          {!asset && (
            <div class="stage-progress" role="status">
              <progress max={1} value={share} aria-label={text.uploading} />
              <span>{share < 1 ? text.uploading : text.checking}</span>
            </div>
          )}
        </div>
        <div class="stage-foot">
          <Choice
            label={text.people}
            value={somebody}
            options={[
              { value: "example", name: text.examplePerson },
              { value: "nobody", name: text.noName },
              { value: "longest", name: text.longest },
            ]}
            choose={setSomebody}
          />
          <span class="grow" />
          <span class="quiet" role="status">
            {drawn.busy ? text.drawing : ""}
          </span>
        </div>
        <Findings drawn={drawn} />
        <ProblemNote problem={drawn.problem} />
      </div>
      <div class="marking-form">
        <fieldset>
          <legend>{text.place}</legend>
          <MarkFields mark={mark} picture={read} change={change} />
        </fieldset>
        <fieldset>
          <legend>{text.text}</legend>
          <Labelled label={text.text} hint={text.textHelp} fault={fault("text")}>
            {(attributes) => (
              <input {...attributes} maxLength={500} value={choices.text} onInput={(event) => choose({ text: event.currentTarget.value })} />
            )}
          </Labelled>
          <div class="pair">
            <Labelled label={text.whenEmpty} fault={fault("whenEmpty")}>
              {(attributes) => (
                <input {...attributes} maxLength={200} value={choices.whenEmpty} onInput={(event) => choose({ whenEmpty: event.currentTarget.value })} />
              )}
            </Labelled>
            <Labelled label={text.example} fault={fault("example")}>
              {(attributes) => (
                <input {...attributes} maxLength={200} value={choices.example} onInput={(event) => choose({ example: event.currentTarget.value })} />
              )}
            </Labelled>
            <Labelled label={text.maxLength} fault={fault("maxLength")}>
              {(attributes) => (
                <NumberInput {...attributes} value={choices.maxLength} min={1} max={1_000} choose={(maxLength) => choose({ maxLength })} />
              )}
            </Labelled>
          </div>
        </fieldset>
        <fieldset>
          <legend>{text.look}</legend>
          <Colors colors={found.colors.map(hex)} chosen={choices.color} choose={(color) => choose({ color })} />
          <div class="pair">
            <Labelled label={text.font}>
              {(attributes) => (
                <select {...attributes} value={choices.font} onChange={(event) => choose({ font: event.currentTarget.value })}>
                  {familiesWith(fonts, choices.font).map((family) => (
                    <option key={family} value={family}>
                      {family}
                    </option>
                  ))}
                </select>
              )}
            </Labelled>
            <Labelled label={text.weight}>
              {(attributes) => (
                <select {...attributes} value={choices.weight} onChange={(event) => choose({ weight: Number(event.currentTarget.value) })}>
                  {Object.entries(text.weights).map(([weight, name]) => (
                    <option key={weight} value={weight}>
                      {name}
                    </option>
                  ))}
                </select>
              )}
            </Labelled>
            <Labelled label={text.size}>
              {(attributes) => (
                <NumberInput {...attributes} value={choices.size} min={6} max={1_000} choose={(size) => choose({ size })} />
              )}
            </Labelled>
          </div>
          <Choice
            label={text.align}
            value={choices.align}
            options={(["start", "center", "end"] as const).map((value) => ({ value, name: text.aligns[value] }))}
            choose={(align) => choose({ align })}
          />
          <div>
            <label class="check">
              <input type="checkbox" checked={covered} onChange={(event) => choose({ covers: event.currentTarget.checked })} />
              <span>{text.cover}</span>
            </label>
            <p class={covered && found.around.even < 0.75 ? "hint caution" : "hint"}>
              {covered && found.around.even < 0.75 ? text.coverUneven : `${found.ink && marked ? `${text.inkFound} ` : ""}${text.coverHelp}`}
            </p>
          </div>
        </fieldset>
        <fieldset>
          <legend>{text.template}</legend>
          <Labelled label={text.name}>
            {(attributes) => (
              <input {...attributes} maxLength={100} value={choices.name} onInput={(event) => choose({ name: event.currentTarget.value })} />
            )}
          </Labelled>
          <Labelled label={text.alt} hint={text.altHelp}>
            {(attributes) => (
              <input {...attributes} maxLength={500} value={choices.alt} onInput={(event) => choose({ alt: event.currentTarget.value })} />
            )}
          </Labelled>
          <Labelled label={text.shown} hint={text.shownHelp(read.width, read.height)} fault={fault("width")}>
            {(attributes) => (
              <NumberInput {...attributes} value={choices.width} min={MIN_WIDTH} max={MAX_SIDE} choose={(width) => choose({ width })} />
            )}
          </Labelled>
        </fieldset>
        <ProblemNote problem={problem} />
        <button type="submit" class="primary large" disabled={document === undefined || busy}>
          {text.submit}
        </button>
      </div>
    </form>
  );
}

function Findings({ drawn }: { drawn: ReturnType<typeof useDrawn> }) {
  const findings = drawn.answer?.findings ?? [];
  if (findings.length === 0) return null;
  return (
    <ul class="mark-findings">
      {findings.slice(0, 5).map((finding) => (
        <li key={`${finding.code}${finding.pointer}`} class="notice caution">
          {finding.detail}
        </li>
      ))}
    </ul>
  );
}

function Colors(props: { colors: readonly string[]; chosen: string; choose: (color: string) => void }) {
  const known = props.colors.includes(props.chosen);
  return (
    <fieldset class="swatches">
      <legend>{text.color}</legend>
      {props.colors.map((color) => (
        <label key={color} class="color-choice" title={color}>
          <input type="radio" name="text-color" checked={color === props.chosen} onChange={() => props.choose(color)} aria-label={text.colorOf(color)} />
          <svg width="24" height="24" aria-hidden="true">
            <circle cx="12" cy="12" r="10.5" fill={color} />
          </svg>
        </label>
      ))}
      <input
        type="color"
        class={known ? "own-color" : "own-color chosen"}
        aria-label={text.ownColor}
        value={props.chosen}
        onInput={(event) => props.choose(event.currentTarget.value)}
      />
    </fieldset>
  );
}

function familiesWith(fonts: readonly FontFamily[], chosen: string): string[] {
  const families = fonts.map((font) => font.family);
  return families.includes(chosen) ? families : [chosen, ...families];
}

/** The proposed mark: left, a little below the middle, where banners usually have the name. */
function firstMark({ width, height }: { width: number; height: number }): Box {
  return {
    x: Math.round(width * 0.08),
    y: Math.round(height * 0.42),
    width: Math.round(width * 0.42),
    height: Math.max(8, Math.round(height * 0.16)),
  };
}

function colorsAt(read: ReadPicture, mark: Box) {
  const place = scaledBox(mark, read.scale);
  const around = surroundings(read.pixels, place);
  const ink = inkIn(read.pixels, place, around);
  return {
    around,
    ink: ink && { ...ink, box: scaledBox(ink.box, 1 / read.scale) },
    colors: textColors(read.pixels, place, around, ink),
  };
}

function choicesOf(own: Own, read: ReadPicture, file: File, mark: Box, found: ReturnType<typeof colorsAt>, assetId: string): PictureChoices {
  const name = own.name ?? titleOf(file.name);
  const width = own.width ?? shownWidth(read.width);
  const covers = own.covers ?? found.ink !== undefined;
  return {
    name,
    assetId,
    picture: { width: read.width, height: read.height },
    width,
    mark,
    text: own.text ?? `{{ ${FIELD} }}`,
    field: FIELD,
    whenEmpty: own.whenEmpty ?? "friend",
    example: own.example ?? "Alexandra",
    maxLength: own.maxLength ?? 40,
    color: own.color ?? hex(found.colors[0]!),
    font: own.font ?? "Inter",
    weight: own.weight ?? 700,
    size: own.size ?? proposedSize(mark, width / read.width, found.ink),
    align: own.align ?? proposedAlign(mark, read.width, found.ink),
    alt: own.alt ?? text.altFor(name, FIELD),
    background: hex(found.around.color),
    ...(covers ? { cover: found.around } : {}),
    ...(covers && found.ink ? { old: found.ink.box } : {}),
  };
}

function valuesOf(somebody: Somebody, choices: PictureChoices) {
  if (somebody === "example") return { base: "examples" as const };
  if (somebody === "nobody") return { base: "defaults" as const };
  const longest = LONGEST.slice(0, choices.maxLength);
  return { base: "defaults" as const, modifications: [{ name: FIELD, text: longest }] };
}
