"""Subjects and mails for made-up tickets, in German and English, out of few sentences and many words."""

import random
from dataclasses import dataclass
from typing import Final

from mailgate.domain.fold import fold_text
from mailgate.domain.ticket import match_key

# Of five texts so many are German.
GERMAN_OF_FIVE: Final = 3
# So many different texts; each ticket adds a number of its own, so that none is the same twice.
BODIES: Final = 8192
SUBJECTS: Final = 2048

GERMAN_THINGS: Final = (
    *(
        "Rechnung",
        "Bestellung",
        "Lieferung",
        "Drucker",
        "Passwort",
        "Vertrag",
        "Konto",
        "Bildschirm",
        "Angebot",
    ),
    *(
        "Gutschrift",
        "Mahnung",
        "Tastatur",
        "Anmeldung",
        "Schulung",
        "Kündigung",
        "Überweisung",
        "Zugang",
        "Gerät",
    ),
)
GERMAN_TROUBLES: Final = (
    *(
        "ist falsch",
        "fehlt noch",
        "funktioniert nicht",
        "kam beschädigt an",
        "ist abgelaufen",
        "ist gesperrt",
    ),
    *(
        "wurde doppelt gebucht",
        "läßt sich nicht öffnen",
        "ist unvollständig",
        "kommt zu spät",
        "zeigt einen Fehler",
    ),
)
GERMAN_SENTENCES: Final = (
    "Sehr geehrte Damen und Herren, {thing} {trouble}.",
    "Guten Tag, seit gestern {trouble} mit {thing} etwas nicht.",
    "Können Sie bitte prüfen, warum {thing} {trouble}?",
    "Wir haben die {thing} erhalten, aber sie {trouble}.",
    "Bitte schicken Sie uns die {thing} noch einmal zu.",
    "Wann können wir mit einer Antwort rechnen?",
    "Unsere Abteilung wartet seit zwei Wochen auf {thing} und {other}.",
    "Im Anhang finden Sie {thing} und {other}.",
    "Vielen Dank für Ihre schnelle Hilfe.",
    "Mit freundlichen Grüßen aus {city}",
)
ENGLISH_THINGS: Final = (
    *(
        "invoice",
        "order",
        "delivery",
        "printer",
        "password",
        "contract",
        "account",
        "screen",
        "offer",
        "refund",
    ),
    *("reminder", "keyboard", "login", "training", "cancellation", "payment", "access", "device", "server"),
)
ENGLISH_TROUBLES: Final = (
    *("is wrong", "is still missing", "does not work", "arrived damaged", "has expired", "is locked"),
    *("was charged twice", "cannot be opened", "is incomplete", "is late", "shows an error", "is too slow"),
)
ENGLISH_SENTENCES: Final = (
    "Dear support team, our {thing} {trouble}.",
    "Hello, since yesterday the {thing} {trouble}.",
    "Could you please check why the {thing} {trouble}?",
    "We received the {thing}, but it {trouble}.",
    "Please send us the {thing} again.",
    "When can we expect an answer?",
    "Our department has been waiting for the {thing} and the {other} for two weeks.",
    "You find the {thing} and the {other} attached.",
    "Thank you for your quick help.",
    "Kind regards from {city}",
)
CITIES: Final = ("München", "Köln", "Zürich", "Graz", "Leeds", "Dublin", "Århus", "Düsseldorf", "Göteborg")
FIRST: Final = (
    *("Anna", "Jürgen", "Zoë", "Peter", "Käthe", "Mary", "John", "Søren", "Emma", "Lukas", "Sofia", "Oliver"),
    *("Björn", "Hannah", "Paul", "Greta", "Max", "Ruth", "Tim", "Nora", "Felix", "Ida", "Jonas", "Lea"),
)
LAST: Final = (
    *(
        "Müller",
        "Schmidt",
        "Weiß",
        "Fischer",
        "Groß",
        "Köhler",
        "Jäger",
        "Brown",
        "Smith",
        "Jensen",
        "O'Brien",
    ),
    *("Schröder", "Bauer", "Vogt", "Huber", "Wood", "Clark", "Lang", "Böhm", "Roth", "Evans", "Wolf", "Kühn"),
)
COMPANY_FIRST: Final = (
    *(
        "Nord",
        "Alpen",
        "Rhein",
        "Hanse",
        "Blue",
        "Green",
        "Silver",
        "City",
        "Ocean",
        "Union",
        "Metro",
        "Delta",
    ),
    *(
        "Stern",
        "Falken",
        "Linden",
        "Harbour",
        "Summit",
        "River",
        "Forest",
        "Castle",
        "Bridge",
        "North",
        "Solar",
    ),
)
COMPANY_LAST: Final = (
    *(
        "Logistik",
        "Druck",
        "Bau",
        "Medien",
        "Technik",
        "Foods",
        "Tools",
        "Systems",
        "Textil",
        "Energie",
        "Papier",
    ),
    *("Optik", "Möbel", "Reisen", "Labs", "Works", "Trading", "Motors", "Garten", "Holz", "Glas", "Software"),
)


@dataclass(frozen=True, slots=True)
class Text:
    """A text, its folded words, and for a subject its key (S5)."""

    text: str
    words: str
    key: str = ""


def subjects(chance: random.Random) -> list[Text]:
    """Return the subjects that tickets have before their number."""
    found = []
    for place in range(SUBJECTS):
        things, troubles = (
            (GERMAN_THINGS, GERMAN_TROUBLES)
            if place % 5 < GERMAN_OF_FIVE
            else (ENGLISH_THINGS, ENGLISH_TROUBLES)
        )
        text = f"{chance.choice(things)} {chance.choice(troubles)}"
        found.append(Text(text, fold_text(text), match_key(text)))
    return found


def bodies(chance: random.Random) -> list[Text]:
    """Return the mails and answers that histories hold before their number."""
    found = []
    for place in range(BODIES):
        german = place % 5 < GERMAN_OF_FIVE
        sentences = GERMAN_SENTENCES if german else ENGLISH_SENTENCES
        things = GERMAN_THINGS if german else ENGLISH_THINGS
        troubles = GERMAN_TROUBLES if german else ENGLISH_TROUBLES
        text = "\n".join(
            sentence.format(
                thing=chance.choice(things),
                other=chance.choice(things),
                trouble=chance.choice(troubles),
                city=chance.choice(CITIES),
            )
            for sentence in chance.sample(sentences, chance.randrange(2, 5))
        )
        found.append(Text(text, fold_text(text)))
    return found
