/** A button of three dots that opens a card's menu. */

import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";

import { placeOpened } from "./dialog";

export function MoreMenu(props: { id: string; label: string; class?: string; children: (hide: () => void) => ComponentChildren }) {
  const menu = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  return (
    <>
      <button
        ref={button}
        type="button"
        class={`icon ${props.class ?? ""}`}
        aria-label={props.label}
        aria-haspopup="true"
        popoverTarget={props.id}
      >
        <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
          <g fill="currentColor">
            <circle cx="3" cy="8" r="1.4" />
            <circle cx="8" cy="8" r="1.4" />
            <circle cx="13" cy="8" r="1.4" />
          </g>
        </svg>
      </button>
      <div ref={menu} id={props.id} popover="auto" class="menu card-menu" onToggle={(event) => placeOpened(event, button.current)}>
        {props.children(() => menu.current?.hidePopover())}
      </div>
    </>
  );
}
