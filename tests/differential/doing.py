"""Random commands; a rule is one or a few of them, and shows by its actions which way it went."""

from collections.abc import Callable

from differential.asking import a_test
from differential.writing import Writer, quote

FLAGS = ("\\Seen", "\\flagged", "$Junk", "a", "b A", "\\Deleted \\Draft", "", "$x.y")
MODIFIERS = (":lower", ":upper", ":lowerfirst", ":upperfirst", ":quotewildcard", ":length")
PRECEDENCES = (
    (":lower", ":upper"), (":lowerfirst", ":upperfirst"), (":quotewildcard",), (":encodeurl",), (":length",),
)  # fmt: skip
REASONS = ("go away", "naïve answer", "line one\r\nline two", "")
URIS = (
    "mailto:a@example.org", "mailto:a@example.org?subject=hey", "mailto:a@example.org,c@EXAMPLE.org?cc=b@example.org",
    "mailto:a@example.org?body=two%20words&to=a@example.org", "mailto:?to=d@example.org",
)  # fmt: skip


def flags_tag(w: Writer) -> str:
    """Return `:flags` now and then."""
    if not w.has("imap4flags") or not w.odds(0.2):
        return ""
    w.need("imap4flags")
    return f":flags {flag_list(w, 2)}"


def flag_list(w: Writer, most: int) -> str:
    """Return a list of flags."""
    return "[" + ", ".join(quote(w.pick(*FLAGS)) for _ in range(w.chance.randint(1, most))) + "]"


def copy_tag(w: Writer, share: float) -> str:
    """Return `:copy` now and then."""
    if not w.has("copy") or not w.odds(share):
        return ""
    w.need("copy")
    return ":copy"


def folder(w: Writer) -> str:
    """Return a mailbox that shows which rule filed and what its wildcards took."""
    name = f"F{w.next()}"
    if w.has("variables") and w.odds(0.5):
        w.need("variables")
        name += w.pick("-${1}-${2}", "-${0}", "-${1}.${3}", f"-${{{w.pick(*w.variables, 'none')}}}")
    return quote(name)


def fileinto(w: Writer) -> str:
    """Return a filing action."""
    w.need("fileinto")
    create = special = ""
    if w.has("mailbox") and w.odds(0.1):
        w.need("mailbox")
        create = ":create"
    if w.has("special-use") and w.odds(0.05):
        w.need("special-use")
        special = ":specialuse " + quote("\\Junk")
    # Pigeonhole forgets a :create or :specialuse behind both of the other tags.
    # Whether a keep and a mailbox with a special use are one delivery only the store knows.
    plain = ("Same",) if special else ("INBOX", "Inbox", "Same", "Same")
    name = quote(w.pick(*plain)) if w.odds(0.1) else folder(w)
    return f"fileinto{w.tags(create, special)}{w.tags(copy_tag(w, 0.3), flags_tag(w))} {name};"


def keep(w: Writer) -> str:
    """Return keep."""
    return f"keep{w.tags(flags_tag(w))};"


def redirect(w: Writer) -> str:
    """Return a redirection."""
    return f"redirect{w.tags(copy_tag(w, 0.4))} {quote(w.pick('x', 'X', 'y') + '@' + w.pick('example.com', 'EXAMPLE.com'))};"


def discard(w: Writer) -> str:
    """Return discard."""
    return "discard;"


def stop(w: Writer) -> str:
    """Return stop."""
    return "stop;"


def reject(w: Writer) -> str:
    """Return a refusal."""
    w.need("reject")
    return f"reject {w.prose(w.pick(*REASONS))};"


def vacation(w: Writer) -> str:
    """Return an answer."""
    w.need("vacation")
    period = w.pick("", ":days 3", ":days 0", ":days 100")
    if w.has("vacation-seconds") and w.odds(0.2):
        w.need("vacation-seconds")
        period = w.pick(":seconds 3600", ":seconds 100000", ":seconds 0")
    subject = w.pick("", ":subject " + w.string(w.pick("away", "Grüße", "")))
    sender = w.pick("", "", ':from "bob@example.org"', ':from "Bob <b@example.org>"')
    addresses = w.pick("", "", ':addresses ["bob@example.org", "b@example.org"]')
    handle = w.pick("", "", ':handle "h"')
    reason = w.pick("I am away", "", "naïve", "a\r\nb")
    if w.has("variables") and w.odds(0.3):
        w.need("variables")
        reason += " ${1}"
    mime = ""
    if w.odds(0.1):
        mime, reason = ":mime", "Content-Type: text/plain\r\n\r\naway"
    return f"vacation{w.tags(period, subject, sender, addresses, handle, mime)} {w.prose(reason)};"


def modifiers(w: Writer) -> list[str]:
    """Return some modifiers of `set`, no two of one precedence."""
    known = list(MODIFIERS)
    if w.has("enotify") and w.odds(0.2):
        w.need("enotify")
        known.append(":encodeurl")
    groups = [[one for one in group if one in known] for group in PRECEDENCES]
    return [w.chance.choice(group) for group in groups if group and w.odds(0.2)]


def set_variable(w: Writer) -> str:
    """Return an assignment."""
    w.need("variables")
    name = w.pick("v", "V", "longer_name", "w2")
    value = w.text() + w.pick(
        "", "${1}", "${v}", "${0}x", "${none}", "${", "${bad${v}}", "${1 }", "a*b?c", "äÖü"
    )
    w.variables.append(name)
    return f"set{w.tags(*modifiers(w))} {quote(name)} {w.prose(value)};"


def extracttext(w: Writer) -> str:
    """Return the taking of a part's text, and an action that shows it."""
    w.need("extracttext", "variables", "fileinto")
    w.variables.append("ex")
    tags = w.tags(w.pick("", "", ":first 10", ":first 3"), *modifiers(w))
    return f'extracttext{tags} "ex"; fileinto "E{w.next()}-${{ex}}";'


def change_flags(w: Writer) -> str:
    """Return a change of the internal variable of flags, or of a variable."""
    w.need("imap4flags")
    name = ""
    if w.has("variables") and w.odds(0.3):
        w.need("variables")
        name = quote(w.pick("fl", "v")) + " "
        w.variables.append("fl")
    return f"{w.pick('setflag', 'addflag', 'addflag', 'removeflag')} {name}{flag_list(w, 3)};"


def notify(w: Writer) -> str:
    """Return a notification."""
    w.need("enotify")
    importance = w.pick("", ':importance "1"', ':importance "3"')
    sender = w.pick("", ':from "bob@example.org"')
    message = w.pick("", ":message " + w.string(w.pick("look", "naïve", "two words")))
    options = w.pick("", "", ':options "a=b"')
    return f"notify{w.tags(importance, sender, message, options)} {quote(w.pick(*URIS))};"


def edit(w: Writer) -> str:
    """Return a change of the header; later tests see it."""
    w.need("editheader")
    name = quote(w.pick("X-A", "X-New", "Subject", "x-b", "Keywords"))
    if w.odds(0.5):
        return f"addheader{w.tags(w.pick('', ':last'))} {name} {w.string(w.pick('new value', 'naïve', '', 'x') + w.pick('', '${1}'))};"
    if w.odds(0.4):
        return f"deleteheader{w.tags(w.pick('', ':index 1', ':index 2', ':index 1 :last'))} {name};"
    tags, keys = w.matching()
    return f"deleteheader{w.tags(w.pick('', '', ':index 1', ':index 1 :last'))}{tags} {name} {keys};"


def debug(w: Writer) -> str:
    """Return a line for the log."""
    w.need("vnd.dovecot.debug")
    return f"debug_log {w.string('look')};"


def report(w: Writer) -> str:
    """Return a report of abuse."""
    w.need("vnd.dovecot.report")
    return f"report{w.tags(w.pick('', ':headers_only'))} {quote(w.pick('abuse', 'fraud', 'virus', 'other'))} {quote('note')} {quote('abuse@example.org')};"


def include(w: Writer) -> str:
    """Return the inclusion of a script that is made along with it; the two may share a variable."""
    w.need("include")
    once = w.pick("", "", ":once")
    where = w.pick("", ":personal", ":global")
    made = [name for name, text in w.files.items() if text]
    if made and once and w.odds(0.5):
        return f"include{w.tags(where, once, ':optional')} {quote(w.chance.choice(made))};"
    name = f"i{len(w.files) + 1}"
    inner = Writer(w.chance, w.mail, w.known, files=w.files, numbers=100 * (len(w.files) + 1))
    w.files[name] = ""  # taken, and not ready
    rules = [rule(inner) for _ in range(w.chance.randint(1, 3))]
    if w.odds(0.3):
        inner.need("include")
        rules.insert(w.chance.randrange(len(rules) + 1), "return;")
    before = after = ""
    if w.has("variables", "fileinto") and w.odds(0.5):
        before, after = shared(w, inner, rules)
    w.files[name] = whole(inner, rules)
    return f"{before}include{w.tags(where, once, w.pick('', '', ':optional'))} {quote(name)};{after}"


def shared(w: Writer, inner: Writer, rules: list[str]) -> tuple[str, str]:
    """Let two scripts share a variable; return what stands before and behind the inclusion."""
    for one in (w, inner):
        one.need("include", "variables", "fileinto")
        one.variables.append("g")
    # The two other names are older; they may stand at the top of a script only.
    rules[:0] = [
        f'{w.pick("global", "global", "import", "export")} "g";',
        f'fileinto "G{inner.next()}-${{g}}";',
        f'set "g" {quote(w.word())};',
    ]
    return f'global "g"; set "g" {quote(w.word())}; ', f' fileinto "G{w.next()}-${{g}}-${{global.g}}";'


def loop(w: Writer) -> str:
    """Return a loop over the parts of the mail."""
    w.need("foreverypart")
    name = w.pick("", "", ' :name "l"') if w.loops == 0 else ""
    w.loops += 1
    lines = [
        an_action(w) if w.odds(0.3) else f"if {a_test(w, 1)} {{ {an_action(w)} }}"
        for _ in range(w.chance.randint(1, 2))
    ]
    if w.has("extracttext", "variables", "fileinto") and w.odds(0.4):
        lines.append(extracttext(w))
    if w.odds(0.3):
        lines.append(f"if {a_test(w, 2)} {{ break{name}; }}")
    if w.loops < 3 and w.odds(0.2):
        lines.append(loop(w))
    w.loops -= 1
    return f"foreverypart{name} {{ {' '.join(lines)} }}"


def error(w: Writer) -> str:
    """Return a run-time error of the script's own."""
    w.need("ihave")
    return f"error {w.string('enough')};"


Maker = Callable[[Writer], str]
ACTIONS: tuple[tuple[Maker, tuple[str, ...], float], ...] = (
    (fileinto, ("fileinto",), 14), (keep, (), 2), (redirect, (), 1.5), (discard, (), 1), (stop, (), 1),
    (reject, ("reject",), 0.4), (vacation, ("vacation",), 0.8), (set_variable, ("variables",), 3),
    (change_flags, ("imap4flags",), 2), (notify, ("enotify",), 0.8), (edit, ("editheader",), 2),
    (debug, ("vnd.dovecot.debug",), 0.3), (report, ("vnd.dovecot.report",), 0.3), (error, ("ihave",), 0.15),
)  # fmt: skip


def an_action(w: Writer) -> str:
    """Return any command that does something."""
    usable = [(make, weight) for make, needs, weight in ACTIONS if w.has(*needs)]
    return w.chance.choices([make for make, _ in usable], [weight for _, weight in usable])[0](w)


def rule(w: Writer) -> str:
    """Return a rule: mostly a test with a filing action, so that the outcome tells which tests held."""
    if w.has("variables") and w.odds(0.12):
        return set_variable(w)
    if w.has("foreverypart") and w.odds(0.08):
        return loop(w)
    if w.has("include") and len(w.files) < 3 and w.odds(0.05):
        return include(w)
    if w.odds(0.15):
        return an_action(w)
    lines = [f"if {a_test(w)} {{ {fileinto(w) if w.odds(0.5) else an_action(w)} }}"]
    while w.odds(0.2):
        lines.append(f"elsif {a_test(w)} {{ {an_action(w)} }}")
    if w.odds(0.2):
        lines.append(f"else {{ {an_action(w)} }}")
    return " ".join(lines)


def whole(w: Writer, rules: list[str]) -> str:
    """Return a script: what it requires, and its rules."""
    needed = sorted(w.needs)
    head = f"require [{', '.join(map(quote, needed))}];\n" if needed else ""
    return head + "\n".join(rules) + "\n"
