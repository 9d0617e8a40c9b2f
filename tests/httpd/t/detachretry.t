# detachretry.t: attempts, pauses and times while a call waits without a thread
use strict;
use warnings;
use LLMGW::Test;
use LLMGW::Detach;

my $s = detach_server('detachretry', detach => 'on spin=off', conf => <<'CONF');
LLMTimeout connect=3s first=15s idle=15s total=60s
LLMRetry attempts=4 backoff=300ms max-backoff=600ms budget=100%
LLMProvider refused openai http://127.0.0.1:${UP_REFUSED}/v1 models=none
LLMProvider silenttls openai https://localhost:${UP_SILENT}/v1 ca=${CA} models=none
LLMProvider tls openai https://localhost:${UP_TLS}/v1 ca=${CA} models=none
LLMProvider slowecho echo - delay=400ms interval=100ms models=none
<LLMRoute next>
    LLMTarget open/status,code:500
    LLMTarget open/slow-stream,n:4,ms:100 tier=1
</LLMRoute>
<LLMRoute late>
    LLMTarget open/error-after-role
    LLMTarget refused/x tier=1
    LLMTarget tls/slow-stream,n:4,ms:100 tier=2
</LLMRoute>
<LLMRoute first>
    LLMTarget open/stall-head first=700ms
    LLMTarget open/slow-stream,n:4,ms:100 tier=1
</LLMRoute>
<LLMRoute reset>
    LLMTarget open/reset-head
    LLMTarget claude/slow-stream,n:4,ms:100 tier=1
</LLMRoute>
<LLMRoute handshake>
    LLMTarget silenttls/x total=700ms
    LLMTarget open/slow-stream,n:4,ms:100 tier=1
</LLMRoute>
<LLMRoute backoff>
    LLMTarget open/status,code:503
</LLMRoute>
<LLMRoute wait>
    LLMRetry backoff=20s max-backoff=20s
    LLMTarget open/status,code:503
</LLMRoute>
<LLMRoute idle>
    LLMTarget open/stall-mid idle=700ms
</LLMRoute>
<LLMRoute one>
    LLMRetry attempts=1
    LLMTarget open/stall-head first=700ms
</LLMRoute>
<LLMRoute total>
    LLMTimeout total=1500ms
    LLMTarget open/slow-stream,n:100,ms:100
</LLMRoute>
<LLMRoute beat>
    LLMTimeout heartbeat=200ms
    LLMTarget open/slow-stream,n:3,ms:1000
</LLMRoute>
<LLMRoute middle>
    LLMTarget open/error-middle
    LLMTarget open/ok tier=1
</LLMRoute>
<LLMRoute cut>
    LLMTarget open/reset-mid
    LLMTarget open/ok tier=1
</LLMRoute>
CONF
my @at = (port => $s->port);
my $words = 't1 t2 t3 t4 ';

# The access log's line of a call: status, attempts, target, error, usec
sub line_of {
    my ($id) = @_;
    wait_for(5, sub { slurp($s->{calls}) =~ /^\Q$id\E /m });
    my @lines = grep { /^\Q$id\E / } split /\n/, slurp($s->{calls});
    is(scalar @lines, 1, 'logged once');
    return (split ' ', $lines[0] // '')[1 .. 5];
}

for my $is_stream (0, 1) {
    my $kind = $is_stream ? 'stream' : 'whole';
    for (['next', 2], ['late', $is_stream ? 3 : 0], ['first', 2], ['reset', 2], ['handshake', 2]) {
        my ($route, $attempts) = @$_;
        next unless $attempts;
        my $id = tag();
        my $a = ask($route, @at, stream => $is_stream, id => $id);
        is($a->text, $words, "$route, $kind: the next target answers") or diag($a->bytes);
        ok($a->complete, "$route, $kind: to the end");
        my ($status, $n, $target, $error, $usec) = line_of($id);
        is("$status $n $error", "200 $attempts -", "$route, $kind: the log");
        cmp_ok($usec, '>=', 90_000, "$route, $kind: %D");
    }
    my $id = tag();
    my $began = now_ms();
    my $a = ask('backoff', @at, stream => $is_stream, id => $id);
    is_error($a, 503, undef, undef, "backoff, $kind");
    # each pause is by chance, from 0 to 300, 600 and 600 ms
    cmp_ok(now_ms() - $began, '<', 1500 + 5000, "backoff, $kind: no longer than that");
    my ($status, $n) = line_of($id);
    is("$status $n", '503 4', "backoff, $kind: four attempts");

    $id = tag();
    is_error(ask('one', @at, stream => $is_stream, id => $id), 504, 'upstream_first_timeout', undef,
             "first=, $kind");
    is((line_of($id))[0], 504, "first=, $kind: the log");
    next if $is_stream;
    is_error(ask('idle', @at), 504, 'upstream_idle_timeout', undef, "idle=, $kind");
}

# ---- streams that had begun -----------------------------------------------------------------
for (['idle', qr/idle_timeout/], ['total', qr/timeout/], ['middle', undef], ['cut', undef]) {
    my ($route, $code) = @$_;
    my $id = tag();
    is_stream_error(ask($route, @at, stream => 1, id => $id), $code, "$route: a terminal error");
    my ($status, $n, undef, $error) = line_of($id);
    is("$status $n", '200 1', "$route: no second attempt");
    isnt($error, '-', "$route: the error is in the log");
}
my $a = ask('beat', @at, stream => 1);
is($a->text, 't1 t2 t3 ', 'heartbeats: the answer');
my @pings = $a->body =~ /^: ping$/mg;
cmp_ok(scalar @pings, '>=', 4, 'heartbeats come');
cmp_ok(scalar @pings, '<=', 1 + $a->ms / 200, 'and not too many');

$a = ask('slowecho/x', @at, stream => 1, messages => [{ role => 'user', content => 'a1 a2 a3 a4 a5' }]);
is($a->text, 'a1 a2 a3 a4 a5', 'echo, which has no socket');
ok($a->when(qr/" a5"/) - $a->when(qr/"a1"/) >= 150, 'one by one');
is_error(ask('nothing', @at), 404, 'model_not_found', undef, 'nobody has the model');

# ---- a client that leaves while the call pauses between attempts --------------------------------
for my $how (qw(close half_close)) {
    my $id = tag();
    my $c = LLMGW::Http->new($s->port);
    $c->put(post_for('wait', id => $id));
    ok(wait_for(8, sub { grep { $_->{model} eq 'status,code:503' } upstream('') }), 'it waits');
    select undef, undef, undef, 0.5;
    $c->$how;
    my ($status, $n) = line_of($id);
    is($status, 499, "left in a pause, $how: 499");
    $c->close;
}
if (detaches()) {
    detached_becomes($s, 0, 'nothing is left');
    is(figure($s, 'llmgw_inflight'), 0, 'and nothing in flight');
}
$s->stop(log => [qr/LLMGW\d+.*call /, qr/AH02003|AH01998|AH01097|AH00898|AH02039|AH01114|\[ssl:warn\]/]);
finish();
