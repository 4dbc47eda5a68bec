"""One file per extension, each opening with a card: name, RFC, what is done, what is not."""
