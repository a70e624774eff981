/** The editor's panels, a part of the page that is fetched beside the first picture. */

import { signal } from "@preact/signals";

import type { Panels } from "./registry";

export const panels = signal<Panels>({});
/** Whether the panels could not be fetched: the connection is gone, or a newer page was deployed. */
export const panelsFailed = signal(false);

let loading: Promise<void> | undefined;

/** Fetches the panels; they are shown, and ask the service themselves, once `ready` is fulfilled. */
export function loadPanels(ready: Promise<void>): Promise<void> {
  loading ??= import("../panels").then(
    async (module) => {
      await ready;
      panels.value = module.panels;
    },
    () => {
      panelsFailed.value = true;
      loading = undefined;
    },
  );
  return loading;
}
