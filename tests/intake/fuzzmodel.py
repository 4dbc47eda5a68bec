"""A reference for the fuzzed dialogues: which octets are commands and which are mail, and what replies they must have.

It knows nothing of the server's code. It reads the client's octets and the server's replies side by side: one reply to
each line; after a 354 everything up to CRLF.CRLF is a mail, which has one reply per accepted recipient (LMTP) or one (SMTP);
nothing follows a 421 or 221.
"""

import re
from dataclasses import dataclass, field

REPLY = re.compile(rb"(?:\d{3}-[ -~]*\r\n)*(\d{3}) ([ -~]*)\r\n")
ADDRESS = re.compile(rb"<(r\d+@here\.example)>")
NEW_START = (b"RSET", b"LHLO", b"EHLO", b"HELO")
HUNG_UP = (421, 221)


@dataclass
class Judge:
    """Compares one connection's octets in both directions."""

    lmtp: bool
    line_max: int
    mails: int = 0
    recipients: list[bytes] = field(default_factory=list)

    def judge(self, sent: bytes, said: bytes) -> None:
        """Raise AssertionError where a reply is missing, wrong, or too many."""
        replies = [(int(m[1]), m[2], m[0]) for m in REPLY.finditer(said)]
        assert b"".join(raw for _, _, raw in replies) == said, f"not a sequence of replies: {said!r}"
        self._left = iter([(code, text) for code, text, _ in replies])
        assert self._next() == (220, replies[0][1])
        self._follow(sent)
        assert next(self._left, None) is None, f"more replies than questions: {said!r}"

    def _next(self) -> tuple[int, bytes]:
        reply = next(self._left, None)
        assert reply is not None, "a reply is missing"
        return reply

    def _follow(self, sent: bytes) -> None:
        at = 0
        while (end := sent.find(b"\n", at)) >= 0:
            line = sent[at : end + 1]
            at = end + 1
            code, _ = self._next()
            if code in HUNG_UP or (code >= 500 and self._told_to_go()):
                return
            if code == 354:
                content = b"\r\n" + sent[at:]
                stop = content.find(b"\r\n.\r\n")
                if stop < 0:
                    return
                at += stop + 3
                if self._mail():
                    return
            else:
                self._remember(line, code)
        if len(sent) - at > self.line_max:  # a line that has not ended yet is refused all the same
            code, _ = self._next()
            assert code == 500
            self._told_to_go()

    def _told_to_go(self) -> bool:
        """Whether the next reply is an unasked 421, which ends everything."""
        rest = list(self._left)
        gone = bool(rest) and rest[0][0] == 421 and len(rest) == 1
        self._left = iter([] if gone else rest)
        return gone

    def _remember(self, line: bytes, code: int) -> None:
        verb = line[:4].upper()
        if verb == b"RCPT" and code == 250:
            found = ADDRESS.search(line)
            self.recipients.append(found[1] if found else b"")
        elif verb in NEW_START and code == 250:
            self.recipients.clear()

    def _mail(self) -> bool:
        """Judge the replies to a mail; returns whether the session ended with it."""
        self.mails += 1
        assert self.recipients, "354 without a recipient"
        owed = self.recipients if self.lmtp else [b""]
        replies = [self._next() for _ in owed]
        for address, (code, text) in zip(owed, replies, strict=True):
            assert code in {250, 451, 452, 550, 552}, code
            # The house names the recipient in its reply: so the order is seen too.
            assert code != 250 or address in text, (address, text)
        self.recipients.clear()
        return self._told_to_go()
