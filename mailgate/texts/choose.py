"""Which template a name means, for a queue and a language (G13: a queue's set of templates).

With a queue whose set is `shop-`, for a customer who reads German, `received` is the first that there is of

    shop-received.de   shop-received   received.de   received

so a set needs to hold only what it says otherwise, and a language only what is translated. A template without
a language in its name may say it (`language`); it stands where its name would with it. The languages are the
contact's, then the queue's; where there is a name in other languages alone, it is the first of these.
"""

from collections.abc import Iterator

from mailgate.domain.routing import Catalogue, Queue, Template
from mailgate.domain.templatenames import base_name
from mailgate.texts.speech import widened


def find_template(
    catalogue: Catalogue, queue: Queue | None, name: str, language: str = ""
) -> Template | None:
    """Return the template that a name means for a queue and whoever reads `language`, else None."""
    languages = [language, queue.language if queue is not None else ""]
    prefix = queue.template_set if queue is not None else ""
    for base in dict.fromkeys((f"{prefix}{name}", name)):
        found = next(_named(catalogue, base, languages), None)
        if found is not None:
            return found
    return None


def _named(catalogue: Catalogue, base: str, languages: list[str]) -> Iterator[Template]:
    """Yield the templates of one name, the best first."""
    templates = catalogue.templates
    plain = templates.get(base)
    for tag in dict.fromkeys(one for language in languages for one in widened(language)):
        if (found := templates.get(f"{base}.{tag}")) is not None:
            yield found
        if plain is not None and plain.language.lower() == tag:
            yield plain
    if plain is not None:
        yield plain
    yield from (templates[one] for one in sorted(templates) if one != base and base_name(one) == base)
