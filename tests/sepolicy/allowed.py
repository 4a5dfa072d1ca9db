"""What a domain may do, from a policy in CIL as checkpolicy writes it."""

import re
import sys


def expression(text):
    """Words and lists of an s-expression."""
    found = [[]]
    for token in re.findall(r"[()]|[^()\s]+", text):
        if token == "(":
            found.append([])
        elif token == ")":
            last = found.pop()
            found[-1].append(last)
        else:
            found[-1].append(token)
    return found[0][0]


class Allowed:
    """The rules of one domain."""

    def __init__(self, cil, domain):
        self.domain = domain
        self.types, self.attributes, rules = set(), {}, []
        with open(cil, encoding="utf-8") as file:
            for line in file:
                if line.startswith("(type "):
                    self.types.add(line[6:].strip().rstrip(")"))
                elif line.startswith("(typeattributeset "):
                    _, name, members = expression(line)
                    self.attributes.setdefault(name, []).append(members)
                elif line.startswith("(allow "):
                    rules.append(line)
        self.known = {}
        mine = {domain} | {name for name in self.attributes if domain in self.named(name)}
        parsed = (expression(line) for line in rules if line.split(" ", 2)[1] in mine)
        self.rules = [(source, target, kind[0], kind[1]) for _, source, target, kind in parsed]

    def named(self, name):
        """The types of a type or an attribute."""
        if name in self.types:
            return {name}
        if name not in self.known:
            self.known[name] = set()
            self.known[name] = set().union(*(self.members(part) for part in self.attributes.get(name, [])))
        return self.known[name]

    def members(self, part):
        if isinstance(part, str):
            return self.named(part)
        if not part:
            return set()
        head, *rest = part
        if head == "all":
            return self.types
        if head == "not":
            return self.types - self.members(rest[0])
        if head == "and":
            return set.intersection(*map(self.members, rest))
        if head == "or":
            return set().union(*map(self.members, rest))
        return set().union(*map(self.members, part))

    def own(self):
        """The rules that name the domain itself: target, class, permissions."""
        return [(target, kind, permissions) for source, target, kind, permissions in self.rules if source == self.domain]

    def all(self):
        """What it may do, through attributes too: permissions by target type and class."""
        found = {}
        for _, target, kind, permissions in self.rules:
            for name in {self.domain} if target == "self" else self.named(target):
                found.setdefault((name, kind), set()).update(permissions)
        return found


def main(cil):
    """A line a rule, for the tests: the domain, `own` (as the rule says it) or `may` (a type at a time), target, class,
    permissions."""
    domains = Allowed(cil, "domain").named("domain")
    for domain in sorted(domains):
        found = Allowed(cil, domain)
        for target, kind, permissions in found.own():
            print(domain, "own", domain if target == "self" else target, kind, *permissions)
        for (target, kind), permissions in sorted(found.all().items()):
            print(domain, "may", target, kind, *sorted(permissions))


if __name__ == "__main__":
    main(sys.argv[1])
