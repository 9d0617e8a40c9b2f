# detachmany.t: more calls at once than threads, and nobody who delays the others
use strict;
use warnings;
use LLMGW::Test;
use LLMGW::Detach;
use Time::HiRes qw(sleep time);

plan skip_all => 'calls keep their threads on this MPM' unless detaches();

my $off = LLMGW::Server::free_port();
my $conf = <<"CONF";
LLMTimeout connect=20s first=60s idle=60s total=100s
LLMProvider silenttls openai https://localhost:\${UP_SILENT}/v1 ca=\${CA} models=none
LLMProvider tls openai https://localhost:\${UP_TLS}/v1 ca=\${CA} models=none
Listen 127.0.0.1:$off
<VirtualHost 127.0.0.1:$off>
    LLMDetach spin=off
</VirtualHost>
CONF
my $s = detach_server('detachmany', detach => 'on spin=1s', conf => $conf,
                      mpm => event_mpm(threads => 5));

# ---- fast answers are not handed over ---------------------------------------------------
sub wakeups { return figure($s, 'llmgw_relay_lag_seconds_count') }
my $c = LLMGW::Http->new($s->port);
for (1 .. 10) {
    $c->put(post_for('open/ok', stream => $_ % 2));
    is($c->answer->text, 'Hello from mock', 'a fast answer');
}
is(wakeups(), 0, 'within spin= no relay thread is woken');
$c->put(post_for('open/slow-stream,n=3,ms=700', stream => 1));
is($c->answer->text, 't1 t2 t3 ', 'a slow one on the same connection');
cmp_ok(wakeups(), '>', 0, 'is handed over');
my $before = wakeups();
is(request(port => $off, body => json({ model => 'open/ok', messages => [{ role => 'user',
    content => 'x' }] }))->text, 'Hello from mock', 'spin=off');
cmp_ok(wakeups(), '>', $before, 'hands over at once');
$c->close;

# ---- 400 calls at once on five threads ------------------------------------------------------
my $n = 200;
my @streams = open_many($s, $n, model => stream_of(10, 2000), stream => 1, port => $off);
my @whole = open_many($s, $n, model => stream_of(10, 2000), port => $off);
detached_becomes($s, 2 * $n, '200 streams and 200 whole calls wait at once, five threads', 19);
my $began = time;
is(request(port => $s->port, path => '/index.html', method => 'GET')->status, 200,
   'a thread is there for others');
cmp_ok(time - $began, '<', 2, 'at once');
is(read_many([@streams, @whole], seconds => 60), 2 * $n, 'all are answered');
is(scalar(grep { my $a = $_->answer; $a->complete && $a->done
    && $a->text eq text_of(10) } @streams), $n, 'the streams, whole');
is(scalar(grep { $_->answer->text eq text_of(10) } @whole), $n, 'the whole ones');
$_->close for @streams, @whole;
detached_becomes($s, 0, 'none waits any more');

# ---- 500 streams, and what might delay them ----------------------------------------------------
sub widest_of_500 {
    my ($name, $beside) = @_;
    my @c = open_many($s, 500, model => stream_of(24, 500), stream => 1, port => $off);
    is(read_many(\@c, seconds => 40, done => sub { $_[0]{in} =~ /"t\d+ "/ }), 500,
       "$name: 500 streams are under way");
    $_->{times} = [] for @c;
    my @other = $beside ? $beside->() : ();
    is(read_many(\@c, seconds => 60), 500, "$name: they end");
    is(scalar(grep { $_->answer->done } @c), 500, "$name: each whole");
    $_->close for @c;
    $_->reset for @other;
    my @gaps = widest_gaps(@c);
    diag(sprintf '%s: widest gap %.0f ms, of 99 in 100 streams %.0f ms, of half %.0f ms', $name,
         map { 1000 * $_ } @gaps[0, 5, 250]) if $ENV{LLMGW_TEST_VERBOSE};
    return @gaps[0, 250];
}
my ($worst, $usual) = widest_of_500('alone');
my $tag = tag();
my ($worst_beside, $usual_beside) = widest_of_500('beside', sub {
    my ($deaf) = open_many($s, 1, model => 'open/endless-stream', stream => 1, port => $off);
    my ($slow) = open_many($s, 1, model => "open/trickle-body,tag=$tag", stream => 1, port => $off);
    my @stalled = open_many($s, 3, model => 'silenttls/x', port => $off);
    ok(wait_for(5, sub { scalar upstream($tag) }), 'the trickle flows');
    return ($deaf, $slow, @stalled);
});
cmp_ok($worst_beside, '<', 2 * $worst + 1.5, 'the widest gap between tokens is no wider')
    or diag("$worst $worst_beside");
cmp_ok($usual_beside, '<', $usual + 0.5, 'nor is that of most streams')
    or diag("$usual $usual_beside");
detached_becomes($s, 0, 'all are gone', 25);
$s->stop(log => [qr/LLMGW0201/, qr/AH02003|AH01998|AH01097|AH00898|AH02039|\[ssl:warn\]/]);
finish();
