"""Virtual clocks: time passes by looking at it, so that tests count steps and not seconds."""

PATIENCE_SECONDS = 600.0  # a time limit that ends no test on a busy machine


class SteppingClock:
    """A clock that is `step` seconds later at each look; `looks` counts them."""

    def __init__(self, step: float = 1.0) -> None:
        self.step = step
        self.now = 0.0
        self.looks = 0

    def __call__(self) -> float:
        self.looks += 1
        self.now += self.step
        return self.now
