"""The one way to the device and the host: every command that `run` gives goes through a door.

`Live` runs commands, and can write down what they said. `Replay` answers them from such a transcript: each must be the
one that stands there next.
"""

import atexit
import os
import shlex
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

# Seconds that a command may take; an update takes the longest.
PATIENCE = 900
# Seconds between two looks at what is awaited.
PAUSE = 1


class Refused(Exception):
    """Nothing could be told: what was tried, on what, what was found, what was expected, what to do."""


@dataclass
class Said:
    """What a command said. Its number in the transcript begins at 1."""

    command: str
    out: str = ""
    err: str = ""
    code: int = 0
    number: int = 0


def spelled(words, feed):
    """A command as a transcript has it: `<3` is what command 3 said."""
    return shlex.join(words) + (f" <{feed.number}" if feed else "")


class Door:
    """What both doors have: `run`, and what is made of it."""

    def shell(self, command, **more):
        """A command on the device."""
        return self.run(["adb", "shell", command], **more)

    def do(self, words, **more):
        """A command that must succeed."""
        said = self.run(words, **more)
        if said.code:
            why = (said.err or said.out).strip() or "no word"
            raise Refused(f"{said.command}: exit {said.code}: {why}: expected it to succeed")
        return said


class Live(Door):
    """Runs commands. places: what stands in them for a path of this machine, `{trustd}`."""

    def __init__(self, places):
        self.places = places
        self.said = []

    def run(self, words, feed=None, until=None, seconds=0):
        """Runs a command; again, until `until` holds of what it said or the seconds are over."""
        end = time.monotonic() + seconds
        while True:
            said = self._once(words, feed)
            if until is None or until(said) or time.monotonic() > end:
                break
            time.sleep(PAUSE)
        said.number = len(self.said) + 1
        self.said.append(said)
        return said

    def _once(self, words, feed):
        real = [self._real(word) for word in words]
        try:
            done = subprocess.run(
                real,
                input=feed.out if feed else "",
                capture_output=True,
                text=True,
                errors="replace",
                timeout=PATIENCE,
                check=False,
            )
        except (FileNotFoundError, PermissionError) as error:
            raise Refused(f"{real[0]}: {error.strerror}: expected a program on PATH: {HINTS.get(real[0], 'build it')}") from None
        except subprocess.TimeoutExpired:
            raise Refused(f"{shlex.join(words)}: no end after {PATIENCE} s: expected the device to answer") from None
        return Said(spelled(words, feed), done.stdout, done.stderr, done.returncode)

    def _real(self, word):
        for name, place in self.places.items():
            word = word.replace("{" + name + "}", place)
        return word

    def write(self, path, heading):
        """Writes the transcript."""
        with open(path, "w", encoding="utf-8") as file:
            file.write(heading + "".join(map(written, self.said)))


HINTS = {
    "adb": "install Android's platform tools (Debian: adb)",
    "cvd": "install cuttlefish-base and cuttlefish-user",
}


def written(said):
    """A command in the form of a transcript."""
    lines = [f"$ {said.command}"]
    lines += [f"  {line}".rstrip(" ") if not line else f"  {line}" for line in said.out.splitlines()]
    lines += [f"! {line}" for line in said.err.splitlines()]
    return "\n".join([*lines, f"= {said.code}"]) + "\n"


@dataclass
class Replay(Door):
    """Answers from a transcript."""

    path: str
    places: dict = field(default_factory=dict)

    def __post_init__(self):
        self.arguments, self.rest, self.number = None, [], 0
        try:
            with open(self.path, encoding="utf-8") as file:
                lines = file.read().splitlines()
        except OSError as error:
            raise Refused(f"{self.path}: {error.strerror}: expected a transcript") from None
        except UnicodeDecodeError:
            raise Refused(f"{self.path}: no text: expected a transcript") from None
        for number, line in enumerate(lines, 1):
            self._read(number, line)
        if self.arguments is None:
            raise Refused(f"{self.path}: no line `arguments: …`: expected those that the transcript was taken with")

    def _read(self, number, line):
        last = self.rest[-1] if self.rest else None
        if line.startswith("arguments: "):
            self.arguments = shlex.split(line.removeprefix("arguments: "))
        elif line.startswith("#") or (not line and last is None):
            pass
        elif line.startswith("$ "):
            self.rest.append(Said(line[2:], code=None, number=len(self.rest) + 1))
        elif last is not None and last.code is None and line.startswith("= ") and line[2:].lstrip("-").isdigit():
            last.code = int(line[2:])
        elif last is not None and last.code is None and line.startswith("! "):
            last.err += line[2:] + "\n"
        elif last is not None and last.code is None and (line.startswith("  ") or not line):
            last.out += line[2:] + "\n"
        else:
            raise Refused(f"{self.path}:{number}: {line!r}: expected `$ command`, then `  output`, `! error` and `= exit`")

    def run(self, words, feed=None, until=None, seconds=0):
        """The answer that stands next in the transcript."""
        del until, seconds
        wanted = spelled(words, feed)
        found = self.rest[self.number].command if self.number < len(self.rest) else "its end"
        if found != wanted:
            raise Refused(f"{self.path}: command {self.number + 1}: {found}: expected {wanted}")
        said = self.rest[self.number]
        if said.code is None:
            raise Refused(f"{self.path}: {wanted}: no line `= exit`: expected one")
        self.number += 1
        return said

    def finish(self):
        """That nothing stands in the transcript that was not asked."""
        if self.number < len(self.rest):
            raise Refused(f"{self.path}: command {self.number + 1}: {self.rest[self.number].command}: expected its end")


def program(name, default):
    """A program of this machine: by its option, else as it is built."""
    path = name or default
    if not os.access(path, os.R_OK):
        raise Refused(f"{path}: not there: expected a program: build it, or name another place by --programs")
    return path


def scratch():
    """A directory of the host's that goes away with the program."""
    made = Path(tempfile.mkdtemp(prefix="trustd-cuttlefish-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made
