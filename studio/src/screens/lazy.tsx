/** Components of a part of the page that is fetched when it is needed. */

import type { ComponentType, RenderableProps } from "preact";
import { useEffect, useState } from "preact/hooks";

import { words } from "../words/loading";

type All = typeof import("./all");

let all: All | undefined;

/** Shows a screen as soon as the part of the page with all screens is there. */
export function lazy<P = Record<string, never>>(choose: (all: All) => ComponentType<P>): ComponentType<P> {
  return function Lazy(props: RenderableProps<P>) {
    const [loaded, setLoaded] = useState(all);
    const [failed, setFailed] = useState(false);
    useEffect(() => {
      if (loaded) return;
      import("./all").then(
        (module) => setLoaded(() => (all = module)),
        () => setFailed(true),
      );
    }, []);
    if (failed) return <Failed />;
    if (!loaded) return null;
    const Screen = choose(loaded) as ComponentType<RenderableProps<P>>;
    return <Screen {...props} />;
  };
}

function Failed() {
  return (
    <div class="notice danger" role="alert">
      <p>{words.failed}</p>
      <button type="button" class="outlined" onClick={() => location.reload()}>
        {words.reload}
      </button>
    </div>
  );
}
