"""Combines the alarms of a part of the service into incidents with a start and an end."""

from collections.abc import Iterator, Sequence

from postcard.ports import AlarmChange
from postcard.runtime.lazy_dataclass import dataclass
from postcard.status.alarms import MEANINGS

SAME_INCIDENT_SECONDS = 600  # between the end of one alarm and the next one of the same part


@dataclass(frozen=True, slots=True)
class Incident:
    """Trouble of a part of the service, in Unix seconds; `ended_at` is None while it lasts.

    `sentences` say what people noticed, in the order in which it began.
    """

    part: str
    sentences: Sequence[str]
    started_at: float
    ended_at: float | None = None

    def minutes_between(self, begin: float, end: float) -> int:
        """The minutes of the incident between two times, rounded up."""
        last = end if self.ended_at is None else min(end, self.ended_at)
        return max(0, -int((max(begin, self.started_at) - last) // 60))


def find_incidents(changes: Sequence[AlarmChange]) -> Sequence[Incident]:
    """The incidents that alarm changes (in any order) belong to, newest first."""
    found: dict[str, list[Incident]] = {}
    for alarm, started_at, ended_at in sorted(_alarm_periods(changes), key=lambda each: each[1]):
        meaning = MEANINGS[alarm]
        incident = Incident(meaning.part, (meaning.sentence,), started_at, ended_at)
        incidents = found.setdefault(meaning.part, [])
        if incidents and _continues(incidents[-1], incident):
            incident = _joined(incidents.pop(), incident)
        incidents.append(incident)
    every = [incident for incidents in found.values() for incident in incidents]
    return sorted(every, key=lambda each: (each.started_at, each.part), reverse=True)


def _alarm_periods(
    changes: Sequence[AlarmChange],
) -> Iterator[tuple[str, float, float | None]]:
    """Each alarm's name with the times at which it started and ended (None: not yet).

    At the same moment, `OK` counts after `ALARM`.
    """
    began: dict[str, float] = {}
    for change in sorted(changes, key=lambda each: (each.at, each.state)):
        if change.alarm not in MEANINGS:
            continue
        if change.state == "ALARM":
            began.setdefault(change.alarm, change.at)
        elif change.alarm in began:
            yield change.alarm, began.pop(change.alarm), change.at
    for alarm, at in began.items():
        yield alarm, at, None


def _continues(earlier: Incident, later: Incident) -> bool:
    is_open = earlier.ended_at is None
    return is_open or later.started_at <= (earlier.ended_at or 0) + SAME_INCIDENT_SECONDS


def _joined(earlier: Incident, later: Incident) -> Incident:
    ends = (earlier.ended_at, later.ended_at)
    ended_at = None if None in ends else max(end for end in ends if end is not None)
    sentences = tuple(dict.fromkeys((*earlier.sentences, *later.sentences)))
    return Incident(earlier.part, sentences, earlier.started_at, ended_at)
