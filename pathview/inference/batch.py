"""How many patches a model gets at a time."""

from __future__ import annotations

# Pausing waits for the batch in hand, so a batch should take no longer than this.
_LONG_S = 0.15


class BatchSize:
    """Follows the speed and the memory of a model, in halves of the largest size.

    Few different sizes keep engines that prepare for each shape from doing so again and again.

    Parameters
    ----------
    most
        The largest size, at least 1.
    """

    def __init__(self, most: int) -> None:
        self._most = max(1, most)
        # The first batch is the slowest: a small one brings the first cells to the screen and warms up.
        self.now = max(1, self._most // 4)
        self._cold = True

    def shrink(self) -> bool:
        """Halve for good because the memory does not hold a batch; False when it is one patch already."""
        if self.now == 1:
            return False
        self._most = self.now = self.now // 2
        return True

    def learn(self, patches: int, seconds: float) -> None:
        """Adapt to a batch of `patches` having taken `seconds`."""
        each = seconds / patches
        while self.now > 1 and each * self.now > 1.2 * _LONG_S:
            self.now //= 2
        # The first batch pays for warming up, so being slow says more of it than being fast.
        if not self._cold and each * 2 * self.now < 0.8 * _LONG_S:
            self.now = min(self._most, 2 * self.now)
        self._cold = False
