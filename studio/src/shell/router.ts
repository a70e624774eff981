/** Maps the page's address to a screen, and navigates. */

import { signal } from "@preact/signals";

export type Route =
  | { screen: "templates" }
  | { screen: "new" }
  | { screen: "picture_start" }
  | { screen: "usage" }
  | { screen: "editor" | "preview" | "versions"; id: string }
  | { screen: "unknown" };

function routeOf(path: string): Route {
  const parts = path.replace(/\/+$/, "").split("/").slice(1);
  if (parts[0] !== "studio") return { screen: "unknown" };
  if (parts.length === 1) return { screen: "templates" };
  if (parts.length === 2 && parts[1] === "usage") return { screen: "usage" };
  if (parts.length === 2 && parts[1] === "new") return { screen: "new" };
  if (parts.length === 3 && parts[1] === "new" && parts[2] === "picture") return { screen: "picture_start" };
  const id = parts[2];
  if (parts[1] === "t" && id !== undefined && /^[A-Za-z0-9_-]{1,64}$/.test(id)) {
    if (parts.length === 3) return { screen: "editor", id };
    if (parts.length === 4 && (parts[3] === "preview" || parts[3] === "versions")) return { screen: parts[3], id };
  }
  return { screen: "unknown" };
}

export const route = signal<Route>(routeOf(location.pathname));

export function navigate(path: string, options: { replace?: boolean } = {}): void {
  history[options.replace ? "replaceState" : "pushState"](null, "", path);
  route.value = routeOf(path.split(/[?#]/)[0] ?? path);
}

/** Follow links to the studio's own screens without loading the page again. */
export function startRouter(): void {
  addEventListener("popstate", () => {
    route.value = routeOf(location.pathname);
  });
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
    const link = (event.target as Element | null)?.closest?.("a");
    if (!link || link.target || link.hasAttribute("download") || link.origin !== location.origin) return;
    if (routeOf(link.pathname).screen === "unknown") return;
    event.preventDefault();
    navigate(link.pathname);
  });
}
