/** The page's regions, between which F6 goes. */

const FOCUSABLE = "button:not(:disabled), [href], input:not(:disabled), select, textarea, [tabindex='0']";

export function goToRegion(by: 1 | -1): void {
  const regions = [...document.querySelectorAll<HTMLElement>("[data-region]")].filter((region) => region.offsetParent !== null);
  const at = regions.findIndex((region) => region.contains(document.activeElement));
  const next = regions[(at + by + regions.length) % regions.length];
  const first = next && [...next.querySelectorAll<HTMLElement>(FOCUSABLE)].find((element) => element.tabIndex >= 0 && element.offsetParent !== null);
  (first ?? next)?.focus();
}
