"""`mod_wsgi.process_metrics()` and `mod_wsgi.request_metrics()`, with the keys and units of 4.9.4 (`wsgi_metrics.c`).

CPython 2.7 and 3.6 or later, standard library only.
"""
import os
import resource
import threading
import time

SLOTS = 16
FIRST_LIMIT = 0.005
PHASES = ('server_time', 'queue_time', 'daemon_time', 'application_time')


def process_metrics(requests):
    # type: (object) -> dict
    """What the process has used and done since it was started; bytes and seconds."""
    now = time.time()
    user, system = os.times()[:2]
    threads = sorted(list(requests.threads.values()), key=lambda thread: thread.id)
    return {
        'pid': os.getpid(),
        'request_busy_time': requests.busy_seconds(now),
        'request_count': sum(thread.finished for thread in threads),
        'memory_max_rss': resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        'memory_rss': resident_bytes(),
        'cpu_user_time': user,
        'cpu_system_time': system,
        'restart_time': requests.started,
        'current_time': now,
        'running_time': int(now - requests.started),
        'request_threads': len(threads),
        'active_requests': sum(thread.request is not None for thread in threads),
        'threads': [{'thread_id': thread.id, 'request_count': thread.begun} for thread in threads],
    }


def resident_bytes():
    # type: () -> int
    try:
        with open('/proc/self/statm') as statm:
            return int(statm.read().split()[1]) * resource.getpagesize()
    except (EnvironmentError, IndexError, ValueError):
        return 0


class Sample(object):
    """What request_metrics() tells of: the time since it was last asked. The first question begins the first sample."""

    def __init__(self, requests, maximum_threads, is_daemon):
        # type: (object, int, bool) -> None
        self._requests = requests
        self._maximum = maximum_threads
        self._is_daemon = is_daemon
        self._lock = threading.Lock()
        self._start = None
        self._clear()

    def _clear(self):
        # type: () -> None
        self._count = 0
        self._totals = dict.fromkeys(PHASES, 0.0)
        self._buckets = dict((phase, [0] * SLOTS) for phase in PHASES)
        self._by_thread = [0] * self._maximum

    def record(self, request, now):
        # type: (object, float) -> None
        """Counts a finished request."""
        # A request that was there before anyone measured has no times of its own.
        queued = request.started if self._is_daemon else 0.0
        accepted, queued, taken = request.times or (request.started, queued, queued)
        spent = {'application_time': now - request.started}
        if queued:
            spent.update({'server_time': queued - accepted, 'queue_time': taken - queued,
                          'daemon_time': request.started - taken})
        else:
            spent['server_time'] = request.started - accepted
        with self._lock:
            self._count += 1
            slot = request.thread.id - 1
            if slot < self._maximum:
                self._by_thread[slot] += 1
            for phase in spent:
                self._totals[phase] += max(spent[phase], 0.0)
                self._buckets[phase][slot_of(spent[phase])] += 1

    def take(self):
        # type: () -> dict
        """The sample up to now; another begins. Empty when nothing was sampled before."""
        now = time.time()
        at = (now, self._requests.busy_seconds(now), os.times()[:2])
        with self._lock:
            start, self._start = self._start, at
            if start is None:
                self._requests.on_finish = self.record
                self._clear()
                return {}
            metrics = self._told(start, at)
            self._clear()
        return metrics

    def _told(self, start, stop):
        # type: (tuple, tuple) -> dict
        period = max(stop[0] - start[0], 1e-6)
        process = process_metrics(self._requests)
        metrics = {
            'pid': process['pid'], 'start_time': start[0], 'stop_time': stop[0], 'sample_period': period,
            'cpu_user_time': (stop[2][0] - start[2][0]) / period,
            'cpu_system_time': (stop[2][1] - start[2][1]) / period,
            'memory_max_rss': process['memory_max_rss'], 'memory_rss': process['memory_rss'],
            'request_threads_maximum': self._maximum,
            'request_threads_started': process['request_threads'],
            'request_threads_active': sum(count > 0 for count in self._by_thread),
            'request_threads_buckets': self._by_thread,
            'capacity_utilization': (stop[1] - start[1]) / period / self._maximum,
            'request_count': self._count, 'request_throughput': self._count / period,
        }
        for phase in PHASES:
            metrics[phase + '_buckets'] = self._buckets[phase]
            is_known = self._is_daemon or phase not in ('queue_time', 'daemon_time')
            metrics[phase] = self._totals[phase] / (self._count or 1) if is_known else None
        return metrics


def slot_of(seconds):
    # type: (float) -> int
    """Up to 5 ms, up to 10 ms, doubled up to 40.96 s, the rest; the last of 16 slots is mod_wsgi's own spare."""
    slot, limit = 0, FIRST_LIMIT
    while slot < SLOTS - 2 and seconds > limit:
        slot, limit = slot + 1, limit * 2
    return slot
