# A second opinion on mails: Perl's MIME::Parser (Debian: libmime-tools-perl) says what it finds in each.
# In: the number of octets on a line, then the mail; out: a line of JSON. Driven by tests/conformance.py.
use strict;
use warnings;
use Digest::SHA qw(sha256_hex);
use JSON::PP;
use MIME::Parser;

sub node {
    my ($entity) = @_;
    my $head = $entity->head;
    my %found = (
        type     => scalar $entity->effective_type,
        encoding => lc $head->mime_encoding,
        name     => scalar $head->recommended_filename,
        parts    => [map { node($_) } $entity->parts],
    );
    if (my $body = $entity->bodyhandle) {
        my $octets = $body->as_string;
        $octets =~ s/\r\n/\n/g if $entity->effective_type =~ m{^text/};
        $found{digest} = sha256_hex($octets);
    }
    return \%found;
}

binmode STDIN;
binmode STDOUT;
$| = 1;
my $json = JSON::PP->new->ascii->canonical;
while (defined(my $size = <STDIN>)) {
    chomp $size;
    my $mail = '';
    read(STDIN, $mail, $size) == $size or die "short mail\n";
    my $parser = MIME::Parser->new;
    $parser->output_to_core(1);
    $parser->tmp_to_core(1);
    $parser->decode_headers(0);
    $parser->extract_nested_messages(0);
    my %said;
    my $entity = eval { $parser->parse_data($mail) };
    if ($entity) {
        $said{fields} = [map { /^([^\s:]+)\s*:/ ? $1 : $_ } @{ $entity->head->header }];
        $said{tree}   = node($entity);
    }
    $said{errors} = [map { "$_" } ($@ ? $@ : ()), $parser->results->errors, $parser->results->warnings];
    print $json->encode(\%said), "\n";
}
