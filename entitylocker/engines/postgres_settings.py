"""The settings files of the embedded PostgreSQL, written anew at each start."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

MAP = "home"

# Nobody is trusted: the superuser is the owner of the home, by the word of the kernel; others by password.
ACCESS = f"""\
# Written by EntityLocker at each start: changes here are lost.
local all         postgres peer map={MAP}
local replication postgres peer map={MAP}
local all         all      scram-sha-256
"""

DURABLE = """\
fsync = on
synchronous_commit = on
full_page_writes = on
"""

# For tests only: fast, and lost in a power cut.
FLEETING = """\
fsync = off
synchronous_commit = off
full_page_writes = off
"""

MAIN = """\
# Written by EntityLocker at each start: changes here are lost.
listen_addresses = ''
unix_socket_directories = '{sockets}'
unix_socket_permissions = 0700
max_connections = 120
shared_buffers = 128MB
max_wal_size = 512MB
password_encryption = scram-sha-256
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m %u@%d '
log_parameter_max_length_on_error = 0
jit = off
"""


def identity_map() -> str:
    """pg_ident: the one operating-system user who may be the superuser is the one who runs this process."""
    name = pwd.getpwuid(os.geteuid()).pw_name
    return f'# Written by EntityLocker at each start: changes here are lost.\n{MAP} "{name}" postgres\n'


def main_settings(sockets: Path, durable: bool) -> str:
    """postgresql.conf: sockets only, no port; synchronous unless for tests."""
    quoted = str(sockets).replace("'", "''")
    return MAIN.format(sockets=quoted) + (DURABLE if durable else FLEETING)
