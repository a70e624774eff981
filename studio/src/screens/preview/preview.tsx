/** The picture as mails show it: programs, screens, people, pictures off, the clock. */

import { useEffect, useMemo, useState } from "preact/hooks";

import { isObject, type JsonObject } from "../../document/json";
import type { Json } from "../../document/types";
import type { Editor, Modification } from "../../editor/store";
import { type FieldLine, modification } from "../../server/links";
import { listMailClients, type MailClient } from "../../server/mail_clients";
import type { PreviewBody } from "../../server/previews";
import { words } from "../../words/screens";
import { useDrawn } from "../../components/drawn";
import { Choice, Labelled } from "../../components/fields";
import { TemplatePage } from "../frame";
import { ProblemNote } from "../../components/problem_note";
import { fileSize } from "../../words/formats";
import { type Device, MailFrame, type MailPicture } from "./mail_frame";
import { EXAMPLES, fileOptions, OWN, useWorstPeople, valuesOf } from "../people_choice";
import { PersonSelect } from "../person_select";
import { useEditor } from "../use_editor";

const text = words.preview;
const FORMATS = ["png", "jpg", "webp", "avif", "gif"];
const DAY_MINUTES = 24 * 60;
const MAX_DAYS = 400;

export function Preview({ id }: { id: string }) {
  const { editor, problem } = useEditor(id);
  return (
    <TemplatePage id={id} value={editor?.value.value} title={text.title}>
      <ProblemNote problem={problem} />
      {editor === undefined && problem === undefined && <p class="quiet">{words.loading}</p>}
      {editor && <Frames editor={editor} />}
    </TemplatePage>
  );
}

type Devices = Device | "both";

function Frames({ editor }: { editor: Editor }) {
  const [chosen, setChosen] = useState(EXAMPLES);
  const [own, setOwn] = useState<Record<string, string>>({});
  const [clients, setClients] = useState<readonly MailClient[]>([]);
  const [noClients, setNoClients] = useState<unknown>();
  const [clientId, setClientId] = useState<string>();
  const [theme, setTheme] = useState<"light" | "dark">("light");
  const [devices, setDevices] = useState<Devices>("both");
  const [images, setImages] = useState<"on" | "off">("on");
  const [sharp, setSharp] = useState(true);
  const [format, setFormat] = useState("");
  const [minutes, setMinutes] = useState<number>();
  const [opened] = useState(() => Date.now());
  const document = editor.text.value;
  const value = object(editor.value.value);
  const fields = useMemo(() => fieldsOf(value), [document]);
  const worst = useWorstPeople(document);
  const people = fileOptions(editor.people.value);
  const values =
    chosen === OWN ? { base: "examples" as const, modifications: ownValues(fields, own) } : valuesOf(chosen, [...worst, ...people]);
  const body: PreviewBody = {
    document,
    describe: true,
    ...values,
    dpr: sharp ? 2 : 1,
    ...(format ? { format } : {}),
    ...(minutes === undefined ? {} : { at: new Date(opened + minutes * 60_000).toISOString() }),
  };
  const drawn = useDrawn(body);
  useEffect(() => void listMailClients().then(setClients, setNoClients), []);
  const client = clients.find((each) => each.id === clientId) ?? clients[0];
  const { answer } = drawn;
  const picture: MailPicture = {
    url: drawn.url,
    alt: answer?.alt ?? "",
    width: Number(value.width) || 600,
    height: Number(value.height) || 300,
    pixels: { width: answer?.width ?? 600, height: answer?.height ?? 300 },
  };
  const frame = (device: Device) => (
    <MailFrame key={device} device={device} client={client} dark={theme === "dark"} images={images === "on"} picture={picture} />
  );
  return (
    <>
      <div class="preview-tools">
        <PersonSelect label={text.whose} chosen={chosen} worst={worst} people={people} own choose={setChosen} />
        <Labelled label={text.client}>
          {(attributes) => (
            <select {...attributes} value={client?.id} onChange={(event) => setClientId(event.currentTarget.value)}>
              {clients.map((each) => (
                <option key={each.id} value={each.id}>
                  {each.name}
                </option>
              ))}
            </select>
          )}
        </Labelled>
        <Choice
          label={words.picture.look}
          value={theme}
          options={[
            { value: "light", name: text.light },
            { value: "dark", name: text.dark },
          ]}
          choose={setTheme}
        />
        <Choice<Devices>
          label={text.device}
          value={devices}
          options={[
            { value: "both", name: text.both },
            { value: "desktop", name: text.desktop },
            { value: "phone", name: text.phone },
          ]}
          choose={setDevices}
        />
        <Choice
          label={text.images}
          value={images}
          options={[
            { value: "on", name: text.imagesOn },
            { value: "off", name: text.imagesOff },
          ]}
          choose={setImages}
        />
        <Labelled label={text.format}>
          {(attributes) => (
            <select {...attributes} value={format} onChange={(event) => setFormat(event.currentTarget.value)}>
              <option value="">{text.ownFormat(String(value.format ?? "png"))}</option>
              {FORMATS.map((each) => (
                <option key={each} value={each}>
                  {each.toUpperCase()}
                </option>
              ))}
            </select>
          )}
        </Labelled>
        <label class="check">
          <input type="checkbox" checked={sharp} onChange={(event) => setSharp(event.currentTarget.checked)} />
          <span>{text.sharp}</span>
        </label>
      </div>
      {chosen === OWN && <OwnValues fields={fields} own={own} change={setOwn} />}
      {isTimed(document) && <Clock opened={opened} minutes={minutes} last={lastMinute(value, opened)} change={setMinutes} />}
      <ProblemNote problem={drawn.problem ?? noClients} />
      {(answer?.format === "webp" || answer?.format === "avif") && <p class="notice caution">{text.noOutlook}</p>}
      <p class="preview-facts" role="status">
        {answer?.bytes !== undefined && answer.width !== undefined && (
          <>
            <span>{text.facts(String(answer.format).toUpperCase(), fileSize(answer.bytes), answer.width, answer.height ?? 0)}</span>
            {answer.sha256 && <span class="quiet" title={`sha256 ${answer.sha256}`}>{text.exact}</span>}
          </>
        )}
      </p>
      <div class={`mail-frames ${devices}`}>
        {devices !== "phone" && frame("desktop")}
        {devices !== "desktop" && frame("phone")}
      </div>
      <section class="alt-text">
        <h2>{text.alt}</h2>
        <p>{answer === undefined ? "" : picture.alt || text.noAlt}</p>
      </section>
    </>
  );
}

function OwnValues(props: { fields: readonly FieldLine[]; own: Record<string, string>; change: (own: Record<string, string>) => void }) {
  return (
    <div class="own-values">
      {props.fields.map((field) => (
        <Labelled key={field.name} label={field.label || field.name}>
          {(attributes) => (
            <input
              {...attributes}
              maxLength={2_048}
              placeholder={field.example === undefined ? "" : String(field.example)}
              value={props.own[field.name] ?? ""}
              onInput={(event) => props.change({ ...props.own, [field.name]: event.currentTarget.value })}
            />
          )}
        </Labelled>
      ))}
    </div>
  );
}

function Clock(props: { opened: number; minutes: number | undefined; last: number; change: (minutes: number | undefined) => void }) {
  const { opened, minutes, last, change } = props;
  const at = new Date(opened + (minutes ?? 0) * 60_000);
  return (
    <div class="clock">
      <label for="clock">{text.clockHelp}</label>
      <input
        id="clock"
        type="range"
        min={0}
        max={last}
        step={last > 3 * DAY_MINUTES ? 15 : 1}
        value={minutes ?? 0}
        aria-valuetext={at.toLocaleString()}
        onInput={(event) => change(event.currentTarget.valueAsNumber)}
      />
      <output for="clock">{minutes === undefined ? text.now : at.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" })}</output>
      <button type="button" class="outlined" disabled={minutes === undefined} onClick={() => change(undefined)}>
        {text.now}
      </button>
    </div>
  );
}

/** Whether the picture may depend on the clock. */
function isTimed(document: string): boolean {
  return /"countdown"\s*:|\{[{%][^}]*\b(now|today|countdown)\b/.test(document);
}

/** Minutes to an hour behind the end of the countdown, else a month. */
function lastMinute(value: { [key: string]: Json }, opened: number): number {
  const to = object(value.countdown).to;
  const end = typeof to === "string" ? Date.parse(to) : Number.NaN;
  if (!Number.isFinite(end) || end <= opened) return 30 * DAY_MINUTES;
  return Math.min(Math.ceil((end - opened) / 60_000) + 60, MAX_DAYS * DAY_MINUTES);
}

function fieldsOf(value: { [key: string]: Json }): FieldLine[] {
  return Object.entries(object(value.fields)).flatMap(([name, spec]) => {
    const field = object(spec);
    const type = String(field.type ?? "text");
    if (type === "list") return [];
    return [{ ...field, name, type, required: field.required === true, open: field.open === true } as FieldLine];
  });
}

function ownValues(fields: readonly FieldLine[], own: Record<string, string>): Modification[] {
  return fields.flatMap((field) => modification(field, own[field.name] ?? "") ?? []);
}

function object(value: Json | undefined): JsonObject {
  return isObject(value) ? value : {};
}
