"""Tag :copy for fileinto, redirect and pipe: the implicit keep stays.

RFC 3894. Done: all of it.
"""

from dataclasses import replace

from sieve_like.interpreter import Run
from sieve_like.result import Action
from sieve_like.spec import AddedTag, Amend, Extension, Tag
from sieve_like.values import Value


def _copy(action: Action, value: Value, run: Run) -> Action:
    del run
    return replace(action, copy=bool(value))


EXTENSION = Extension(
    "copy",
    "3894",
    tags=(AddedTag(("fileinto", "redirect", "pipe"), Tag("copy", hook=Amend(_copy))),),
    card=__doc__,
)
