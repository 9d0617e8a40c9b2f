# rawupload.t: bodies that are sent as they come, and long answers
use strict;
use warnings;
use Digest::SHA qw(sha256_hex);
use IO::Socket::SSL;
use LLMGW::Test;
use LLMGW::H2;
expect_log(qr/LLMGW0201/);

my $MB = 1 << 20;
my $block = join '', map { chr 32 + $_ % 95 } 1 .. $MB;
my @type = ('Content-Type' => 'application/octet-stream');

# The head of an upload; the body follows by hand
sub begin {
    my ($path, $vhost, @headers) = @_;
    my $c = LLMGW::Http->new(port($vhost));
    $c->put(raw(method => 'POST', path => $path, headers => [@type, @headers]));
    return $c;
}
sub upload { return request(vhost => 'raw', keys_shown => 1, method => 'POST', @_) }
sub chunk { return sprintf("%x\r\n%s\r\n", length $_[0], $_[0]) }
sub nap { select undef, undef, undef, $_[0] }

# ---- whole, and in both framings --------------------------------------------------
for my $provider ('rawfirst', 'rawtls') {
    my @to = ('X-LLMGW-Provider' => $provider);
    for my $n (0, 1, 32768, 5 * $MB) {
        my $body = substr $block x 5, 0, $n;
        my $j = upload(path => '/v1/files', body => $body, headers => [@type, @to],
                       method => 'POST')->json || {};
        is($j->{sha256}, sha256_hex($body), "$provider: $n bytes with a length");
        is($j->{headers}{'content-length'}, $n, "$provider: $n bytes: the same length");
        $j = upload(path => '/v1/files', headers => [@type, @to, 'Transfer-Encoding' => 'chunked'],
                    body => join('', map { chunk($_) } $body =~ /(.{1,40000})/gs) . "0\r\n\r\n")
             ->json || {};
        is($j->{sha256}, sha256_hex($body), "$provider: $n bytes in chunks");
        is($j->{headers}{'transfer-encoding'}, 'chunked', "$provider: $n bytes: in chunks, too")
            if $n;
    }
}
my $gz = upload(path => '/v1/files', body => 'no gzip at all',
                headers => [@type, 'Content-Encoding' => 'gzip'])->json || {};
is(pack('H*', $gz->{hex} || ''), 'no gzip at all', 'a Content-Encoding is not undone');
is($gz->{headers}{'content-encoding'}, 'gzip', 'but told');

# ---- as it comes: the answer is here before the body is ------------------------------
my $c = begin('/v1/files?do=early&n=1000&code=200', 'raw', 'Content-Length' => 3000);
$c->put('x' x 900);
nap(0.5);
ok(!$c->await(qr/HTTP/, 0.1), 'after 900 bytes the provider waits for more');
$c->put('x' x 200);
my $a = $c->answer(timeout => 5);
is($a->status, 200, 'after 1100 it has answered, with 1900 still to come');
is($a->header('Connection'), 'close', 'which ends the connection');
ok($c->closed_within(5), 'indeed');
for my $to ('', 'rawtls') {
    $c = begin('/v1/files', 'raw', 'Transfer-Encoding' => 'chunked',
               $to ? ('X-LLMGW-Provider' => $to) : ());
    for (1 .. 4) { $c->put(chunk("part $_ ")); nap(0.2) }
    $c->put("0\r\n\r\n");
    is(pack('H*', ($c->answer->json || {})->{hex} || ''), 'part 1 part 2 part 3 part 4 ',
       'small parts, slowly ' . $to);
    $c->close;
}

# ---- Expect: 100-continue --------------------------------------------------------------
$c = begin('/v1/files', 'raw', 'Content-Length' => 5, Expect => '100-continue');
ok($c->await(qr/^HTTP\/1\.1 100 /, 5), 'Expect: 100-continue is answered');
$c->put('hello');
my $r = ($c->answer->json || {});
is($r->{hex}, unpack('H*', 'hello'), 'and the body then arrives');
ok(!defined $r->{headers}{expect}, 'the provider is not asked');
$c->close;
$c = begin('/v1/files', 'raw', 'Content-Length' => 5, Expect => '100-continue',
           'X-LLMGW-Provider' => 'refused');
$a = $c->answer(timeout => 5);
is($a->status . join(',', $a->interim), '502', 'not where the provider cannot be reached');
$c->close;

# ---- the provider answers early -----------------------------------------------------------
sub push_all {      # until the server takes no more
    my ($c, $mb) = @_;
    my $sent = 0;
    while ($sent < $mb && $c->put($block)) { $sent++; last if $c->await(qr/HTTP/, 0.001) }
    return $sent;
}
for my $n (0, 300_000) {
    my $id = tag();
    $c = begin("/v1/files?do=early&n=$n&ms=300", 'raw', 'Content-Length' => 300 * $MB,
               'X-Request-Id' => $id);
    my $sent = push_all($c, 300);
    $a = $c->answer(timeout => 5);
    is($a->status, 413, "413 after $n bytes reaches a client that still sends");
    is(($a->json || {})->{error}{code}, 'mock_413', 'with its body');
    ok($sent < 100, 'long before it has sent all') or diag($sent);
    is($a->header('Connection'), 'close', 'and the connection ends');
    $c->close;
    is(access($id)->{error}, 'mock_413', 'log');
}
$r = upload(path => '/v1/files?do=interim', body => $block, headers => [@type])->json || {};
is($r->{sha256}, sha256_hex($block), 'an interim response is no answer');

# ---- the client leaves ------------------------------------------------------------------
for my $how (qw(close reset)) {
    for my $to ('', 'rawtls') {
        my ($tag, $id) = (tag(), tag());
        $c = begin("/v1/files?do=silent&tag=$tag", 'raw', 'Content-Length' => 100 * $MB,
                   'X-Request-Id' => $id, $to ? ('X-LLMGW-Provider' => $to) : ());
        $c->put($block);
        ok(wait_for(8, sub { scalar upstream($tag) }), "leaving by $how $to: is under way");
        my $left = now_ms();
        $c->$how;
        let_go($tag, $left, "leaving by $how $to");
        my $l = access($id);
        is("$l->{status} $l->{error}", '499 client_closed_request', "leaving by $how $to: log");
    }
}
my $tag = tag();
$c = begin("/v1/files?do=silent&tag=$tag", 'raw', 'Content-Length' => 5);
$c->put('hello');
ok(wait_for(8, sub { scalar upstream($tag) }), 'a whole upload is under way');
my $left = now_ms();
$c->close;
let_go($tag, $left, 'leaving after the upload');
$tag = tag();
$c = LLMGW::Http->new(port('raw'));
$c->put(raw(path => "/v1/files/f?do=big&mb=2000&tag=$tag"));
ok($c->await(qr/\r\n\r\n./s, 5), 'a client that stops reading a download');
nap(0.5);
$left = now_ms();
$c->reset;
let_go($tag, $left, 'and leaves');

# ---- one side stalls -------------------------------------------------------------------------
$c = begin('/v1/files', 'raw', 'Content-Length' => 1000);
$c->put('x' x 10);
my $start = now_ms();
is_error($c->answer(timeout => 8), 408, 'request_body_timeout', undef, 'RequestReadTimeout');
ok(now_ms() - $start < 6000, 'in time') or diag(now_ms() - $start);
$c = begin('/v1/files', 'rawshort', 'Content-Length' => 1000);
$c->put('x' x 10);
$start = now_ms();
is_error($c->answer(timeout => 8), 408, 'request_body_timeout', undef, 'idle=: the client');
ok(now_ms() - $start < 2500, 'in time') or diag(now_ms() - $start);
ok($c->closed_within(3), 'and the connection ends');
$c = begin('/v1/files?do=deaf', 'rawshort', 'Content-Length' => 19 * $MB);
$start = now_ms();
push_all($c, 19);
is_error($c->answer(timeout => 8), 504, 'upstream_idle_timeout', undef, 'idle=: the provider');
ok(now_ms() - $start < 3500, 'in time') or diag(now_ms() - $start);
$c = begin('/v1/files', 'rawshort', 'Content-Length' => 100_000);
$start = now_ms();
for (1 .. 16) { $c->put('x' x 1000); nap(0.3) }
is_error($c->answer(timeout => 8), 504, 'request_timeout', undef, 'total=');
$c = begin('/v1/files', 'rawshort', 'Content-Length' => 21_000_000);
is_error($c->answer(timeout => 8), 413, 'request_too_large', undef, 'LimitRequestBody, at once');
$c = begin('/v1/files', 'rawshort', 'Transfer-Encoding' => 'chunked');
for (1 .. 25) { $c->put(chunk($block)) or last }
is_error($c->answer(timeout => 8), 413, 'request_too_large', undef, 'LimitRequestBody, in chunks');
$c = begin('/v1/files', 'raw', 'Transfer-Encoding' => 'chunked');
$c->put(chunk('good') . "odd\r\n");
is_error($c->answer(timeout => 8), 400, 'unreadable_body', undef, 'a bad chunk');
$c->close;
is(upload(path => '/v1/files', body => 'x', headers => [@type])->status, 200,
   'and the next one works');

# ---- over TLS -----------------------------------------------------------------------------------
my $tls = IO::Socket::SSL->new(PeerAddr => '127.0.0.1', PeerPort => port('rawtlsin'),
                               SSL_verify_mode => SSL_VERIFY_NONE);
ok($tls, 'a client over TLS') or diag($IO::Socket::SSL::SSL_ERROR);
if ($tls) {
    print $tls raw(method => 'POST', path => '/v1/files',
                   headers => [@type, 'Content-Length' => 3 * $MB + 10, Connection => 'close']);
    print $tls $block for 1 .. 2;
    for (1 .. 10) { print $tls 'y'; nap(0.05) }
    print $tls $block;
    my $answer = do { local $/; <$tls> };
    my $all = $block x 2 . 'y' x 10 . $block;
    my $sum = sha256_hex($all);
    like($answer, qr/"sha256":"$sum"/, 'its upload arrives whole');
}

# ---- over HTTP/2 --------------------------------------------------------------------------------
if ($ENV{LLMGW_TEST_MPM} ne 'prefork') {
    my $h = LLMGW::H2->new(port('h2'));
    my @raw = (headers => ['x-llmgw-provider' => 'raw']);
    my $small = substr $block, 0, 50_000;       # within the first window
    $a = $h->post($small, path => '/v1/files', @raw);
    ok($h->finish($a), 'HTTP/2: an upload ends');
    is(($a->json || {})->{sha256}, sha256_hex($small), 'HTTP/2: whole');
    $a = $h->post('x', path => '/v1/files/f?do=bytes&kb=2000', @raw);
    ok($h->finish($a) && length($a->body) == 2000 * 1024, 'HTTP/2: a download');
    $a = $h->post('x', path => '/v1/files/f?do=cut', @raw);
    ok($h->finish($a) && $a->{reset} && !$a->{complete}, 'HTTP/2: what breaks off is reset');
    $h->close;
}

# ---- memory ---------------------------------------------------------------------------------------
sub memory {        # KiB of the server's children, all that is not shared files
    my $sum = 0;
    for my $dir (glob '/proc/[0-9]*') {
        my $stat = slurp("$dir/stat");      # it may be gone by now
        next unless defined $stat && $stat =~ /^\d+ \(.*\) \S (\d+)/ && $1 == httpd_pid();
        $sum += $1 if (slurp("$dir/status") || '') =~ /RssAnon:\s+(\d+)/;
    }
    return $sum;
}
my $LIMIT = $ENV{LLMGW_TEST_SANITIZE} ? 400 : 64;       # MiB
my $before = memory();
ok($before > 1000, 'memory is measured');
my $most = 0;
sub look { my $now = memory() - $before; $most = $now if $now > $most }

$c = begin('/v1/files?do=echo', 'raw', 'Content-Length' => 200 * $MB);
my $sha = Digest::SHA->new(256);
for my $i (1 .. 200) {
    $c->put($block) or last;
    $sha->add($block);
    look() if $i % 10 == 0;
}
$a = $c->answer(timeout => 30);
is(($a->json || {})->{sha256}, $sha->hexdigest, 'an upload of 200 MB');
ok($most < $LIMIT * 1024, 'takes little memory') or diag("$most KiB");
$c->close;

for my $chunked (0, 1) {
    ($before, $most) = (memory(), 0);
    $c = LLMGW::Http->new(port('raw'));
    $c->put(raw(path => "/v1/files/f/content?do=big&mb=200&chunked=$chunked"));
    my ($got, $looks) = (0, 0);
    $c->await(qr/\r\n\r\n/, 5);
    while (($got += length $c->{in}) < 200 * $MB) {
        $c->{in} = '';
        look() if $looks++ % 50 == 0;
        nap(0.3) if $looks == 100;          # a client that pauses
        last unless $c->fill(5);
    }
    ok($got >= 200 * $MB, "a download of 200 MB, chunked $chunked") or diag($got);
    ok($most < $LIMIT * 1024, 'takes little memory') or diag("$most KiB");
    $c->close;
}

finish();
