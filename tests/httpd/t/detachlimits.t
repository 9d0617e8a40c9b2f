# detachlimits.t: how many calls may wait without a thread, and what becomes of others
use strict;
use warnings;
use LLMGW::Test;
use LLMGW::Detach;

plan skip_all => 'calls keep their threads on this MPM' unless detaches();

my $gemini = "<Location /v1beta>\n    SetHandler llmgw\n</Location>\n";
my $slow = 'open/slow-stream,n=100,ms=200';

# ---- full=stay ---------------------------------------------------------------------------
my $s = detach_server('detachstay', detach => 'on max=3 spin=off', conf => "KeepAliveTimeout 60\n",
                      mpm => event_mpm(threads => 12));
my @c = open_many($s, 3, model => stream_of(60, 200), stream => 1);
detached_becomes($s, 3, 'max=3: three wait without a thread');
my @more = open_many($s, 5, model => 'open/slow-stream,n=5,ms=200', stream => 1);
is(read_many(\@more, seconds => 20), 5, 'stay: five more are served');
is(scalar(grep { $_->answer->done } @more), 5, 'whole');
is(detached($s), 3, 'on threads of their own');
is(read_many(\@c, seconds => 30), 3, 'the three end');
detached_becomes($s, 0, 'and are gone');
$more[0]->put(post_for(stream_of(20, 200), stream => 1));
detached_becomes($s, 1, 'there is room again, also on a kept connection');
ok($more[0]->answer->done, 'which serves on');
$s->stop;

# ---- full=refuse ---------------------------------------------------------------------------
$s = detach_server('detachrefuse', detach => 'on max=2 full=refuse spin=off', conf => $gemini,
                   mpm => event_mpm(threads => 12));
@c = open_many($s, 2, model => $slow, stream => 1);
detached_becomes($s, 2, 'max=2: two wait');
my $tag = tag();
my @say = (messages => [{ role => 'user', content => 'x' }]);
my %ask = (
    openai => ['/v1/chat/completions', { model => "open/ok,tag=$tag", @say }],
    'openai, stream' => ['/v1/chat/completions',
                         { model => "open/ok,tag=$tag", stream => JSON::PP::true, @say }],
    responses => ['/v1/responses', { model => "open/ok,tag=$tag", input => 'x' }],
    anthropic => ['/v1/messages', { model => "open/ok,tag=$tag", max_tokens => 9, @say }],
    count => ['/v1/messages/count_tokens', { model => "claude/ok,tag=$tag", @say }],
    gemini => ['/v1beta/models/ok:generateContent', { contents => [{ parts => [{ text => 'x' }] }] }],
    embeddings => ['/v1/embeddings', { model => "open/ok,tag=$tag", input => 'x' }],
);
for my $kind (sort keys %ask) {
    my ($path, $body) = @{ $ask{$kind} };
    my $a = request(port => $s->port, path => $path, body => json($body));
    my $e = $a->json || {};
    is($a->status, 503, "refuse: $kind: status");
    cmp_ok($a->header('Retry-After') || 0, '>=', 1, "refuse: $kind: Retry-After");
    like($a->header('Content-Type'), qr{^application/json}, "refuse: $kind: no stream");
    ok(length($e->{error}{message} || ''), "refuse: $kind: a message");
    if ($kind eq 'anthropic' || $kind eq 'count') {
        is($e->{type}, 'error', "refuse: $kind: the dialect's form");
        ok(length($e->{error}{type} || ''), "refuse: $kind: its type");
    }
    elsif ($kind eq 'gemini') {
        is($e->{error}{code}, 503, "refuse: $kind: the dialect's form");
        is($e->{error}{status}, 'UNAVAILABLE', "refuse: $kind: its word");
    }
    else {
        is($e->{error}{code}, 'gateway_overloaded', "refuse: $kind: its code");
    }
}
is(scalar upstream($tag), 0, 'refuse: no provider is asked');
is(request(port => $s->port, path => '/v1/models', method => 'GET')->status, 200,
   'refuse: a list of models is no call');
is(detached($s), 2, 'refuse: the two still wait');

# What is not read of a refused request does no harm
for my $bytes (1, 200_000, 8_000_000) {
    my $c = LLMGW::Http->new($s->port);
    ok($c->put(post_for('open/ok', content => 'y' x $bytes)), "refuse: $bytes bytes are taken");
    is($c->answer->status, 503, "refuse: $bytes bytes: and the client is told");
    $c->close;
}
$c[0]->reset;
detached_becomes($s, 1, 'one leaves');
my $kept = LLMGW::Http->new($s->port);
$kept->put(post_for('open/ok'));
is($kept->answer->text, 'Hello from mock', 'refuse: there is room again');
$_->reset for $c[1], $kept;
detached_becomes($s, 0, 'all left');
like(slurp($s->{calls}), qr/ 503 \S+ \S+ gateway_overloaded /, 'refuse: it is in the log');
$s->stop;

# ---- in a virtual host, and off ---------------------------------------------------------------
my $off = LLMGW::Server::free_port();
$s = detach_server('detachoff', detach => 'on spin=off', mpm => event_mpm(threads => 5),
    conf => "Listen 127.0.0.1:$off\n<VirtualHost 127.0.0.1:$off>\nLLMDetach off\n</VirtualHost>\n");
@c = open_many($s, 2, model => 'open/slow-stream,n=20,ms=200', stream => 1);
my ($thread) = open_many($s, 1, model => 'open/slow-stream,n=10,ms=200', stream => 1, port => $off);
ok($thread->await(qr/t2 /, 10), 'off: a stream flows');
detached_becomes($s, 2, 'off: on its thread');
is(read_many([@c, $thread], seconds => 30), 3, 'off: all end');
$s->stop;

$s = detach_server('detachnone', detach => 'off');
my $a = ask('open/slow-stream,n=5,ms=200', stream => 1, port => $s->port);
ok($a->done && $a->complete, 'LLMDetach off: a stream');
is(figure($s, 'llmgw_relay_lag_seconds_count'), 0, 'LLMDetach off: no relay thread is woken');
$s->stop;

# ---- what the server says when it starts -----------------------------------------------------------
sub says {
    my ($name, $detach, $conf, $mpm, @ids) = @_;
    my $s = detach_server("detachsays", detach => $detach, conf => $conf, mpm => $mpm);
    my %said = map { $_ => 1 } $s->log_text =~ /(LLMGW060[345])/g;
    is(join(' ', sort keys %said), join(' ', @ids), "at the start: $name");
    my @lines = grep { /LLMGW060[345]/ } split /\n/, $s->log_text;
    is(scalar(grep { /raise|lower/ && /max=/ } @lines), scalar @lines, "$name: with what to do");
    $s->stop(log => [qr/LLMGW060[345]/]);
}
my ($fds) = slurp('/proc/self/limits') =~ /^Max open files\s+(\S+)/m;
says('all fits', 'on max=100', "LLMProvider few openai \${UP}/v1 max-connections=100 models=none\n",
     event_mpm(threads => 5));
says('nobody asked', 'on', "LLMProvider few openai \${UP}/v1 max-connections=2 models=none\n",
     event_mpm(threads => 2, more => "AsyncRequestWorkerFactor 2\n"));
says('too few descriptors', 'on max=' . int($fds / 2), '', event_mpm(threads => 5, more =>
     "AsyncRequestWorkerFactor 300000\n"), 'LLMGW0603') if $fds =~ /^\d+$/ && $fds < 50_000;
says('too few connections', 'on max=100', '',
     event_mpm(threads => 5, more => "AsyncRequestWorkerFactor 2\n"), 'LLMGW0604');
says('a provider has too few', 'on max=100',
     "LLMProvider few openai \${UP}/v1 max-connections=99 models=none\n",
     event_mpm(threads => 5), 'LLMGW0605');
finish();
