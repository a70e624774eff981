/** Previews for a screen, with one request in flight. */

import { useEffect, useRef, useState } from "preact/hooks";

import { api } from "../server/api";
import { objectUrl, type PreviewAnswer, type PreviewBody, previewJson, PreviewQueue } from "../server/previews";

export interface Drawn {
  answer: PreviewAnswer | undefined;
  /** Object URL of the picture; it is revoked when another takes its place. */
  url: string | undefined;
  /** Those of `people`. */
  urls: readonly string[];
  problem: unknown;
  busy: boolean;
}

const NOTHING: Drawn = { answer: undefined, url: undefined, urls: [], problem: undefined, busy: false };
const TRIES = 4;

async function ask(body: PreviewBody, signal: AbortSignal): Promise<PreviewAnswer> {
  return (await api.post<PreviewAnswer>("/v1/previews", previewJson(body), { signal, tries: TRIES, has: ["findings"] })).body;
}

/** The picture of a preview; the last one stays until the next is there. Nothing without a body. */
export function useDrawn(body: PreviewBody | undefined): Drawn {
  const [drawn, setDrawn] = useState<Drawn>(NOTHING);
  const queue = useRef<PreviewQueue | undefined>(undefined);
  const open = useRef<readonly string[]>([]);
  const json = body === undefined ? undefined : previewJson(body);
  useEffect(() => {
    queue.current = new PreviewQueue(ask);
    return () => {
      queue.current?.close();
      open.current.forEach((url) => URL.revokeObjectURL(url));
      open.current = [];
    };
  }, []);
  useEffect(() => {
    if (body === undefined) return;
    let left = false;
    setDrawn((last) => ({ ...last, busy: true }));
    queue.current!.ask(body).then(
      (answer) => {
        if (left || answer === undefined) return;
        const urls = (answer.pictures ?? []).map((picture) => objectUrl(picture.image));
        const url = answer.image ? objectUrl(answer.image) : urls[0];
        const old = open.current;
        open.current = url === undefined ? urls : [url, ...urls];
        setDrawn({ answer, url, urls, problem: undefined, busy: false });
        // The old picture is shown until the next frame has the new one.
        setTimeout(() => old.forEach((each) => URL.revokeObjectURL(each)), 1_000);
      },
      (problem: unknown) => {
        if (!left) setDrawn((last) => ({ ...last, problem, busy: false }));
      },
    );
    return () => {
      left = true;
    };
  }, [json]);
  return drawn;
}
