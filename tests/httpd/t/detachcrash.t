# detachcrash.t: a child that dies takes its own calls with it, and no others
use strict;
use warnings;
use LLMGW::Test;
use LLMGW::Detach;
use Time::HiRes qw(sleep);

plan skip_all => 'calls keep their threads on this MPM' unless detaches();

my $s = detach_server('detachcrash', detach => 'on spin=off',
                      mpm => event_mpm(threads => 5, children => 3));
my $n = 20;

# How many calls each child has
sub by_child {
    my $j = request(port => $s->port, path => '/status?json', method => 'GET')->json;
    return map { $_->{pid} => $_->{detached_calls} } @{ $j->{server}{children} };
}

for my $signal (qw(KILL SEGV)) {
    my @c = open_many($s, 60, model => stream_of($n, 500), stream => 1);
    detached_becomes($s, 60, "$signal: 60 streams are under way");
    my %calls = by_child();
    my ($victim) = sort { $calls{$b} <=> $calls{$a} } keys %calls;
    my $lost = $calls{$victim};
    cmp_ok($lost, '>', 0, "$signal: some in the child that is to die");
    kill $signal => $victim;
    detached_becomes($s, 60 - $lost, "$signal: only those of that child are gone");
    serves($s, "$signal: it serves");
    is(whole_ones($n, @c), 60 - $lost, "$signal: all others come whole");
    $_->close for @c;
    detached_becomes($s, 0, "$signal: nothing is left");
    is(figure($s, 'llmgw_inflight'), 0, "$signal: and nothing in flight");
    ok(wait_for(15, sub { $s->children >= 3 }), "$signal: there is another child");
}
is($s->count(qr/exit signal/), 1, 'one died of a signal that httpd tells of');
my @bad = $s->undeclared(qr/exit signal/, qr/LLMGW0201/);
ok(!@bad, 'nothing else is in the log') or diag(join "\n", @bad);
kill TERM => $s->pid;
ok($s->ended(10), 'the server ends');
finish();
