"""Policy sources to a compiled policy, in the order in which Android's build does it."""

import dataclasses
import pathlib
import re
import subprocess

# system/sepolicy/build/soong/policy.go, policyConfOrder. Within each, all of public before all of private before ours.
ORDER = ["flagging_macros", "security_classes", "initial_sids", "access_vectors", "global_macros", "neverallow_macros",
         "mls_macros", "mls_decl", "mls", "policy_capabilities", "te_macros", "ioctl_defines", "ioctl_macros", "*.te",
         "roles_decl", "roles", "users", "initial_sid_contexts", "fs_use", "genfs_contexts", "port_contexts"]

# What the build defines for m4 (build/soong/policy.go), for a device of today.
DEFINES = {"mls_num_sens": "1", "mls_num_cats": "1024", "target_arch": "arm64", "target_with_asan": "false",
           "target_with_dexpreopt": "true", "target_with_native_coverage": "false", "target_full_treble": "true",
           "target_compatible_property": "true", "target_treble_sysprop_neverallow": "true",
           "target_enforce_sysprop_owner": "true", "target_exclude_build_test": "false",
           "target_requires_insecure_execmem_for_swiftshader": "false",
           "target_enforce_debugfs_restriction": "true", "target_recovery": "false",
           "target_board_api_level": "1000000"}

# The version of binary policies that Android builds (POLICYVERS).
VERSION = "30"


class Refused(Exception):
    """What the platform does not take: a finding a line."""

    def __init__(self, findings):
        super().__init__("\n".join(findings))
        self.findings = findings


@dataclasses.dataclass
class Policy:
    """A compiled policy, and what it names."""

    binary: pathlib.Path
    types: set
    members: dict

    def is_a(self, name, attribute):
        return name in self.members.get(attribute, ())


def sources(tree, ours, extra):
    """All files of a policy, in order."""
    directories = [tree / "flagging", tree / "public", tree / "private", *ours]
    found = []
    for name in ORDER:
        for directory in directories:
            if name == "*.te":
                found += [directory / "attributes"] if (directory / "attributes").exists() else []
                found += sorted(directory.glob("*.te"))
            elif (directory / name).exists():
                found.append(directory / name)
        if name == "*.te":
            found += extra
    return found


def run(command, output=None):
    """The exit status and what was said on standard error and output (or standard error alone)."""
    if output:
        with open(output, "w", encoding="utf-8") as file:
            done = subprocess.run(command, stdout=file, stderr=subprocess.PIPE, text=True, check=False)
        return done.returncode, done.stderr
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return done.returncode, done.stdout


def preprocess(files, variant, conf):
    defines = {**DEFINES, "target_build_variant": variant}
    given = [argument for name, value in defines.items() for argument in ("-D", f"{name}={value}")]
    status, said = run(["m4", "--fatal-warnings", *given, "-s", *map(str, files)], conf)
    if status:
        raise Refused([f"m4: {line}: a macro is unknown or wrongly called here: see te_macros of the platform"
                       for line in said.splitlines()])
    # checkpolicy counts the line with a file's name as that file's first: a second one, without, sets it right.
    lines = conf.read_text(encoding="utf-8").splitlines()
    right = (f"{line}\n#line 1" if line.startswith('#line 1 "') else line for line in lines)
    conf.write_text("\n".join(right) + "\n", encoding="utf-8")


def compile_policy(tree, ours, extra, variant, kept):
    """Compiles all of it; refused where any compiler or neverallow says no."""
    conf, binary, cil = (kept / f"{variant}.{kind}" for kind in ("conf", "bin", "cil"))
    preprocess(sources(tree, ours, extra), variant, conf)
    status, said = run(["checkpolicy", "-M", "-c", VERSION, "-o", str(binary), str(conf)])
    if status:
        raise Refused(explained(said, conf, tree))
    # This pass finds no neverallow: what it writes goes through secilc, which does.
    status, said = run(["checkpolicy", "-M", "-C", "-c", VERSION, "-o", str(cil), str(conf)])
    if status:
        raise Refused(explained(said, conf, tree))
    debt = tree / "private" / "technical_debt.cil"
    if debt.exists():
        with open(cil, "a", encoding="utf-8") as file:
            file.write(debt.read_text(encoding="utf-8"))
    status, said = run(["secilc", "-m", "-M", "true", "-G", "-c", VERSION, str(cil), "-o",
                        str(kept / f"{variant}.secilc"), "-f", "/dev/null"])
    if status:
        raise Refused([f"secilc, with {debt}: {line.strip()}" for line in said.splitlines() if line.strip()])
    return named(binary, cil)


def named(binary, cil):
    text = cil.read_text(encoding="utf-8")
    types = set(re.findall(r"^\(type ([^ )]+)\)", text, re.MULTILINE))
    members = {}
    for attribute, names in re.findall(r"^\(typeattributeset ([^ ]+) \(([^()]*)\)", text, re.MULTILINE):
        members.setdefault(attribute, set()).update(names.split())
    return Policy(binary, types, members)


def explained(said, conf, tree):
    """checkpolicy's errors as findings, each with what to do."""
    findings, reported = [], set()
    for line in said.splitlines():
        line = line.strip()
        violated = re.match(r"libsepol\.report_failure: neverallow on line (\d+) of (\S+) \(or line (\d+) of \S+\) "
                            r"violated by (.*)", line)
        if violated:
            number, file, in_conf, rule = violated.groups()
            neverallow = statement(conf, int(in_conf))
            findings.append(f"{file}:{number}: `{neverallow}` is violated by `{rule}`: take the rule out of our "
                            "policy: what is asked for here is nobody's to have, or another's")
            continue
        error = re.match(r"(\S+?):(\d+):ERROR ['\"](.*)['\"] at token", line)
        if error:
            file, number, what = error.groups()
            unknown = re.search(r"unknown (?:type|attribute|class|permission) (\S+)", what)
            todo = "correct the rule"
            if unknown:
                todo = (f"the platform of this tree has no {unknown.group(1)}: leave the rule out for it (a directory "
                        "of its own, as sepolicy/android16 is), or build on a platform that has it")
            if pathlib.Path(file).is_relative_to(tree):
                todo = "that file is the platform's, not ours: is the checkout whole, and of one commit?"
            if (file, number) not in reported:
                reported.add((file, number))
                findings.append(f"{file}:{number}: {what}: {todo}")
    return findings or [f"checkpolicy: {line.strip()}" for line in said.splitlines() if line.strip()]


def statement(conf, line):
    """The rule whose last line is this one of the preprocessed policy, on one line."""
    text = ""
    with open(conf, encoding="utf-8") as file:
        before = [content for content in (next(file, "") for _ in range(line)) if not content.startswith("#")]
    for content in reversed(before):
        text = f"{content.strip()} {text}"
        if content.lstrip().startswith("neverallow"):
            break
    text = " ".join(text.split())
    return text if len(text) <= 300 else f"{text[:300]} ..."
