"""What can go wrong with keys, encrypted streams and the object store, each with a stable code."""

from __future__ import annotations

from entitylocker.errors import N_, LockerError, Unavailable


class StoreUnavailable(Unavailable):
    """The store did not answer, refused us, or answered nonsense. Fact `reason`: a word for the log."""

    code = "store_unavailable"
    status = 503
    message = N_("The document store does not answer at the moment. Nothing was lost.")
    advice = N_("Please try again in a minute.")


class ObjectMissing(LockerError):
    """A row names an object that the store does not have. Fact `key`."""

    code = "object_missing"
    status = 500
    message = N_("The document store does not have the contents of this document.")
    advice = N_("Please tell the operator. The document may have to be restored from a backup.")


class ObjectCorrupted(LockerError):
    """The stored bytes are not the ones we wrote, or not under this key and context. Fact `reason`."""

    code = "object_corrupted"
    status = 500
    message = N_("The stored contents of this document are damaged, so they are not handed out.")
    advice = N_("Please tell the operator. The document may have to be restored from a backup.")


class ObjectLocked(LockerError):
    """The store holds this object under a retention lock or legal hold. Fact `key`."""

    code = "object_locked"
    status = 409
    message = N_("The document store keeps this document until its retention ends.")


class ObjectTooLarge(LockerError):
    """More than the store can take in one object. Fact `limit`: bytes."""

    code = "object_too_large"
    status = 413
    message = N_("This file is too large for the document store. The limit is %(limit)s bytes.")


class LengthMismatch(LockerError):
    """The source ended early or went on too long. Facts `expected`, `received`: bytes."""

    code = "length_mismatch"
    status = 400
    message = N_("The upload was %(received)s bytes long, but %(expected)s bytes were announced.")
    advice = N_("Please upload the file again.")


class KeyUnwrapFailed(LockerError):
    """A wrapped key cannot be opened: damaged, or wrapped for something else. Fact `reason`."""

    code = "key_unwrap_failed"
    status = 500
    message = N_("The key of this document cannot be opened.")
    advice = N_("Please tell the operator.")


class WrongOperatorKey(KeyUnwrapFailed):
    """The key was wrapped by another operator key. Facts `expected`, `found`: key ids."""

    code = "wrong_operator_key"
    message = N_("This key was locked with operator key %(expected)s, but %(found)s is in use.")
    advice = N_("Start with the operator key of this installation, or import it from the recovery file.")


class OperatorKeyUnreadable(LockerError):
    """The key file is absent, damaged or not private. Facts `path`, `reason`."""

    code = "operator_key_unreadable"
    status = 500
    message = N_("The operator key file %(path)s cannot be used: %(reason)s.")


class KeyFileExists(LockerError):
    """A key or recovery file is never overwritten. Fact `path`."""

    code = "key_file_exists"
    status = 409
    message = N_("%(path)s is already there. A key file is never overwritten.")
    advice = N_("Choose another name, or move the old file away first.")


class WeakPassphrase(LockerError):
    """Fact `minimum`: characters."""

    code = "weak_passphrase"
    status = 422
    message = N_("The passphrase needs at least %(minimum)s characters.")


class WrongPassphrase(LockerError):
    """The file does not open: wrong passphrase, or the file was changed; the two look the same."""

    code = "wrong_passphrase"
    status = 422
    message = N_("The recovery file does not open with this passphrase.")
    advice = N_("Check the passphrase. If it is right, the file was changed or damaged: use another copy.")


class RecoveryFileUnreadable(LockerError):
    """Not a recovery file, or of a version this program does not know. Facts `path`, `reason`."""

    code = "recovery_file_unreadable"
    status = 422
    message = N_("%(path)s is not a recovery file that can be read: %(reason)s.")
