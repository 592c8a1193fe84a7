"""The background work of tests: what waits in the queue is done now, in the test's own transaction."""

from django_tasks_db.models import DBTaskResult


def work_off():
    """Call the task of everything that waits, as a worker does; what it raises is kept on its row."""
    while (waiting := DBTaskResult.objects.ready().first()) is not None:
        waiting.claim("test")
        try:
            waiting.set_successful(waiting.task.call(*waiting.args_kwargs["args"], **waiting.args_kwargs["kwargs"]))
        except BaseException as error:  # the worker lives on after SystemExit, too
            waiting.set_failed(error)
