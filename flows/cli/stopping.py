"""Ctrl-C and SIGTERM: how they stop a verb, wherever it is."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType

AGAIN_S = 0.05
AT_ONCE = b"stopped at once; nothing half done is visible\n"


class Stopping:
    """Turns the first SIGINT or SIGTERM into KeyboardInterrupt and remembers it; a second ends the program.

    Python drops an exception that is raised inside a weak reference's callback or a `__del__`, and a signal
    may arrive just there: then it is raised again a moment later.
    """

    def __init__(self) -> None:
        self.received: signal.Signals | None = None

    def listen(self) -> None:
        """Take both signals over; one that whoever started us has ignored, as `nohup` does, stays ignored."""
        for number in (signal.SIGINT, signal.SIGTERM):
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._stop)
        signal.signal(signal.SIGALRM, self._again)
        sys.unraisablehook = self._dropped

    def _stop(self, number: int, _frame: FrameType | None) -> None:
        if self.received is not None:
            os.write(sys.__stderr__.fileno() if sys.__stderr__ else 2, AT_ONCE)
            os._exit(128 + number)
        self.received = signal.Signals(number)
        raise KeyboardInterrupt

    def _dropped(self, told: sys.UnraisableHookArgs) -> None:
        if isinstance(told.exc_value, KeyboardInterrupt):
            signal.setitimer(signal.ITIMER_REAL, AGAIN_S)
        else:
            sys.__unraisablehook__(told)

    def _again(self, _number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt
