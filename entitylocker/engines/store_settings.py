"""The settings files and the command line of the embedded document store (SeaweedFS)."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from entitylocker.engines import roles
from entitylocker.engines.account import Account
from entitylocker.engines.certificates import COMMON_NAME, make_certificate
from entitylocker.engines.home import LEAST_FREE_BYTES
from entitylocker.engines.layout import Layout, write_for
from entitylocker.engines.ports import LOOPBACK, Ports
from entitylocker.engines.programs import store_program
from entitylocker.engines.secret_values import SecretValues

VOLUME_MIB = 1024
LEAST_VOLUMES = 200
MEMORY = "400MiB"

# The names of documents lie in PostgreSQL, whose log is on the disk when a put is answered.
FILER = """\
[postgres2]
enabled = true
createTable = '''CREATE TABLE IF NOT EXISTS "%s" (dirhash BIGINT, name VARCHAR(65535),
 directory VARCHAR(65535), meta bytea, PRIMARY KEY (dirhash, name));'''
enableUpsert = true
upsertQuery = '''INSERT INTO "%[1]s" (dirhash, name, directory, meta) VALUES ($1, $2, $3, $4)
 ON CONFLICT (dirhash, name) DO UPDATE SET directory = EXCLUDED.directory, meta = EXCLUDED.meta'''
hostname = {sockets}
port = 5432
username = "{role}"
password = "{password}"
database = "filer"
schema = ""
sslmode = "disable"
connection_max_idle = 10
connection_max_open = 30
connection_max_lifetime_seconds = 300
"""

# Without these anybody on the machine could read and delete through the internal ports.
SECURITY = """\
[access]
ui = false
[filer.expose_directory_metadata]
enabled = false
[jwt.signing]
key = "{volume_write}"
[jwt.signing.read]
key = "{volume_read}"
[jwt.filer_signing]
key = "{filer_write}"
[jwt.filer_signing.read]
key = "{filer_read}"
[grpc]
ca = {authority}
"""

# With this kind of election a master that was once elected is so again at once.
MASTER = (
    "-raftHashicorp=true",
    "-resumeState=true",
    "-electionTimeout=1s",
    "-heartbeatInterval=100ms",
    "-telemetry=false",
    f"-volumeSizeLimitMB={VOLUME_MIB}",
)
PARTS = ("volume", "master", "filer", "s3", "msg_broker", "msg_agent", "admin", "worker", "mq", "client")


def write_store_settings(layout: Layout, account: Account, values: SecretValues, sockets: Path) -> None:
    """Write what the store reads from its working directory; its certificate is made anew each time."""
    made = make_certificate()
    folder = layout.store_settings
    part = f"cert = {_toml(folder / 'node.pem')}\nkey = {_toml(folder / 'node.key')}\n"
    names = f'allowed_commonNames = "{COMMON_NAME}"\n'
    security = SECURITY.format(authority=_toml(folder / "authority.pem"), **vars(values))
    security += "".join(f"[grpc.{name}]\n{part}{'' if name == 'client' else names}" for name in PARTS)
    # Tokens guard the bytes; without this the status pages of master and volumes are open to all.
    closed = f"{part}ca = {_toml(folder / 'authority.pem')}\n"
    security += f"[https.master]\n{closed}[https.volume]\n{closed}[https.client]\nenabled = true\n{closed}"
    files: dict[str, str | bytes] = {
        "authority.pem": made.authority,
        "node.pem": made.certificate,
        "node.key": made.key,
        "security.toml": security,
        "filer.toml": FILER.format(sockets=_toml(sockets), role=roles.FILER, password=values.el_filer),
        "s3.json": _identities(values),
    }
    for name, content in files.items():
        write_for(account, folder / name, content)


def server_command(layout: Layout, ports: Ports, sockets: Path) -> list[str]:
    """The command line: loopback only, nothing open that is not needed, quick to elect and to stop."""
    volumes = max(LEAST_VOLUMES, shutil.disk_usage(layout.home).total // (VOLUME_MIB * 1024**2))
    numbers = vars(ports)
    listen = [f"-{name.replace('_', '.port.') if '_' in name else name + '.port'}={numbers[name]}" for name in numbers]
    return [
        str(store_program()),
        "-logtostderr=true",
        "server",
        f"-dir={layout.volumes}",
        f"-ip={LOOPBACK}",
        f"-ip.bind={LOOPBACK}",
        "-disableHttp",
        *listen,
        f"-master.dir={layout.master}",
        *(option.replace("-", "-master.", 1) for option in MASTER),
        f"-volume.max={volumes}",
        f"-volume.minFreeSpace={LEAST_FREE_BYTES // 1024**2}MiB",
        "-volume.preStopSeconds=0",
        "-filer",
        f"-filer.localSocket={sockets / 'filer.sock'}",
        "-filer.exposeDirectoryData=false",
        "-s3",
        f"-s3.config={layout.store_settings / 's3.json'}",
        f"-s3.localSocket={sockets / 's3.sock'}",
        "-s3.iam=false",
        "-s3.autoCreateBucket=false",
        "-s3.allowDeleteBucketNotEmpty=false",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
    ]


def election_command(layout: Layout, ports: Ports) -> list[str]:
    """The command line of a master alone, to elect itself before the others look for one."""
    where = [
        f"-ip={LOOPBACK}",
        f"-ip.bind={LOOPBACK}",
        f"-port={ports.master}",
        f"-port.grpc={ports.master_grpc}",
    ]
    program = [str(store_program()), "-logtostderr=true", "master", "-disableHttp"]
    return [*program, *where, f"-mdir={layout.master}", *MASTER]


def shell_command(ports: Ports) -> list[str]:
    """The command line of the store's own shell, which reads its commands from the standard input."""
    master, filer = (
        f"{LOOPBACK}:{ports.master}.{ports.master_grpc}",
        f"{LOOPBACK}:{ports.filer}.{ports.filer_grpc}",
    )
    return [str(store_program()), "-logtostderr=true", "shell", f"-master={master}", f"-filer={filer}"]


def _identities(values: SecretValues) -> str:
    keys = [{"accessKey": values.s3_access_key, "secretKey": values.s3_secret_key}]
    actions = ["Admin", "Read", "List", "Tagging", "Write"]
    return json.dumps({"identities": [{"name": "entitylocker", "credentials": keys, "actions": actions}]})


def _toml(path: Path) -> str:
    # A JSON string is a TOML string.
    return json.dumps(str(path), ensure_ascii=False)
