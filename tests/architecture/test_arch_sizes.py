"""Files and functions stay small enough to be read at once."""

import ast

import architree

LONGEST_FILE = 500
LONGEST_FUNCTION = 60


def test_no_file_is_longer_than_a_chapter():
    """No file of the product has more than 500 lines."""
    sizes = [
        (len(p.read_text(encoding="utf-8").splitlines()), architree.relative(p))
        for p in architree.product_files()
    ]
    offenders = [f"{name}: {lines} lines" for lines, name in sizes if lines > LONGEST_FILE]
    assert not offenders, architree.report(offenders)


def test_no_function_is_longer_than_a_screen():
    """No function of the product has more than 60 lines, its docstring and decorators included."""
    offenders = []
    for path in architree.product_files():
        for node in ast.walk(architree.tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
                lines = (node.end_lineno or first) - first + 1
                if lines > LONGEST_FUNCTION:
                    offenders.append(f"{architree.relative(path)}:{first} {node.name}: {lines} lines")
    assert not offenders, architree.report(offenders)


def test_no_function_rebinds_a_name_of_its_module():
    """There is no mutable state of a module: nothing says `global`."""
    offenders = [
        f"{architree.relative(path)}:{node.lineno} global {', '.join(node.names)}"
        for path in architree.product_files()
        for node in ast.walk(architree.tree(path))
        if isinstance(node, ast.Global)
    ]
    assert not offenders, architree.report(offenders)
