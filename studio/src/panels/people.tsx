/** The people strip: previews of the template for several people, drawn in one request. */

import { useSignal, type Signal } from "@preact/signals";
import { useEffect } from "preact/hooks";

import type { Editor, Modification, Person } from "../editor/store";
import { canvasSize } from "../editor/boards";
import { stepPerson } from "../editor/people";
import { api, ApiProblem, type ApiFault } from "../server/api";
import { objectUrl, type PersonPicture, type PreviewAnswer, previewJson } from "../server/previews";
import type { PanelProps } from "../shell/registry";
import { words } from "../words/panels";
import { fieldsOf } from "./fields";
import { addPeople, forgetPeople, loadPeople } from "./table/people_storage";
import { notablePeople, TableFile } from "./table/table";
import { Icon } from "./widgets/icon";

/** A person's picture as the service drew it. */
interface Drawn {
  person: Person;
  url: string;
  /** The person sees the fallback picture. */
  fallback: boolean;
  alt: string;
  faults: readonly ApiFault[];
}

interface Strip {
  pictures: readonly Drawn[];
  /** The document that the pictures show. */
  text: string;
}

type State = { step: "none" } | { step: "drawing" } | { step: "drawn"; strip: Strip } | { step: "problem"; problem: ApiProblem };

const MOST_PEOPLE = 12;
const WIDTH = 320;

export function People({ editor }: PanelProps) {
  const state = useSignal<State>({ step: "none" });
  const fault = useSignal<string | undefined>(undefined);
  useEffect(() => void loadPeople(editor), [editor]);
  useEffect(() => () => dropPictures(state.peek()), []);
  const { people } = editor;
  useEffect(() => {
    if (people.value.length > 0 && state.peek().step === "none") void draw(editor, people.peek(), state);
  }, [people.value]);
  const take = async (file: File): Promise<void> => {
    const found = await notablePeople(file, fieldsOf(editor.value.peek()));
    fault.value = typeof found === "string" ? found : undefined;
    if (typeof found === "string") return;
    await addPeople(editor, found);
    await draw(editor, people.peek(), state);
  };
  return (
    <section
      class="panel people"
      aria-label={words.people.title}
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        const file = event.dataTransfer?.files[0];
        if (file) void take(file);
      }}
    >
      <div class="row people-bar">
        <Stepper editor={editor} />
        <span class="grow" />
        <button type="button" class="outlined" disabled={state.value.step === "drawing"} onClick={() => void draw(editor, "worst", state)}>
          {words.people.worst}
        </button>
        {people.value.length > 0 && (
          <>
            <button type="button" class="outlined" disabled={state.value.step === "drawing"} onClick={() => void draw(editor, people.peek(), state)}>
              {words.people.again}
            </button>
            <button type="button" onClick={() => void forget(editor, state)}>
              {words.people.forget}
            </button>
          </>
        )}
      </div>
      {fault.value && (
        <p role="alert" class="fault panel-note">
          {fault.value}
        </p>
      )}
      {state.value.step === "none" && people.value.length === 0 && (
        <div class="panel-note stack">
          <p class="quiet">{words.people.empty}</p>
          <TableFile choose={(file) => void take(file)} />
        </div>
      )}
      <StripView editor={editor} state={state} />
    </section>
  );
}

/** The person that the canvas shows. */
function Stepper({ editor }: PanelProps) {
  const people = editor.people.value;
  const at = editor.person.value;
  const label = people[at]?.label ?? words.people.examples;
  return (
    <span class="row stepper">
      <button type="button" class="icon" aria-label={words.people.previous} title={`${words.people.previous} (,)`} onClick={() => stepPerson(editor, -1)}>
        ‹
      </button>
      <span aria-live="polite" dir="auto">
        {label}
      </span>
      <button type="button" class="icon" aria-label={words.people.next} title={`${words.people.next} (.)`} onClick={() => stepPerson(editor, 1)}>
        ›
      </button>
    </span>
  );
}

function StripView({ editor, state }: { editor: Editor; state: Signal<State> }) {
  const at = state.value;
  if (at.step === "drawing") return <p role="status" class="panel-note">{words.people.drawing}</p>;
  if (at.step === "problem") {
    return (
      <p role="alert" class="fault panel-note">
        {at.problem.errors[0]?.detail ?? at.problem.detail}
      </p>
    );
  }
  if (at.step === "none") return null;
  const { strip } = at;
  return (
    <>
      {strip.text !== editor.text.value && <p class="quiet panel-note">{words.people.stale}</p>}
      <ul class="person-strip">
        {strip.pictures.map((drawn, index) => (
          <PersonCard key={index} editor={editor} text={strip.text} drawn={drawn} />
        ))}
      </ul>
    </>
  );
}

function PersonCard({ editor, text, drawn }: { editor: Editor; text: string; drawn: Drawn }) {
  const { width, height } = canvasSize(text);
  const { label } = drawn.person;
  const overflow = drawn.faults.find((fault) => fault.code === "text_overflow");
  const problem = problemOf(drawn, overflow);
  const show = (): void => {
    const first = overflow ?? drawn.faults[0];
    const layer = first && editor.idAt(first.pointer);
    if (layer !== undefined) editor.select([layer]);
    showPerson(editor, drawn.person);
  };
  return (
    <li>
      <button
        type="button"
        class={`person ${problem ? "marked" : ""}`}
        data-person={label}
        title={drawn.faults.map((fault) => fault.detail).join("\n")}
        onClick={show}
      >
        <span class="person-picture">
          <img src={drawn.url} alt={drawn.alt} width={width} height={height} draggable={false} />
          <Marks editor={editor} faults={drawn.faults} width={width} height={height} />
        </span>
        <span class="person-label" dir="auto">
          {label}
        </span>
        <span class={problem ? "caution-mark row" : "quiet"}>
          {problem && <Icon name="warning" />}
          {problem ?? words.people.fine}
        </span>
      </button>
    </li>
  );
}

function problemOf(drawn: Drawn, overflow: ApiFault | undefined): string | undefined {
  if (drawn.fallback) return words.people.fallback;
  if (overflow) return words.people.overflow;
  return drawn.faults.length ? words.people.problems(drawn.faults.length) : undefined;
}

/** Shows a person on the canvas; one that the service made joins the others until the page is left. */
function showPerson(editor: Editor, person: Person): void {
  const others = editor.people.peek();
  const known = others.findIndex((other) => other.label === person.label);
  if (known < 0) editor.people.value = [...others, person];
  editor.person.value = known < 0 ? others.length : known;
}

/** The boxes of the layers that something was found at, in the person's picture. */
function Marks({ editor, faults, width, height }: { editor: Editor; faults: readonly ApiFault[]; width: number; height: number }) {
  const drawn = editor.preview.value.layers;
  const pointers = new Set(faults.map((fault) => /^(\/layers\/[0-9]+)+/.exec(fault.pointer)?.[0]));
  const marked = drawn.filter((layer) => pointers.has(layer.pointer));
  return (
    <svg viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
      {marked.map((layer) => (
        <polygon
          key={layer.pointer}
          data-marked={layer.pointer}
          points={layer.corners.map(([x, y]) => `${x},${y}`).join(" ")}
          vector-effect="non-scaling-stroke"
        />
      ))}
    </svg>
  );
}

/** Draws all of them in one request. */
async function draw(editor: Editor, who: readonly Person[] | "worst", state: Signal<State>): Promise<void> {
  const text = editor.text.peek();
  dropPictures(state.peek());
  state.value = { step: "drawing" };
  const shown = who === "worst" ? [] : who.slice(-MOST_PEOPLE);
  const people: readonly (readonly Modification[])[] | "worst" =
    who === "worst" ? "worst" : shown.map((person) => person.modifications);
  const body = previewJson({ document: text, people, format: "webp", width: Math.min(WIDTH, canvasSize(text).width) });
  try {
    const answer = (await api.post<PreviewAnswer>("/v1/previews", body, { tries: 3, has: ["pictures"] })).body;
    const pictures = (answer.pictures ?? []).map((picture, index) => ({
      person: shown[index] ?? madePerson(picture, index),
      url: objectUrl(picture.image),
      fallback: picture["show"] === "fallback",
      alt: picture.alt,
      faults: distinct([...picture.findings, ...picture.warnings]),
    }));
    state.value = { step: "drawn", strip: { pictures, text } };
  } catch (problem) {
    if (!(problem instanceof ApiProblem)) throw problem;
    state.value = { step: "problem", problem };
  }
}

/** A person that the service made, with its values. */
function madePerson(picture: PersonPicture, index: number): Person {
  const label = words.people.worstOf[String(picture["name"])] ?? words.people.another(index + 1);
  const modifications = picture["modifications"];
  return { label, modifications: Array.isArray(modifications) ? (modifications as Modification[]) : [] };
}

function distinct(faults: readonly ApiFault[]): ApiFault[] {
  const key = (fault: ApiFault): string => `${fault.code} ${fault.pointer}`;
  return faults.filter((fault, index) => faults.findIndex((other) => key(other) === key(fault)) === index);
}

function dropPictures(state: State): void {
  if (state.step === "drawn") for (const picture of state.strip.pictures) URL.revokeObjectURL(picture.url);
}

async function forget(editor: Editor, state: Signal<State>): Promise<void> {
  dropPictures(state.peek());
  state.value = { step: "none" };
  await forgetPeople(editor);
}
