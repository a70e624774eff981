/** The assets panel: pictures of the account, uploads, replacing and deleting. */

import { useEffect, useMemo, useRef, useState } from "preact/hooks";

import { freeName, slug } from "../document/bounds";
import { isObject, valueAt } from "../document/json";
import type { Json } from "../document/types";
import { documentSize } from "../editor/boards";
import { addLayer, namesIn, pathOf } from "../editor/operations";
import type { Editor, LayerNode } from "../editor/store";
import { findLayer } from "../editor/tree";
import { Dialog } from "../components/dialog";
import { MoreMenu } from "../components/more_menu";
import { copyText } from "../components/copy";
import { ProblemNote } from "../components/problem_note";
import { useDrawn } from "../components/drawn";
import {
  type Asset, contentTypeOf, deleteAsset, FILE_TYPES, isFont, listAssets, MAX_BYTES, readAsset, uploadAsset, uploadNewAsset,
} from "../server/assets";
import { hasScope } from "../server/session";
import type { PreviewBody } from "../server/previews";
import type { PanelProps } from "../shell/registry";
import { words } from "../words/screens";

const text = words.assets;
/** Thumbnails of one request. A session draws 12 pictures a second, and the canvas needs some. */
const PAGE = 8;
const THUMBNAIL = { width: 120, height: 90 };

export interface UploadState {
  key: number;
  name: string;
  share: number;
  done?: string;
  fault?: string;
}

export function AssetsPanel({ editor }: PanelProps) {
  const [assets, setAssets] = useState<readonly Asset[]>();
  const [problem, setProblem] = useState<unknown>();
  const [query, setQuery] = useState("");
  const [pages, setPages] = useState(1);
  const [removing, setRemoving] = useState<Asset>();
  const { uploads, start, dismiss } = useUploads((asset) =>
    setAssets((before) => [asset, ...(before ?? []).filter((each) => each.id !== asset.id)]),
  );
  const load = () => {
    setProblem(undefined);
    listAssets().then(setAssets, setProblem);
  };
  useEffect(load, []);
  const found = (assets ?? []).filter((asset) => !isFont(asset) && asset.id.includes(query.trim().toLowerCase()));
  const shown = found.slice(0, pages * PAGE);
  const [over, setOver] = useState(false);
  return (
    <div
      class={over ? "assets-panel over" : "assets-panel"}
      onDragOver={(event) => {
        if (!event.dataTransfer?.types.includes("Files")) return;
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        start([...(event.dataTransfer?.files ?? [])]);
      }}
    >
      <div class="panel-tools">
        <input
          type="search"
          aria-label={text.search}
          placeholder={text.search}
          maxLength={64}
          value={query}
          onInput={(event) => setQuery(event.currentTarget.value)}
        />
        <FileButton label={text.upload} accept={FILE_TYPES} multiple choose={start} class="primary" />
      </div>
      <p class="hint">{over ? text.drop : text.help}</p>
      <ProblemNote problem={problem} retry={load} />
      <UploadList uploads={uploads} dismiss={dismiss} />
      {assets !== undefined && found.length === 0 && <p class="quiet">{query ? text.noMatch : text.none}</p>}
      {Array.from({ length: Math.ceil(shown.length / PAGE) }, (_, page) => (
        <AssetPage
          key={page}
          assets={shown.slice(page * PAGE, (page + 1) * PAGE)}
          editor={editor}
          replace={(asset, file) => start([file], asset)}
          remove={setRemoving}
          checked={(asset) => setAssets((before) => before?.map((each) => (each.id === asset.id ? asset : each)))}
        />
      ))}
      {found.length > shown.length && (
        <button type="button" class="link" onClick={() => setPages(pages + 1)}>
          {text.moreOnes}
        </button>
      )}
      {removing && (
        <RemoveDialog
          asset={removing}
          close={() => setRemoving(undefined)}
          done={() => {
            setAssets((before) => before?.filter((each) => each.id !== removing.id));
            setRemoving(undefined);
          }}
        />
      )}
    </div>
  );
}

/** Uploads that run or were refused, newest first. */
export function useUploads(ready: (asset: Asset) => void) {
  const [uploads, setUploads] = useState<readonly UploadState[]>([]);
  const next = useRef(0);
  const ending = useRef(new AbortController());
  useEffect(() => () => ending.current.abort(), []);
  const change = (key: number, part: Partial<UploadState>) =>
    setUploads((before) => before.map((each) => (each.key === key ? { ...each, ...part } : each)));
  const one = async (file: File, replaced?: Asset) => {
    const key = (next.current += 1);
    setUploads((before) => [{ key, name: file.name, share: 0 }, ...before].slice(0, 20));
    const type = contentTypeOf(file);
    const fault = faultOf(file, type);
    if (fault !== undefined || type === undefined) {
      change(key, { fault: fault ?? text.wrongType(file.name) });
      return;
    }
    const options = { progress: (share: number) => change(key, { share }), signal: ending.current.signal };
    try {
      const asset = replaced
        ? await uploadAsset(file, type, replaced.id, { ...options, replace: true })
        : await uploadNewAsset(file, type, slug(file.name.replace(/\.[^.]*$/, ""), "picture"), options);
      const refused = asset.status === "refused" || asset.replacement === "refused";
      if (refused) change(key, { fault: `${text.refused(asset.detail ?? "")}${replaced ? ` ${text.kept}` : ""}` });
      else change(key, { share: 1, done: text.ready(asset.id) });
      if (asset.status === "ready") ready(asset);
    } catch (error) {
      if (ending.current.signal.aborted) return;
      change(key, { fault: `${text.failed(file.name)} ${(error as Error).message} ${replaced ? text.kept : ""}`.trim() });
    }
  };
  return {
    uploads,
    start: (files: readonly File[], replaced?: Asset) => files.slice(0, 20).forEach((file) => void one(file, replaced)),
    dismiss: (key: number) => setUploads((before) => before.filter((each) => each.key !== key)),
  };
}

function faultOf(file: File, type: string | undefined): string | undefined {
  if (type === undefined) return text.wrongType(file.name);
  if (file.size === 0) return text.empty(file.name);
  return file.size > MAX_BYTES ? text.tooLarge(file.name) : undefined;
}

export function UploadList({ uploads, dismiss }: { uploads: readonly UploadState[]; dismiss: (key: number) => void }) {
  return (
    <ul class="upload-list" aria-live="polite">
      {uploads.map((upload) => (
        <li key={upload.key} class={upload.fault ? "notice danger" : "notice"}>
          <span class="grow">
            {upload.fault ?? upload.done ?? (upload.share < 1 ? text.progress(upload.name) : text.checking(upload.name))}
          </span>
          {!upload.fault && !upload.done && <progress max={1} value={upload.share} aria-label={text.progress(upload.name)} />}
          {(upload.fault || upload.done) && (
            <button type="button" onClick={() => dismiss(upload.key)}>
              {text.dismiss}
            </button>
          )}
        </li>
      ))}
    </ul>
  );
}

export function FileButton(props: {
  label: string;
  accept: string;
  multiple?: boolean;
  class?: string;
  choose: (files: readonly File[]) => void;
}) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={input}
        type="file"
        class="visually-hidden"
        accept={props.accept}
        multiple={props.multiple}
        tabIndex={-1}
        aria-hidden="true"
        onChange={(event) => {
          const files = [...(event.currentTarget.files ?? [])];
          event.currentTarget.value = "";
          props.choose(files);
        }}
      />
      <button type="button" class={props.class ?? "outlined"} onClick={() => input.current?.click()}>
        {props.label}
      </button>
    </>
  );
}

function AssetPage(props: {
  assets: readonly Asset[];
  editor: Editor;
  replace: (asset: Asset, file: File) => void;
  remove: (asset: Asset) => void;
  checked: (asset: Asset) => void;
}) {
  const { assets, editor } = props;
  const areChecked = useChecks(assets, props.checked);
  const ready = assets.filter((asset) => asset.status === "ready");
  const key = ready.map((asset) => `${asset.id}${asset.created_at}${asset.bytes}`).join();
  const body = useMemo(() => (areChecked ? thumbnails(ready) : undefined), [key, areChecked]);
  const drawn = useDrawn(body);
  return (
    <ul class="asset-grid">
      {assets.map((asset) => (
        <AssetCard
          key={asset.id}
          asset={asset}
          url={drawn.urls[ready.indexOf(asset)]}
          editor={editor}
          replace={(file) => props.replace(asset, file)}
          remove={() => props.remove(asset)}
        />
      ))}
    </ul>
  );
}

/** Lets the service check uploads that nobody has used yet, each once. True when all were looked at. */
function useChecks(assets: readonly Asset[], checked: (asset: Asset) => void): boolean {
  const [areChecked, setChecked] = useState(false);
  const looked = useRef(new Set<string>());
  const waiting = assets.filter((asset) => asset.status === "waiting" || asset.replacement === "waiting");
  useEffect(() => {
    const ending = new AbortController();
    const look = async () => {
      for (const asset of waiting) {
        if (looked.current.has(asset.id)) continue;
        looked.current.add(asset.id);
        const found = await readAsset(asset.id, ending.signal);
        if (found.status !== "waiting") checked(found);
      }
    };
    look()
      .catch(() => undefined) // They stay as they are.
      .finally(() => !ending.signal.aborted && setChecked(true));
    return () => ending.abort();
  }, [assets.map((asset) => asset.id).join()]);
  return areChecked;
}

/** Small pictures of assets in one request: one template, and a "person" for each asset. */
function thumbnails(assets: readonly Asset[]): PreviewBody | undefined {
  if (assets.length === 0) return undefined;
  const document = JSON.stringify({
    ...THUMBNAIL,
    background: "transparent",
    fields: { picture: { type: "image", allowed_assets: assets.map((asset) => asset.id) } },
    layers: [{ type: "image", ...THUMBNAIL, source: "{{ picture }}", fit: "contain" }],
  });
  const people = assets.map((asset) => [{ name: "picture", image_url: `asset:${asset.id}` }]);
  return { document, people, dpr: 2, findings: false };
}

function AssetCard(props: {
  asset: Asset;
  url: string | undefined;
  editor: Editor;
  replace: (file: File) => void;
  remove: () => void;
}) {
  const { asset, url, editor } = props;
  const file = useRef<HTMLInputElement>(null);
  const selected = selectedImage(editor);
  const label = selected ? text.apply : text.insert;
  const use = () => showAsset(editor, asset, selected);
  return (
    <li class="asset">
      <button type="button" class="asset-picture" disabled={asset.status !== "ready"} title={label} aria-label={`${label}: ${asset.id}`} onClick={use}>
        {url && <img src={url} alt="" width={THUMBNAIL.width} height={THUMBNAIL.height} draggable={false} />}
      </button>
      <div class="asset-about">
        <span class="asset-name" title={asset.id}>
          {asset.id}
        </span>
        <MoreMenu id={`asset-menu-${asset.id}`} label={text.more(asset.id)}>
          {(hide) => (
            <>
              <button
                type="button"
                disabled={asset.status !== "ready"}
                onClick={() => {
                  hide();
                  use();
                }}
              >
                {label}
              </button>
              <button
                type="button"
                onClick={() => {
                  hide();
                  void copyText(`asset:${asset.id}`);
                }}
              >
                {text.copyName}
              </button>
              {hasScope("templates") ? (
                <>
                  <button type="button" onClick={() => file.current?.click()}>
                    {text.replace}
                  </button>
                  <button
                    type="button"
                    class="danger"
                    onClick={() => {
                      hide();
                      props.remove();
                    }}
                  >
                    {text.remove}
                  </button>
                </>
              ) : (
                <p class="hint">{text.needsTemplates}</p>
              )}
              <input
                ref={file}
                type="file"
                class="visually-hidden"
                accept={FILE_TYPES}
                tabIndex={-1}
                aria-hidden="true"
                onChange={(event) => {
                  const chosen = event.currentTarget.files?.[0];
                  event.currentTarget.value = "";
                  hide();
                  if (chosen) props.replace(chosen);
                }}
              />
            </>
          )}
        </MoreMenu>
      </div>
      <span class="asset-facts">
        {asset.status === "ready" && asset.width !== null && asset.height !== null ? text.size(asset.width, asset.height) : ""}
        {asset.status === "waiting" ? text.waiting : ""}
        {asset.status === "refused" || asset.replacement === "refused" ? text.refused(asset.detail ?? "") : ""}
      </span>
    </li>
  );
}

function selectedImage(editor: Editor): LayerNode | undefined {
  const [only, ...others] = editor.selection.value;
  if (only === undefined || others.length > 0) return undefined;
  const found = findLayer(editor.layers.value, only);
  return found?.type === "image" && !found.locked ? found : undefined;
}

/** Shows the asset in the selected image layer, or in a new one in the middle of the picture. */
function showAsset(editor: Editor, asset: Asset, selected: LayerNode | undefined): void {
  const source = `asset:${asset.id}`;
  if (selected) {
    editor.edit(text.apply, [{ kind: "set", path: [...pathOf(selected), "source"], value: source }]);
    return;
  }
  const { layers, value } = editor;
  const canvas = documentSize(value.value);
  const layer = layers.value.length === 0 && isLarge(asset, canvas) ? covering(canvas, source) : placed(asset, canvas, source);
  const fields = valueAt(value.value, ["fields"]);
  const taken = [...namesIn(layers.value), ...(isObject(fields) ? Object.keys(fields) : [])];
  addLayer(editor, text.picked(asset.id), { ...layer, name: freeName(asset.id, taken) });
}

interface Size {
  width: number;
  height: number;
}

/** Whether a picture fills the canvas without being enlarged to twice its size. */
function isLarge(asset: Asset, canvas: Size): boolean {
  return (asset.width ?? 0) * 2 >= canvas.width && (asset.height ?? 0) * 2 >= canvas.height;
}

/** The first large picture of a template is its background. */
function covering(canvas: Size, source: string): { [key: string]: Json } {
  return { type: "image", x: 0, y: 0, ...canvas, source };
}

/** An image layer of the asset's proportions, at most 80 % of the canvas, in its middle. */
export function placed(asset: Asset, canvas: Size, source: string): { [key: string]: Json } {
  const [width, height] = [asset.width ?? canvas.width, asset.height ?? canvas.height];
  const scale = Math.min(1, (canvas.width * 0.8) / width, (canvas.height * 0.8) / height);
  const size = { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
  return {
    type: "image",
    x: Math.round((canvas.width - size.width) / 2),
    y: Math.round((canvas.height - size.height) / 2),
    ...size,
    source,
  };
}

function RemoveDialog({ asset, close, done }: { asset: Asset; close: () => void; done: () => void }) {
  const [problem, setProblem] = useState<unknown>();
  return (
    <Dialog title={text.removeTitle(asset.id)} close={close}>
      <p>{text.removeHelp}</p>
      <ProblemNote problem={problem} />
      <div class="dialog-actions">
        <button type="button" onClick={close}>
          {words.cancel}
        </button>
        <button type="button" class="primary destructive" onClick={() => deleteAsset(asset.id).then(done, setProblem)}>
          {text.removeSubmit}
        </button>
      </div>
    </Dialog>
  );
}
