"""What people do to tickets, as pure plans: each refuses with a sentence, or says what will change."""
