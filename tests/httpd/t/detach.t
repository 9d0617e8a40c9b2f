# detach.t: connections whose calls wait without a thread: from first to last
use strict;
use warnings;
use LLMGW::Test;
use LLMGW::Detach;

my $page = static_file('detach.txt', 300_000);
my $s = detach_server('detach', detach => 'on spin=off', conf => <<'CONF');
Timeout 8
KeepAliveTimeout 2
MaxKeepAliveRequests 20
CONF

my $words = text_of(4);
my $stream = post_for('open/slow-stream,n=4,ms=60', stream => 1);
my $whole = post_for('open/slow-stream,n=4,ms=30');
my $ok = post_for('open/ok');
my $file = "GET /detach.txt HTTP/1.1\r\nHost: x\r\n\r\n";
my $none = post_for('nobody-knows');

sub client { return LLMGW::Http->new($s->port, @_) }

# Each request's answer on one connection: what is wrong with it, in words
sub wrong {
    my ($kind, $a) = @_;
    return 'not complete, status ' . $a->status unless $a->complete;
    return $a->status == 200 && $a->done && $a->text eq $words ? '' : 'stream'
        if $kind eq 'stream';
    return $a->status == 200 && $a->text eq $words ? '' : 'whole' if $kind eq 'whole';
    return $a->status == 200 && $a->text eq 'Hello from mock' ? '' : 'ok' if $kind eq 'ok';
    return $a->status == 200 && $a->body eq $page ? '' : 'file' if $kind eq 'file';
    return $a->status == 404 && $a->error->{code} eq 'model_not_found' ? '' : 'none';
}
my %bytes = (stream => $stream, whole => $whole, ok => $ok, file => $file, none => $none);

sub all_right {
    my ($name, $c, @kinds) = @_;
    my @wrong = map { my $w = wrong($_, $c->answer); $w ? "$_: $w" : () } @kinds;
    ok(!@wrong, $name) or diag(join ', ', @wrong);
}

# ---- one after another on a kept connection --------------------------------------------
my @mixed = qw(ok file none stream whole file stream stream whole none ok);
for my $first (qw(stream whole file none)) {
    my $c = client();
    my @wrong;
    for my $kind ($first, @mixed) {
        $c->put($bytes{$kind});
        my $w = wrong($kind, $c->answer);
        push @wrong, "$kind: $w" if $w;
    }
    ok(!@wrong, "kept: $first, then " . join ' ', @mixed) or diag(join ', ', @wrong);
    $c->close;
}

# ---- written at once ------------------------------------------------------------------------
for (['stream', 'stream'], ['whole', 'whole'], ['stream', 'whole', 'stream'],
     ['whole', 'stream', 'whole'], ['file', 'stream', 'file'], ['none', 'whole', 'none'],
     ['ok', 'ok', 'ok', 'ok', 'ok', 'ok', 'ok'], ['stream', 'file', 'file', 'file', 'whole']) {
    my $c = client();
    $c->put(join '', @bytes{@$_});
    all_right("pipelined: @$_", $c, @$_);
    $c->put($ok);
    all_right('and the connection goes on', $c, 'ok');
    $c->close;
}

# The next request comes bit by bit while the first is answered, or blank lines do
my $c = client();
$c->put($stream . substr $whole, 0, 40);
ok($c->await(qr/t1 /, 10), 'a stream, and the start of the next request');
$c->put(substr $whole, 40);
all_right('both are answered', $c, qw(stream whole));
$c->put("\r\n\r\n$stream\r\n");
all_right('blank lines before and after', $c, 'stream');
$c->put($whole);
all_right('do no harm', $c, 'whole');
$c->close;

# ---- Connection: close, HTTP/1.0 ------------------------------------------------------------
for my $kind (qw(stream whole none)) {
    (my $last = $bytes{$kind}) =~ s/\r\n/\r\nConnection: close\r\n/;
    my $c = client();
    $c->put($ok . $last . $ok);
    all_right("$kind, Connection: close", $c, 'ok', $kind);
    ok($c->closed_within(4), "$kind: it is closed");
    is($c->{error}, '', "$kind: without a reset");
    $c->close;

    (my $old = $bytes{$kind}) =~ s{HTTP/1\.1}{HTTP/1.0};
    $c = client();
    $c->put($old);
    my $a = $c->answer;
    is(wrong($kind, $a), '', "$kind: HTTP/1.0");
    ok(!$a->header('Transfer-Encoding'), "$kind: HTTP/1.0 knows no chunks");
    ok($c->closed_within(4), "$kind: HTTP/1.0: it is closed");
    $c->close;

    $old =~ s/\r\n/\r\nConnection: keep-alive\r\n/;
    $c = client();
    $c->put($old);
    is(wrong($kind, $c->answer), '', "$kind: HTTP/1.0, kept");
    next if $kind eq 'stream';          # has no length: its end is the connection's
    $c->put($ok);
    all_right("$kind: HTTP/1.0, and again", $c, 'ok');
    $c->close;
}

# ---- 100-continue ------------------------------------------------------------------------------
$c = client();
for my $kind (qw(whole stream)) {
    my ($head, $body) = $bytes{$kind} =~ /^(.*?\r\n\r\n)(.*)$/s;
    $head =~ s/\r\n\r\n/\r\nExpect: 100-continue\r\n\r\n/;
    $c->put($head);
    ok($c->await(qr{^HTTP/1\.1 100 }, 10), "$kind: 100 Continue");
    $c->put($body);
    my $a = $c->answer;
    is(wrong($kind, $a), '', "$kind: and its answer");
}
$c->close;

# ---- a large request, another after it ------------------------------------------------------------
my $large = post_for('open/echo-request', content => 'x' x 2_000_000);
for my $again (0, 1) {
    $c = client();
    $c->put($large . ($again ? $stream : ''));
    my $a = $c->answer(timeout => 30);
    my ($body) = $large =~ /\r\n\r\n(.*)$/s;
    ok(length $a->text && received($a)->{length} > 2_000_000, '2 MB: the provider got it');
    $c->put($stream) unless $again;
    all_right('2 MB: the next one' . ($again ? ', pipelined' : ''), $c, 'stream');
    $c->close;
}

# ---- the connection's times and numbers -----------------------------------------------------------
$c = client();
my $asked = now_ms();           # whenever the answer is read, it was sent after that
$c->put($stream);
all_right('KeepAliveTimeout', $c, 'stream');
ok($c->closed_within(8), 'it is closed');
cmp_ok(now_ms() - $asked, '>=', 2200, 'after its time');
cmp_ok(now_ms() - $asked, '<', 7000, 'and not much later');
is($c->{error}, '', 'without a reset');
$c->close;

# As many as of other requests, which httpd counts itself
sub last_of_many {
    my ($bytes) = @_;
    my $c = client();
    my @connection;
    while (@connection < 40 && $c->put($bytes)) {
        my $a = $c->answer(timeout => 10);
        last unless $a->complete;
        push @connection, $a->header('Connection') || '';
    }
    ok($c->closed_within(4), 'MaxKeepAliveRequests: the connection is closed');
    $c->close;
    return scalar(@connection) . " $connection[-1]";
}
is(last_of_many($ok), last_of_many("GET /index.html HTTP/1.1\r\nHost: x\r\n\r\n"),
   'MaxKeepAliveRequests: as many calls as files, and the last one says so');

# ---- clients that leave -------------------------------------------------------------------------
for (['close', 'stall-head', 0], ['reset', 'stall-head', 1], ['close', 'stall-mid', 1],
     ['reset', 'slow-stream,n=100,ms=100', 1], ['close', 'slow-stream,n=100,ms=100', 1],
     ['half_close', 'stall-head', 1], ['half_close', 'slow-stream,n=100,ms=100', 1]) {
    my ($how, $model, $is_stream) = @$_;
    for my $kept (0, 1) {
        my ($id, $tag) = (tag(), tag());
        my $what = "$how, $model, " . ($is_stream ? 'stream' : 'whole') . ($kept ? ', kept' : '');
        $c = client();
        if ($kept) {
            $c->put($ok);
            all_right("$what: one before", $c, 'ok');
        }
        $c->put(post_for("open/$model,tag=$tag", stream => $is_stream, id => $id));
        ok(wait_for(8, sub { scalar upstream($tag) }), "$what: is under way");
        ok($c->await(qr/t2 /, 8), "$what: flows") if $model =~ /^slow/;
        my $left = now_ms();
        $c->$how;
        let_go($tag, $left, $what);
        ok(wait_for(5, sub { status_of($s, $id) == 499 }), "$what: logged as 499")
            or diag(status_of($s, $id));
        ok($c->closed_within(5), "$what: the connection ends") if $how eq 'half_close';
        $c->close;
    }
}

# A file is no call: who sends no more gets it all the same, a call before or not
my $long = static_file('detachlong.txt', 12_000_000);
for my $first ('', $ok) {
    $c = client(rcvbuf => 65536);
    $c->put($first);
    all_right('half-closed: a call', $c, 'ok') if $first;
    $c->put("GET /detachlong.txt HTTP/1.1\r\nHost: x\r\n\r\n");
    ok($c->await(qr/^HTTP/, 10), 'half-closed: a file begins');
    $c->half_close;
    ok($c->answer(timeout => 60)->body eq $long, 'half-closed: the file comes whole');
    $c->close;
}

SKIP: {
    skip 'calls keep their threads here', 4 unless detaches();
    detached_becomes($s, 0, 'nothing is left of them');
    my @c = open_many($s, 10, model => stream_of(20, 300), stream => 1);
    detached_becomes($s, 10, 'ten wait without a thread');
    is(read_many(\@c, seconds => 40), 10, 'and are served');
    detached_becomes($s, 0, 'and nothing is left of those');
    cmp_ok(figure($s, 'llmgw_relay_lag_seconds_count'), '>', 10, 'relay threads were woken');
}

# ---- the log: one line a call, with its bytes and its time -----------------------------------------
$s->stop(log => [qr/LLMGW0201/]);
my %seen;
$seen{$_}++ for map { /^(\S+) / && $1 ne '-' ? $1 : () } split /\n/, slurp($s->{calls});
is(scalar(grep { $_ > 1 } values %seen), 0, 'no call is logged twice');
finish();
