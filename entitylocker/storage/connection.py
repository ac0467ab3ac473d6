"""The S3 client as we want it (short timeouts, few retries) and its many exceptions as our few."""

from __future__ import annotations

import http.client
import os
from collections.abc import Iterator
from contextlib import contextmanager
from xml.etree.ElementTree import ParseError

import certifi
import urllib3
from minio import Minio
from minio.error import MinioException, S3Error
from urllib3.util import Retry, Timeout

from entitylocker.errors import LockerError
from entitylocker.storage.errors import ObjectCorrupted, ObjectMissing, StoreUnavailable

CONNECT_TIMEOUT = 5.0
READ_TIMEOUT = 30.0
_RETRIES = 2
# A store that hangs must not hold a thread three times as long; one more try is for a connection gone stale.
_READ_RETRIES = 1
_CONNECTIONS = 64
_MISSING = {"NoSuchKey", "NoSuchVersion"}
_SHORTER = {"InvalidRange"}
_FAILURES = (MinioException, urllib3.exceptions.HTTPError, http.client.HTTPException, OSError, ParseError)


def connect(endpoint: str, access_key: str, secret_key: str, *, secure: bool, region: str | None) -> Minio:
    """A client of the SDK with its own connection pool. Opens no connection yet."""
    pool = urllib3.PoolManager(
        timeout=Timeout(connect=CONNECT_TIMEOUT, read=READ_TIMEOUT),
        maxsize=_CONNECTIONS,
        cert_reqs="CERT_REQUIRED",
        ca_certs=os.environ.get("SSL_CERT_FILE") or certifi.where(),
        retries=Retry(
            total=_RETRIES,
            read=_READ_RETRIES,
            backoff_factor=0.2,
            status_forcelist=[500, 502, 503, 504],
            # A store that says "in an hour" must not hold a web request for an hour.
            respect_retry_after_header=False,
        ),
    )
    return Minio(endpoint, access_key=access_key, secret_key=secret_key, secure=secure, region=region, http_client=pool)


@contextmanager
def translated(key: str | None = None) -> Iterator[None]:
    """Turn whatever the SDK raises inside into StoreUnavailable, ObjectMissing or ObjectCorrupted."""
    try:
        yield
    except S3Error as error:
        raise _translation(error, key) from error
    except _FAILURES as error:
        raise StoreUnavailable(reason=type(error).__name__) from error


def _translation(error: S3Error, key: str | None) -> LockerError:
    if error.code in _MISSING and key is not None:
        return ObjectMissing(key=key)
    if error.code in _SHORTER:
        return ObjectCorrupted(reason="short", key=key)
    return StoreUnavailable(reason=error.code or "unknown")
