"""The layers below the line are pure: no database, network, clock, thread, file, process or randomness."""

import ast
import sys

import architree
import pytest

PURE = (
    "sieve_like",
    "mailgate.domain",
    "mailgate.errors",
    "mailgate.actions",
    "mailgate.rules",
    "mailgate.texts",
)

# Files that are allowed to touch the world, each with its reason.
EXEMPT = {
    "sieve_like/cli.py": "a command line reads files and prints",
    "sieve_like/commands": "its commands, a file each",
    "sieve_like/testing/runner.py": "reads test files and what lies beside them, and asks the time once",
}

# What pure code may import besides our own modules. Everything else is an offence until it stands here with its reason.
ALLOWED = {
    "abc": "classes only", "bisect": "computes", "binascii": "computes", "base64": "computes", "codecs": "decodes",
    "collections": "values", "csv": "parses texts in memory", "contextlib": "control flow", "contextvars": "control flow", "copy": "values",
    "dataclasses": "values", "decimal": "values", "difflib": "computes", "enum": "values",
    "email": "decodes single values, behind our caps", "encodings": "decodes", "fnmatch": "computes",
    "cryptography": "computes: reads and makes keys in memory (domain/dkimkey.py)", "fractions": "values", "functools": "computes", "hashlib": "computes", "heapq": "computes", "hmac": "computes",
    "html": "decodes", "io": "buffers in memory; open() is looked for by itself", "ipaddress": "values",
    "itertools": "computes", "importlib": "finds the extensions of its own folder", "pkgutil": "the same", "json": "encodes", "keyword": "a list", "math": "computes",
    "mmap": "the type of a mapped spool file that is handed in", "operator": "computes",
    "pathlib": "the type of a path that is carried along", "quopri": "decodes", "re": "our own constant patterns",
    "stringprep": "tables", "string": "constants", "struct": "computes", "textwrap": "computes", "types": "values",
    "typing": "types", "unicodedata": "tables", "urllib.parse": "computes", "uuid": "values; uuid4() is looked for",
    "warnings": "control flow", "weakref": "values", "zlib": "computes", "datetime": "values; now() is looked for",
    "idna": "tables", "jinja2": "renders in memory; only its sandbox and what that needs",
    "mailparser_reply": "patterns of the lines above quotations",
    "markdown_it": "computes", "nh3": "cleans HTML in memory", "markupsafe": "belongs to jinja2", "re2": "linear time, and mail and rules are untrusted",
}  # fmt: skip

# Calls that ask the world although the module is allowed.
CLOCKS = {"now", "utcnow", "today"}
CALLS = {"open", "input", "print", "exec", "eval", "breakpoint", "uuid1", "uuid4"}
FILE_METHODS = {
    "read_text",
    "read_bytes",
    "write_text",
    "write_bytes",
    "unlink",
    "mkdir",
    "rename",
    "touch",
    "exists",
}


def pure_files():
    """Every file below the line."""
    for path in architree.product_files():
        name = architree.module_name(path)
        if name.startswith(PURE) and not architree.relative(path).startswith(tuple(EXEMPT)):
            yield path


def allowed(module: str) -> bool:
    """Whether a module or a package around it stands in the list."""
    pieces = module.split(".")
    return any(".".join(pieces[:n]) in ALLOWED for n in range(1, len(pieces) + 1))


def impure_calls(source: ast.AST) -> list[tuple[int, str]]:
    """Return line and name of every call that asks a clock, a file or a terminal."""
    found = []
    for node in ast.walk(source):
        if isinstance(node, ast.Call):
            match node.func:
                case ast.Name(id=name) if name in CALLS:
                    found.append((node.lineno, name))
                case ast.Attribute(value=ast.Name(id="datetime" | "date"), attr=name) if name in CLOCKS:
                    found.append((node.lineno, f"datetime.{name}"))
                case ast.Attribute(attr=name) if name in FILE_METHODS | {"uuid4", "uuid1"}:
                    found.append((node.lineno, name))
    return found


def test_pure_code_imports_nothing_of_the_world():
    """Modules below the line import only each other and what the list allows by name."""
    offenders = []
    for path in pure_files():
        offenders += [
            f"{architree.relative(path)}:{one.line} imports {one.module}"
            for one in architree.imports(path)
            if one.module.split(".")[0] not in architree.PACKAGES and not allowed(one.module)
        ]
    assert not offenders, architree.report(offenders)


def test_pure_code_asks_no_clock_and_opens_no_file():
    """Time and octets reach pure code as arguments."""
    offenders = [
        f"{architree.relative(path)}:{line} calls {name}()"
        for path in pure_files()
        for line, name in impure_calls(architree.tree(path))
    ]
    assert not offenders, architree.report(offenders)


def test_the_language_does_not_know_the_gateway():
    """sieve_like imports nothing of mailgate, and beside the standard library only google-re2."""
    known = sys.stdlib_module_names | {"sieve_like", "re2"}
    offenders = [
        f"{architree.relative(path)}:{one.line} imports {one.module}"
        for path in architree.product_files()
        for one in architree.imports(path)
        if architree.module_name(path).startswith("sieve_like") and one.module.split(".")[0] not in known
    ]
    assert not offenders, architree.report(offenders)


def test_exemptions_name_real_files():
    """No exemption outlives its file."""
    gone = [name for name in EXEMPT if not (architree.ROOT / name).exists()]
    assert not gone, architree.report(gone)


@pytest.mark.parametrize(
    "line", ["datetime.now(UTC)", "date.today()", "open('x')", "path.read_text()", "uuid.uuid4()", "print(1)"]
)
def test_the_look_for_calls_finds_them(line):
    """Each kind of forbidden call is really found, so that silence means something."""
    assert impure_calls(ast.parse(line))
