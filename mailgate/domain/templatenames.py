"""What templates are called: `received`, `received.de`, and in a queue's set `shop-received` (G13, G18).

Whoever names a template says `received`; which that is for a queue and a language, `texts/choose.py` says.
"""

import re
from collections.abc import Collection
from typing import Final

from mailgate.domain.routing import Catalogue

# What a language at the end of a template's name looks like.
LANGUAGE: Final = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{2,8})*")


def base_name(name: str) -> str:
    """Return a template's name without its language: `received` of `received.de`."""
    base, dot, language = name.rpartition(".")
    return base if dot and base and LANGUAGE.fullmatch(language) else name


def template_names(catalogue: Catalogue) -> Collection[str]:
    """Return the names that somebody may say: with and without the language, and the queue's set."""
    names = {*catalogue.templates, *map(base_name, catalogue.templates)}
    sets = {queue.template_set for queue in catalogue.queues.values()} - {""}
    names |= {one.removeprefix(prefix) for one in names for prefix in sets if one.startswith(prefix)}
    return names - {""}
