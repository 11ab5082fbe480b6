"""Which threads of a pool serve the connections that are ready. There are two ways:

* *eager*: all free threads wait on one epoll, which wakes one for each ready connection. Requests that wait for
  databases overlap.
* *inline*: one thread, the leader, waits and serves one ready connection after the other; the rest are parked. The
  interpreter lock never changes hands, which gives short requests twice the throughput and a fraction of the tail
  latency of contending threads. A monitor looks every TICK: when the leader is stuck in a request, there is little to
  do, or nobody contends, the way is eager again.

The way is found by trying: eager is the start, inline is tried when requests come fast and side by side, and given up
when they turn out to be slow, each time for longer. Requests that come one after the other are served eagerly: no
thread contends with another, and the monitor sleeps, whose looks would be a third of all wake-ups.

CPython 2.7 and 3.6 or later on Linux, standard library only.
"""
import threading
import time

from wsgi_clock import stopwatch

# Seconds between two looks of the monitor: what a request behind a stuck leader waits at most twice.
TICK = 0.001
# Ticks without a request after which the monitor may sleep.
IDLE_TICKS = 5
# Ticks without requests on more than one connection after which inline gains nothing.
CALM_TICKS = 50
# A request that takes longer than this is worth a thread switch.
BRISK = 0.0002
# Below this rate (requests a second) nothing is gained inline.
LIVELY = 2000.0
# Requests between two tries of inline mode: doubled when one fails, the first again when one lasts so many requests.
FIRST_PATIENCE = 32
LAST_PATIENCE = 4096
LASTING = 400
SAMPLE_MASK = 15


class Way(object):
    """The way in which a pool serves just now, chosen by the requests that come. `me` and `leader` stand for threads."""

    def __init__(self, is_contended, hand_back):
        # type: (object, object) -> None
        # Whether another connection is being served beside the caller's.
        self._is_contended = is_contended
        # Gives to the others what a leader was told of and could not look at.
        self._hand_back = hand_back
        self.is_eager = True
        self.leader = None
        # Whether a leader has served more than one connection since the monitor looked.
        self.is_mixed = False
        # Held by the leader; the others are parked before it.
        self.gate = threading.Lock()
        self._turning = threading.Lock()
        self._wake_monitor = threading.Lock()
        self._wake_monitor.acquire()
        # Counts requests; two threads may count one together, which does no harm.
        self._begun = 0
        # The leader that is inside a request in inline mode.
        self._busy = None
        self._average = 0.0
        self._patience = FIRST_PATIENCE
        self._try_at = FIRST_PATIENCE
        self._tried_at = stopwatch()
        self._inline_since = 0

    def may_go_on(self, me):
        # type: (object) -> bool
        """Whether this thread is to serve what comes next. Beside a leader it would wait at each step for the interpreter
        lock, and its connection with it, as long as requests come.
        """
        return self.is_eager or self.leader is me

    def serve(self, connection, environ, me):
        # type: (object, dict, object) -> bool
        """Has a request answered; false when that was the last one of its connection."""
        begun = self._begun = self._begun + 1
        if begun >= self._try_at and self.is_eager:
            self._try_inline(begun, me)
        if self.leader is not me:
            return connection.respond(environ)
        self._busy = me
        if begun & SAMPLE_MASK:
            alive = connection.respond(environ)
        else:
            started = stopwatch()
            alive = connection.respond(environ)
            self._weigh(stopwatch() - started, me)
        if self._busy is me:
            self._busy = None
        return alive

    def _try_inline(self, begun, me):
        # type: (int, object) -> None
        """Makes this thread the leader when enough requests came in the time since the last try."""
        now = stopwatch()
        rate = self._patience / max(now - self._tried_at, 1e-6)
        self._tried_at = now
        self._try_at = begun + self._patience
        if rate < LIVELY or not self._is_contended() or not self.gate.acquire(False):
            return
        self._average = 0.0
        self._inline_since = begun
        with self._turning:
            self.leader = me
            self.is_eager = False
        try:
            self._wake_monitor.release()
        except Exception:
            # It is awake still, from the last time.
            pass

    def _weigh(self, seconds, me):
        # type: (float, object) -> None
        # One long one may be this thread's own misfortune on a busy machine; two are a habit.
        self._average += (min(seconds, 4 * BRISK) - self._average) / 4
        if self._average > BRISK:
            self._turn_eager(me, True)

    def _turn_eager(self, leader, has_failed):
        # type: (object, bool) -> None
        with self._turning:
            if self.leader is not leader or leader is None:
                return
            self.leader = None
            if self._begun - self._inline_since > LASTING:
                self._patience = FIRST_PATIENCE
            elif has_failed:
                self._patience = min(self._patience * 2, LAST_PATIENCE)
            self._tried_at = stopwatch()
            self._try_at = self._begun + self._patience
            self.is_eager = True
        self.gate.release()
        self._hand_back()

    def monitor(self):
        # type: () -> None
        """Ends inline serving when the leader is stuck, when no requests come, or when they come one after the other."""
        while True:
            self._wake_monitor.acquire()
            seen, idle, calm = -1, 0, 0
            while not self.is_eager:
                time.sleep(TICK)
                begun, leader = self._begun, self.leader
                idle = idle + 1 if begun == seen else 0
                calm = 0 if self.is_mixed else calm + 1
                seen, self.is_mixed = begun, False
                is_stuck = idle and self._busy is leader
                if is_stuck or idle > IDLE_TICKS or calm > CALM_TICKS:
                    self._turn_eager(leader, is_stuck)
