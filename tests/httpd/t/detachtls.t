# detachtls.t: clients over TLS and HTTP/2, and other modules' filters and figures
use strict;
use warnings;
use LLMGW::Test;
use LLMGW::Detach;
use LLMGW::H2;

my $port = LLMGW::Server::free_port();
my $page = static_file('detachtls.txt', 300_000);
my $s = detach_server('detachtls', detach => 'on spin=off', conf => tls_conf($port) . <<"CONF");
Timeout 8
KeepAliveTimeout 2
<IfModule mod_http2.c>
    Protocols h2c http/1.1
</IfModule>
<IfModule mod_reqtimeout.c>
    RequestReadTimeout handshake=5 header=3 body=3,MinRate=500
</IfModule>
<Location /deflate/v1>
    SetHandler llmgw
    SetOutputFilter DEFLATE
</Location>
LogFormat "%{X-Request-Id}o %>s %I %O %S %D %k %X" bytes
CustomLog "@{[ vars('t_logs') ]}/detachtls_bytes" bytes
CONF

sub client { return LLMGW::Http->new($port, tls => 1) }
my ($n, $ms) = (5, 250);
my $words = text_of($n);
my $stream = post_for("open/slow-stream,n=$n,ms=$ms", stream => 1);
my $whole = post_for('open/slow-stream,n=5,ms=20');
my $ok = post_for('open/ok');
my $file = "GET /detachtls.txt HTTP/1.1\r\nHost: x\r\n\r\n";

sub apart {
    my ($a, $name) = @_;
    my ($first, $last) = map { $a->when(qr/t$_ /) } 1, $n;
    ok($first && $last && $last - $first >= 0.6 * ($n - 1) * $ms, "$name: token by token")
        or diag(join ' ', map { defined ? $_ : 'never' } $first, $last);
}

# ---- TLS ---------------------------------------------------------------------------------
for my $p (qw(open claude)) {
    my $c = client();
    for my $i (1 .. 2) {
        $c->put(post_for("$p/slow-stream,n=$n,ms=$ms", stream => 1));
        my $a = $c->answer;
        is($a->text, $words, "TLS, $p: stream $i");
        apart($a, "TLS, $p: stream $i");
        $c->put($file);
        is($c->answer->body, $page, "TLS, $p: a file after stream $i");
        $c->put($whole);
        is($c->answer->text, $words, "TLS, $p: a whole answer after stream $i");
    }
    $c->close;
}
for (['two streams', $stream, $stream], ['a whole answer and a stream', $whole, $stream],
     ['three whole ones', $whole, $whole, $whole], ['eight', ($ok) x 8]) {
    my ($name, @requests) = @$_;
    my $c = client();
    $c->put(join '', @requests);        # in one record: it lies in the TLS layer
    my $good = grep { my $a = $c->answer; $a->complete && $a->text =~ /^(?:\Q$words\E|Hello)/ }
               @requests;
    is($good, scalar @requests, "TLS, pipelined: $name");
    $c->put($ok);
    is($c->answer->text, 'Hello from mock', 'and the connection goes on');
    $c->close;
}

my ($a, $c) = (undef, client());
$c->put($stream);
ok($c->await(qr/t1 /, 10), 'TLS: a stream');
# Half a request lies in the TLS layer when the stream ends. httpd's other MPMs hold
# back the end of an answer until they have read the next request.
$c->put(substr $ok, 0, 30);
$c->put(substr $ok, 30) unless detaches();
ok($c->answer->done, 'to its end');
$c->put(substr $ok, 30) if detaches();
$a = $c->answer;
is($a->text, 'Hello from mock', 'TLS: a request in two records') or diag($a->status, $a->bytes);
ok($c->closed_within(8), 'TLS: KeepAliveTimeout');
$c->close;

(my $last = $stream) =~ s/\r\n/\r\nConnection: close\r\n/;
$c = client();
$c->put($last);
ok($c->answer->done, 'TLS: Connection: close');
ok($c->closed_within(5), 'is closed');
is($c->{error}, '', 'with a close_notify, and without a reset');
$c->close;

for my $how (qw(close reset)) {
    my ($id, $tag) = (tag(), tag());
    $c = client();
    $c->put(post_for("open/slow-stream,n=100,ms=100,tag=$tag", stream => 1, id => $id));
    ok($c->await(qr/t2 /, 10), "TLS, $how: flows");
    my $left = now_ms();
    $c->$how;
    let_go($tag, $left, "TLS, $how");
    ok(wait_for(5, sub { status_of($s, $id) == 499 }), "TLS, $how: logged as 499")
        or diag(status_of($s, $id));
}

# A client that says over TLS that it sends no more, and then leaves or not
$c = client();
$c->put($ok);
is($c->answer->text, 'Hello from mock', 'TLS: a call');
$c->close_notify;
ok(wait_for(8, sub { detaches() ? detached($s) == 0 : 1 }), 'and then a close_notify');
is(request(port => $s->port, path => '/index.html', method => 'GET')->status, 200,
   'nobody hangs');

# Nothing at all after the connection, and nothing after a first call
my @silent = map { my $c = LLMGW::Http->new($port); $c->put("\x16\x03\x01"); $c } 1 .. 3;
is(scalar(grep { $_->closed_within(15) } @silent), 3, 'mod_reqtimeout: half a handshake');
$c = client();
$c->put($ok);
is($c->answer->text, 'Hello from mock', 'mod_reqtimeout: a call');
$c->put("POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\n");
my $began = now_ms();
$a = $c->answer(timeout => 15);
ok($a->status == 408 || $c->{eof}, 'mod_reqtimeout: the next request\'s head stays away')
    or diag($a->status);
cmp_ok(now_ms() - $began, '<', 10_000, 'in time');
$c->close;

# ---- mod_deflate ----------------------------------------------------------------------------
for my $tls (0, 1) {
    $c = LLMGW::Http->new($tls ? $port : $s->port, tls => $tls);
    for my $i (1 .. 2) {
        $c->put(post_for("open/slow-stream,n=$n,ms=$ms", stream => 1,
            path => '/deflate/v1/chat/completions', headers => ['Accept-Encoding' => 'gzip']));
        $a = $c->answer;
        is($a->header('Content-Encoding'), 'gzip', "deflate, TLS $tls: it is compressed");
        $a = $a->inflated;
        apart($a, "deflate, TLS $tls");
        ok($a->done, "deflate, TLS $tls: to the end");
        $c->put(post_for('open/slow-stream,n=5,ms=20', path => '/deflate/v1/chat/completions',
                         headers => ['Accept-Encoding' => 'gzip']));
        is($c->answer->inflated->text, $words, "deflate, TLS $tls: a whole answer");
    }
    $c->close;
}

# ---- HTTP/2 ------------------------------------------------------------------------------------
SKIP: {
    skip 'mod_http2 does not serve the prefork MPM', 4 if $ENV{LLMGW_TEST_MPM} eq 'prefork';
    my $h = LLMGW::H2->new($s->port);
    my ($body) = $stream =~ /\r\n\r\n(.*)$/s;
    my @all = map { $h->post($body, stream => 1) } 1 .. 4;
    ok($h->wait_for(30, sub { !grep { !$_->{complete} } @all }), 'HTTP/2: four streams end');
    is(scalar(grep { $_->text eq $words && $_->done } @all), 4, 'each whole');
    apart($_, 'HTTP/2') for $all[0];
    $h->close;
}
SKIP: {
    skip 'calls keep their threads here', 1 unless detaches();
    my $before = figure($s, 'llmgw_relay_lag_seconds_count');
    my $h = LLMGW::H2->new($s->port);
    my ($body) = $stream =~ /\r\n\r\n(.*)$/s;
    my $a = $h->post($body, stream => 1);
    $h->wait_for(20, sub { $a->text =~ /t2 / });
    is(detached($s), 0, 'HTTP/2 calls keep their threads');
    $h->finish($a);
    $h->close;
}

# ---- mod_logio, mod_status -----------------------------------------------------------------------
sub bytes_of {
    my ($id) = @_;
    my $line;
    wait_for(5, sub {
        ($line) = grep { /^\Q$id\E / } split /\n/, slurp(vars('t_logs') . '/detachtls_bytes'); $line });
    my %f;
    @f{qw(id status in out all usec kept how)} = split ' ', $line || '';
    return \%f;
}
$c = LLMGW::Http->new($s->port);
for my $kind (qw(stream whole stream)) {
    my $id = tag();
    my $request = post_for("open/slow-stream,n=$n,ms=" . ($kind eq 'stream' ? $ms : 20),
                           stream => $kind eq 'stream', id => $id);
    $c->put($request);
    my $raw = 0;
    my $got = $c->{in};
    ok($c->await($kind eq 'stream' ? qr/\r\n0\r\n\r\n\z/ : qr/\}\s*\z/, 15), "logio: $kind");
    $raw = length $c->{in};
    $c->answer;
    my $f = bytes_of($id);
    # mod_logio counts once more what others only look at
    cmp_ok(abs($f->{in} - 12 - length $request), '<=', 12, "logio: $kind: %I") or diag($f->{in});
    is($f->{out}, $raw, "logio: $kind: %O");
    is($f->{status}, 200, "$kind: %s");
    is($f->{how}, '+', "$kind: %X");
    cmp_ok($f->{usec}, '>=', $kind eq 'stream' ? 1000 * ($n - 1) * $ms : 90_000, "$kind: %D");
    cmp_ok($f->{usec}, '<', 1000 * ($n * $ms + 6000), "$kind: %D is not too much");
}
$c->close;

if (detaches()) {
    my @c = open_many($s, 3, model => 'open/slow-stream,n=20,ms=200', stream => 1);
    detached_becomes($s, 3, 'three wait without a thread');
    my $auto = request(port => $s->port, path => '/server-status?auto', method => 'GET')->body;
    like($auto, qr/^LLMGWDetachedCalls: 3$/m, 'mod_status, ?auto');
    my $html = request(port => $s->port, path => '/server-status', method => 'GET')->body;
    like($html, qr/3 calls wait without a thread: 3 in process \d+/, 'mod_status, the page');
    my $json = request(port => $s->port, path => '/status?json', method => 'GET')->json;
    my $n = 0;
    $n += $_->{detached_calls} for @{ $json->{server}{children} };
    is($n, 3, 'llmgw-status: detached_calls');
    is(read_many(\@c, seconds => 40), 3, 'they end');
    my $idle = wait_for(10, sub {
        my $auto = request(port => $s->port, path => '/server-status?auto', method => 'GET')->body;
        my ($busy) = $auto =~ /^BusyWorkers: (\d+)/m;
        $auto =~ /^LLMGWDetachedCalls: 0$/m && $busy == 1 });
    ok($idle, 'and no thread shows as busy, but the one that answers');
}

$s->stop(log => [qr/LLMGW0201/, qr/\[ssl:warn\]/]);
finish();
