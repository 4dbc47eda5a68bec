"""Action reply (vnd.mailgate.reply): an automatic answer, template or text, by the gate (W3, W7, G18).

Done: `:template`, text, `:html`, `:from`, `:subject`, `:days`, `:seconds`, `:handle`, `:attach` (templates
that go along as files), `:salutation_fallback`. Not done: attaching parts of the mail that is answered, since
an answer to a stranger must carry nothing of his.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from jinja2 import TemplateError, TemplateNotFound

from mailgate.actions._answer import Answer, plan_answer
from mailgate.actions._asking import OUTCOME, after_outcome, namespace
from mailgate.actions._names import PlanSource
from mailgate.domain.action import ActionSpec, Plan
from mailgate.domain.budgets import DAY
from mailgate.domain.draft import Attachment
from mailgate.domain.routing import Template
from mailgate.texts.choose import find_template
from mailgate.texts.markup import cleaned
from mailgate.texts.render import render_template
from sieve_like.address import complain_about_address
from sieve_like.declare import action_command
from sieve_like.result import Action
from sieve_like.spec import Binding, Bound, Extension, Kind, Positional, Tag
from sieve_like.values import Args


@dataclass(frozen=True, slots=True)
class Reply(Action):
    """An answer to the envelope sender; the mail itself goes where the rest of the script says.

    `period_s` is the time between two answers to one sender, -1 where the script does not say.
    """

    name: ClassVar[str] = "reply"

    text: str = ""
    template: str = ""
    subject: str = ""
    html: str = ""
    from_address: str = ""
    handle: str = ""
    salutation_fallback: str = ""
    attach: tuple[str, ...] = ()
    period_s: int = -1


def _address(value: str | int) -> str:
    return complain_about_address(value) if isinstance(value, str) else "must be an address"


TAGS = (
    Tag("template", Kind.STRING, names="template"),
    Tag("subject", Kind.STRING),
    Tag("html", Kind.STRING),
    Tag("attach", Kind.STRINGS, names="template"),
    Tag("from", Kind.STRING, check=_address),
    Tag("handle", Kind.STRING),
    Tag("salutation_fallback", Kind.STRING),
    Tag("days", Kind.NUMBER, group="period"),
    Tag("seconds", Kind.NUMBER, group="period"),
    OUTCOME,
)


def _build(args: Args) -> Reply:
    period = -1
    if args.said("days"):
        period = args.number("days") * DAY
    elif args.said("seconds"):
        period = args.number("seconds")
    return Reply(
        text=args.text("text"),
        template=args.text("template"),
        subject=args.text("subject"),
        html=args.text("html"),
        from_address=args.text("from"),
        handle=args.text("handle"),
        salutation_fallback=args.text("salutation_fallback"),
        attach=args.texts("attach"),
        period_s=period,
    )


def _says_something(bound: Bound, binding: Binding) -> None:
    if ("template" in bound.args) == ("text" in bound.args):
        binding.error(bound.span, "the command 'reply' needs either ':template' or a text")


def _salutation(plan: Plan, fallback: str) -> dict[str, str]:
    """Return the personal salutation, else the fallback (W3); without one the text's language has its own."""
    contact = plan.known_contact()
    said = (contact.salutation if contact is not None else "") or fallback
    return {"salutation": said} if said else {}


def _answer(plan: Plan, action: Reply, template: Template | None) -> Answer:
    """Return what is to be said; raises TemplateError."""
    extra = _salutation(plan, action.salutation_fallback)
    html = cleaned(action.html) if action.html else ""
    attached = tuple(_attached(plan, name, extra) for name in action.attach)
    if template is None:
        # A text of the script is no template: its variables are expanded already, with values of the mail.
        return Answer(
            action.text,
            action.subject,
            html,
            from_address=action.from_address,
            attachments=attached,
        )
    said = render_template(template, PlanSource(plan), extra)
    return Answer(
        text=said.text,
        subject=action.subject or said.subject,
        html=html or said.html,
        from_address=action.from_address,
        attachments=(*plan.catalogue.files.get(template.name, ()), *attached),
    )


def _attached(plan: Plan, name: str, extra: Mapping[str, str]) -> Attachment:
    """Return a template as a file: its HTML where it has one, else its text. Raises TemplateError."""
    template = _named(plan, name)
    if template is None:
        raise TemplateNotFound(name)
    said = render_template(template, PlanSource(plan), extra)
    if said.html:
        return Attachment(f"{name}.html", "text/html", said.html)
    return Attachment(f"{name}.txt", "text/plain", said.text)


def _named(plan: Plan, name: str) -> Template | None:
    """Return the template of a name that this queue has for the author's language."""
    contact = plan.known_contact()
    return find_template(plan.catalogue, plan.queue(), name, contact.language if contact is not None else "")


def plan(plan: Plan, action: object) -> str:
    """Plan the answer; where its template is missing or fails, note it and go on without an answer."""
    assert isinstance(action, Reply)
    template = _named(plan, action.template) if action.template else None
    if action.template and template is None:
        plan.note("answer", refused="no such template", template=action.template)
        return "no-template"
    try:
        answer = _answer(plan, action, template)
    except TemplateError as error:
        plan.note("answer", refused="template failed", template=action.template, error=str(error))
        return "template-failed"
    rule = plan.rule(action.span.line)
    period = plan.policy.answer_period_s if action.period_s < 0 else action.period_s
    handle = action.handle or f"{plan.route.address}:{rule}"
    return plan_answer(plan, answer, rule, period_key=f"reply:{handle}", period_s=period)


ACTION = ActionSpec("reply", Reply, plan)

EXTENSION = Extension(
    "vnd.mailgate.reply",
    commands=(
        action_command(
            "reply",
            _build,
            tags=TAGS,
            positionals=(Positional("text", optional=True),),
            check=_says_something,
            after=after_outcome,
        ),
    ),
    namespaces=tuple(map(namespace, ("mail", "queue", "now"))),
    card=__doc__,
)
