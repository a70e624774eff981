"""A browser's reading of an address (WHATWG URL) and the edge function's, in one Node process."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tests.edge.engines import ENTRY, write_script
from tests.merge_tags.node_process import NodeProcess

# The function runs once for each address; the answers are in the order of the questions.
DRIVER = (
    f"const ENTRY = {json.dumps(ENTRY)};"
    + """
const requested = (address) => {
  try { const url = new URL(address.trim()); return [url.pathname, url.search.slice(1)]; }
  catch (error) { return null; }
};
async function answer(address) {
  const found = requested(address);
  if (!found) return [null, 0, ''];
  const [uri, query] = found;
  const c = { entry: ENTRY, method: 'GET', uri, headers: {}, query: query || null };
  const result = await run(c);
  const link = result.headers && result.headers['x-postcard-link'];
  return [`${uri}?${query}`, result.statusCode || 200, link ? link.value : ''];
}
require('readline').createInterface({ input: process.stdin }).on('line', (line) => {
  Promise.all(JSON.parse(line).map(answer)).then((answers) => {
    process.stdout.write(JSON.stringify(answers) + '\\n');
  });
});
"""
)
CHUNK = 2000


class EdgeReading(NamedTuple):
    """A request's path and query (None: no address), the edge's status and the link it passes on.

    A status of 200 stands for a request that the edge lets through.
    """

    link: str | None
    status: int
    canonical: str


class EdgeReader:
    """Reads addresses as they stand in a mail."""

    def __init__(self, folder: Path) -> None:
        self._process = NodeProcess(write_script(folder, DRIVER))

    def read(self, addresses: Sequence[str]) -> list[EdgeReading]:
        readings: list[EdgeReading] = []
        for first in range(0, len(addresses), CHUNK):
            answers = self._process.ask(list(addresses[first : first + CHUNK]))
            readings += [EdgeReading(*answer) for answer in answers]
        return readings

    def close(self) -> None:
        self._process.close()
