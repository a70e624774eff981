"""The pause after a failure."""

from postcard.runtime.cooldown import Cooldown


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_cooldown_is_inactive_until_it_is_started() -> None:
    assert not Cooldown(5.0, lambda: -1e9).is_active()


def test_a_cooldown_lasts_its_seconds() -> None:
    clock = Clock()
    cooldown = Cooldown(5.0, clock)
    cooldown.start()
    for now, active in ((100.0, True), (104.9, True), (105.0, False), (1e9, False)):
        clock.now = now
        assert cooldown.is_active() is active


def test_a_failure_during_a_cooldown_starts_it_again() -> None:
    clock = Clock()
    cooldown = Cooldown(5.0, clock)
    cooldown.start()
    clock.now = 103.0
    cooldown.start()
    clock.now = 107.9
    assert cooldown.is_active()


def test_cooldowns_are_independent() -> None:
    first, second = Cooldown(5.0), Cooldown(5.0)
    first.start()
    assert first.is_active()
    assert not second.is_active()
