"""The use cases of onboarding, by subject."""

from entitylocker.onboarding.adoption import Adoption, export_adoption, get_adoption, set_target
from entitylocker.onboarding.planning import SentFile, keep_run, look_at_file, receive_run
from entitylocker.onboarding.results import RunView, get_run, list_runs, print_run, result_file
from entitylocker.onboarding.running import resume_runs, start_run, work
from entitylocker.onboarding.seating import load_runner
from entitylocker.onboarding.undoing import undo_run

__all__ = [
    "Adoption",
    "RunView",
    "SentFile",
    "export_adoption",
    "get_adoption",
    "get_run",
    "keep_run",
    "list_runs",
    "load_runner",
    "look_at_file",
    "print_run",
    "receive_run",
    "result_file",
    "resume_runs",
    "set_target",
    "start_run",
    "undo_run",
    "work",
]
