"""Signals that are properties: whether trustd may read each, by the label that the platform gives it."""

import pathlib
import tomllib

from allowed import Allowed
from contexts import CONTEXT, lines

CATALOGUE = pathlib.Path(__file__).resolve().parent.parent.parent / "core" / "evidence" / "catalogue"


def labels(tree, ours):
    """The type of a property by its name: exact names first, then the longest beginning."""
    exact, beginnings = {}, {}
    for line in lines([tree / "public", tree / "private", *ours], "property_contexts"):
        found = CONTEXT.match(line.fields[1]) if len(line.fields) > 1 else None
        if found:
            (exact if line.fields[2:3] == ["exact"] else beginnings)[line.fields[0]] = found.group(1)

    def label(name):
        fitting = [beginning for beginning in beginnings if name.startswith(beginning)]
        return exact.get(name) or beginnings.get(max(fitting, key=len) if fitting else "*", "default_prop")

    return label


def unread(tree, ours, cil):
    """The properties that trustd may not read: signal, property, its type."""
    label, may = labels(tree, ours), Allowed(cil, "trustd").all()
    found = []
    for file in sorted(CATALOGUE.glob("*.toml")):
        with open(file, "rb") as catalogue:
            for signal in tomllib.load(catalogue).get("signal", []):
                name = isinstance(signal["source"], dict) and signal["source"].get("property")
                if name and not {"open", "read", "getattr", "map"} <= may.get((label(name), "file"), set()):
                    found.append((signal["id"], name, label(name)))
    return found
