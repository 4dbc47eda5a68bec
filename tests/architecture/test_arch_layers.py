"""Imports only ever point down, and nothing imports its own package root."""

import ast

import architree

# Equal numbers never import each other, except where PEERS says so: a part is a package or a module of `mailgate`.
LAYERS = {
    "mailgate.app": 7, "mailgate.cli": 7, "mailgate.control": 7, "mailgate.__main__": 7, "mailgate.demo": 7,
    "mailgate.wiring": 7, "mailgate.places": 7, "mailgate.vocabulary": 7, "mailgate.business": 7, "mailgate.reporting": 7, "mailgate.systemd": 7,
    "mailgate.intake": 6, "mailgate.managesieve": 6, "mailgate.desk": 6, "mailgate.jobs": 6,
    "mailgate.pipeline": 5, "mailgate.outbox": 5,
    "mailgate.checks": 4, "mailgate.store": 4, "mailgate.targets": 4,
    "mailgate.config": 3.5, "mailgate.metrics": 3.5, "mailgate.maillog": 3.5, "mailgate.registry": 3.5,
    "mailgate.rules": 3,
    "mailgate.actions": 2,
    "mailgate.texts": 1.5,
    "mailgate.domain": 1, "mailgate.errors": 1,
    "sieve_like": 0,
}  # fmt: skip
PEERS = {7, 1}  # the composition root and the commands; values and their errors


def part(module: str) -> str:
    """Return the part of the house that a module belongs to."""
    pieces = module.split(".")
    return pieces[0] if pieces[0] == "sieve_like" else ".".join(pieces[:2])


def test_every_part_has_a_layer():
    """No package or module stands outside the table of layers; the package root holds a docstring only."""
    strange = {part(name) for name in architree.module_names()} - LAYERS.keys() - {"mailgate"}
    assert not strange, architree.report(sorted(strange))


def test_imports_point_down():
    """No module imports from a layer above its own, nor from another part of its own layer."""
    offenders = []
    for path in architree.product_files():
        own = part(architree.module_name(path))
        for one in architree.imports(path):
            other = part(architree.target(one))
            if other in LAYERS and own in LAYERS and other != own:
                above, below = LAYERS[own], LAYERS[other]
                if below > above or (below == above and above not in PEERS):
                    offenders.append(f"{architree.relative(path)}:{one.line} imports {architree.target(one)}")
    assert not offenders, architree.report(offenders)


def test_nothing_imports_a_package_root():
    """Every name is imported absolutely, from the module that defines it."""
    offenders = []
    packages = {architree.module_name(p) for p in architree.product_files() if p.name == "__init__.py"}
    for path in architree.product_files():
        offenders += [
            f"{architree.relative(path)}:{one.line} imports from {'.' * one.level}{one.module}"
            for one in architree.imports(path)
            if one.level or architree.target(one) in packages
        ]
    assert not offenders, architree.report(offenders)


def test_package_roots_hold_a_docstring_only():
    """An `__init__.py` says what the folder is for and does nothing."""
    roots = [path for path in architree.product_files() if path.name == "__init__.py"]
    offenders = [architree.relative(path) for path in roots if len(architree.tree(path).body) != 1]
    assert not offenders, architree.report(offenders)


def test_every_module_says_what_it_is_for():
    """Every file opens with a docstring."""
    offenders = [
        architree.relative(p) for p in architree.product_files() if not ast.get_docstring(architree.tree(p))
    ]
    assert not offenders, architree.report(offenders)
