"""What people do to tickets, as pure plans: each looks, refuses with a sentence, or says what is to change."""
