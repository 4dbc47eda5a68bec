"""How mail programs answer: their forms made by hand, with the text that a person would call the answer.

Nothing here was sent by these programs; the markup, names and order follow what they write, cut down to what
tells. A form is a mail's body in plain text, in HTML or in both, and what of it is new: None is all of it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from html import escape
from textwrap import wrap

from replywords import ANNA, DE, EN, LANGUAGES, SUPPORT, Words

HR = '<hr style="display:inline-block;width:98%" tabindex="-1">'
GREY = "margin:0px 0px 0px 0.8ex;border-left:1px solid rgb(204,204,204);padding-left:1ex"


@dataclass(frozen=True)
class Form:
    """One answer; `needs_known` where only the text of our own mail tells what is new."""

    client: str
    words: Words
    style: str
    subject: str
    plain: Callable[[str], str] | None
    html: Callable[[str], str] | None
    new: str | None
    needs_known: bool = False

    @property
    def name(self) -> str:
        """What a test calls it."""
        kind = "both" if self.plain and self.html else "html" if self.html else "plain"
        return f"{self.client}-{self.words.language}-{self.style}-{kind}"

    def mail(self, ours: str) -> bytes:
        """Return the mail that answers ours."""
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = ANNA, SUPPORT, self.subject
        if self.plain:
            mail.set_content(self.plain(ours))
        if self.html and self.plain:
            mail.add_alternative(self.html(ours), subtype="html")
        elif self.html:
            mail.set_content(self.html(ours), subtype="html")
        return mail.as_bytes()


def quoted(text: str, columns: int = 0) -> str:
    """Return a text quoted; with `columns` as programs do that cut lines first."""
    lines = text.split("\n")
    if columns:
        lines = [piece for line in lines for piece in (wrap(line, columns) or [""])]
    return "\n".join(f"> {line}".rstrip() for line in lines)


def lines_html(text: str, tag: str = "div", inside: str = "") -> str:
    """Return a text as HTML, an element for each line."""
    return "".join(
        f"<{tag}{inside}>{escape(line, quote=False) or '<br>'}</{tag}>" for line in text.split("\n")
    )


def br_html(text: str) -> str:
    """Return a text as HTML with <br> between its lines."""
    return escape(text, quote=False).replace("\n", "<br>\n")


def word_html(text: str) -> str:
    """Return a text as Word writes it."""
    return "".join(
        f'<p class="MsoNormal">{escape(line, quote=False) or "&nbsp;"}<o:p></o:p></p>'
        for line in text.split("\n")
    )


def fields_text(words: Words, *, dated: bool = False) -> str:
    """Return Outlook's block in plain text."""
    return "\n".join(f"{name}: {value}" for name, value in words.block(words.subject, dated=dated))


def fields_html(words: Words) -> str:
    """Return Outlook's block in HTML."""
    return "<br>".join(f"<b>{name}:</b> {escape(value)}" for name, value in words.block(words.subject))


# -- Outlook


def outlook_classic(words: Words) -> Iterator[Form]:
    """Yield what Outlook for Windows sends: Word's HTML with a line above the block, or plain text with a title."""

    def html(ours: str) -> str:
        head = '<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm">'
        return (
            '<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><style><!-- p.MsoNormal {margin:0cm} -->'
            f'</style></head><body lang="DE"><div class="WordSection1">{word_html(words.new)}{word_html("")}'
            f'<div>{head}<p class="MsoNormal">{fields_html(words)}<o:p></o:p></p></div></div>'
            f"{word_html('')}{word_html(ours)}</div></body></html>"
        )

    def alternative(ours: str) -> str:
        return "\n\n".join([*words.new.split("\n"), fields_text(words), *ours.split("\n")])

    def plain(ours: str) -> str:
        return f"{words.new}\n\n-----{words.original}-----\n{fields_text(words)}\n\n{ours}\n"

    doubled = "\n\n".join(line for line in words.new.split("\n") if line)
    yield Form("outlook-classic", words, "top", words.subject, None, html, words.new)
    yield Form("outlook-classic", words, "top", words.subject, alternative, html, doubled)
    yield Form("outlook-classic", words, "titled", words.subject, plain, None, words.new)


def outlook_new(words: Words) -> Iterator[Form]:
    """Yield what the new Outlook and Outlook on the web send."""

    def html(ours: str) -> str:
        new = lines_html(words.new, inside=' class="elementToProof" style="font-size:12pt"')
        return (
            f'<html><body dir="ltr">{new}<div id="appendonsend"></div>{HR}<div id="divRplyFwdMsg" dir="ltr">'
            f'<font face="Calibri, sans-serif" style="font-size:11pt">{fields_html(words)}</font><div>&nbsp;</div></div>'
            f"{lines_html(ours)}</body></html>"
        )

    def plain(ours: str) -> str:
        return f"{words.new}\n{'_' * 32}\n{fields_text(words)}\n\n{ours}\n"

    yield Form("outlook-new", words, "top", words.subject, plain, html, words.new)
    yield Form("outlook-new", words, "top", words.subject, None, html, words.new)


def outlook_mobile(words: Words) -> Iterator[Form]:
    """Yield what Outlook for iOS and Android sends, in its older and its newer form."""

    def older(ours: str) -> str:
        signature = f'<div id="ms-outlook-mobile-signature"><div>{words.outlook_phone}</div></div>'
        return (
            f'<html><body><div dir="ltr">{lines_html(words.new)}</div>{signature}{HR}'
            f'<div id="divRplyFwdMsg">{fields_html(words)}</div>{lines_html(ours)}</body></html>'
        )

    def newer(ours: str) -> str:
        style = "border-width: 1pt medium medium; border-style: solid none none; padding: 3pt 0in 0in"
        return (
            f'<html><body><div dir="ltr">{lines_html(words.new)}</div>'
            '<div id="mail-editor-reference-message-container"><div class="ms-outlook-mobile-reference-message" '
            f'style="{style}">{fields_html(words)}</div>{lines_html(ours)}</div></body></html>'
        )

    yield Form(
        "outlook-mobile", words, "signed", words.subject, None, older, f"{words.new}\n{words.outlook_phone}"
    )
    yield Form("outlook-mobile", words, "top", words.subject, None, newer, words.new)


# -- Gmail


def gmail(words: Words) -> Iterator[Form]:
    """Yield what Gmail sends on the web and on Android."""

    def html(ours: str) -> str:
        head = escape(words.gmail)
        return (
            f'<div dir="ltr">{lines_html(words.new)}</div><br><div class="gmail_quote gmail_quote_container">'
            f'<div dir="ltr" class="gmail_attr">{head}<br></div><blockquote class="gmail_quote" style="{GREY}">'
            f"{br_html(ours)}</blockquote></div>"
        )

    def plain(ours: str) -> str:
        head = "\n".join(wrap(words.gmail, 72))
        return f"{words.new}\n\n{head}\n\n{quoted(ours, 72)}\n"

    def bare(ours: str) -> str:
        return f"{words.new}\n\n{words.gmail}\n\n{quoted(ours)}\n"

    yield Form("gmail-web", words, "top", words.subject, plain, html, words.new)
    yield Form("gmail-web", words, "top", words.subject, None, html, words.new)
    yield Form("gmail-android", words, "top", words.subject, bare, html, words.new)


def gmail_others() -> Iterator[Form]:
    """Yield answers between the lines, below them, and mails that are passed on."""

    def parts(ours: str) -> tuple[str, str]:
        lines = ours.split("\n")
        return "\n".join(lines[:-6]), "\n".join(lines[-6:])

    def inline_html(ours: str) -> str:
        first, second = parts(ours)
        quote = f'<blockquote class="gmail_quote" style="{GREY}">'
        return (
            f'<div dir="ltr"><div class="gmail_quote"><div class="gmail_attr">{escape(EN.gmail)}<br></div>'
            f"{quote}{br_html(first)}</blockquote><div>The blue one.</div>{quote}{br_html(second)}</blockquote>"
            "<div>It is 4711-0815.</div></div></div>"
        )

    def inline_plain(ours: str) -> str:
        first, second = parts(ours)
        return f"{EN.gmail}\n\n{quoted(first)}\n\nThe blue one.\n\n{quoted(second)}\n\nIt is 4711-0815.\n"

    def passed_on(ours: str) -> str:
        return f"Please have a look.\n\n---------- {EN.forwarded} ---------\n{fields_text(EN, dated=True)}\n\n\n{ours}\n"

    def passed_on_html(ours: str) -> str:
        head = f"---------- {DE.forwarded} ---------<br>{fields_html(DE)}"
        return (
            f'<div dir="ltr">Zur Info<br><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">{head}'
            f"</div>{br_html(ours)}</div></div>"
        )

    yield Form("gmail-web", EN, "inline", EN.subject, None, inline_html, None)
    yield Form("gmail-web", EN, "inline", EN.subject, inline_plain, None, None)
    yield Form("gmail-web", EN, "forward", "Fwd: Printer", passed_on, None, None)
    yield Form("gmail-web", DE, "forward", "Drucker", None, passed_on_html, None)


# -- Apple


def apple(words: Words) -> Iterator[Form]:
    """Yield what Mail sends on a Mac and on a telephone."""

    def html(ours: str) -> str:
        head = escape(words.apple)
        return (
            '<html><head></head><body style="overflow-wrap: break-word;">'
            f'{lines_html(words.new)}<div><br><blockquote type="cite"><div>{head}</div><br>'
            f"<div><div>{br_html(ours)}</div></div></blockquote></div><br></body></html>"
        )

    def phone(ours: str) -> str:
        return f"{words.new}\n\n{words.iphone}\n\n{quoted(words.apple)}\n> \n{quoted(ours)}\n"

    def mac(ours: str) -> str:
        return f"{words.new}\n\n{quoted(words.apple)}\n> \n{quoted(ours)}\n\n"

    yield Form("apple-mac", words, "top", words.subject, None, html, words.new)
    yield Form("apple-mac", words, "top", words.subject, mac, html, words.new)
    yield Form("apple-ios", words, "signed", words.subject, phone, None, f"{words.new}\n\n{words.iphone}")


def apple_others() -> Iterator[Form]:
    """Yield Apple's way between the lines, and of passing on."""

    def inline(ours: str) -> str:
        lines = ours.split("\n")
        return f"{quoted(DE.apple)}\n> \n{quoted(chr(10).join(lines[:3]))}\n\nDer blaue.\n\n{quoted(chr(10).join(lines[3:]))}\n\n4711.\n"

    def passed_on(ours: str) -> str:
        return f"Look at this.\n\n{EN.apple_forwarded}\n\n{quoted(fields_text(EN, dated=True))}\n>\n{quoted(ours)}\n"

    def html(ours: str) -> str:
        return (
            f'<div>Siehe unten.</div><div><br><blockquote type="cite"><div>{DE.apple_forwarded}</div><br>'
            f"<div>{fields_html(DE)}</div><br>{br_html(ours)}</blockquote></div>"
        )

    yield Form("apple-mac", DE, "inline", DE.subject, inline, None, None)
    yield Form("apple-ios", EN, "forward", "Printer", passed_on, None, None)
    yield Form("apple-mac", DE, "forward", "WG: Drucker", None, html, None)


# -- Thunderbird


def thunderbird(words: Words) -> Iterator[Form]:
    """Yield Thunderbird's answers above and below, in plain text and in HTML."""

    def html(ours: str) -> str:
        return (
            f'<html><body><p>{br_html(words.new)}</p><div class="moz-cite-prefix">{escape(words.thunderbird)}<br></div>'
            f'<blockquote type="cite" cite="mid:1@gate.example.org"><pre wrap="">{br_html(ours)}</pre></blockquote>'
            "</body></html>"
        )

    def top(ours: str) -> str:
        return f"{words.new}\n\n{words.thunderbird}\n{quoted(ours)}\n"

    def bottom(ours: str) -> str:
        return f"{words.thunderbird}\n{quoted(ours, 70)}\n\n{words.new}\n"

    def signed(ours: str) -> str:
        return f"{words.new}\n\n{words.thunderbird}\n{quoted(ours)}\n\n-- \nAnna Berg\nCustomer Ltd\n"

    yield Form("thunderbird", words, "top", words.subject, None, html, words.new)
    yield Form("thunderbird", words, "top", words.subject, top, None, words.new)
    yield Form("thunderbird", words, "bottom", words.subject, bottom, None, words.new, needs_known=True)
    yield Form("thunderbird", words, "signed-below", words.subject, signed, None, words.new)


def thunderbird_others() -> Iterator[Form]:
    """Yield answers between quoted lines, and a mail that is passed on."""

    def chosen(_ours: str) -> str:
        return f"{EN.thunderbird}\n> Which printer is it?\nThe blue one.\n> Please also tell us the serial number\n4711\n"

    def html(ours: str) -> str:
        first, second = ours.split("\n\n", 2)[:2]
        quote = '<blockquote type="cite">'
        return (
            f'<div class="moz-cite-prefix">{escape(DE.thunderbird)}<br></div>{quote}{br_html(first)}</blockquote>'
            f"<p>Guten Tag!</p>{quote}{br_html(second)}</blockquote><p>Der blaue, Nummer 4711.</p>"
        )

    def passed_on(ours: str) -> str:
        return f"\n\n\n-------- {DE.forwarded} --------\n{fields_text(DE, dated=True)}\n\n\n\n{ours}\n"

    yield Form("thunderbird", EN, "inline", EN.subject, chosen, None, None)
    yield Form("thunderbird", DE, "inline", DE.subject, None, html, None)
    yield Form("thunderbird", DE, "forward", "Fwd: Drucker", passed_on, None, None)


# -- the big providers' own pages


def yahoo(words: Words) -> Iterator[Form]:
    """Yield Yahoo's: our mail stands below without any sign in plain text."""

    def plain(ours: str) -> str:
        below = "\n".join(f" {line}" for line in ours.split("\n"))
        return f" {words.new}\n\n    {words.yahoo}  \n \n{below}\n  "

    def html(ours: str) -> str:
        return (
            f'<div class="ydp1yahoo-style-wrap" style="font-size:13px;">{lines_html(words.new)}</div>'
            '<div id="ydp1yahoo_quoted_9" class="ydp1yahoo_quoted"><div style="font-size:13px;color:#26282a;">'
            f"<div>{escape(words.yahoo)}</div><div><br></div>{lines_html(ours)}</div></div>"
        )

    yield Form("yahoo", words, "top", words.subject, plain, html, words.new)
    yield Form("yahoo", words, "top", words.subject, None, html, words.new)


def gmx(words: Words) -> Iterator[Form]:
    """Yield what GMX and web.de send."""

    def html(ours: str) -> str:
        bar = "margin:10px 5px 5px 10px; padding:10px 0 10px 10px; border-left:2px solid #C3D9E5; word-wrap:break-word;"
        fields = "<br/>".join(f"<b>{k}:</b>&nbsp;{escape(v)}" for k, v in words.block(words.subject))
        return (
            f'<html><head></head><body><div style="font-family: Verdana;font-size: 12.0px;">{lines_html(words.new)}'
            f'<div>&nbsp;<div name="quote" style="{bar}"><div style="margin:0 0 10px 0;">{fields}</div>'
            f'<div name="quoted-content">{lines_html(ours)}</div></div></div></div></body></html>'
        )

    def plain(ours: str) -> str:
        return f"{words.new}\n \n\n{fields_text(words)}\n\n{ours}\n"

    yield Form("gmx", words, "top", words.subject, None, html, words.new)
    yield Form("web.de", words, "top", words.subject, plain, html, words.new)


def proton(words: Words) -> Iterator[Form]:
    """Yield Proton's."""

    def plain(ours: str) -> str:
        return f"{words.new}\n\n{words.proton}\n\n{quoted(ours)}\n"

    def html(ours: str) -> str:
        return (
            f'<div style="font-family: Arial;">{lines_html(words.new)}</div><div class="protonmail_quote">'
            f'{escape(words.proton)}<br><blockquote class="protonmail_quote" type="cite">{br_html(ours)}</blockquote></div>'
        )

    yield Form("proton", words, "top", words.subject, plain, html, words.new)
    yield Form("proton", words, "top", words.subject, None, html, words.new)


def android(words: Words) -> Iterator[Form]:
    """Yield what the mail programs of telephones send: Samsung's, and K-9."""

    def samsung(ours: str) -> str:
        return f"{words.new}\n-------- {words.original} --------\n{fields_text(words, dated=True)}\n{ours}\n"

    def k9(ours: str) -> str:
        return f"{words.new}\n\n{words.apple}\n{quoted(ours)}\n"

    yield Form("samsung", words, "titled", words.subject, samsung, None, words.new)
    yield Form("k-9", words, "top", words.subject, k9, None, words.new)


def others() -> Iterator[Form]:
    """Yield what no program does alone: mails without a quotation, answers in Outlook's quotation, odd texts."""

    def nothing(_ours: str) -> str:
        return EN.new

    def own_lists(_ours: str) -> str:
        return "I want to travel.\n\nFrom: Berlin\nTo: Hamburg\nDate: Friday 9:30\n\nIs there a seat?\nAnna"

    def own_colon(_ours: str) -> str:
        return "This is what I did on 1 July 2025:\n\nI pressed the button at 12:00.\n\nThen I wrote:\nhello"

    def shell(_ours: str) -> str:
        return "It says:\n\n> print test.pdf\n> no paper\n\nWhat now?"

    def in_word(ours: str) -> str:
        said = ours.replace(
            "below the socket for the cable.", "below the socket for the cable.\nAnna: it is 4711-0815!"
        )
        head = '<div style="border:none;border-top:solid #B5C4DF 1.0pt;padding:3.0pt 0cm 0cm 0cm">'
        return f"{word_html('See below.')}<div>{head}{fields_html(EN)}</div></div>{word_html(said)}"

    def only_quote(ours: str) -> str:
        return f"{EN.thunderbird}\n{quoted(ours)}\n"

    def only_phone(ours: str) -> str:
        return f"{EN.iphone}\n\n{quoted(EN.apple)}\n{quoted(ours)}\n"

    def broken_wrap(ours: str) -> str:
        cut = quoted(ours).replace("you find it at the back, below", "you find it at the back,\nbelow")
        return f"{EN.new}\n\n{EN.gmail}\n{cut}\n"

    yield Form("any", EN, "no-quote", EN.subject, nothing, None, None)
    yield Form("any", EN, "own-list", EN.subject, own_lists, None, None)
    yield Form("any", EN, "own-colon", EN.subject, own_colon, None, None)
    yield Form("any", EN, "own-signs", EN.subject, shell, None, None)
    yield Form("outlook-classic", EN, "inline", EN.subject, None, in_word, None, needs_known=True)
    yield Form("any", EN, "only-quote", EN.subject, only_quote, None, None)
    yield Form("any", EN, "only-phone", EN.subject, only_phone, None, None)
    yield Form("any", EN, "broken-wrap", EN.subject, broken_wrap, None, EN.new, needs_known=True)


def all_forms() -> list[Form]:
    """Return every form."""
    makers = (outlook_classic, outlook_new, outlook_mobile, gmail, apple, thunderbird, yahoo, proton, android)
    found = [form for words in LANGUAGES for maker in makers for form in maker(words)]
    found += [form for words in (DE, EN) for form in gmx(words)]
    for more in (gmail_others, apple_others, thunderbird_others, others):
        found += more()
    return found
