/** Copies texts to the clipboard. */

import { useEffect, useState } from "preact/hooks";

import { words } from "../words/screens";

export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

export function CopyButton(props: { text: string; label: string; class?: string; disabled?: boolean }) {
  const [said, say] = useState("");
  useEffect(() => {
    if (!said) return;
    const timer = setTimeout(() => say(""), 2_500);
    return () => clearTimeout(timer);
  }, [said]);
  return (
    <button
      type="button"
      class={props.class ?? "outlined"}
      disabled={props.disabled}
      onClick={() => void copyText(props.text).then((done) => say(done ? words.copied : words.copyRefused))}
    >
      {said || props.label}
      <span class="visually-hidden" role="status">
        {said}
      </span>
    </button>
  );
}
