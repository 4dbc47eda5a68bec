"""Texts made from the section classes: the commented example, the manual's page, the answer to `explain`.

`conf/mailgate.toml` and `docs/settings.md` come from here, so they can't disagree with the code.
"""

from collections.abc import Iterator
from textwrap import wrap
from typing import Final

from mailgate.config.render import toml_value
from mailgate.config.schema import REQUIRED, Kind, Setting, settings_of, tag_of, title_of
from mailgate.config.section import Section
from mailgate.config.settings import Settings
from mailgate.config.walk import suggestion, written

_WIDTH: Final = 100  # columns of a comment

HEAD: Final = """\
# mailgate.toml: every setting with its default. A line that starts with "#" and a name is a setting:
# take away the "#" to change it. Sizes are written "25 MiB", durations "5 min" (ms, s, min, h, days).
# Files conf.d/*.toml beside this one are read too; two files must not set the same value.
# Check with: mailgate config check
"""


def example() -> str:
    """Return mailgate.toml with every setting, its sentence and its default, all as comments."""
    parts = [HEAD]
    for setting in settings_of(Settings):
        parts.extend(_example_table(setting, section) for section in setting.sections)
    return "\n".join(parts)


def _example_table(setting: Setting, section: type[Section]) -> str:
    lines = [f"# {line}" for line in wrap(title_of(section), _WIDTH)]
    match setting.kind:
        case Kind.SECTIONS:
            lines.append(f"#[[{setting.name}]]")
        case Kind.NAMED:
            lines.append(f"#[{setting.name}.example-{tag_of(section)}]")
            lines.append(f'#kind = "{tag_of(section)}"')
        case _:
            lines.append(f"[{setting.name}]")
    for inner in settings_of(section):
        lines += [f"# {line}" for line in wrap(_sentence(inner), _WIDTH)]
        lines.append(f"#{inner.name} = {_example_value(inner)}")
    return "\n".join(lines) + "\n"


def _example_value(setting: Setting) -> str:
    if setting.default is REQUIRED or setting.default is None:
        return toml_value(setting, setting.examples[0])
    return toml_value(setting, setting.default)


def _sentence(setting: Setting) -> str:
    facts = _facts(setting)
    return f"{setting.description} ({facts})" if facts else setting.description


def _facts(setting: Setting) -> str:
    """Return choices or bounds in words."""
    if setting.choices:
        return " | ".join(setting.choices)
    facts: list[str] = []
    if setting.ge is not None:
        facts.append(f"at least {written(setting.kind, setting.ge)}")
    if setting.le is not None:
        facts.append(f"at most {written(setting.kind, setting.le)}")
    return ", ".join(facts)


PAGE_HEAD: Final = """\
# Settings

`/etc/mailgate/mailgate.toml` holds the infrastructure: listeners, database, relay, targets, limits. What
the business changes (addresses, queues, templates, rules) lives in the database, see `mailgate apply`.
Files `conf.d/*.toml` beside it are read too: tables are merged, `[[listener]]` tables are added up, and a
value that two files set is an error.

`mailgate config check` reports every mistake at once, `mailgate config show -n` what differs from the
defaults, and `mailgate config explain KEY` one setting. Sizes are written `"25 MiB"` (or as a number of
bytes), durations `"5 min"` with one of the units ms, s, min, h, days. A relative path starts in
`instance.state_folder`, that of the control socket in `instance.run_folder`.

A secret is never written into these files. The setting names the place it lies in: `${credential:NAME}` is a
credential of the systemd unit (`LoadCredential=`), `${file:/path}` a file.

This page is made from the code by `mailgate config example --markdown`.
"""


def page() -> str:
    """Return docs/settings.md."""
    parts = [PAGE_HEAD]
    for setting in settings_of(Settings):
        parts.extend(_page_section(setting, section) for section in setting.sections)
    return "\n".join(parts)


def _page_section(setting: Setting, section: type[Section]) -> str:
    match setting.kind:
        case Kind.SECTIONS:
            title = f"`[[{setting.name}]]`"
        case Kind.NAMED:
            title = f'`[{setting.name}.NAME]` with `kind = "{tag_of(section)}"`'
        case _:
            title = f"`[{setting.name}]`"
    lines = [f"## {title}", "", title_of(section)]
    settings = settings_of(section)
    if settings:
        lines += ["", "| setting | what stands there | default | meaning |", "|---|---|---|---|"]
        lines += [_page_row(inner) for inner in settings]
    return "\n".join(lines) + "\n"


def _page_row(setting: Setting) -> str:
    facts = _facts(setting).replace("|", "\\|")
    kind = f"{setting.kind}: {facts}" if facts else str(setting.kind)
    default = _default(setting)
    return f"| `{setting.name}` | {kind} | {default} | {setting.description.replace('|', '-')} |"


def _default(setting: Setting) -> str:
    if setting.default is REQUIRED:
        return "required"
    if setting.default is None or setting.default == "":
        return "none"
    return f"`{toml_value(setting, setting.default)}`"


def known_keys() -> Iterator[tuple[str, Setting, type[Section]]]:
    """Yield every key that `explain` knows, with its setting and the section it stands in."""
    for setting in settings_of(Settings):
        yield setting.name, setting, Settings
        for section in setting.sections:
            middle = f".{tag_of(section)}" if setting.kind is Kind.NAMED else ""
            for inner in settings_of(section):
                yield f"{setting.name}{middle}.{inner.name}", inner, section


def explain(key: str) -> str:
    """Return what is to be said of one key or section. Raises KeyError with a sentence if there is none."""
    entries = list(known_keys())
    found = [(name, setting) for name, setting, _ in entries if name == key]
    if not found:
        names = [name for name, _, _ in entries]
        # The last part alone is what people remember.
        same = [name for name in names if name.rpartition(".")[2] == key]
        hint = f", did you mean {' or '.join(same)}?" if same else suggestion(key, names)
        raise KeyError(f"there is no setting {key!r}{hint}")
    name, setting = found[0]
    if setting.sections:
        inner = [n for n, _, _ in entries if n.startswith(f"{name}.")]
        return "\n".join([f"{name}: {setting.kind}", *_wrapped(setting.description), "", *inner])
    return "\n".join(_explained(name, setting))


def _explained(name: str, setting: Setting) -> Iterator[str]:
    yield f"{name}: {setting.kind}"
    yield from _wrapped(setting.description)
    yield f"default: {_example_default(setting)}"
    facts = _facts(setting)
    if facts:
        yield f"allowed: {facts}"
    for example_value in setting.examples:
        yield f"example: {toml_value(setting, example_value)}"


def _example_default(setting: Setting) -> str:
    if setting.default is REQUIRED:
        return "none, it must be set"
    return "not set" if setting.default is None else toml_value(setting, setting.default)


def _wrapped(text: str) -> list[str]:
    return [f"  {line}" for line in wrap(text, _WIDTH)]
