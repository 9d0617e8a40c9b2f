# timeouts.t: connect, first, idle, total: on time, and the provider is let go
use strict;
use warnings;
use LLMGW::Test;
expect_log(qr/LLMGW\d+/, qr/AH01114|AH02039|AH01084|AH00957|AH00898|AH01102|AH00941/);

# Elapsed within [$at - 0.1, $at + 1.5] s: both cores may be busy
sub on_time {
    my ($a, $at, $what) = @_;
    ok($a->ms >= $at - 100 && $a->ms <= $at + 1500, "$what: on time")
        or diag($a->ms . " ms, not $at");
}

# ---- connect -------------------------------------------------------------------
my $a = ask('full/x', vhost => 'short');
is_error($a, 504, 'upstream_connect_timeout', undef, 'connect=: nobody accepts');
on_time($a, 1000, 'connect');
$a = ask('silenttls/x', vhost => 'short');
is_error($a, qr/^50[24]$/, qr/^upstream_/, undef, 'a TLS handshake that stalls');
ok($a->ms < 4000, 'a TLS handshake that stalls: bounded') or diag($a->ms);

# ---- first -----------------------------------------------------------------------
$a = ask('silent/x', vhost => 'short');
is_error($a, 504, 'upstream_first_timeout', undef, 'first=: accepted, no answer');
on_time($a, 1000, 'silent');
for my $p (qw(mock claude)) {
    for (['trickle-head', 0], ['stall-head', 0], ['stall-head', 1], ['stall-in-head', 0],
         ['stall-body', 0], ['stall-body', 1], ['stall-role', 1],
         ['ping-forever', 1]) {
        my ($name, $stream) = @$_;
        my $tag = tag();
        my $what = "$p/$name" . ($stream ? ', stream' : '');
        $a = ask("$p/$name,tag=$tag", vhost => 'short', stream => $stream);
        is_error($a, 504, 'upstream_first_timeout', undef, "first=: $what");
        on_time($a, 1000, $what);
        ok(upstream_closed($tag, 2), "$what: the provider is let go");
    }
}

# ---- idle ----------------------------------------------------------------------------
for my $p (qw(mock claude)) {
    my $tag = tag();
    $a = ask("$p/stall-mid,tag=$tag", vhost => 'short', stream => 1);
    is_stream_error($a, qr/^upstream_idle_timeout$/, "idle=: $p stalls mid-stream");
    on_time($a, 1000, "$p idle");
    ok(upstream_closed($tag, 2), "$p stalls mid-stream: the provider is let go");
    $tag = tag();
    $a = ask("$p/stall-mid,tag=$tag", vhost => 'short');
    is_error($a, 504, qr/^upstream_(?:idle|first)_timeout$/, undef,
             "idle=: $p stalls in the body");
    ok($a->ms < 4000, "$p stalls in the body: bounded");
    ok(upstream_closed($tag, 2), "$p stalls in the body: the provider is let go");
}
$a = ask('mock/slow-stream,n=5,ms=300', vhost => 'short', stream => 1);
is($a->text, 't1 t2 t3 t4 t5 ', 'idle= starts anew with each event');

# ---- total ---------------------------------------------------------------------------
my $tag = tag();
$a = ask("mock/slow-stream,n=50,ms=200,tag=$tag", vhost => 'total', stream => 1);
is_stream_error($a, qr/^request_timeout$/, 'total=: a stream that goes on');
on_time($a, 2000, 'total, stream');
ok(upstream_closed($tag, 2), 'total, stream: the provider is let go');
$a = ask('mock/stall-head', vhost => 'total');
is_error($a, 504, 'request_timeout', undef, 'total=: no answer');
on_time($a, 2000, 'total, whole');
$a = ask('mock/trickle-body', vhost => 'total');
is_error($a, 504, 'request_timeout', undef, 'total=: a body byte by byte');
on_time($a, 2000, 'total, trickle');
$a = ask("mock/endless-stream,ms=100", vhost => 'total', stream => 1);
is_stream_error($a, qr/^request_timeout$/, 'total=: an endless stream');

# ---- of a route --------------------------------------------------------------------------
$a = ask('patient', vhost => 'short');
is($a->text, 'Hello from mock', 'a route has its own first=');
is_error(ask('mock/delay-head,ms=2000', vhost => 'short'), 504,
         'upstream_first_timeout', undef, 'the others the server\'s');

# ---- max-connections: a call waits for its turn, but not for ever -----------------------
my @c = map {
    my $c = LLMGW::Http->new(port('short'));
    $c->put(raw(body => json({ model => 'one/delay-head,ms=700', messages =>
        [{ role => 'user', content => prompt() }] })));
    $c;
} 1 .. 6;
my @a = map { $_->answer(timeout => 15) } @c;
is(scalar(grep { $_->complete && ($_->status == 200 || $_->status =~ /^50[0-4]$/) } @a), 6,
   'max-connections=1: each call is answered');
ok(!(grep { $_->ms > 4000 } @a), 'in bounded time') or diag(join ' ', map { $_->ms } @a);
ok(scalar(grep { $_->status == 200 } @a), 'at least one with an answer');

my $id = tag();
ask('mock/stall-head', vhost => 'short', id => $id);
my $l = access($id);
is_deeply([@$l{qw(status error)}], [504, 'upstream_first_timeout'], 'log: 504');

finish();
