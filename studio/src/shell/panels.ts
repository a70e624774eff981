/** The editor's panels, a part of the page that is fetched beside the first picture. */

import { signal } from "@preact/signals";

import type { Panels } from "./registry";

export const panels = signal<Panels>({});
/** Whether the panels could not be fetched: the connection is gone, or a newer page was deployed. */
export const panelsFailed = signal(false);

let loading: Promise<void> | undefined;

export function loadPanels(): Promise<void> {
  loading ??= import("../panels").then(
    (module) => {
      panels.value = module.panels;
    },
    () => {
      panelsFailed.value = true;
      loading = undefined;
    },
  );
  return loading;
}
