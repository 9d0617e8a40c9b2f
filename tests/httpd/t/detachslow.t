# detachslow.t: clients that take little or nothing: bounded memory, and every byte
use strict;
use warnings;
use LLMGW::Test;
use LLMGW::Detach;
use Time::HiRes qw(sleep time);

my $port = LLMGW::Server::free_port();
my $s = detach_server('detachslow', detach => 'on spin=off', mpm => event_mpm(threads => 8),
    conf => tls_conf($port) . <<'CONF');
LLMResponseBody 200M
LLMTimeout first=20s idle=2s total=100s
Timeout 60
CONF
my $child = child_of($s);
my $N = 4;                              # clients at a time

# The answer's text, of a whole one too; JSON::PP would take its time
sub words_of {
    my ($body) = @_;
    return join '', $body =~ /"content":"([^"\\]+)"/g;
}

# How many bytes the mock got rid of is how much the gateway and the kernel took
sub grows_no_more {
    my ($read) = @_;
    my ($last, $since) = (-1, time);
    return wait_for(30, sub {
        my $now = $read->();
        ($last, $since) = ($now, time) if abs($now - $last) > 64;
        return time - $since > 2.5 });
}

# ---- nothing is read while tens of MB wait -----------------------------------------------
for my $tls (0, 1) {
    for my $is_stream (1, 0) {
        my $what = ($is_stream ? 'streams' : 'whole answers') . ($tls ? ', TLS' : '');
        my ($n, $kb) = (30_000, 20 * 1024);
        my $model = $is_stream ? "open/words,n=$n" : "open/huge-event,kb=$kb";
        my $before = rss_kb($child);
        my @c = open_many($s, $N, model => $model, stream => $is_stream, tls => $tls,
                          port => $tls ? $port : undef);
        # none of them reads: until memory stays as it is, and idle= has passed twice
        grows_no_more(sub { rss_kb($child) });
        sleep 2.5;
        my $grown = rss_kb($child) - $before;
        diag("$what: $N clients that read nothing: $grown KiB more, ",
             int($grown / $N), ' KiB each') if $ENV{LLMGW_TEST_VERBOSE};
        if (detaches()) {
            detached_becomes($s, $N, "$what: all still wait");
            # a stream: some pieces; a whole answer: its bytes, and its copies
            my $most = $is_stream ? 2048 : 4 * $kb;
            cmp_ok($grown / $N, '<', $most, "$what: memory is bounded, $most KiB each")
                unless $ENV{LLMGW_TEST_SANITIZE};       # which keeps what was freed
        }
        my $wanted = $is_stream ? join '', map { "w$_ " } 1 .. $n : 'x' x (1024 * $kb);
        my $good = 0;
        for my $c (@c) {
            my $a = $c->answer(timeout => 60);
            my $text = words_of($a->body);
            $c->put(post_for('open/ok'));
            my $next = $c->answer;
            if ($a->complete && $text eq $wanted && $next->text eq 'Hello from mock') { $good++ }
            else {
                diag(join ' ', $what, $a->status, $a->complete, length $text, length $wanted,
                     $next->status, substr $next->bytes, 0, 300);
            }
            $c->close;
        }
        is($good, $N, "$what: each byte comes when it is read, and the connection goes on");
        detached_becomes($s, 0, "$what: none is left") if detaches();
    }
}
is($s->count(qr/timeout|stalled/), 0, 'idle= is not for clients');

# ---- a provider that never ends, and a client that never reads ----------------------------
my $tag = tag();
my $before = rss_kb($child);
my @c = open_many($s, 4, model => "open/endless-stream,tag=$tag", stream => 1);
ok($_->await(qr/Hello/, 10), 'an endless stream begins') for @c;
grows_no_more(sub { rss_kb($child) });
cmp_ok(rss_kb($child) - $before, '<', 8 * 1024, 'and takes no memory')
    if detaches() && !$ENV{LLMGW_TEST_SANITIZE};
my $left = now_ms();
$_->reset for @c;
let_go($tag, $left, 'the client leaves');
detached_becomes($s, 0, 'none is left') if detaches();
$s->stop(log => [qr/LLMGW0201/]);
finish();
