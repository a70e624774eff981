/** Two pictures of the service beside each other, one over the other, or their difference. */

import { useEffect, useRef, useState } from "preact/hooks";

import type { PreviewBody } from "../../server/previews";
import { words } from "../../words/screens";
import { type Drawn, useDrawn } from "../../components/drawn";
import { Choice } from "../../components/fields";
import { ProblemNote } from "../../components/problem_note";

const text = words.versions;

type Way = "side" | "swipe" | "difference";

export interface Side {
  name: string;
  body: PreviewBody | undefined;
}

export function Compare({ before, after }: { before: Side; after: Side }) {
  const [way, setWay] = useState<Way>("side");
  const old = useDrawn(before.body);
  const new_ = useDrawn(after.body);
  return (
    <div class="compare">
      <Choice<Way>
        label={text.compare}
        value={way}
        options={[
          { value: "side", name: text.side },
          { value: "swipe", name: text.swipe },
          { value: "difference", name: text.difference },
        ]}
        choose={setWay}
      />
      <ProblemNote problem={old.problem} />
      <ProblemNote problem={new_.problem} />
      {way === "side" && (
        <div class="compare-sides">
          <One name={before.name} drawn={old} />
          <One name={after.name} drawn={new_} />
        </div>
      )}
      {way === "swipe" && <Swipe before={before} after={after} old={old} new_={new_} />}
      {way === "difference" && (
        <figure class="compare-stack difference">
          <div class="shown-pictures">
            <Picture drawn={old} name={before.name} />
            <Picture drawn={new_} name={after.name} over />
          </div>
          <figcaption>{text.differenceHelp}</figcaption>
        </figure>
      )}
    </div>
  );
}

function One({ name, drawn }: { name: string; drawn: Drawn }) {
  return (
    <figure aria-busy={drawn.busy}>
      <figcaption>{name}</figcaption>
      <div class="shown-pictures">
        <Picture drawn={drawn} name={name} />
      </div>
    </figure>
  );
}

function Picture({ drawn, name, over }: { drawn: Drawn; name: string; over?: boolean }) {
  if (drawn.url === undefined) return <span class="no-picture-yet" />;
  return <img class={over ? "over" : ""} src={drawn.url} alt={`${name}: ${drawn.answer?.alt ?? ""}`} draggable={false} />;
}

function Swipe(props: { before: Side; after: Side; old: Drawn; new_: Drawn }) {
  const [share, setShare] = useState(50);
  const stack = useRef<HTMLDivElement>(null);
  useEffect(() => {
    stack.current?.style.setProperty("--share", `${share}%`);
  }, [share]);
  return (
    <figure class="compare-stack swipe">
      <figcaption>
        <span>{props.before.name}</span>
        <span>{props.after.name}</span>
      </figcaption>
      <div ref={stack} class="shown-pictures">
        <Picture drawn={props.old} name={props.before.name} />
        <Picture drawn={props.new_} name={props.after.name} over />
        <span class="swipe-line" />
      </div>
      <input
        type="range"
        min={0}
        max={100}
        value={share}
        aria-label={text.swipeLabel}
        onInput={(event) => setShare(event.currentTarget.valueAsNumber)}
      />
    </figure>
  );
}
