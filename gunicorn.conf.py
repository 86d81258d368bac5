"""How gunicorn serves the HTTP form: `gunicorn` reads this file from the working directory.

Threads, because a listener waits for nothing and Slack gives three seconds: a synchronous worker would let one slow
client hold up every other acknowledgement.
"""

import os
import shutil
import tempfile

# Before prometheus_client is imported: with this set each process writes its counts where any of them can add all up.
OWN_COUNTS = None
if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
    OWN_COUNTS = os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="utilization-metrics-")

wsgi_app = "bot.wiring:create_web()"
bind = f"0.0.0.0:{os.environ.get('PORT') or '3000'}"
worker_class = "gthread"
# One process by default: limits and kept answers are its own. More are safe, since which deliveries were handled
# is in the database. Its threads wait for sockets and acks; answers have threads of their own.
workers = int(os.environ.get("WEB_CONCURRENCY") or "1")
threads = 32
backlog = 512

timeout = 30
keepalive = 5
# What a stopping worker has: requests in flight, then running answers, then the people whose answers don't finish.
graceful_timeout = 30
ANSWERS_FINISH_WITHIN_S = 20.0

# Slack's headers are few and short; lines of a scan are cut here instead of filling memory.
limit_request_line = 4094
limit_request_fields = 64
accesslog = None
# Nobody steers a running server by hand here, and two of them would share the socket in the home directory.
control_socket_disable = True


def worker_exit(server, worker):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201  gunicorn's hook
    """Running answers finish, or their people are told."""
    shut_down = getattr(getattr(worker, "wsgi", None), "shut_down", None)
    if shut_down is not None:
        shut_down(ANSWERS_FINISH_WITHIN_S)


def child_exit(server, worker):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201  gunicorn's hook
    """The gauges of a process that is gone don't count any more."""
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)


def on_exit(server):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201  gunicorn's hook
    """The counts end with the processes that made them."""
    if OWN_COUNTS is not None:
        shutil.rmtree(OWN_COUNTS, ignore_errors=True)
