"""Syntax files for editors, drawn from the tables of the language: Vim, and TextMate grammars (VS Code).

Words that the language does not have stay uncoloured in an editor, so a misspelt one is seen while typing.
"""

import json
from collections.abc import Iterable
from typing import Final

from sieve_like.registry import Registry

CONTROL: Final = frozenset(
    {
        "require",
        "if",
        "elsif",
        "else",
        "stop",
        "return",
        "break",
        "continue",
        "foreverypart",
        "while",
        "include",
    }
)
LOGIC: Final = frozenset({"allof", "anyof", "not", "true", "false"})
ENDINGS: Final = ("sieve", "siv", "svtest")
NOTE: Final = "Made from the tables of the language by `make generated`: not to be changed by hand."


class Words:
    """All words of a registry by kind, each kind sorted."""

    def __init__(self, registry: Registry) -> None:
        commands, tests = set(registry.words("command")), set(registry.words("test"))
        self.control = sorted(CONTROL & commands)
        self.actions = sorted(commands - CONTROL)
        self.logic = sorted(LOGIC & tests)
        self.tests = sorted(tests - LOGIC)
        self.tags = sorted(_tags(registry))
        self.capabilities = sorted(registry.capabilities)


def _tags(registry: Registry) -> Iterable[str]:
    yield "comparator"
    yield from registry.words("match type")
    yield from registry.words("address part")
    found = set()
    for extension in registry.extensions:
        found |= {tag.name for command in extension.commands for tag in command.tags}
        found |= {tag.name for test in extension.tests for tag in test.tags}
        found |= {added.tag.name for added in extension.tags}
    yield from found - {"comparator", *registry.words("match type"), *registry.words("address part")}


# --- Vim ---------------------------------------------------------------------------------------

VIM_HEAD: Final = f"""" Vim syntax file for Sieve (RFC 5228) with all extensions of mailgate.
" {NOTE}
if exists("b:current_syntax")
  finish
endif
syntax case ignore
setlocal iskeyword=@,48-57,_
"""
VIM_REST: Final = r"""
syntax match sieveNumber "\<\d\+[KMG]\?\>"
syntax match sieveEscape contained "\\."
syntax match sieveVariable contained "\${[A-Za-z0-9_.]\+}"
syntax match sieveEncoded contained "\${\(hex\|unicode\):[0-9A-Fa-f \t\r\n]*}"
syntax cluster sieveInside contains=sieveVariable,sieveEncoded
syntax region sieveString start=+"+ skip=+\\.+ end=+"+ contains=@sieveInside,sieveEscape,sieveCapability
syntax region sieveText matchgroup=sieveMark start="\<text:\s*\(#.*\)\?$" end="^\.$" contains=@sieveInside
syntax match sieveRule contained "rule:\[.\{-}\]"
syntax match sieveLint contained "lint:.*$"
syntax match sieveComment "#.*$" contains=sieveTodo,sieveRule,sieveLint
syntax region sieveComment start="/\*" end="\*/" contains=sieveTodo
syntax keyword sieveTodo contained NOTE WARNING
syntax region sieveBlock start="{" end="}" transparent fold

highlight default link sieveControl Conditional
highlight default link sieveAction Function
highlight default link sieveLogic Operator
highlight default link sieveTest Keyword
highlight default link sieveTag Identifier
highlight default link sieveCapability Special
highlight default link sieveNumber Number
highlight default link sieveString String
highlight default link sieveText String
highlight default link sieveMark Special
highlight default link sieveEscape SpecialChar
highlight default link sieveVariable PreProc
highlight default link sieveEncoded PreProc
highlight default link sieveComment Comment
highlight default link sieveRule Title
highlight default link sieveLint PreProc
highlight default link sieveTodo Todo

let b:current_syntax = "sieve"
"""
# `:make` checks the script and jumps to the first error.
VIM_PLUGIN: Final = f"""" {NOTE}
if exists("b:did_ftplugin")
  finish
endif
let b:did_ftplugin = 1
setlocal commentstring=#\\ %s expandtab shiftwidth=4 softtabstop=4
setlocal makeprg=sieve-like\\ check\\ --format\\ gcc\\ %:S
setlocal errorformat=%f:%l:%c:\\ %trror:\\ %m,%f:%l:%c:\\ %tarning:\\ %m
if executable("sieve-like")
  setlocal formatprg=sieve-like\\ fmt\\ -
endif
let b:undo_ftplugin = "setlocal commentstring< expandtab< shiftwidth< softtabstop<"
  \\ . " makeprg< errorformat< formatprg<"
"""
VIM_DETECT: Final = f"""" {NOTE}
autocmd BufRead,BufNewFile *.sieve,*.siv,*.svtest setfiletype sieve
"""


def vim_syntax(registry: Registry) -> str:
    """Return `syntax/sieve.vim`."""
    words = Words(registry)
    lines = [VIM_HEAD]
    for group, names in (
        ("sieveControl", words.control),
        ("sieveAction", words.actions),
        ("sieveLogic", words.logic),
        ("sieveTest", words.tests),
    ):
        lines += [f"syntax keyword {group} {' '.join(row)}" for row in _rows(names)]
    lines += [f'syntax match sieveTag ":\\({_any(row)}\\)\\>"' for row in _rows(words.tags)]
    for row in _rows(words.capabilities):
        lines.append(f'syntax match sieveCapability contained +"\\@<=\\({_any(map(_plain, row))}\\)"\\@=+')
    return "\n".join(lines) + VIM_REST


def _any(names: Iterable[str]) -> str:
    return "\\|".join(names)


def _plain(name: str) -> str:
    return name.replace(".", "\\.")


def _rows(names: list[str], size: int = 8) -> Iterable[list[str]]:
    return [names[n : n + size] for n in range(0, len(names), size)]


# --- VS Code -----------------------------------------------------------------------------------


def textmate_grammar(registry: Registry) -> str:
    """Return `syntaxes/sieve.tmLanguage.json`."""
    words = Words(registry)
    inside = [
        {"name": "constant.character.escape.sieve", "match": r"\\."},
        {
            "name": "variable.other.sieve",
            "match": r"\$\{(?:hex|unicode):[0-9A-Fa-f\s]*\}|\$\{[A-Za-z0-9_.]+\}",
        },
    ]
    required = "|".join(name.replace(".", r"\.") for name in words.capabilities)
    patterns = [
        {"name": "comment.block.sieve", "begin": r"/\*", "end": r"\*/"},
        {
            "name": "comment.line.number-sign.sieve",
            "match": r"(#)\s*(?:(rule:\[.*?\])|(lint:\s*ignore.*))?.*$",
            "captures": {"2": {"name": "entity.name.section.sieve"}, "3": {"name": "keyword.other.sieve"}},
        },
        {
            "name": "string.unquoted.heredoc.sieve", "begin": r"(?i)\b(text:)[ \t]*(#.*)?$", "end": r"^\.$",
            "beginCaptures": {
                "1": {"name": "keyword.other.sieve"}, "2": {"name": "comment.line.number-sign.sieve"},
            },
            "patterns": inside[1:],
        },
        {"name": "support.constant.capability.sieve", "match": rf'"(?:{required})"'},
        {"name": "string.quoted.double.sieve", "begin": '"', "end": '"', "patterns": inside},
        {"name": "keyword.control.sieve", "match": _words(words.control)},
        {"name": "keyword.operator.logical.sieve", "match": _words(words.logic)},
        {"name": "support.function.action.sieve", "match": _words(words.actions)},
        {"name": "support.function.test.sieve", "match": _words(words.tests)},
        {"name": "entity.other.attribute-name.tag.sieve", "match": rf"(?i):(?:{'|'.join(words.tags)})\b"},
        {"name": "constant.numeric.sieve", "match": r"(?i)\b[0-9]+[KMG]?\b"},
    ]  # fmt: skip
    return _json(
        {"comment": NOTE, "name": "Sieve", "scopeName": "source.sieve", "fileTypes": ENDINGS,
         "patterns": patterns}
    )  # fmt: skip


OPENS: Final = r"[\[({][^\])}]*$"
CLOSES: Final = r"^\s*[\])}]"


def _words(names: Iterable[str]) -> str:
    return rf"(?i)\b(?:{'|'.join(names)})\b"


def language_configuration() -> str:
    """Return `language-configuration.json`: comments, brackets, indentation."""
    pairs = [["{", "}"], ["[", "]"], ["(", ")"]]
    return _json(
        {
            "comments": {"lineComment": "#", "blockComment": ["/*", "*/"]},
            "brackets": pairs,
            "autoClosingPairs": [{"open": a, "close": b} for a, b in [*pairs, ['"', '"']]],
            "surroundingPairs": [*pairs, ['"', '"']],
            "indentationRules": {
                "increaseIndentPattern": r"[\[({][^\])}]*$",
                "decreaseIndentPattern": r"^\s*[\])}]",
            },
        }
    )


def vscode_package() -> str:
    """Return `package.json` of the extension, with a matcher for the output of `sieve-like check`."""
    matcher = {
        "name": "sieve-like", "owner": "sieve", "fileLocation": ["autoDetect", "${workspaceFolder}"],
        "pattern": {
            "regexp": r"^(.+?):(\d+):(\d+): (error|warning): (.*)$",
            "file": 1, "line": 2, "column": 3, "severity": 4, "message": 5,
        },
    }  # fmt: skip
    return _json(
        {
            "name": "sieve-like", "displayName": "Sieve with the extensions of mailgate",
            "publisher": "mailgate", "description": NOTE, "version": "0.1.0", "license": "Apache-2.0",
            "engines": {"vscode": "^1.70.0"}, "categories": ["Programming Languages"],
            "contributes": {
                "languages": [{
                    "id": "sieve", "aliases": ["Sieve"], "extensions": [f".{ending}" for ending in ENDINGS],
                    "configuration": "./language-configuration.json",
                }],
                "grammars": [{
                    "language": "sieve", "scopeName": "source.sieve",
                    "path": "./syntaxes/sieve.tmLanguage.json",
                }],
                "problemMatchers": [matcher],
            },
        }
    )  # fmt: skip


def _json(data: object) -> str:
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def files(registry: Registry) -> dict[str, str]:
    """Return all files by their path below the folder of the editors."""
    return {
        "vim/syntax/sieve.vim": vim_syntax(registry),
        "vim/ftdetect/sieve.vim": VIM_DETECT,
        "vim/ftplugin/sieve.vim": VIM_PLUGIN,
        "vscode/package.json": vscode_package(),
        "vscode/language-configuration.json": language_configuration(),
        "vscode/syntaxes/sieve.tmLanguage.json": textmate_grammar(registry),
    }
