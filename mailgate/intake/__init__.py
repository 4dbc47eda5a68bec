"""The doors: LMTP from Postfix, SMTP from trusted relays. Octets and envelope in, replies out."""
