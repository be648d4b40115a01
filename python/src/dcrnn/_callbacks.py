"""What the library calls back while it works, and Ctrl-C meanwhile."""

from __future__ import annotations

import signal
import threading
from typing import Any, Callable


class Callbacks:
    """Those of one call of the library, made within `with`. No exception may pass through C: one that is raised, and Ctrl-C,
    stop the work at the next call of the progress, and are for the caller when the library is back."""

    def __init__(self) -> None:
        self.interrupted = False
        self.raised: BaseException | None = None
        self._old: Any = None

    def __enter__(self) -> "Callbacks":
        if threading.current_thread() is threading.main_thread():
            self._old = signal.getsignal(signal.SIGINT)
            if self._old is not None:
                signal.signal(signal.SIGINT, self._seen)
        return self

    def _seen(self, *_: Any) -> None:
        self.interrupted = True

    def __exit__(self, *_: Any) -> None:
        if self._old is not None:
            signal.signal(signal.SIGINT, self._old)

    def guarded(self, call: Callable, *arguments: Any) -> Any:
        """What the call gives; False if it raises."""
        try:
            return call(*arguments)
        except BaseException as error:
            self.raised = error
            return False

    def goes_on(self, progress: Callable[[Any], Any] | None, state: Callable[[], Any]) -> int:
        """What on_progress gives to C: 0 stops. state: makes what `progress` is called with."""
        if self.interrupted or self.raised is not None:
            return 0
        return int(progress is None or self.guarded(lambda: progress(state())) is not False)
