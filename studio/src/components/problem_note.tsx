/** Shows an error in the service's words. */

import { ApiProblem } from "../server/api";
import { words } from "../words/screens";

/** What the service said, with the number that finds the call in its log. */
export function ProblemNote({ problem, retry }: { problem: unknown; retry?: () => void }) {
  if (problem === undefined || problem === null) return null;
  const detail = problem instanceof ApiProblem ? problem.detail : String((problem as Error).message ?? problem);
  const id = problem instanceof ApiProblem ? problem.requestId : undefined;
  return (
    <div class="notice danger problem" role="alert">
      <span>{detail}</span>
      {id !== undefined && <span class="request-id">{words.request(id)}</span>}
      {retry && (
        <button type="button" class="outlined" onClick={retry}>
          {words.tryAgain}
        </button>
      )}
    </div>
  );
}
