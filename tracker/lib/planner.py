"""What the database knows of its own tables when it plans a query."""

from django.db import connection as default


def look_again(connection=default):
    """Let the database count its tables anew, after they were filled or rebuilt; a fraction of a second at any size.

    Without it SQLite started an item's page from all accepted reports: 320 ms in place of 50 at 100 000 milestones.
    """
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA analysis_limit = 1000")
        cursor.execute("ANALYZE")
