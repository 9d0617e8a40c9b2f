# stream.t: each event leaves when it comes
use strict;
use warnings;
use Time::HiRes ();
use LLMGW::Test;

my ($n, $ms) = (5, 300);

# Tokens come apart in time, the first long before the last
sub arrives_apart {
    my ($a, $what, $first, $last) = @_;
    my ($t1, $t5) = ($a->when($first), $a->when($last));
    ok(defined $t1 && defined $t5 && $t5 - $t1 >= 0.6 * ($n - 1) * $ms,
       "$what: the first token came long before the last")
        or diag('first ' . ($t1 || 'never') . ', last ' . ($t5 || 'never'));
}

for my $provider (qw(mock claude)) {
    my $a = ask("$provider/slow-stream,n=$n,ms=$ms", stream => 1);
    is($a->status, 200, "$provider: status");
    is($a->text, 't1 t2 t3 t4 t5 ', "$provider: all tokens");
    ok($a->done, "$provider: [DONE] at the end");
    arrives_apart($a, $provider, qr/t1 /, qr/t5 /);
    my @times = map { $a->when(qr/t$_ /) } 1 .. $n;
    my $apart = grep { $times[$_] - $times[$_ - 1] >= $ms / 3 } 1 .. $#times;
    ok($apart >= $n - 2, "$provider: each token on its own") or diag("@times");
    ok($a->when(qr/t1 /) < 3 * $ms, "$provider: the first one soon");
    ok(!defined $a->header('Content-Length'), "$provider: no Content-Length");
    like($a->header('Content-Type'), qr{^text/event-stream},
         "$provider: content type");
    like($a->header('Cache-Control') || '', qr/no-(?:cache|store)/,
         "$provider: not to be cached");
}

my $a = ask('slowecho/x', stream => 1,
            messages => [{ role => 'user', content => 'a1 a2 a3 a4 a5' }]);
is($a->text, 'a1 a2 a3 a4 a5', 'echo: all words');
ok($a->when(qr/" a5"/) - $a->when(qr/"a1"/) >= 150, 'echo: one by one');
ok($a->when(qr/"a1"/) >= 350, 'echo: after the delay');

# ---- before the first token of the provider --------------------------------------
$a = ask("mock/delay-body,ms=1200", stream => 1);
is($a->text, 'Hello from mock', 'a late first event');

# ---- with another output filter ------------------------------------------------------
$a = ask("mock/slow-stream,n=$n,ms=$ms", stream => 1,
         path => '/deflate/v1/chat/completions',
         headers => ['Accept-Encoding' => 'gzip']);
is($a->header('Content-Encoding'), 'gzip', 'deflate: the stream is compressed');
$a = $a->inflated;
arrives_apart($a, 'deflate', qr/t1 /, qr/t5 /);
ok($a->done, 'deflate: to the end');

$a = ask('mock/ok', path => '/deflate/v1/chat/completions',
         headers => ['Accept-Encoding' => 'gzip']);
is($a->header('Content-Encoding'), 'gzip', 'deflate: a whole answer too');

# ---- the client's connection ----------------------------------------------------------
my $body = json({ model => 'mock/ok', stream => JSON::PP::true,
                  messages => [{ role => 'user', content => prompt() }] });
my $c = LLMGW::Http->new(port());
for my $i (1 .. 3) {
    $c->put(raw(body => $body));
    my $a = $c->answer;
    ok($a->complete && $a->done, "stream $i on one connection");
}
$c->put(raw(body => $body) . raw(body => $body));
ok($c->answer->done && $c->answer->done, 'two pipelined streams');
$c->close;

$c = LLMGW::Http->new(port());
(my $old = raw(body => $body)) =~ s{HTTP/1\.1}{HTTP/1.0};
$c->put($old);
$a = $c->answer;
ok(!$a->header('Transfer-Encoding') && $a->done && $a->complete,
   'an HTTP/1.0 client gets the stream until the connection closes');
$c->close;

# ---- a client that reads slowly: nothing is lost --------------------------------------
$c = LLMGW::Http->new(port());
$c->put(raw(body => json({ model => 'mock/words,n=20000', stream => JSON::PP::true,
            messages => [{ role => 'user', content => prompt() }] })));
Time::HiRes::sleep(1.5);
$a = $c->answer(timeout => 40);
ok($a->done && $a->complete, 'a slow reader gets the whole stream');
like($a->text, qr/ w20000 $/, 'with its last word');
$c->close;

# ---- many at once ----------------------------------------------------------------------
my @clients = map {
    my $c = LLMGW::Http->new(port());
    $c->put(raw(body => json({ model => "mock/slow-stream,n=4,ms=200",
        stream => JSON::PP::true,
        messages => [{ role => 'user', content => prompt() }] })));
    $c;
} 1 .. 12;
is(scalar(grep { $_->text eq 't1 t2 t3 t4 ' && $_->done }
          map { $_->answer } @clients), 12, 'twelve streams at once');
$_->close for @clients;

finish();
