"""Verdicts a second: the locker's check beside plain pyHanko, in this process and through the checker service."""

from __future__ import annotations

import io
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from asn1crypto import crl, x509
from pyhanko.keys import load_cert_from_pemder
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from benchmarks.bench import Bench, timed
from benchmarks.figures import Figure, figure
from entitylocker.sandbox.papers import TestAuthority, make_paper
from entitylocker.signatures.check import check_bytes
from entitylocker.signatures.client import LocalChecker
from entitylocker.signatures.trust import TrustStore

_KINDS = ("valid", "certified", "timestamped", "two_signatures", "filled_in")
_OF_EACH = 6
Check = Callable[[bytes], object]
Rounds = dict[str, list[float]]


class PlainPyhanko:
    """Every signature of a file validated as pyHanko's guide shows it, with the same certificates and lists."""

    def __init__(self, trust: Path) -> None:
        self._roots: list[x509.Certificate] = [load_cert_from_pemder(str(path)) for path in trust.glob("*.pem")]
        self._lists = [crl.CertificateList.load(path.read_bytes()) for path in trust.glob("*.crl")]

    def check(self, data: bytes) -> object:
        reader = PdfFileReader(io.BytesIO(data))
        context = ValidationContext(trust_roots=self._roots, crls=self._lists, allow_fetching=False)
        return [validate_pdf_signature(one, signer_validation_context=context) for one in reader.embedded_signatures]


def measure(bench: Bench) -> list[Figure]:
    """The same files through each, in turn."""
    bench.say("Signing papers to check")
    authority = TestAuthority(bench.place / "authority")
    papers = [
        make_paper(kind, f"Paper {number}", ["Of no meaning"], authority=authority)
        for kind in _KINDS
        for number in range(_OF_EACH)
    ]
    trust = TrustStore.load([authority.trust_dir])
    with LocalChecker(workers=2) as checker:
        ways: dict[str, tuple[Check, int]] = {
            "plain pyHanko": (PlainPyhanko(authority.trust_dir).check, 1),
            "the locker's check": (lambda data: check_bytes(data, trust=trust), 1),
            "the service, one at a time": (lambda data: checker.client.check(data, trust=trust), 1),
            "the service, two at a time": (lambda data: checker.client.check(data, trust=trust), 2),
        }
        rates, costs = _rounds(bench, ways, papers)
    return _figures(rates, costs)


def _rounds(bench: Bench, ways: dict[str, tuple[Check, int]], papers: list[bytes]) -> tuple[Rounds, Rounds]:
    """Files a second, and milliseconds of this process for each file, which a busy machine changes less."""
    rates: Rounds = defaultdict(list)
    costs: Rounds = defaultdict(list)
    for number in range(bench.rounds + 1):
        bench.say(f"Checking {len(papers)} files in {len(ways)} ways, round {number} of {bench.rounds} (0 warms up)")
        for name, (check, at_once) in ways.items():
            began = time.process_time()
            seconds = timed(partial(_check_all, check, papers, at_once))
            if number:
                rates[name].append(len(papers) / seconds)
                costs[name].append((time.process_time() - began) * 1000 / len(papers))
    return rates, costs


def _check_all(check: Check, papers: list[bytes], at_once: int) -> None:
    if at_once == 1:
        for paper in papers:
            check(paper)
        return
    with ThreadPoolExecutor(at_once) as pool:
        for _ in pool.map(check, papers):
            pass


def _figures(rates: Rounds, costs: Rounds) -> list[Figure]:
    plain, ours, *_ = rates
    found = [figure(f"verdicts, {name}", values, "a second") for name, values in rates.items()]
    for name in list(rates)[1:]:
        ratios = [mine / theirs for mine, theirs in zip(rates[name], rates[plain], strict=True)]
        found.append(figure(f"verdicts, {name} to {plain}", ratios, "ratio"))
    found += [figure(f"processor a file, {name}", costs[name], "ms") for name in (plain, ours)]
    return found
