"""Mails that actions send, composed as octets with CRLF: answers, refusals, notices, reports, forwarded mail.

Pure: time, message id and the names of the installation come in as an `Origin`.
"""
