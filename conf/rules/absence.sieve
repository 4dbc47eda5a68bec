# An absence note, once per sender and week. Standard Sieve (RFC 5230); the gate adds what the RFC asks for.
require "vacation";

# rule:[Not to what nobody reads]
if header :contains "subject" ["newsletter", "your receipt"] {
    stop;
}

# rule:[Away until 11 August]
# All addresses under which mail comes here must be named: mail that names none of them is not answered.
vacation :days 7 :handle "summer" :subject "Away until 11 August"
    :addresses ["bob@example.org", "bob.miller@example.org"]
    "I am away until 11 August and read no mail. For anything urgent write to support@example.org.";
