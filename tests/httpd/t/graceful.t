# graceful.t: a restart does not cut a stream that is under way
use strict;
use warnings;
use LLMGW::Test;
expect_log(qr/LLMGW\d+.*(?:literal|tls-verify=off|the key stands)/);   # as at the start

my $pid = httpd_pid();
my $start = -s vars('t_logs') . '/error_log';
sub resumed {
    return wait_for(15, sub { log_since($start) =~ /resuming normal operations/ });
}
sub begin {
    my ($model) = @_;
    my $c = LLMGW::Http->new(port());
    $c->put(raw(body => json({ model => $model, stream => JSON::PP::true,
        messages => [{ role => 'user', content => 'a1 a2 a3 a4 a5 a6 a7 a8 a9' }] })));
    return $c;
}

my %model = (mock => 'mock/slow-stream,n=12,ms=300',
             claude => 'claude/slow-stream,n=12,ms=300',
             tls => 'tls/slow-stream,n=12,ms=300');
my %c = map { $_ => begin($model{$_}) } sort keys %model;
my $whole = LLMGW::Http->new(port());
$whole->put(raw(body => json({ model => 'mock/delay-head,ms=3000',
    messages => [{ role => 'user', content => prompt() }] })));
ok($c{$_}->await(qr/t2 /, 8), "$_: a stream is under way") for sort keys %c;

kill USR1 => $pid;
ok(resumed(), 'the server restarted gracefully');
is(httpd_pid(), $pid, 'as the same process');
is(ask('mock/ok')->text, 'Hello from mock', 'new requests are served meanwhile');

for my $p (sort keys %c) {
    my $a = $c{$p}->answer(timeout => 20);
    is($a->text, join('', map { "t$_ " } 1 .. 12), "$p: the stream came whole");
    ok($a->done && $a->complete, "$p: to its end");
    $c{$p}->close;
}
is($whole->answer->text, 'Hello from mock', 'a whole answer too');
$whole->close;

# ---- twice more, at once after one another -----------------------------------------------
my $c = begin($model{mock});
ok($c->await(qr/t1 /, 8), 'another stream');
for (1 .. 2) {
    $start = -s vars('t_logs') . '/error_log';
    kill USR1 => $pid;
    resumed();
}
ok($c->answer(timeout => 20)->done, 'two restarts do not cut it');
$c->close;
is(ask('tls/ok')->text, 'Hello from mock', 'TLS after restarts');
is(ask('echo/x', messages => [{ role => 'user', content => 'x' }])->text, 'x',
   'echo after restarts');

finish();
