"""What each connection to a PostgreSQL database is given, whoever makes it: LaminDB replaces one
that idled, a lost one is made again, and a pooler may hand out another one for each transaction.

Settings of a session end with it, without a word. So they stand where connections are made, and
`lock` proves in each transaction those that its rows depend on. SQLite has none.
"""

from typing import Any

from django.db import connection
from django.db.backends.signals import connection_created
from psycopg2.extensions import ISOLATION_LEVEL_REPEATABLE_READ

from runners.registry import waiting

DEAD_AFTER = 60
"""Seconds without a sign of life after which either end's kernel takes the other one for dead. A
link that loses all packets for half a minute lives."""

LIBPQ = {
    "keepalives": 1,
    "keepalives_idle": DEAD_AFTER // 2,
    "keepalives_interval": DEAD_AFTER // 6,
    "keepalives_count": 3,
    "tcp_user_timeout": DEAD_AFTER * 1000,
}
"""Of our end; https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS."""

SERVER = {
    "tcp_keepalives_idle": f"{DEAD_AFTER // 2}",
    "tcp_keepalives_interval": f"{DEAD_AFTER // 6}",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": f"{DEAD_AFTER * 1000}",
}
"""Of the server's end, which holds our locks until it knows that we are gone;
https://www.postgresql.org/docs/current/runtime-config-connection.html."""

WRITERS = {"idle_in_transaction_session_timeout": "10min"}
"""A transaction of ours waits for us only while we ask a storage again (`PATIENCE_SECONDS`)."""

LOCK_SECONDS = 30
"""How long we wait for somebody else's row or table; then we say so, and come again."""

SNAPSHOTS = {"isolation_level": ISOLATION_LEVEL_REPEATABLE_READ}
"""psycopg2 then begins each transaction so, also where no session lasts;
https://docs.djangoproject.com/en/stable/ref/databases/#isolation-level."""


def prepare(writer: str | None = None) -> None:
    """From now on each connection of this process has what it needs; `writer` is the name by which
    others see one that writes.
    """
    if connection.vendor != "postgresql":
        return
    options = {**LIBPQ, **(SNAPSHOTS if writer else {})}
    settings = {**SERVER, **(_of_writer(writer) if writer else {})}

    def give(connection: Any, **_: Any) -> None:
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                calls = ", ".join(["set_config(%s, %s, false)"] * len(settings))
                cursor.execute(
                    f"select {calls}", [word for pair in settings.items() for word in pair]
                )

    connection_created.disconnect(dispatch_uid=__name__)  # else the first one stays
    connection_created.connect(give, weak=False, dispatch_uid=__name__)
    own = connection.settings_dict
    if writer:
        # LaminDB replaces a connection that idles for five minutes, and its lock would be gone
        own["CONN_MAX_AGE"] = connection.close_at = None
    if any(own["OPTIONS"].get(name) != value for name, value in options.items()):
        own["OPTIONS"].update(options)
        connection.close()  # the next statement makes one that has them
    elif connection.connection is not None:
        give(connection)


def _of_writer(name: str) -> dict[str, str]:
    seconds = min(LOCK_SECONDS, waiting.limit() / 2)
    return {"application_name": name, **WRITERS, "lock_timeout": f"{seconds * 1000:.0f}ms"}
