/** What the page shows before anything was counted: the three calls that make a first number. */

import { CopyButton } from "../../components/copy";
import { words } from "../../words/usage";

const text = words.empty;
const KEY = '-H "Authorization: Bearer $POSTCARD_API_KEY"';
const JSON_TYPE = '-H "Content-Type: application/json"';
const DOCUMENT = {
  name: "Hello",
  width: 600,
  height: 200,
  background: "#2b2a5c",
  color: "#ffffff",
  fields: { name: { default: "there", max_length: 40 } },
  layers: [{ type: "text", x: 40, y: 60, width: 520, text: "Hi {{ name }}", size: 48, max_lines: 1, fit: "shrink" }],
  fallback: { text: "Hello", background: "#2b2a5c", color: "#ffffff" },
};

/** Calls for a shell, in the order in which they are made, at an address of the service. */
export function firstCalls(origin: string): string[] {
  const link = { template_id: "hello", campaign: "first", modifications: [{ name: "name", value: "Ada" }] };
  return [
    `curl -X PUT ${origin}/v1/templates/hello ${KEY} \\\n  ${JSON_TYPE} -H "If-None-Match: *" \\\n  -d '${JSON.stringify(DOCUMENT)}'`,
    `LINK=$(curl -s ${origin}/v1/links ${KEY} \\\n  ${JSON_TYPE} -d '${JSON.stringify(link)}' \\\n  | sed 's/.*"url": *"\\([^"]*\\)".*/\\1/')`,
    'curl -o hello.png "$LINK"',
  ];
}

export function UsageEmpty() {
  const calls = firstCalls(location.origin);
  return (
    <section class="usage-empty">
      <h2>{text.title}</h2>
      <p class="quiet">{text.about}</p>
      <ol>
        {calls.map((call, index) => (
          <li key={call}>
            <div class="usage-call-head">
              <span>{text.steps[index]}</span>
              <CopyButton text={call} label={text.copy} />
            </div>
            <pre tabIndex={0} aria-label={text.steps[index]}>
              {call}
            </pre>
          </li>
        ))}
      </ol>
    </section>
  );
}
