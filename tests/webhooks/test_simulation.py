"""Events reach six kinds of receivers while workers are killed: a slice of the simulation.

`make webhooks-sim` runs it with 10,000 events.
"""

import pytest

from tests.webhooks.simulation import DOWN_HOURS, HOUR, Simulation

EVENTS = 200


@pytest.fixture(scope="module", params=[1, 2])
def simulation(request: pytest.FixtureRequest) -> Simulation:
    return Simulation(EVENTS, 20, request.param).run()


def test_no_event_is_lost_and_most_are_delivered(simulation: Simulation) -> None:
    assert sum(n for name, n in simulation.counts.items() if name.startswith("killed")) >= 10
    for name in simulation.receivers:
        assert simulation.lost(name) == 0, name
        assert simulation.states(name)["waiting"] == 0, name
    for name in ("good", "busy-429", f"down-{DOWN_HOURS}-h"):
        assert simulation.states(name)["delivered"] == EVENTS, name
    for name in ("half-fails", "half-lost"):  # ten tries fail for one event in a thousand
        assert simulation.states(name)["delivered"] >= EVENTS - 2, name


def test_an_event_that_comes_twice_has_the_same_id_and_bytes(simulation: Simulation) -> None:
    for receiver in simulation.receivers.values():
        assert all(len(bodies) == 1 for bodies in receiver.bodies.values())
    twice = simulation.receivers["good"].got.total() - EVENTS
    assert twice <= 20, "only where a worker was killed between the POST and its record"


def test_a_receiver_that_was_down_gets_everything_within_a_quarter_of_an_hour(
    simulation: Simulation,
) -> None:
    receiver = simulation.receivers[f"down-{DOWN_HOURS}-h"]
    assert max(receiver.first.values()) < DOWN_HOURS * HOUR + 900
    assert receiver.posts - EVENTS < 1_000, "one probe at a time for three days"


def test_receivers_that_are_slow_or_down_delay_no_other() -> None:
    delays = Simulation(1_000, 0, 1).run().delays("good")
    assert len(delays) == 1_000
    assert delays[900] < 1, "for three seconds, nobody knows yet which ones are slow"
    assert delays[990] < 4
    assert delays[-1] < 12, "the first events, while the endpoint is new"


def test_410_ends_the_posts(simulation: Simulation) -> None:
    assert simulation.receivers["gone-410"].posts <= 3


def test_what_is_dead_is_delivered_by_a_replay() -> None:
    simulation = Simulation(1_500, 0, 6, only="half-fails").run()
    states = simulation.states("half-fails")
    assert states["dead"] > 0 and states["dead"] + states["delivered"] == 1_500
    simulation.replay()
    assert simulation.states("half-fails") == {"delivered": 1_500}
    assert len(simulation.receivers["half-fails"].got) == 1_500


def test_without_the_tick_events_would_be_lost() -> None:
    """The tick is what makes up for hints and workers that are lost."""
    simulation = Simulation(EVENTS, 20, 1, ticks=False).run()
    assert simulation.states(f"down-{DOWN_HOURS}-h")["delivered"] == 0
