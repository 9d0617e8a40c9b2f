# graceful.t: a restart does not cut a stream that is under way
use strict;
use warnings;
use LLMGW::Test;
use Cwd ();
use LLMGW::Server;
expect_log(qr/LLMGW\d+.*(?:literal|tls-verify=off|the key stands)/);   # as at the start

my $shared = LLMGW::Server->shared;
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

ok($shared->restart(busy => 1), 'the server restarted gracefully');
is(httpd_pid(), $shared->pid, 'as the same process');
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
ok($shared->restart(busy => 1), 'a restart') for 1 .. 2;
ok($c->answer(timeout => 20)->done, 'two restarts do not cut it');
$c->close;
is(ask('tls/ok')->text, 'Hello from mock', 'TLS after restarts');
is(ask('echo/x', messages => [{ role => 'user', content => 'x' }])->text, 'x',
   'echo after restarts');

# ---- many streams ------------------------------------------------------------------------
my $top = Cwd::getcwd();
my $many = <<'CONF';
LLMProvider open openai ${UP}/v1 models=none
LLMProvider claude anthropic ${UP}/v1 key=env:LLMGW_TEST_KEY models=none
<LLMRoute new>
    LLMTarget open/words,n:2
</LLMRoute>
CONF
my $s = LLMGW::Server->start('graceful', conf => $many, children => 2);

# 50 streams under way, of both kinds
sub streams {
    my @c = map {
        my $c = LLMGW::Http->new($s->port);
        my $model = ($_ % 2 ? 'open' : 'claude') . '/slow-stream,n=15,ms=300';
        $c->put(raw(headers => [Connection => 'close'], body => json({
            model => $model, stream => JSON::PP::true,
            messages => [{ role => 'user', content => prompt() }] })));
        $c } 1 .. 50;
    my $begun = grep { $_->await(qr/t1 /, 20) } @c;
    is($begun, 50, '50 streams are under way');
    return @c;
}
sub all_whole {
    my ($name, @c) = @_;
    my $good = grep {
        my $a = $_->answer(timeout => 30);
        $a->complete && $a->done && $a->text eq join '', map { "t$_ " } 1 .. 15 } @c;
    is($good, 50, "$name: all came whole");
    $_->close for @c;
}

my @c = streams();
ok($s->restart(busy => 1), 'a graceful restart under 50 streams');
is(ask('new', port => $s->port)->text, 'w1 w2 ', 'new calls meanwhile');
(my $other = $many) =~ s/n:2/n:3/;
ok($s->restart(conf => $other, busy => 1), 'another, with another configuration');
is(ask('new', port => $s->port)->text, 'w1 w2 w3 ', 'new calls have the new one');
all_whole('restarts', @c);

# A configuration that cannot be used leaves the server as it was
for my $broken ("LLMNonsense on\n", "LLMRoute x nobody\n",
                "LLMProvider k openai \${UP}/v1 key=env:LLMGW_TEST_NO_KEY\n") {
    $s->{conf} = "$other$broken";
    $s->write_conf;
    my $said = `'$top/httpd' -f '$s->{dir}/httpd.conf' -k graceful 2>&1`;
    isnt($?, 0, 'broken: ' . substr $broken, 0, 20);
    is(ask('new', port => $s->port)->text, 'w1 w2 w3 ', 'the old one runs on');
}
$s->{conf} = $other;
$s->write_conf;
ok($s->restart, 'mended: a restart');

@c = streams();
kill WINCH => $s->pid;          # graceful-stop
ok(wait_for(5, sub { !eval { LLMGW::Http->new($s->port); 1 } }), 'it takes no more');
all_whole('graceful-stop', @c);
ok($s->ended(20), 'and ends when the last is done');
$s->stop(log => []);

finish();
