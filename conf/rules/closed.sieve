# An address that is no longer in use. Behind Postfix the refusal becomes a bounce with this text; with
# `rules.reject = "keep"`, or where the sender may be forged, the mail lies in the folder Rejected instead.
require "reject";

# rule:[Closed]
reject "This address is closed. Please write to sales@example.org.";
