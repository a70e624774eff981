/** The modal dialog of all screens, and where their pop-overs open. */

import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";

import { words } from "../words/components";

export interface DialogProps {
  title: string;
  /** What Escape and the cross do; without it a button of the dialog ends it. */
  close?: () => void;
  /** A press beside the dialog closes it, too. Not for forms, whose contents would be lost. */
  lightDismiss?: boolean;
  /** A class for its own style; `wide` keeps the actions of a long dialog in sight. */
  name?: string;
  children: ComponentChildren;
}

/** A modal dialog that is open as long as it is there; afterwards the focus is where it was. */
export function Dialog({ title, close, lightDismiss = false, name = "", children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    const element = dialog.current;
    const before = document.activeElement;
    element?.showModal();
    element?.querySelector<HTMLElement>("[data-first]")?.focus();
    return () => {
      element?.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      class={name}
      aria-labelledby={heading}
      onCancel={(event) => {
        event.preventDefault();
        close?.();
      }}
      onPointerDown={(event) => {
        if (lightDismiss && event.target === event.currentTarget && isBeside(event, event.currentTarget)) close?.();
      }}
    >
      <div class="dialog-head">
        <h2 id={heading}>{title}</h2>
        {close && (
          <button type="button" class="icon" aria-label={words.close} onClick={close}>
            <Cross />
          </button>
        )}
      </div>
      {children}
    </dialog>
  );
}

/** Whether a press is on the ground behind a dialog, which counts as the dialog itself. */
function isBeside({ clientX: x, clientY: y }: MouseEvent, dialog: HTMLElement): boolean {
  const box = dialog.getBoundingClientRect();
  return x < box.left || x > box.right || y < box.top || y > box.bottom;
}

function Cross() {
  return (
    <svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true">
      <path d="M3 3l8 8M11 3l-8 8" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" />
    </svg>
  );
}

// --- pop-overs

/** Puts a pop-over below an element, inside of the window. */
export function placeBelow(popover: HTMLElement, anchor: HTMLElement): void {
  const at = anchor.getBoundingClientRect();
  const size = popover.getBoundingClientRect();
  const left = Math.max(8, Math.min(at.left, innerWidth - size.width - 8));
  const below = at.bottom + 4;
  const fits = below + size.height <= innerHeight - 8;
  const top = fits ? below : Math.max(8, at.top - size.height - 4);
  popover.style.setProperty("left", `${left}px`);
  popover.style.setProperty("top", `${top}px`);
}

/** Handles a pop-over's `toggle` event: one that opens is put below an element. */
export function placeOpened(event: { newState: string; currentTarget: HTMLElement }, anchor: HTMLElement | null): void {
  if (event.newState === "open" && anchor) placeBelow(event.currentTarget, anchor);
}
