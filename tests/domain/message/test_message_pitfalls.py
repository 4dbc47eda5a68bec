"""What naive engines get wrong about mail, as far as the view is concerned; the numbers are those of the list of traps."""

from messagekit import header, mail, view

from mailgate.domain.message.view import MessageView

NESTED = mail(
    "Subject: outer", "Content-Type: multipart/mixed; boundary=b", "", "prologue", "--b",
    "Content-Type: text/html; charset=iso-8859-1", "Content-Transfer-Encoding: quoted-printable", "", "<p>Gr=FC=DFe", "--b",
    "Content-Type: message/rfc822", "", "Subject: inner", "", "inner body", "--b--", "epilogue",
)  # fmt: skip


def test_pitfall_17_values_are_unfolded_trimmed_and_decoded():
    """Leading and trailing white space goes, encoded words become text, invalid ones stay raw."""
    seen = view("Subject:  =?utf-8?q?a=C3=A4?=  ", "X: =?utf-8?b?!?= y", "")
    assert (seen.text("subject"), seen.text("x")) == (["aä"], ["=?utf-8?b?!?= y"])


def test_pitfall_17_a_fold_within_words_keeps_one_space():
    """Of a fold one blank stays, also where it was a tab."""
    assert view("Subject: one", " two", "\tthree", "").header("subject") == [b"one two three"]


def test_pitfall_17_a_fold_between_encoded_words_keeps_none():
    """RFC 2047 6.2 takes blanks between words away."""
    assert view("Subject: =?utf-8?q?one?=", " =?utf-8?q?two?=", "").text("subject") == ["onetwo"]


def test_pitfall_18_addresses_are_read_before_words_are_decoded():
    """An encoded @ or > is no syntax."""
    seen = header("From", "=?utf-8?q?x=40y=2C=3Ca=3E?= <real@x.org>")
    assert [one.address for one in seen.addresses("from")] == ["real@x.org"]


def test_pitfall_18_comments_names_and_group_names_are_ignored_members_seen():
    """Only mailboxes count."""
    seen = header("To", 'Friends: a@x (b@y), "c@z" <d@x>;, (e@z) f@x')
    assert [one.address for one in seen.addresses("to")] == ["a@x", "d@x", "f@x"]


def test_pitfall_19_an_invalid_address_has_only_its_text():
    """Neither local part nor domain can match, the raw text can."""
    (one,) = header("To", "Frobnitz <frop").addresses("to")
    assert (one.valid, one.local, one.domain, one.address) == (False, "", "", "Frobnitz <frop")


def test_pitfall_19_an_empty_field_has_the_empty_text():
    """So that `:all` can match ""."""
    (one,) = header("To", "").addresses("to")
    assert (one.valid, one.address) == (False, "")


def test_pitfall_20_quoting_of_local_parts_is_normalised():
    """Compared without quotes, written with them only where they must be."""
    one, two = header("To", '"S[r]us"@x.org, "sirius"@x.org').addresses("to")
    assert (one.local, one.address) == ("S[r]us", '"S[r]us"@x.org')
    assert (two.local, two.address) == ("sirius", "sirius@x.org")


def test_pitfall_20_source_routes_are_dropped():
    """`<@a,@b:u@c>` is u@c."""
    assert [one.address for one in header("To", "<@a,@b:u@c.org>").addresses("to")] == ["u@c.org"]


def test_pitfall_30_raw_includes_mime_headers_and_decodes_nothing():
    """The body of the mail is everything behind its header."""
    raw = bytes(MessageView.parse(NESTED).root.raw_body())
    assert raw.startswith(b"prologue\r\n--b\r\nContent-Type")
    assert b"Gr=FC=DFe" in raw


def test_pitfall_30_content_is_decoded_and_unicode():
    """A part's text has neither transfer encoding nor charset left."""
    assert MessageView.parse(NESTED).root.children[0].decoded_text() == "<p>Grüße"


def test_pitfall_30_a_multipart_yields_prologue_and_epilogue():
    """Two strings, without boundaries or headers."""
    root = MessageView.parse(NESTED).root
    assert (root.preamble, root.epilogue) == (b"prologue", b"epilogue\r\n")


def test_pitfall_30_an_attached_mail_has_a_header_of_its_own():
    """Its fields can be read as octets."""
    attached = MessageView.parse(NESTED).root.children[1]
    inner = attached.children[0]
    assert bytes(attached.raw_body())[: inner.body_start - inner.start] == b"Subject: inner\r\n\r\n"


def test_pitfall_31_a_part_has_its_own_header_only():
    """Fields of the mail are not those of its parts, nor the other way round."""
    root = MessageView.parse(NESTED).root
    assert (root.text("subject"), root.children[0].text("subject")) == (["outer"], [])


def test_pitfall_31_parameters_belong_to_the_parsed_field():
    """Type and parameters are read, not searched for in text."""
    part = MessageView.parse(NESTED).root.children[0]
    assert (part.content_type, part.params) == ("text/html", {"charset": "iso-8859-1"})


def test_pitfall_31_an_absent_content_type_is_absent():
    """The default is for readers of the body; a test of the field can tell that it isn't there."""
    part = view("A: b", "", "x").root
    assert (part.content_type, part.header("content-type"), part.has_type) == ("text/plain", [], False)


def test_pitfall_31_walking_visits_the_multipart_first():
    """Then its parts, in order."""
    assert [part.content_type for part in MessageView.parse(NESTED).root.walk()] == [
        "multipart/mixed", "text/html", "message/rfc822", "text/plain",
    ]  # fmt: skip
