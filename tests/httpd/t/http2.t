# http2.t: the same calls over HTTP/2, several on one connection
use strict;
use warnings;
use LLMGW::Test;
use LLMGW::H2;
expect_log(qr/LLMGW\d+.*reset-mid/);

plan skip_all => 'mod_http2 does not serve the prefork MPM'
    if $ENV{LLMGW_TEST_MPM} eq 'prefork';

sub body_for {
    my ($model, $stream, $content) = @_;
    return json({ model => $model, ($stream ? (stream => JSON::PP::true) : ()),
                  messages => [{ role => 'user', content => $content || prompt() }] });
}

my $h = LLMGW::H2->new(port('h2'));
sub post {
    my ($model, $stream, @more) = @_;
    return $h->post(body_for($model, $stream), stream => $stream, @more);
}

for my $p (qw(mock claude)) {
    my $a = post("$p/ok", 0);
    ok($h->finish($a), "$p: a whole answer ends");
    is($a->status, 200, "$p: status");
    is($a->text, 'Hello from mock', "$p: the words");

    $a = post("$p/slow-stream,n=5,ms=300", 1);
    ok($h->finish($a), "$p: a stream ends");
    is($a->text, 't1 t2 t3 t4 t5 ', "$p: all tokens");
    ok($a->done, "$p: [DONE]");
    my ($first, $last) = ($a->when(qr/t1 /), $a->when(qr/t5 /));
    ok($last - $first >= 700, "$p: one by one") or diag("$first $last");
    ok($first < 900, "$p: the first one soon") or diag($first);
}
my $a = $h->post(body_for('slowecho/x', 1, 'a1 a2 a3 a4'), stream => 1);
ok($h->finish($a) && $a->text eq 'a1 a2 a3 a4', 'echo streams');
ok($a->when(qr/" a4"/) - $a->when(qr/"a1"/) >= 100, 'echo: one by one');

$a = post('nobody-knows', 0);
ok($h->finish($a), 'an error ends');
is($a->status, 404, 'with its status');
is($a->error->{code}, 'model_not_found', 'in the client\'s dialect');
$a = post('mock/reset-mid', 1);
ok($h->finish($a) && length($a->stream_error->{message} || ''),
   'an error in the middle of a stream is an event');

# ---- many at once, on this one connection -----------------------------------------------
my $start = now_ms();
my @all = map { post('mock/slow-stream,n=4,ms=250', 1) } 1 .. 8;
ok($h->wait_for(20, sub { !grep { !$_->{complete} } @all }), 'eight streams at once end');
is(scalar(grep { $_->text eq 't1 t2 t3 t4 ' && $_->done } @all), 8, 'each whole');
ok(now_ms() - $start < 6000, 'and side by side') or diag(now_ms() - $start);

# ---- leaving -------------------------------------------------------------------------------
sub leaves {
    my ($what, $model, $stream, $ready, $leave) = @_;
    my ($id, $tag) = (tag(), tag());
    my $a = post("$model,tag=$tag", $stream, headers => ['x-request-id' => $id]);
    ok($h->wait_for(8, sub { $ready->($a, $tag) }), "$what: is under way");
    my $left = now_ms();
    $leave->($a);
    let_go($tag, $left, $what);
    is(access($id)->{status}, 499, "$what: logged as 499");
}
my $cancel = sub { $h->reset_stream($_[0]) };
my $flows = sub { $_[0]->text =~ /t3 / };
my $began = sub { $_[0]->text =~ /Hello/ };
my $asked = sub { $h->{tcp}->fill(0.1); scalar upstream($_[1]) };
for my $p (qw(mock claude)) {
    leaves("$p: a flowing stream is cancelled", "$p/slow-stream,n=100,ms=100", 1,
           $flows, $cancel);
    leaves("$p: a silent stream is cancelled", "$p/stall-mid", 1, $began, $cancel);
    leaves("$p: a stream is cancelled before its head", "$p/stall-head", 1, $asked, $cancel);
    leaves("$p: a whole answer is cancelled", "$p/stall-head", 0, $asked, $cancel);
}
for my $stream (0, 1) {
    my $id = tag();
    my $a = post('silenttls/x', $stream, headers => ['x-request-id' => $id]);
    $h->wait_for(0.3, sub { 0 });
    $cancel->($a);
    my $l = access($id);
    is($l->{status}, 499, "amid a TLS handshake ($stream): logged as 499");
    ok($l->{ms} < 1600, "amid a TLS handshake ($stream): soon") or diag($l->{ms});
}
$a = post('mock/ok', 0);
ok($h->finish($a) && $a->text eq 'Hello from mock', 'the connection goes on');
leaves('the connection is closed', 'mock/slow-stream,n=100,ms=100', 1, $flows,
       sub { $h->close });

finish();
