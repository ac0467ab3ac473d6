"""The papers in the vault of the demo's company: one for each verdict that a clerk meets on the first day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True)
class DemoPaper:
    """An invented paper. `kind` says how it is signed, as `sandbox.papers.make_paper` takes it."""

    kind: str
    title: str
    lines: tuple[str, ...]
    filename: str
    folder: str
    type_code: str
    number: str = ""
    issued_on: date | None = None
    expires_on: date | None = None


def demo_papers(today: date) -> tuple[DemoPaper, ...]:
    """The papers of a demo started on `today`."""
    name = "Sahyadri Agro Exports Private Limited"
    soon, past = today + timedelta(days=24), today - timedelta(days=9)
    return (
        DemoPaper(
            "valid", "Certificate of Incorporation",
            (f"This is to certify that {name}", "is incorporated on 4 June 2019."),
            "certificate-of-incorporation.pdf", "Registrations", "CINCR", "U01100PN2019PTC184532", date(2019, 6, 4),
        ),
        DemoPaper(
            "valid", "GST registration certificate", (f"Legal name: {name}", "Registration number 27AAKCS4821M1Z6"),
            "gst-registration.pdf", "Tax", "GSTRC", "27AAKCS4821M1Z6", date(2020, 1, 15), soon,
        ),
        DemoPaper(
            "changed_after_signing", "Board resolution for e-tender",
            ("Resolved that the company takes part", "in tender 2026/PWD/318."),
            "board-resolution.pdf", "Board", "BORES", "BR/2026/047", today - timedelta(days=4),
        ),
        DemoPaper(
            "unknown_signer", "Audited balance sheet 2025-26",
            ("Balance sheet as at 31 March 2026", "Total assets 18,42,06,511"),
            "balance-sheet.pdf", "Tax", "BALSH", "FY 2025-26", date(2026, 9, 2),
        ),
        DemoPaper(
            "expired", "Lease of the Chakan warehouse",
            ("Lease agreement AGR-118", "between the owner and the company."),
            "lease-chakan.pdf", "Registrations", "LEASE", "AGR-118", date(2023, 4, 1), past,
        ),
        DemoPaper(
            "unsigned", "PAN card", (f"Permanent account number of {name}", "AAKCS4821M"),
            "pan-card.pdf", "Tax", "PANCR", "AAKCS4821M", date(2019, 6, 20),
        ),
    )  # fmt: skip
