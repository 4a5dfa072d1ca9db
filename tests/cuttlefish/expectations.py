"""What is expected, and what came of it."""

import re
import tomllib
from pathlib import Path

from door import Refused

HOME = Path(__file__).resolve().parent
ROOT = HOME.parent.parent


def load():
    """expected.toml, each variant whole."""
    expected = tomllib.loads((HOME / "expected.toml").read_text())
    variants = {}
    for variant in expected["variant"]:
        like = variants.get(variant.get("like"), {})
        for table in ["signals", "root_signals", "gates"]:
            variant[table] = {**like.get(table, {}), **variant.get(table, {})}
        variants[variant["id"]] = variant
    expected["variant"] = variants
    return expected


def policy(expected):
    """The policy that faults are tried under: the base with its edits."""
    wanted = expected["policy"]
    text = (ROOT / wanted["base"]).read_text()
    for edit in wanted["edit"]:
        if text.count(edit["from"]) != 1:
            raise Refused(f"{wanted['base']}: {edit['from']!r} stands there {text.count(edit['from'])} times: expected once")
        text = text.replace(edit["from"], edit["to"])
    return text + wanted["add"]


class Ledger:
    """Every expectation, as it is met or not. evidence: say on which command's words each rests."""

    def __init__(self, evidence):
        self.evidence = evidence
        self.met, self.failed = 0, 0

    def expect(self, name, holds, said, rests_on, found):
        """rests_on: the words of the output that decide, or `exit`."""
        if holds:
            self.met += 1
            print(f"ok\t{name}\t{said.number}\t{rests_on}" if self.evidence else f"  ok    {name}")
        else:
            self.failed += 1
            print(f"  FAIL  {name}: {found}")

    def exits(self, name, said, codes):
        """That a command ended so."""
        words = (said.err or said.out).strip().splitlines()
        found = f"`{said.command}` ended with {said.code}, expected {' or '.join(map(str, codes))}: {words[-1:]}"
        self.expect(name, said.code in codes, said, "exit", found)


# ` 1 build-integrity         FAIL     3 objectives`
GATE = re.compile(r"^ ?(\d+ ([a-z-]+) +(pass|FAIL|unknown|n/a))", re.MULTILINE)
# `  FAIL critical code`, of what the daemon says also `  unknown major code`.
FINDING = re.compile(r"^  ((FAIL|unknown) (?:critical|major|minor) ([a-z0-9-]+))$", re.MULTILINE)
# What an evaluation could not judge: `  code: reason`.
UNJUDGED = re.compile(r"^  (([a-z0-9-]+):) ", re.MULTILINE)

VERDICTS = {"pass": "pass", "FAIL": "fail", "unknown": "unknown", "n/a": "not-applicable"}


def gates(ledger, said, expected):
    """That each gate's verdict is one of those expected."""
    found = {name: (VERDICTS[verdict], words) for words, name, verdict in GATE.findall(said.out)}
    for gate, verdicts in expected.items():
        verdict, words = found.get(gate, ("not there", ""))
        what = f"{verdict}, expected {' or '.join(verdicts)}"
        ledger.expect(f"gate {gate}", verdict in verdicts, said, words, what)


def checks(ledger, said, expected, variant, has_root):
    """That each check that is for this variant comes to what is expected."""
    found = {code: (VERDICTS[verdict], words) for words, verdict, code in FINDING.findall(said.out)}
    found = {**{code: ("unknown", words) for words, code in UNJUDGED.findall(said.out)}, **found}
    for check in expected:
        if variant not in check.get("variants", [variant]):
            continue
        name = f"check {check['code']}"
        if check.get("root") and not has_root:
            print(f"  left out: {name}: a shell can't tell, and adb has no root here")
            continue
        verdict, words = found.get(check["code"], ("neither failing nor unknown", ""))
        verdicts = check.get("verdicts", ["fail"])
        what = f"{verdict}, expected {' or '.join(verdicts)}: {check['why']}"
        ledger.expect(name, verdict in verdicts, said, words, what)


def signals(ledger, said, variant, has_root):
    """That a capture has each signal as it is expected."""
    try:
        seen = tomllib.loads(said.out).get("observations", {})
    except tomllib.TOMLDecodeError as error:
        seen = {}
        ledger.expect("capture", False, said, "", f"no capture: {error}")
    wanted = {**variant["signals"], **(variant["root_signals"] if has_root else {})}
    for signal, outcomes in wanted.items():
        found = seen.get(signal, {"missing": "not in the capture"})
        line = next((line for line in said.out.splitlines() if line.startswith(f'"{signal}" =')), "")
        holds = any(all(found.get(key) == value for key, value in outcome.items()) for outcome in outcomes)
        ledger.expect(f"signal {signal}", holds, said, line, f"{found}, expected one of {outcomes}")
    if not has_root:
        print(f"  left out: {len(variant['root_signals'])} signals: a shell can't tell, and adb has no root here")
