"""The device: that it is a Cuttlefish, how it starts, and how trustd comes onto it."""

import hashlib
from pathlib import Path

import expectations
from door import Refused, program, scratch

SERVICE = "com.enigm.trust.ITrustService/default"
SYSTEM_EXT = "/system_ext"
TEMPORARY = "/data/local/tmp"
POLICY = "trustd-cuttlefish.toml"
# What the platform's build makes of a system_ext policy (system/sepolicy/Android.bp).
CONTEXTS = ["file", "service", "property", "seapp", "keystore2_key"]
BOOT_ID = "/proc/sys/kernel/random/boot_id"
BOOT_SECONDS = 600
ROOT_SECONDS = 30
SERVICE_SECONDS = 60


def places(options, expected):
    """What stands for a path of this machine in a command."""
    places = {"trustctl": options.trustctl, "host": options.host_out, "product": options.product_out}
    if options.mode == "image":
        return places
    made = scratch()
    programs = Path(options.programs)
    places |= {name: program(None, str(programs / tool)) for name, tool in [("trustd", "trustd"), ("tool", "trustctl")]}
    (made / POLICY).write_text(expectations.policy(expected))
    rc = (expectations.ROOT / "etc/trustd.rc").read_text()
    started = "/system_ext/bin/trustd --bus none"
    if started not in rc:
        raise Refused(f"etc/trustd.rc: no {started!r}: expected it, to add --policy to it")
    (made / "trustd.rc").write_text(rc.replace(started, f"{started} --policy {SYSTEM_EXT}/etc/{POLICY}"))
    places |= {"policy": str(made / POLICY), "rc": str(made / "trustd.rc")}
    if options.mode == "push":
        places |= selinux(options, made)
    return places


def selinux(options, made):
    """The policy's files, and the digest by which init sees that the precompiled policy is another (init/selinux.cpp)."""
    if not options.policy_files:
        raise Refused("push: no --policy-files DIR: expected the built system_ext/etc/selinux: without it init starts no trustd")
    files = {name: Path(options.policy_files) / f"system_ext_{name}_contexts" for name in CONTEXTS}
    files["cil"] = Path(options.policy_files) / "system_ext_sepolicy.cil"
    for file in files.values():
        program(None, str(file))
    digest = made / "sha256"
    digest.write_text(hashlib.sha256(files["cil"].read_bytes()).hexdigest() + "\n")
    return {name: str(file) for name, file in files.items()} | {"sha256": str(digest)}


def start(door):
    """Starts a device of the images that were built."""
    door.do(["cvd", "create", "--host_path={host}", "--product_path={product}"])


def recognise(door):
    """Refuses every device but a Cuttlefish: faults are injected into no other."""
    state = door.run(["adb", "get-state"])
    if state.code:
        why = state.err.strip() or state.out.strip()
        raise Refused(f"adb get-state: {why}: expected one device: start it (--start), or name it in ANDROID_SERIAL")
    for key, wanted in [("ro.hardware.virtual_device", "1"), ("ro.boot.hardware", "cutf_cvm")]:
        found = door.shell(f"getprop {key}").out.strip()
        if found != wanted:
            raise Refused(
                f"the device's {key} is {found!r}: expected {wanted!r}, a Cuttlefish: faults are injected into no other "
                "device; name yours in ANDROID_SERIAL"
            )


def booted(door):
    """Waits until it has started."""
    door.do(["adb", "wait-for-device"])
    done = door.shell("getprop sys.boot_completed", until=lambda said: said.out.strip() == "1", seconds=BOOT_SECONDS)
    if done.out.strip() != "1":
        raise Refused(f"the device has not started after {BOOT_SECONDS} s: expected sys.boot_completed to be 1: `cvd bugreport`")


def root(door):
    """Restarts adbd as root, which a user build refuses."""
    door.do(["adb", "root"])
    door.do(["adb", "wait-for-device"])
    # adbd goes and comes back: the first answers may be the old one's, or none.
    found = door.shell("id -u", until=lambda said: said.out.strip() == "0", seconds=ROOT_SECONDS).out.strip()
    if found != "0":
        raise Refused(f"adb root: the shell is uid {found}: expected 0, as on a userdebug build; a user build takes `image` alone")


def reboot(door):
    """Starts the device again, as root."""
    before = door.do(["adb", "shell", f"cat {BOOT_ID}"]).out.strip()
    door.do(["adb", "reboot"])

    def another(said):
        # Until it goes, the start before this one answers.
        lines = said.out.split()
        return len(lines) == 2 and lines[0] != before and lines[1] == "1"

    said = door.shell(f"cat {BOOT_ID}; getprop sys.boot_completed", until=another, seconds=BOOT_SECONDS)
    if not another(said):
        raise Refused(f"adb reboot: {(said.out or said.err).strip()!r} after {BOOT_SECONDS} s: expected another boot id and 1")
    root(door)


def push(door):
    """Lays trustd over the image. init compiles the policy at the next start; labels follow then, and a start more."""
    # The first remount switches dm-verity off, which takes a start; whether it calls that an error differs by version.
    door.run(["adb", "remount"])
    reboot(door)
    door.do(["adb", "remount"])
    for place, path in [
        ("trustd", "bin/trustd"),
        ("tool", "bin/trustctl"),
        ("rc", "etc/init/trustd.rc"),
        ("policy", f"etc/{POLICY}"),
        ("cil", "etc/selinux/system_ext_sepolicy.cil"),
        ("sha256", "etc/selinux/system_ext_sepolicy_and_mapping.sha256"),
        *[(name, f"etc/selinux/system_ext_{name}_contexts") for name in CONTEXTS],
    ]:
        door.do(["adb", "push", "{" + place + "}", f"{SYSTEM_EXT}/{path}"])
    door.do(["adb", "shell", f"chmod 755 {SYSTEM_EXT}/bin/trustd {SYSTEM_EXT}/bin/trustctl"])
    reboot(door)
    door.do(["adb", "remount"])
    door.do(["adb", "shell", f"restorecon -R {SYSTEM_EXT}/bin {SYSTEM_EXT}/etc"])
    reboot(door)
    return f"{SYSTEM_EXT}/bin/trustctl"


def temporary(door):
    """Puts trustd where root may run it. It runs in su's domain then, which may do everything."""
    for place, path in [("trustd", "trustd"), ("tool", "trustctl"), ("policy", POLICY)]:
        door.do(["adb", "push", "{" + place + "}", f"{TEMPORARY}/{path}"])
    door.do(["adb", "shell", f"cd {TEMPORARY} && chmod 755 trustd trustctl && mkdir -p -m 700 trustd-state"])
    foreground(door)
    return f"{TEMPORARY}/trustctl"


def foreground(door):
    """Starts it there."""
    door.do(
        [
            "adb",
            "shell",
            f"cd {TEMPORARY} && nohup ./trustd --bus none --state {TEMPORARY}/trustd-state --policy {POLICY} "
            "> trustd.log 2>&1 < /dev/null & echo $! > /data/local/tmp/trustd.pid",
        ]
    )


def serving(door):
    """Waits until the service manager knows the service."""
    # Not `service check`, which asks for more than to list: a shell may be refused that.
    asked = f"service list | grep -o -F {SERVICE}"
    said = door.shell(asked, until=lambda said: said.out.strip() == SERVICE, seconds=SERVICE_SECONDS)
    if said.out.strip() != SERVICE:
        state = door.shell("getprop init.svc.trustd").out.strip() or "no such service"
        raise Refused(
            f"trustd isn't running: no {SERVICE}, init.svc.trustd {state!r}: expected the service: is it in the image? "
            "`adb logcat -d -s trustd`, `adb shell dmesg | grep -e avc -e trustd`; --policy needs a development build"
        )
