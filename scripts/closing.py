"""Closes a test run: every skip with its reason, then one line of counts, read from pytest's JUnit reports."""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path


def main(reports: list[Path]) -> int:
    """Print the closing of all `reports`; 1 when something failed or a report is missing."""
    missing = [report.stem for report in reports if not report.exists()]
    if missing or not reports:
        print("pytest ended without a report. What it says above tells why.")
        return 1
    skips: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    for report in reports:
        for case in ET.parse(report).iter("testcase"):  # noqa: S314 - written by our own pytest a moment ago
            counts[_outcome(case)] += 1
            skipped = case.find("skipped")
            if skipped is not None and skipped.get("type") != "pytest.xfail":
                skips[skipped.get("message") or "no reason given"] += 1
    print("\nSkipped, with reasons")
    for reason, number in sorted(skips.items()):
        print(f"  {number} x {reason}")
    if not skips:
        print("  nothing")
    print(f"{counts['passed']} passed, {counts['failed']} failed, {sum(skips.values())} skipped")
    return 1 if counts["failed"] else 0


def _outcome(case: ET.Element) -> str:
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed"
    return "passed" if case.find("skipped") is None else "skipped"


if __name__ == "__main__":
    sys.exit(main([Path(name) for name in sys.argv[1:]]))
