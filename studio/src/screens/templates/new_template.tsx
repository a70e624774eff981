/** Ways to begin a template: a picture, nothing, a design, JSON. */

import { useEffect, useRef, useState } from "preact/hooks";

import { type Design, listDesigns, startFromDesign } from "../../server/designs";
import { createDraft, readDraft, replaceDraft } from "../../server/templates";
import { words } from "../../words/screens";
import { Dialog } from "../../components/dialog";
import { Labelled } from "../../components/fields";
import { Page } from "../frame";
import { ProblemNote } from "../../components/problem_note";
import { NameDialog } from "./name_dialog";
import { emptyDocument, isObjectText, isSize, MAX_BYTES, nameIn, withName } from "./new_document";

const text = words.create;

interface Beginning {
  title: string;
  name: string;
  make: (id: string, name: string) => Promise<void>;
}

export function NewTemplate() {
  const [designs, setDesigns] = useState<readonly Design[]>();
  const [problem, setProblem] = useState<unknown>();
  const [beginning, setBeginning] = useState<Beginning>();
  const [pasting, setPasting] = useState(false);
  const load = () => {
    setProblem(undefined);
    listDesigns().then(setDesigns, setProblem);
  };
  useEffect(load, []);
  useEffect(() => {
    const linked = designs?.find((design) => design.id === new URLSearchParams(location.search).get("design"));
    if (!linked) return;
    history.replaceState(null, "", location.pathname); // once: not again after the dialog is closed
    beginDesign(linked);
  }, [designs]);
  const beginEmpty = (width: number, height: number) =>
    setBeginning({
      title: text.titleEmpty,
      name: text.untitled,
      make: (id, name) => createDraft(id, emptyDocument(name, width, height)),
    });
  const beginJson = (document: string) => {
    setPasting(false);
    setBeginning({
      title: text.titleJson,
      name: nameIn(document) ?? text.untitled,
      make: (id, name) => createDraft(id, name === nameIn(document) ? document : withName(document, name)),
    });
  };
  const beginDesign = (design: Design) =>
    setBeginning({
      title: text.titleDesign(design.name),
      name: design.name,
      make: (id, name) => designAsDraft(design, id, name),
    });
  return (
    <Page title={text.title} crumbs={[{ name: words.templates, path: "/studio" }]}>
      <div class="starts">
        <a class="start" href="/studio/new/picture">
          <PictureArt />
          <h2>{text.picture}</h2>
          <p class="quiet">{text.pictureHelp}</p>
        </a>
        <EmptyStart begin={beginEmpty} />
        <section class="start">
          <JsonArt />
          <h2>{text.json}</h2>
          <p class="quiet">{text.jsonHelp}</p>
          <p class="row">
            <button type="button" class="outlined" onClick={() => setPasting(true)}>
              {text.json}
            </button>
          </p>
        </section>
      </div>
      <section class="designs" aria-labelledby="designs-title">
        <h2 id="designs-title">{text.designs}</h2>
        <ProblemNote problem={problem} retry={load} />
        {designs?.length === 0 && <p class="quiet">{text.noDesigns}</p>}
        {designs && <Gallery designs={designs} use={beginDesign} />}
      </section>
      {pasting && <PasteDialog use={beginJson} close={() => setPasting(false)} />}
      {beginning && (
        <NameDialog {...beginning} submit={words.name.create} close={() => setBeginning(undefined)} />
      )}
    </Page>
  );
}

async function designAsDraft(design: Design, id: string, name: string): Promise<void> {
  await startFromDesign(design.id, id);
  if (name === design.name) return;
  const draft = await readDraft(id);
  if (draft) await replaceDraft(id, withName(draft.text, name), draft.etag);
}

function EmptyStart({ begin }: { begin: (width: number, height: number) => void }) {
  const [width, setWidth] = useState("600");
  const [height, setHeight] = useState("400");
  const [other, setOther] = useState(false);
  const size = [Number(width), Number(height)] as const;
  const fault = isSize(...size) ? undefined : text.sizeFault;
  return (
    <section class="start">
      <h2>{text.empty}</h2>
      <p class="quiet">{text.emptyHelp}</p>
      <ul class="sizes">
        {text.sizes.map((preset) => (
          <li key={preset.name}>
            <button type="button" class="size" onClick={() => begin(preset.width, preset.height)}>
              <SizeArt width={preset.width} height={preset.height} />
              <span>{preset.name}</span>
              <span class="quiet">{words.list.size(preset.width, preset.height)}</span>
            </button>
          </li>
        ))}
      </ul>
      {!other && (
        <button type="button" class="link" onClick={() => setOther(true)}>
          {text.ownSize}
        </button>
      )}
      {other && (
        <form
          class="own-size"
          onSubmit={(event) => {
            event.preventDefault();
            if (fault === undefined) begin(...size);
          }}
        >
          <Labelled label={text.width}>
            {(attributes) => (
              <input {...attributes} inputMode="numeric" maxLength={4} autofocus value={width} onInput={(event) => setWidth(event.currentTarget.value)} />
            )}
          </Labelled>
          <Labelled label={text.height}>
            {(attributes) => (
              <input {...attributes} inputMode="numeric" maxLength={4} value={height} onInput={(event) => setHeight(event.currentTarget.value)} />
            )}
          </Labelled>
          <button type="submit" class="outlined" disabled={fault !== undefined}>
            {text.continue}
          </button>
          {fault !== undefined && <p class="hint fault">{fault}</p>}
        </form>
      )}
    </section>
  );
}

function Gallery({ designs, use }: { designs: readonly Design[]; use: (design: Design) => void }) {
  const [category, setCategory] = useState(text.all);
  const categories = [text.all, ...new Set(designs.map((design) => design.category))];
  const shown = designs.filter((design) => category === text.all || design.category === category);
  return (
    <>
      {categories.length > 2 && (
        <div class="categories">
          {categories.map((name) => (
            <button key={name} type="button" class="category" aria-pressed={name === category} onClick={() => setCategory(name)}>
              {name}
            </button>
          ))}
        </div>
      )}
      <ul class="card-grid">
        {shown.map((design) => (
          <li key={design.id} class="tile">
            <button type="button" class="card-picture" aria-label={text.use(design.name)} onClick={() => use(design)}>
              <img src={design.thumbnail_url} alt="" loading="lazy" draggable={false} />
            </button>
            <div class="card-about">
              <h3 class="card-name">{design.name}</h3>
              <p class="card-facts">
                <span>{words.list.size(design.width, design.height)}</span>
              </p>
              <p class="card-description">{design.description}</p>
            </div>
          </li>
        ))}
      </ul>
    </>
  );
}

function PasteDialog({ use, close }: { use: (document: string) => void; close: () => void }) {
  const [pasted, setPasted] = useState("");
  const [fault, setFault] = useState<string>();
  const file = useRef<HTMLInputElement>(null);
  const check = (document: string) => {
    if (new Blob([document]).size > MAX_BYTES) setFault(text.tooLong);
    else if (!isObjectText(document)) setFault(text.jsonFault);
    else use(document);
  };
  const open = async () => {
    const chosen = file.current?.files?.[0];
    if (!chosen) return;
    if (chosen.size > MAX_BYTES) {
      setFault(text.tooLong);
      return;
    }
    const read = await chosen.text();
    setPasted(read);
    check(read);
  };
  return (
    <Dialog title={text.json} close={close}>
      <form
        class="stack-form"
        onSubmit={(event) => {
          event.preventDefault();
          check(pasted);
        }}
      >
        <Labelled label={text.jsonLabel} fault={fault}>
          {(attributes) => (
            <textarea
              {...attributes}
              class="code"
              rows={12}
              autofocus
              spellcheck={false}
              value={pasted}
              onInput={(event) => {
                setPasted(event.currentTarget.value);
                setFault(undefined);
              }}
            />
          )}
        </Labelled>
        <div class="dialog-actions">
          <input ref={file} type="file" class="visually-hidden" accept=".json,application/json" tabIndex={-1} aria-hidden="true" onChange={() => void open()} />
          <button type="button" class="outlined" onClick={() => file.current?.click()}>
            {text.openFile}
          </button>
          <span class="grow" />
          <button type="button" onClick={close}>
            {words.cancel}
          </button>
          <button type="submit" class="primary" disabled={pasted.trim() === ""}>
            {text.continue}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function SizeArt({ width, height }: { width: number; height: number }) {
  const scale = 44 / Math.max(width, height);
  return (
    <svg width="48" height="48" viewBox="0 0 48 48" aria-hidden="true">
      <rect
        x={24 - (width * scale) / 2}
        y={24 - (height * scale) / 2}
        width={width * scale}
        height={height * scale}
        rx="2"
        class="size-shape"
      />
    </svg>
  );
}

function PictureArt() {
  return (
    <svg class="start-art" width="72" height="48" viewBox="0 0 72 48" aria-hidden="true">
      <rect x="1" y="1" width="70" height="46" rx="4" class="art-ground" />
      <path d="M1 38l18-16 14 12 9-7 29 17v3H5a4 4 0 0 1-4-4z" class="art-hill" />
      <circle cx="55" cy="13" r="5" class="art-sun" />
      <rect x="9.5" y="9.5" width="32" height="11" rx="1.5" class="art-mark" />
    </svg>
  );
}

function JsonArt() {
  return (
    <svg class="start-art" width="72" height="48" viewBox="0 0 72 48" aria-hidden="true">
      <rect x="1" y="1" width="70" height="46" rx="4" class="art-ground" />
      <path d="M29 13c-5 0-3 8-7 11 4 3 2 11 7 11M43 13c5 0 3 8 7 11-4 3-2 11-7 11" class="art-line" />
    </svg>
  );
}
