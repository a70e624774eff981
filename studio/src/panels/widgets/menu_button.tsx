/** A button that opens a menu. Arrow keys walk through it, Escape closes it. */

import type { ComponentChildren } from "preact";
import { useId, useRef } from "preact/hooks";

import { placeBelow } from "../../components/dialog";

export interface MenuItem {
  label: string;
  icon?: ComponentChildren;
  hint?: string;
  run: () => void;
}

export interface MenuButtonProps {
  label: string;
  children: ComponentChildren;
  items: readonly MenuItem[];
  empty?: string;
  class?: string;
  /** The button shows an icon only; its label is its name. */
  iconOnly?: boolean;
}

export function MenuButton(props: MenuButtonProps) {
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const menu = useRef<HTMLDivElement>(null);
  const choose = (item: MenuItem): void => {
    menu.current?.hidePopover();
    button.current?.focus();
    item.run();
  };
  return (
    <>
      <button
        type="button"
        ref={button}
        class={props.class ?? "outlined"}
        aria-haspopup="menu"
        aria-label={props.iconOnly ? props.label : undefined}
        title={props.iconOnly ? props.label : undefined}
        popovertarget={id}
      >
        {props.children}
      </button>
      <div
        id={id}
        ref={menu}
        popover="auto"
        role="menu"
        aria-label={props.label}
        class="menu"
        onToggle={(event) => opened(event, button.current, menu.current)}
        onKeyDown={(event) => walk(event, menu.current)}
      >
        {props.items.length === 0 && <p class="quiet menu-empty">{props.empty}</p>}
        {props.items.map((item) => (
          <button
            type="button"
            role="menuitem"
            tabIndex={-1}
            key={item.label}
            aria-keyshortcuts={item.hint}
            onClick={() => choose(item)}
          >
            {item.icon}
            <span class="grow menu-label">{item.label}</span>
            {item.hint && (
              <kbd class="quiet" aria-hidden="true">
                {item.hint}
              </kbd>
            )}
          </button>
        ))}
      </div>
    </>
  );
}

function opened(event: { newState: string }, button: HTMLElement | null, menu: HTMLElement | null): void {
  if (event.newState !== "open" || !button || !menu) return;
  placeBelow(menu, button);
  (menu.querySelector("button") ?? menu).focus();
}

const STEPS: { [key: string]: (at: number, count: number) => number } = {
  ArrowDown: (at, count) => (at + 1) % count,
  ArrowUp: (at, count) => (at - 1 + count) % count,
  Home: () => 0,
  End: (_at, count) => count - 1,
};

function walk(event: KeyboardEvent, menu: HTMLElement | null): void {
  const items = [...(menu?.querySelectorAll<HTMLElement>("[role=menuitem]") ?? [])];
  const step = STEPS[event.key];
  if (event.key === "Tab") menu?.hidePopover();
  if (!step || items.length === 0) return;
  event.preventDefault();
  event.stopPropagation();
  items[step(items.indexOf(document.activeElement as HTMLElement), items.length)]?.focus();
}
