/** Makes links that show usage without a session, lists them and takes them back. */

import { useEffect, useState } from "preact/hooks";

import { CopyButton } from "../../components/copy";
import { Dialog } from "../../components/dialog";
import { Labelled } from "../../components/fields";
import { ProblemNote } from "../../components/problem_note";
import { deleteUsageShare, listUsageShares, shareUsage, type UsageQuery, type UsageReport, type UsageShare } from "../../server/usage";
import { shownDay } from "../../words/formats";
import { words } from "../../words/usage";

const text = words.share;
const DAY_MS = 86_400_000;

export function ShareDialog({ query, report, close }: { query: UsageQuery; report: UsageReport; close: () => void }) {
  const [days, setDays] = useState(30);
  const [prices, setPrices] = useState(false);
  const [made, setMade] = useState<string>();
  const [shares, setShares] = useState<readonly UsageShare[]>();
  const [problem, setProblem] = useState<unknown>();
  const [isWaiting, setWaiting] = useState(false);
  const load = () => listUsageShares().then(setShares, setProblem);
  useEffect(() => void load(), []);
  const act = async (change: () => Promise<void>) => {
    setWaiting(true);
    setProblem(undefined);
    try {
      await change();
      await load();
    } catch (failed) {
      setProblem(failed);
    } finally {
      setWaiting(false);
    }
  };
  const make = async () => {
    const expires_at = new Date(Date.now() + days * DAY_MS).toISOString();
    const { path } = await shareUsage(query, { prices, expires_at });
    setMade(location.origin + path);
  };
  return (
    <Dialog title={text.title} close={close} name="share-usage">
      <div class="stack">
        <p>{text.shows(scopeOf(query, report))}</p>
        <p class="quiet">{text.about}</p>
        <div class="share-options">
          <Labelled label={text.ends}>
            {(attributes) => (
              <select {...attributes} data-first value={String(days)} onChange={(event) => setDays(Number(event.currentTarget.value))}>
                {[7, 30, 90, 365].map((number) => (
                  <option key={number} value={String(number)}>
                    {text.inDays(number)}
                  </option>
                ))}
              </select>
            )}
          </Labelled>
          <label class="check">
            <input type="checkbox" checked={prices} onChange={(event) => setPrices(event.currentTarget.checked)} />
            {text.prices}
          </label>
          <button type="button" class="primary" disabled={isWaiting} onClick={() => void act(make)}>
            {text.make}
          </button>
        </div>
        <ProblemNote problem={problem} />
        {made !== undefined && (
          <Labelled label={text.link} hint={text.once}>
            {(attributes) => (
              <span class="row">
                <input {...attributes} class="grow" readOnly value={made} onFocus={(event) => event.currentTarget.select()} />
                <CopyButton text={made} label={text.copy} class="primary" />
              </span>
            )}
          </Labelled>
        )}
        <ShareList shares={shares} isWaiting={isWaiting} remove={(id) => void act(() => deleteUsageShare(id))} />
      </div>
    </Dialog>
  );
}

function ShareList(props: { shares: readonly UsageShare[] | undefined; isWaiting: boolean; remove: (id: string) => void }) {
  if (!props.shares?.length) return null;
  return (
    <section class="share-list" aria-labelledby="share-list">
      <h3 id="share-list">{text.list}</h3>
      <ul>
        {props.shares.map((share) => (
          <li key={share.id}>
            <span class="grow">
              <span>{scopeOf(share)}</span>
              <span class="quiet">
                {text.facts(share.created_by, shownDay(share.created_at), shownDay(share.expires_at), share.prices)}
              </span>
            </span>
            <button type="button" class="danger" disabled={props.isWaiting} onClick={() => props.remove(share.id)}>
              {text.remove}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** What a link shows, in words: which templates and days. */
function scopeOf(shown: UsageQuery | UsageShare, report?: UsageReport): string {
  const days = shown.days ? text.lastDays(shown.days) : (report?.period ?? `${shownDay(shown.from ?? "")} – ${shownDay(shown.to ?? "")}`);
  return [shown.template_id ?? text.allTemplates, shown.campaign === "" ? text.noCampaign : shown.campaign, days].filter(Boolean).join(" · ");
}
