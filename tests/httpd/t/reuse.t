# reuse.t: connections to the provider are kept, and a stale one is no error
use strict;
use warnings;
use LLMGW::Test;

# One connection per child process and provider is enough for calls in a row;
# prefork has a pool per child.
my $tag = tag();
ask("mock/ok,tag=$tag") for 1 .. 40;
my @r = upstream($tag);
my %conns = map { $_->{conn} => 1 } @r;
is(scalar @r, 40, 'forty calls');
ok(keys %conns <= 30, 'over fewer connections') or diag(scalar keys %conns);
$tag = tag();
ask("mock/ok,tag=$tag", stream => 1) for 1 .. 40;
%conns = map { $_->{conn} => 1 } upstream($tag);
ok(keys %conns <= 30, 'streams too') or diag(scalar keys %conns);
$tag = tag();
ask("tls/ok,tag=$tag") for 1 .. 40;
%conns = map { $_->{conn} => 1 } upstream($tag);
ok(keys %conns <= 30, 'TLS too') or diag(scalar keys %conns);

# ---- closed after an answer, unannounced --------------------------------------------
for my $p (qw(mock tls)) {
    my @bad = grep { $_->text ne 'Hello from mock' }
              map { ask("$p/close-after") } 1 .. 20;
    is(scalar @bad, 0, "$p: the provider closes after each answer");
    @bad = grep { $_->text ne 'Hello from mock' } map {
        my $a = ask("$p/close-after,ms=30");
        select undef, undef, undef, 0.03;
        $a;
    } 1 .. 20;
    is(scalar @bad, 0, "$p: the provider closes a moment later");
}

# ---- closed the moment it is used again ---------------------------------------------------
for my $name (qw(close-on-reuse reset-on-reuse)) {
    for my $stream (0, 1) {
        my $tag = tag();
        my @a = map { ask("mock/$name,tag=$tag", stream => $stream) } 1 .. 40;
        my @bad = grep { $_->text ne 'Hello from mock' } @a;
        is(scalar @bad, 0, "$name, stream $stream: every call is answered");
        my @attempts = grep { ($_->header('X-LLMGW-Attempts') || 0) != 1 } @a;
        is(scalar @attempts, 0, "$name, stream $stream: as the first attempt");
        my @again = grep { $_->{nth} > 1 } upstream($tag);
        ok(scalar @again, "$name, stream $stream: (connections were reused)");
    }
}

# Half an answer had come: that is no stale connection, but a failure
expect_log(qr/LLMGW\d+/);
$tag = tag();
my @a = map { ask("mock/half-on-reuse,tag=$tag") } 1 .. 40;
my @halves = grep { $_->{nth} > 1 } upstream($tag);
is(scalar(grep { $_->status == 502 } @a), scalar @halves,
   'half an answer on a reused connection is an error')
    or diag(scalar(@halves) . ' halves');
is(scalar(upstream($tag)), 40, 'and not tried again');

# ---- a request body that went out is not lost on the retry -----------------------------------
$tag = tag();
my $big = 'z' x 300_000;
my @ok = grep { $_->text eq 'Hello from mock' } map {
    ask("mock/close-on-reuse,tag=$tag",
        messages => [{ role => 'user', content => $big }]) } 1 .. 10;
is(scalar @ok, 10, 'a large body, sent again');

finish();
