"""The line above which an answer is to be written (S9, `$helpdesk-replyabove$`), and how it is found again.

A template puts it at the top of a mail of ours; whoever answers leaves it standing below the new text. Mail
programs quote it, wrap it, set it in bold and change its spaces; the signs around it survive all of that.
"""

import re
from typing import Final

OPENS: Final = "##-"
CLOSES: Final = "-##"

_TEXTS: Final = {
    "cs": "Odpovězte prosím nad tímto řádkem",
    "da": "Skriv venligst dit svar over denne linje",
    "de": "Bitte schreiben Sie Ihre Antwort über diese Zeile",
    "en": "Please write your answer above this line",
    "es": "Escriba su respuesta por encima de esta línea",
    "fr": "Veuillez écrire votre réponse au-dessus de cette ligne",
    "it": "Scriva la sua risposta sopra questa riga",
    "nl": "Schrijf uw antwoord boven deze regel",
    "pl": "Prosimy napisać odpowiedź nad tą linią",
    "pt": "Escreva a sua resposta acima desta linha",
    "sv": "Skriv ditt svar ovanför den här raden",
}

# At the beginning of a line but for quote signs, blanks and what a program writes for bold. The words may be
# cut over a few lines; a mark longer than any of ours is none. No piece of it can be read in two ways, so the
# time is linear.
_WORDS: Final = r"(?:[^#\n-]|-(?!##)){0,100}+"
_MARK: Final = re.compile(rf"^[> \t|*_]{{0,40}}+##-{_WORDS}(?:\n{_WORDS}){{0,2}}+-##", re.MULTILINE)


def reply_above(language: str) -> str:
    """Return the mark as a line of text in a language (`de`, `de-AT`), else in English."""
    words = _TEXTS.get(language.replace("_", "-").partition("-")[0].lower(), _TEXTS["en"])
    return f"{OPENS} {words} {CLOSES}"


def without_mark(text: str) -> str:
    """Return a mail of ours without the line of its first mark, if it has one."""
    return _MARK.sub("", text, count=1)


def find_mark(text: str) -> int:
    """Return where the line of the first mark begins, -1 where there is none; of any language and wording."""
    if OPENS not in text:
        return -1
    found = _MARK.search(text)
    return -1 if found is None else found.start()
