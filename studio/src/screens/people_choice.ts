/** The people whose values a preview may show: examples, defaults, the seven worst cases, rows of a file. */

import { useEffect, useState } from "preact/hooks";

import type { Modification, Person } from "../editor/store";
import { api } from "../server/api";
import { type PreviewAnswer, type PreviewBody, previewJson } from "../server/previews";
import { words } from "../words/screens";

export const EXAMPLES = "examples";
export const DEFAULTS = "defaults";
export const OWN = "own";

export interface PersonOption {
  value: string;
  name: string;
  modifications: readonly Modification[];
}

/** The seven worst people of a document; none until the service made them. */
export function useWorstPeople(document: string | undefined): readonly PersonOption[] {
  const [worst, setWorst] = useState<readonly PersonOption[]>([]);
  const known = document !== undefined;
  useEffect(() => {
    if (document === undefined) return;
    const ending = new AbortController();
    // The people's values are wanted, not their pictures: those are as small as can be.
    const body: PreviewBody = { document, people: "worst", width: 16, findings: false };
    api.post<PreviewAnswer>("/v1/previews", previewJson(body), { signal: ending.signal, has: ["pictures"] }).then(
      (answer) => setWorst((answer.body.pictures ?? []).flatMap(option)),
      () => undefined, // The document has faults: the preview itself says which.
    );
    return () => ending.abort();
  }, [known]);
  return worst;
}

function option(picture: { [more: string]: unknown }): PersonOption[] {
  const name = String(picture.name ?? "");
  if (!Array.isArray(picture.modifications)) return [];
  return [{ value: `worst-${name}`, name: words.preview.worst[name] ?? name, modifications: picture.modifications }];
}

export function fileOptions(people: readonly Person[]): readonly PersonOption[] {
  return people.map((person, index) => ({ value: `file-${index}`, name: person.label, modifications: person.modifications }));
}

/** The part of a preview's body that says whose values it has. */
export function valuesOf(chosen: string, options: readonly PersonOption[]): PreviewBody {
  const person = options.find((each) => each.value === chosen);
  if (person) return { base: "defaults", modifications: person.modifications, on_invalid: "default" };
  return { base: chosen === DEFAULTS ? "defaults" : "examples", ...(chosen === DEFAULTS ? { on_invalid: "default" } : {}) };
}
