"""Faults: each is injected, seen and undone."""

import json
import re
import shlex
import zipfile

import device
from door import Refused, scratch

HEARD = "/data/local/tmp/trustd-watch"
EVENT_SECONDS = 60
ALTERED = "/data/ota_package/trustd-altered.bin"


def parsed(lines):
    """What `watch` told of in these lines."""
    changes = []
    for line in lines:
        try:
            changes.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return changes


class Watch:
    """`trustctl watch` on the device, and how many of its lines were read."""

    def __init__(self, door, tool):
        self.door, self.read = door, 0
        command = f"nohup {tool} watch --format json > {HEARD} 2>&1 < /dev/null & echo $! > {HEARD}.pid"
        door.do(["adb", "shell", command])
        said, lines = self.lines(lambda lines: lines)
        if not lines:
            raise Refused(f"{tool} watch: {said.out.strip()!r} after {EVENT_SECONDS} s: expected the posture as it stands")

    def lines(self, wanted):
        """Its whole lines since, as soon as that is wanted."""
        def since(said):
            return [line for line in said.out.splitlines(True) if line.endswith("\n")][self.read :]

        said = self.door.shell(f"cat {HEARD}", until=lambda said: wanted(since(said)), seconds=EVENT_SECONDS)
        lines = since(said)
        self.read += len(lines)
        return said, lines

    def stop(self):
        """Ends it."""
        self.door.shell(f"kill $(cat {HEARD}.pid)")


def inject(door, ledger, tool, options, faults):
    """All of them, those left out with the reason."""
    slot = door.do(["adb", "shell", "bootctl get-current-slot"]).out.strip()
    suffix = door.do(["adb", "shell", f"bootctl get-suffix {slot}"]).out.strip()
    if slot not in ("0", "1"):
        raise Refused(f"bootctl get-current-slot: {slot!r}: expected 0 or 1")
    values = {"slot": slot, "other_slot": "10"[int(slot)], "suffix": suffix, "headers": "{headers}"}
    for fault in faults:
        name = f"fault {fault['id']}"
        if options.mode not in fault.get("modes", [options.mode]):
            print(f"  left out: {name}: tried by {', '.join(fault['modes'])} alone")
        elif fault.get("needs") == "ota" and not options.ota:
            print(f"  left out: {name}: no --ota PACKAGE of this build")
        else:
            if fault.get("needs") == "ota":
                altered(door, options)
            Trial(door, ledger, tool, options.mode, filled(fault, values)).run(name)


def filled(fault, values):
    """The fault with this device's values in the places of their names."""
    def fill(text):
        return re.sub(r"\{(\w+)\}", lambda name: values[name[1]], text)

    observed = fault["observed"] if isinstance(fault["observed"], list) else [fault["observed"]]
    commands = {key: [fill(command) for command in fault[key]] for key in ["fault", "undo"]}
    return fault | commands | {"observed": list(map(fill, observed))}


class Trial:
    """One fault."""

    def __init__(self, door, ledger, tool, mode, fault):
        self.door, self.ledger, self.tool, self.mode, self.fault = door, ledger, tool, mode, fault

    def run(self, name):
        """Injects it, looks, and undoes it whatever came of it."""
        # A start of the device is no event, and ends whoever watches.
        watch = None if self.fault.get("reboots") else Watch(self.door, self.tool)
        self.judged(f"{name}: before", self.fault["before"])
        try:
            self.give(self.fault["fault"], self.fault.get("fails", False))
            self.event(f"{name}: event", watch)
            self.observed(f"{name}: signal")
            self.judged(f"{name}: after", self.fault["after"])
        finally:
            self.give(self.fault["undo"], False)
        self.event(f"{name}: event of the undoing", watch)
        self.judged(f"{name}: undone", self.fault["before"])
        if watch:
            watch.stop()

    def give(self, commands, fails):
        """Gives the commands, and starts the device where they count from its next start."""
        for command in commands:
            said = self.door.shell(command)
            if (said.code != 0) != fails:
                wanted = "an error" if fails else "success"
                raise Refused(f"{command}: exit {said.code}: {(said.err or said.out).strip()}: expected {wanted}")
        if self.fault.get("reboots"):
            device.reboot(self.door)
            if self.mode == "foreground":
                device.foreground(self.door)
            device.serving(self.door)

    def event(self, name, watch):
        """That `watch` tells of the gate; of nothing where nothing may change."""
        gate = self.fault.get("gate")
        if not watch:
            return
        if gate is None:
            said, lines = watch.lines(lambda lines: True)
            self.ledger.expect(name, not lines, said, "nothing", f"{lines}, expected no event")
            return

        def tells(lines):
            return any(gate in change["gates"] for change in parsed(lines))

        said, lines = watch.lines(tells)
        self.ledger.expect(name, tells(lines), said, f'"{gate}"', f"{lines}, expected one with {gate}")

    def explained(self, what, wanted, pattern):
        command = f"{self.tool} explain {what} --bus binder"
        found = lambda said: re.search(pattern, said.out, re.MULTILINE)
        is_it = lambda said: bool(found(said)) and found(said)[1] in wanted
        said = self.door.shell(command, until=is_it, seconds=EVENT_SECONDS)
        return said, is_it(said), found(said)[0] if found(said) else said.out + said.err

    def observed(self, name):
        """That the daemon observes the fault."""
        wanted = self.fault["observed"]
        said, holds, found = self.explained(self.fault["signal"], wanted, r"^Observed: (.*) \(class .\)$")
        self.ledger.expect(name, holds, said, found, f"{self.fault['signal']}: {found}, expected {' or '.join(wanted)}")

    def judged(self, name, wanted):
        """That the check comes to this verdict."""
        said, holds, found = self.explained(self.fault["check"], [wanted], r"^Verdict: (\S+)$")
        self.ledger.expect(name, holds, said, found, f"{self.fault['check']}: {found}, expected {wanted}")


def altered(door, options):
    """Puts the payload onto the device with a bit of its middle flipped, and has what update_engine wants to know of it
    stand for `{headers}`."""
    if not options.dry:
        try:
            with zipfile.ZipFile(options.ota) as package:
                payload = bytearray(package.read("payload.bin"))
                headers = package.read("payload_properties.txt").decode().strip()
        except (OSError, KeyError, zipfile.BadZipFile) as error:
            raise Refused(f"{options.ota}: {error}: expected an update package with payload.bin") from None
        payload[len(payload) // 2] ^= 1
        file = scratch() / "payload.bin"
        file.write_bytes(payload)
        door.places |= {"payload": str(file), "headers": shlex.quote(headers)}
    door.do(["adb", "push", "{payload}", ALTERED])
