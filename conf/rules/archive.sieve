# Everything stays here, and a copy goes to the archive; standard Sieve (RFC 3894 for :copy).
require ["copy", "envelope"];

# rule:[Not what the archive itself sends]
if envelope :domain :is "from" "archive.example.net" {
    stop;
}

# rule:[A copy of everything]
# The envelope sender stays, so a failure comes back to whoever wrote; over its budget a redirect is held.
redirect :copy "board@archive.example.net";
