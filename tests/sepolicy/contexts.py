"""Context files: that what ours name exists, is of the right kind, and is not the platform's already."""

import dataclasses
import pathlib
import re

from policy import run

CONTEXT = re.compile(r"u:object_r:([a-zA-Z0-9_]+):s0$")
VALUES = {"string", "bool", "int", "uint", "double", "size", "enum"}


@dataclasses.dataclass
class Line:
    """A line of a context file, in fields."""

    file: pathlib.Path
    number: int
    fields: list

    def __str__(self):
        return f"{self.file}:{self.number}"


def lines(directories, name):
    found = []
    for directory in directories:
        file = directory / name
        if file.exists():
            texts = file.read_text(encoding="utf-8").splitlines()
            found += [Line(file, number, text.split("#")[0].split()) for number, text in enumerate(texts, 1)]
    return [line for line in found if line.fields]


def check_contexts(tree, ours, policy, kept):
    platform = [tree / "public", tree / "private"]
    return [
        *file_contexts(platform, ours, policy, kept),
        *named(platform, ours, policy, "service_contexts", "service_manager_type"),
        *named(platform, ours, policy, "keystore2_key_contexts", "keystore2_key_type"),
        *property_contexts(platform, ours, policy),
        *seapp_contexts(platform, ours, policy),
    ]


def of_kind(line, context, attribute, policy):
    """What is wrong with a context: none, a type that is not there, or one of another kind."""
    found = CONTEXT.match(context)
    if not found:
        return [f"{line}: {context}: expected u:object_r:TYPE:s0"]
    name = found.group(1)
    if name not in policy.types:
        return [f"{line}: type {name} is not defined: declare it in a .te file, or correct the name"]
    if attribute and not policy.is_a(name, attribute):
        return [f"{line}: type {name} is no {attribute}: declare it as `type {name}, {attribute};`"]
    return []


def file_contexts(platform, ours, policy, kept):
    own, theirs = lines(ours, "file_contexts"), lines(platform, "file_contexts")
    findings = []
    taken = {line.fields[0]: line for line in theirs}
    for line in own:
        if line.fields[0] in taken:
            findings.append(f"{line}: {line.fields[0]} has a label at {taken[line.fields[0]]}: name another path")
        if line.fields[-1] != "<<none>>":
            findings += of_kind(line, line.fields[-1], None, policy)
    if findings:
        return findings
    for place, all_of_it in (("ours", own), ("the platform's with ours", theirs + own)):
        source = kept / "file_contexts"
        source.write_text("".join("\t".join(line.fields) + "\n" for line in all_of_it), encoding="utf-8")
        status, said = run(["sefcontext_compile", "-o", str(kept / "file_contexts.bin"), "-p", str(policy.binary),
                            str(source)])
        if status:
            found = [text.replace(str(source), place) for text in said.splitlines() if text.strip()]
            for text in found:
                number = re.search(r"line(?: number)? (\d+)", text)
                at = f"{all_of_it[int(number.group(1)) - 1]}: " if number else ""
                findings.append(f"{at}sefcontext_compile: {text.strip()}: correct the expression or the type")
            break
    return findings


def named(platform, ours, policy, file, attribute):
    """Files of `NAME CONTEXT`, where a name is one line's."""
    findings = []
    taken = {line.fields[0]: line for line in lines(platform, file)}
    for line in lines(ours, file):
        if len(line.fields) != 2:
            findings.append(f"{line}: {len(line.fields)} fields: expected a name and a context")
            continue
        name, context = line.fields
        if name in taken:
            findings.append(f"{line}: {name} is taken at {taken[name]}: choose a name or number that nobody has")
        taken[name] = line
        findings += of_kind(line, context, attribute, policy)
    return findings


def property_contexts(platform, ours, policy):
    """Names and beginnings of names. A property has one owner: who names the same, or below or above what another names,
    takes properties from it, as the longest match wins (bionic, property_info_parser)."""
    findings = []
    # The line for all that nobody names, and those for a whole class of names, are nobody's own.
    classes = {"*", "ro.", "persist.", "sys.", "debug.", "vendor.", "ro.vendor.", "persist.vendor.", "ctl.",
               "ctl.start$", "ctl.stop$", "ctl.restart$"}
    others = [line for line in lines(platform, "property_contexts") if line.fields[0] not in classes]
    for line in lines(ours, "property_contexts"):
        name, is_exact = line.fields[0], line.fields[2:3] == ["exact"]
        if len(line.fields) < 2:
            findings.append(f"{line}: expected NAME CONTEXT, and `exact TYPE` or `prefix TYPE`")
            continue
        findings += of_kind(line, line.fields[1], "property_type", policy)
        if line.fields[2:3] not in (["exact"], ["prefix"]) or line.fields[3:4] == []:
            findings.append(f"{line}: {name}: expected `exact TYPE` or `prefix TYPE` after the context")
        elif line.fields[3] not in VALUES:
            findings.append(f"{line}: {name}: value type {line.fields[3]}: expected one of {', '.join(sorted(VALUES))}")
        for other in others:
            theirs, other_is_exact = other.fields[0], other.fields[2:3] == ["exact"]
            clash = None
            if name == theirs:
                findings.append(f"{line}: {name} has a label at {other} already: one of the two lines goes: ours, "
                                "if the property is the platform's")
            elif name.startswith(theirs) and not other_is_exact:
                clash = "gives a property of the beginning"
            elif theirs.startswith(name) and not is_exact:
                clash = "is a beginning of"
            if clash:
                findings.append(f"{line}: {name} {clash} {theirs} at {other}: whose label it has would depend on who "
                                "is read last: choose a beginning that no other covers, such as `enigm.trust.`")
        others.append(line)
    return findings


def selectors(line):
    """An entry's keys and values; user's and name's case does not count (libselinux, seapp_context_lookup)."""
    return dict(field.split("=", 1) for field in line.fields if "=" in field)


OUTPUTS = {"domain", "type", "level", "levelFrom"}


def seapp_contexts(platform, ours, policy):
    findings = []
    own, theirs = lines(ours, "seapp_contexts"), lines(platform, "seapp_contexts")
    never = [line for line in own + theirs if line.fields[0] == "neverallow"]

    def inputs(line):
        return {key: value for key, value in selectors(line).items() if key not in OUTPUTS}

    taken = [(inputs(line), line) for line in theirs if line.fields[0] != "neverallow"]
    for line in (line for line in own if line.fields[0] != "neverallow"):
        entry = selectors(line)
        for key, attribute in (("domain", "domain"), ("type", "file_type")):
            name = entry.get(key)
            if name is None:
                continue
            if name not in policy.types:
                findings.append(f"{line}: type {name} is not defined: declare it in a .te file, or correct the name")
            elif not policy.is_a(name, attribute):
                findings.append(f"{line}: type {name} is no {attribute}: name one that is")
        if "name" in entry and entry.get("seinfo", "default") == "default":
            findings.append(f"{line}: name={entry['name']} without a seinfo: any app can have that name: add seinfo=platform")
        for selected, other in taken:
            if selected == inputs(line):
                findings.append(f"{line}: selects what {other} selects: choose another name")
        taken.append((inputs(line), line))
        for rule in never:
            if all(key in entry and re.fullmatch(value, entry[key]) for key, value in selectors(rule).items()):
                findings.append(f"{line}: forbidden by {rule}: `{' '.join(rule.fields)}`")
    return findings
