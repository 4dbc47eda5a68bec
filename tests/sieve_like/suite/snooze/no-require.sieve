require "snooze";

snooze :addflags "\\Seen" "09:00";
snooze :removeflags "\\Seen" "09:00";
snooze :create :mailbox "a" "09:00";
