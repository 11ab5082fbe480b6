"""Clocks that nobody can set, in seconds; only the difference of two moments means anything.

What is decided goes by `monotonic`, `time.time()` is for what is told: the machine's time may be set at any moment, by
hours. Python 2.7 has no time.monotonic(); there it is times(2), by which the kernel counts a hundredth of a second,
whatever the time of day: exact enough for limits of seconds. Where spans are shorter than that, 2.7 has to make do with
the time of day (`stopwatch`).

CPython 2.7 and 3.6 or later on Linux, standard library only.
"""
import os
import time


def kernel_ticks():
    # type: () -> float
    return os.times()[4]


monotonic = getattr(time, 'monotonic', kernel_ticks)
stopwatch = getattr(time, 'monotonic', time.time)
