/** Signing in with an invitation link, and what to do without one. */

import { useState } from "preact/hooks";

import { codeIn, sessionState, signIn, signInProblem } from "../server/session";
import { words } from "../words/screens";
import { CopyButton } from "../components/copy";
import { Labelled } from "../components/fields";
import { ProblemNote } from "../components/problem_note";
import { Stamp } from "./frame";

const text = words.signIn;

export function SignIn() {
  const [pasted, setPasted] = useState("");
  const [keep, setKeep] = useState(false);
  const [fault, setFault] = useState<string>();
  const [busy, setBusy] = useState(false);
  const submit = async (event: Event) => {
    event.preventDefault();
    const code = codeIn(pasted);
    if (code === undefined) {
      setFault(text.none);
      return;
    }
    setBusy(true);
    await signIn(code, keep).finally(() => setBusy(false));
  };
  return (
    <main class="sign-in">
      <div class="sign-in-card">
        <p class="wordmark">
          <Stamp />
          <span>{words.product}</span>
        </p>
        <h1>{text.title}</h1>
        {sessionState.value === "over" && <p class="notice caution">{text.over}</p>}
        <form onSubmit={submit} noValidate>
          <p class="quiet">{text.lead}</p>
          <Labelled label={text.label} fault={fault}>
            {(attributes) => (
              <input
                {...attributes}
                type="text"
                autocomplete="off"
                spellcheck={false}
                autofocus
                maxLength={2_000}
                placeholder={text.placeholder}
                value={pasted}
                onInput={(event) => {
                  setPasted(event.currentTarget.value);
                  setFault(undefined);
                }}
              />
            )}
          </Labelled>
          <label class="check">
            <input type="checkbox" checked={keep} onChange={(event) => setKeep(event.currentTarget.checked)} />
            <span>{text.keep}</span>
          </label>
          <ProblemNote problem={signInProblem.value} />
          <button type="submit" class="primary large" disabled={busy || pasted.trim() === ""}>
            {text.submit}
          </button>
        </form>
        <section class="sign-in-help">
          <h2>{text.without}</h2>
          <p>{text.withoutTeam}</p>
          <p class="command">
            <code>{text.command}</code>
            <CopyButton text={text.command} label={words.copy} />
          </p>
          <p class="quiet">{text.designOnly}</p>
          <p class="quiet">{text.local}</p>
        </section>
      </div>
    </main>
  );
}
