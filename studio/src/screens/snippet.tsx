/** The image tag of a published template for a mail platform, ready to paste. */

import { useEffect, useMemo, useState } from "preact/hooks";

import {
  type FieldLine, type LinkRequest, listFields, listPlatforms, type MintedLink, mintLink, modification, type Platform,
} from "../server/links";
import { hasScope } from "../server/session";
import { words } from "../words/screens";
import { useDrawn } from "../components/drawn";
import { Dialog } from "../components/dialog";
import { Choice, Labelled } from "../components/fields";
import { CopyButton } from "../components/copy";
import { ProblemNote } from "../components/problem_note";

const text = words.snippet;
const NONE = "none";
const CUSTOM = "custom";
/** Which platform was picked last: no secret, and the same person mostly uses the same one. */
const STORED = "postcard-studio-platform";
const CAMPAIGN = /^[a-z0-9-]{0,32}$/;
const PAUSE_MS = 250;

export function SnippetDialog(props: { id: string; name: string; version: number; close: () => void }) {
  return (
    <Dialog title={text.title(props.name)} close={props.close} name="wide">
      <Snippet id={props.id} version={props.version} />
      <div class="dialog-actions">
        <span class="grow" />
        <button type="button" class="outlined" onClick={props.close}>
          {words.close}
        </button>
      </div>
    </Dialog>
  );
}

/** What the person chose; an attribute that is not there is the platform's usual one. */
interface Chosen {
  esp: string;
  closed: readonly string[];
  attributes: Record<string, string>;
  values: Record<string, string>;
  latest: boolean;
  campaign: string;
}

export function Snippet({ id, version }: { id: string; version: number }) {
  const [fields, setFields] = useState<readonly FieldLine[]>();
  const [platforms, setPlatforms] = useState<readonly Platform[]>([]);
  const [problem, setProblem] = useState<unknown>();
  const [chosen, setChosen] = useState<Chosen>(() => ({
    esp: storedPlatform(), closed: [], attributes: {}, values: {}, latest: false, campaign: "",
  }));
  useEffect(() => {
    listFields(id)
      .then(async (found) => {
        const open = found.filter(mayBeOpen).map((field) => field.name);
        setPlatforms(await listPlatforms(open));
        setFields(found);
      })
      .catch(setProblem);
  }, [id, version]);
  const platform = platforms.find((each) => each.esp === chosen.esp);
  const request = useMemo(
    () => fields && requestOf(id, version, fields, platform, chosen),
    [id, version, fields, platform, chosen],
  );
  if (!hasScope("images")) return <p class="notice caution">{text.noScope}</p>;
  if (problem !== undefined) return <ProblemNote problem={problem} />;
  if (fields === undefined) return <p class="quiet">{words.loading}</p>;
  const choose = (part: Partial<Chosen>) => {
    if (part.esp !== undefined) storePlatform(part.esp);
    setChosen((before) => ({ ...before, ...part, ...(part.esp === undefined ? {} : { attributes: {} }) }));
  };
  return (
    <div class="snippet">
      <div class="snippet-choices">
        <Labelled label={text.platform}>
          {(attributes) => (
            <select {...attributes} value={platform ? chosen.esp : NONE} onChange={(event) => choose({ esp: event.currentTarget.value })}>
              <option value={NONE}>{text.noPlatform}</option>
              {platforms.map((each) => (
                <option key={each.esp} value={each.esp}>
                  {each.esp === CUSTOM ? text.custom : each.title}
                </option>
              ))}
            </select>
          )}
        </Labelled>
        {platform && <OpenFields fields={fields} platform={platform} chosen={chosen} choose={choose} />}
        <FixedValues fields={fields} platform={platform} chosen={chosen} choose={choose} />
        <Choice
          label={text.which}
          value={chosen.latest ? "latest" : "pinned"}
          options={[
            { value: "pinned", name: text.pinned(version) },
            { value: "latest", name: text.latest },
          ]}
          choose={(which) => choose({ latest: which === "latest" })}
        />
        <Labelled
          label={text.campaign}
          hint={text.campaignHelp}
          fault={CAMPAIGN.test(chosen.campaign) ? undefined : text.campaignFault}
        >
          {(attributes) => (
            <input {...attributes} maxLength={32} spellcheck={false} value={chosen.campaign} onInput={(event) => choose({ campaign: event.currentTarget.value })} />
          )}
        </Labelled>
      </div>
      <div class="snippet-result">
        <Minted request={request} platform={platform} />
        <WorstPeople id={id} version={version} />
      </div>
    </div>
  );
}

function mayBeOpen(field: FieldLine): boolean {
  return field.open && field.type !== "list";
}

function attributeOf(field: FieldLine, platform: Platform, chosen: Chosen): string {
  return chosen.attributes[field.name] ?? platform.open[field.name] ?? "";
}

/** The request; undefined while an attribute or the campaign is not right. */
function requestOf(
  id: string,
  version: number,
  fields: readonly FieldLine[],
  platform: Platform | undefined,
  chosen: Chosen,
): LinkRequest | undefined {
  if (!CAMPAIGN.test(chosen.campaign)) return undefined;
  const open: Record<string, string> = {};
  const modifications: LinkRequest["modifications"] = [];
  for (const field of fields) {
    if (platform && mayBeOpen(field) && !chosen.closed.includes(field.name)) {
      const attribute = attributeOf(field, platform, chosen).trim();
      if (attribute === "") return undefined;
      open[field.name] = attribute;
    } else {
      const given = modification(field, chosen.values[field.name] ?? "");
      if (given) modifications.push(given);
    }
  }
  return {
    template_id: id,
    template_version: chosen.latest ? "latest" : version,
    modifications,
    dpr: 2,
    ...(chosen.campaign ? { campaign: chosen.campaign } : {}),
    ...(platform && Object.keys(open).length > 0 ? { esp: platform.esp, open } : {}),
  };
}

function OpenFields(props: {
  fields: readonly FieldLine[];
  platform: Platform;
  chosen: Chosen;
  choose: (part: Partial<Chosen>) => void;
}) {
  const { platform, chosen, choose } = props;
  const open = props.fields.filter(mayBeOpen);
  if (open.length === 0) return <p class="notice">{text.noOpen}</p>;
  return (
    <fieldset class="open-fields">
      <legend>{text.fields}</legend>
      <p class="hint">{text.fieldsHelp}</p>
      {open.map((field) => {
        const used = !chosen.closed.includes(field.name);
        const attribute = attributeOf(field, platform, chosen);
        const label = platform.esp === CUSTOM ? text.tagOf(field.name) : text.attributeOf(field.name, platform.title);
        const others = chosen.closed.filter((name) => name !== field.name);
        return (
          <div key={field.name} class="open-field">
            <label class="check">
              <input
                type="checkbox"
                aria-label={text.use(field.name)}
                checked={used}
                onChange={() => choose({ closed: used ? [...others, field.name] : others })}
              />
              <code>{field.name}</code>
            </label>
            <span aria-hidden="true">→</span>
            <input
              class="code"
              aria-label={label}
              aria-invalid={used && attribute.trim() === "" ? "true" : undefined}
              title={used && attribute.trim() === "" ? text.attributeFault : undefined}
              disabled={!used}
              maxLength={500}
              spellcheck={false}
              placeholder={platform.example.split(" or ")[0]}
              value={attribute}
              onInput={(event) =>
                choose({ attributes: { ...chosen.attributes, [field.name]: event.currentTarget.value } })
              }
            />
          </div>
        );
      })}
    </fieldset>
  );
}

/** Fields that no platform fills in: what is typed here, everybody sees. */
function FixedValues(props: {
  fields: readonly FieldLine[];
  platform: Platform | undefined;
  chosen: Chosen;
  choose: (part: Partial<Chosen>) => void;
}) {
  const { platform, chosen, choose } = props;
  const fixed = props.fields.filter(
    (field) => field.type !== "list" && !(platform && mayBeOpen(field) && !chosen.closed.includes(field.name)),
  );
  if (fixed.length === 0) return null;
  return (
    <details class="fixed-values" open={fixed.some((field) => field.required)}>
      <summary>{text.fixed}</summary>
      {fixed.map((field) => (
        <Labelled key={field.name} label={field.label ? `${field.label} (${field.name})` : field.name}>
          {(attributes) => (
            <input
              {...attributes}
              maxLength={1_000}
              placeholder={field.default === undefined || field.default === null ? "" : String(field.default)}
              value={chosen.values[field.name] ?? ""}
              onInput={(event) => choose({ values: { ...chosen.values, [field.name]: event.currentTarget.value } })}
            />
          )}
        </Labelled>
      ))}
    </details>
  );
}

function Minted({ request, platform }: { request: LinkRequest | undefined; platform: Platform | undefined }) {
  const [link, setLink] = useState<MintedLink>();
  const [problem, setProblem] = useState<unknown>();
  const [current, setCurrent] = useState(false);
  const json = JSON.stringify(request);
  useEffect(() => {
    setCurrent(false);
    if (request === undefined) return;
    const ending = new AbortController();
    const timer = setTimeout(() => {
      mintLink(request, ending.signal).then(
        (minted) => {
          setLink(minted);
          setProblem(undefined);
          setCurrent(true);
        },
        (error: unknown) => {
          if (!ending.signal.aborted) setProblem(error);
        },
      );
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      ending.abort();
    };
  }, [json]);
  const shown = problem === undefined ? link : undefined;
  return (
    <>
      <ProblemNote problem={problem} />
      <Copied label={text.img} hint={text.imgHelp} copy={text.copyImg} value={shown?.img ?? ""} rows={6} ready={current} primary />
      <Copied label={text.url} copy={text.copyUrl} value={shown?.url ?? ""} rows={2} ready={current} />
      {(shown?.warnings ?? []).map((warning) => (
        <p key={warning.code + warning.pointer} class="notice caution">
          {warning.detail}
        </p>
      ))}
      {platform && (
        <div class="platform-guide quiet">
          <p>{text.paste(platform.paste)}</p>
          <p>{platform.trap}</p>
          <p>
            {text.sure(platform.source)} {platform.note}
          </p>
        </div>
      )}
    </>
  );
}

function Copied(props: { label: string; hint?: string; copy: string; value: string; rows: number; ready: boolean; primary?: boolean }) {
  return (
    <div class="copied">
      <Labelled label={props.label} hint={props.hint}>
        {(attributes) => (
          <textarea {...attributes} class="code" rows={props.rows} readOnly spellcheck={false} value={props.value} onFocus={(event) => event.currentTarget.select()} />
        )}
      </Labelled>
      <CopyButton
        text={props.value}
        label={props.copy}
        class={props.primary ? "primary" : "outlined"}
        disabled={!props.ready || props.value === ""}
      />
    </div>
  );
}

/** The template for seven difficult people, drawn in one request. */
function WorstPeople({ id, version }: { id: string; version: number }) {
  const [wanted, setWanted] = useState(false);
  const drawn = useDrawn(wanted ? { template_id: id, template_version: version, people: "worst" } : undefined);
  const pictures = drawn.answer?.pictures ?? [];
  const faulty = pictures.filter((picture) => faultsIn(picture).length > 0).length;
  return (
    <section class="worst-people">
      <div class="row">
        <button type="button" class="outlined" disabled={drawn.busy} onClick={() => setWanted(true)}>
          {text.worst}
        </button>
        <span class="quiet" role="status">
          {drawn.busy ? words.loading : pictures.length === 0 ? "" : faulty === 0 ? text.worstNone : text.worstFound(faulty)}
        </span>
      </div>
      {!wanted && <p class="hint">{text.worstHelp}</p>}
      <ProblemNote problem={drawn.problem} />
      {pictures.length > 0 && (
        <ul class="people-grid">
          {pictures.map((picture, index) => (
            <li key={index}>
              <figure>
                <img src={drawn.urls[index]} alt={picture.alt} draggable={false} />
                <figcaption>
                  <strong>{words.preview.worst[String(picture.name)] ?? String(picture.name ?? index + 1)}</strong>
                  {faultsIn(picture).map((fault) => (
                    <span key={fault} class="fault">
                      {fault}
                    </span>
                  ))}
                </figcaption>
              </figure>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function faultsIn(picture: { warnings: readonly { detail: string }[]; findings: readonly { detail: string }[] }): string[] {
  return [...new Set([...picture.warnings, ...picture.findings].map((fault) => fault.detail))].slice(0, 3);
}

function storedPlatform(): string {
  try {
    return localStorage.getItem(STORED) ?? "klaviyo";
  } catch {
    return "klaviyo";
  }
}

function storePlatform(esp: string): void {
  try {
    localStorage.setItem(STORED, esp);
  } catch {
    // Storage is refused: the platform is asked for again next time.
  }
}
