"""What naive engines get wrong about actions and the implicit keep, each under its number of the list."""

import pytest
from sieverun import complaints, run, warnings, words

from sieve_like.result import FileInto, Keep, Reject, Vacation


@pytest.mark.parametrize(
    "script",
    ['fileinto "a";', 'redirect "a@b.example";', "discard;", 'reject "no";', 'ereject "no";', "keep;"],
)
def test_pitfall_01_actions_that_cancel_the_implicit_keep(script):
    """Filing, redirecting, discarding, refusing and an explicit keep replace the implicit keep."""
    assert not run(script).implicit_keep


@pytest.mark.parametrize("script", ['vacation "away";', 'set "a" "b";', "if true { stop; }", ""])
def test_pitfall_01_actions_that_leave_the_implicit_keep(script):
    """Answers and variables leave the implicit keep as it is."""
    assert run(script).implicit_keep


@pytest.mark.parametrize("script", ['fileinto :copy "a";', 'redirect :copy "a@b.example";'])
def test_pitfall_01_copy_preserves_the_implicit_keep(script):
    """With :copy the mail is kept beside."""
    assert run(script).implicit_keep


def test_pitfall_02_keep_and_fileinto_inbox_are_one_action():
    """A mail never comes into INBOX twice."""
    result = run('keep; fileinto "INBOX"; fileinto "inbox";')
    assert result.performed == (Keep(span=result.performed[0].span),)
    assert len(result.actions) == 3


def test_pitfall_02_fileinto_inbox_with_copy_and_the_implicit_keep_are_one():
    """Filing a copy into INBOX and keeping the mail there is one delivery."""
    result = run('fileinto :copy "INBOX";')
    assert words(result) == ["fileinto INBOX"]


def test_pitfall_02_merging_takes_the_flags_of_the_later_action():
    """Two actions into one mailbox are one action; the flags are those that the script said last."""
    first, second = FileInto("INBOX", flags=("\\seen",)), Keep(flags=("\\flagged",))
    assert first.merged(second) == Keep(flags=("\\flagged",))


def test_pitfall_03_duplicate_fileinto_collapses():
    """The same mailbox twice is one delivery, in the place of the first."""
    assert words(run('fileinto "a"; fileinto "b"; fileinto "a";')) == ["fileinto a", "fileinto b"]


def test_pitfall_03_redirects_compare_domains_without_case_and_local_parts_with_it():
    """x@EXAMPLE.com is x@example.com, X@example.com is another address."""
    script = 'redirect "x@EXAMPLE.com"; redirect "x@example.com"; redirect "X@example.com";'
    assert words(run(script)) == ["redirect x@example.com", "redirect X@example.com"]


@pytest.mark.parametrize(
    "script",
    [
        'fileinto "a"; reject "no";', 'reject "no"; fileinto "a";', 'keep; reject "no";', 'reject "no"; keep;',
        'redirect "a@b.example"; reject "no";', 'reject "no"; redirect "a@b.example";', 'reject "a"; reject "b";',
        'reject "a"; ereject "b";', 'vacation "a"; vacation "b";', 'vacation "a"; reject "b";',
        'reject "b"; vacation "a";', 'fileinto :copy "a"; reject "no";',
    ],
)  # fmt: skip
def test_pitfall_04_conflicts_void_everything(script):
    """Actions that contradict each other end the run: nothing is done and the mail is kept."""
    result = run(script)
    assert result.error is not None
    assert (result.performed, result.actions, result.implicit_keep) == ((), (), True)


def test_pitfall_04_discard_and_reject_do_not_conflict():
    """A discarded mail may be refused."""
    assert words(run('discard; reject "no";')) == ["discard", "reject"]


def test_pitfall_05_a_run_time_error_keeps_the_mail():
    """What the script wanted before the error is void, and the error has its line."""
    result = run('fileinto "a";\nset "to" "nobody";\nredirect "${to}";\nfileinto "b";')
    assert words(result) == ["implicit keep"]
    assert result.error.line == 4
    assert "'nobody' is not a valid e-mail address" in result.error.text


def test_pitfall_07_stop_does_not_cancel_the_keep():
    """Stop ends the script, not the implicit keep."""
    assert words(run('stop; fileinto "a";')) == ["implicit keep"]


def test_pitfall_24_days_are_clamped_with_a_warning():
    """A period outside the limits becomes the nearest allowed one, and the author is told."""
    source = 'require "vacation"; vacation :days %d "x";'
    assert run('vacation :days 0 "x";').performed[0].seconds == 1 * 86400
    assert run('vacation :days 1000 "x";').performed[0].seconds == 60 * 86400
    assert "':days 0' becomes 1" in warnings(source % 0)[0]
    assert warnings(source % 30) == []


def test_pitfall_24_all_tags_reach_the_action():
    """Every tag of vacation arrives, the default period is seven days."""
    script = 'vacation :subject "Away" :from "Bob <b@example.org>" :addresses ["c@example.org"] :mime :handle "h" "Content-Type: text/plain\n\nx";'
    action = run(script).performed[0]
    assert isinstance(action, Vacation)
    assert (action.subject, action.from_, action.addresses) == (
        "Away",
        "Bob <b@example.org>",
        ("c@example.org",),
    )
    assert (action.mime, action.handle, action.seconds) == (True, "h", 7 * 86400)


def test_pitfall_25_a_subject_cannot_carry_a_line_end():
    """A line end in the subject becomes a blank, so that no header can be smuggled in."""
    action = run('vacation :subject "a\r\nBcc: x@example.net" "x";').performed[0]
    assert action.subject == "a  Bcc: x@example.net"


def test_vacation_refuses_a_constant_sender_that_is_none():
    """A wrong :from is an error of the script where it is constant, a wrong address of :addresses a warning."""
    assert len(complaints('require "vacation"; vacation :from "x" :addresses ["y@z.example", "w"] "r";')) == 1
    assert (
        "'w' is not a valid"
        in warnings('require "vacation"; vacation :addresses ["y@z.example", "w"] "r";')[0]
    )


def test_vacation_leaves_out_variable_addresses_that_are_none():
    """A variable that holds no address does not end the run."""
    action = run('set "a" "x"; vacation :from "${a}" :addresses ["${a}", "b@c.example"] "r";').performed[0]
    assert (action.from_, action.addresses) == ("", ("b@c.example",))


def test_reject_tells_which_of_the_two_it_is():
    """Reject and ereject yield the same action, marked."""
    assert run('reject "no";').performed[0] == Reject("no", span=run('reject "no";').performed[0].span)
    assert run('ereject "no";').performed[0].ereject


def test_the_number_of_redirects_is_bounded():
    """A fifth redirect ends the run."""
    script = "".join(f'redirect "a{n}@b.example";' for n in range(5))
    assert run(script).error.text == "more than 4 redirects"


def test_the_number_of_actions_is_bounded():
    """A thirty-third action ends the run; the same action again is none."""
    script = "".join(f'fileinto "a{n}";' for n in range(32))
    assert run(script + 'fileinto "a0";').error is None
    assert run(script + "keep;").error.text == "more than 32 actions"


def test_pitfall_41_mailbox_names_are_checked():
    """A name that is no UTF-8 or empty is an error, at compile time if constant, else when it runs."""
    assert complaints('require "fileinto"; fileinto "";') == ["the name of a mailbox is empty"]
    assert complaints(b'require "fileinto"; fileinto "caf\xe9";') == [
        "the name of a mailbox must be valid UTF-8"
    ]
    assert run('fileinto "${nothing}";').error.text == "the name of a mailbox is empty"


def test_pitfall_41_the_engine_leaves_the_meaning_of_a_name_to_the_store():
    """A name like ../x passes; whoever stores must refuse it."""
    assert run('fileinto "../x";').performed[0].mailbox == "../x"
