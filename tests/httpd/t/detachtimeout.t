# detachtimeout.t: how long a client may take, that takes nothing or little by little
use strict;
use warnings;
use LLMGW::Test;
use LLMGW::Detach;
use Time::HiRes qw(sleep time);

# ---- Timeout: nothing at all is taken, or little by little ------------------------------------
my $s = detach_server('detachtimeout', detach => 'on spin=off', conf => <<'CONF');
Timeout 3
SendBufferSize 8192
LLMTimeout total=100s
LLMResponseBody 200M
CONF
for (['open/endless-stream', 1], ['open/words,n=100000', 1], ['open/huge-event,kb=8192', 0]) {
    my ($model, $is_stream) = @$_;
    my ($id, $what) = (tag(), $is_stream ? 'a stream' : 'a whole answer');
    my $c = LLMGW::Http->new($s->port, rcvbuf => 4096);
    my $began = time;
    $c->put(post_for($model, stream => $is_stream, id => $id));
    ok(wait_for(40, sub { status_of($s, $id) }), "Timeout: $what that nobody takes ends");
    is(status_of($s, $id), 499, "Timeout: $what: its status");
    cmp_ok(time - $began, '>=', 2.5, "Timeout: $what: after that time");
    $c->close;
}

# 2 KiB or so at a time: longer than Timeout for what is written at once, but
# never so long without a byte
for my $is_stream (1, 0) {
    my $what = $is_stream ? 'a stream' : 'a whole answer';
    my $c = LLMGW::Http->new($s->port, rcvbuf => 4096);
    $c->put(post_for($is_stream ? 'open/words,n=400' : 'open/huge-event,kb=60', stream => $is_stream));
    my ($until, $bytes) = (time + 60, '');
    while (time < $until) {
        my $n = sysread $c->{sock}, my $some, 2048;
        last if defined $n && !$n;
        $bytes .= $some if $n;
        last if $bytes =~ ($is_stream ? qr/\r\n0\r\n\r\n\z/ : qr/\}\s*\z/);
        sleep 0.3;
    }
    $c->{in} = $bytes;
    my $a = $c->answer(timeout => 1);
    ok($a->complete, "taken little by little: $what comes whole") or diag(length $bytes);
    $c->close;
}
detached_becomes($s, 0, 'none is left') if detaches();
$s->stop(log => [qr/LLMGW0201/]);
finish();
