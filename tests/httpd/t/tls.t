# tls.t: providers over TLS, verified unless the configuration says otherwise
use strict;
use warnings;
use LLMGW::Test;

for my $stream (0, 1) {
    is(ask('tls/ok', stream => $stream)->text, 'Hello from mock',
       "a certificate of a known CA, stream $stream");
}
is(ask('tlsip/ok')->text, 'Hello from mock', 'tls-verify=off: an address');
is(ask('tlsoff/ok')->text, 'Hello from mock', 'tls-verify=off: self-signed');
is(ask('tlswrongoff/ok')->text, 'Hello from mock', 'tls-verify=off: wrong name');
is(ask('tlsown/ok')->text, 'Hello from mock', 'an own <Proxy> section knows the CA');
is(ask('tlsownset/ok')->text, 'Hello from mock', 'one of other things leaves ca=');
my $a = ask('tls/slow-stream,n=4,ms=250', stream => 1);
is($a->text, 't1 t2 t3 t4 ', 'a slow stream over TLS');
ok($a->when(qr/t4 /) - $a->when(qr/t1 /) >= 400, 'token by token');
is(length ask('tls/huge-event', stream => 1)->text, 1 << 20, 'an event of 1 MB');
my $r = received(ask('tls/echo-request', keys_shown => 1));
is($r->{headers}{authorization}, "Bearer $LLMGW::Canary::KEY{env}",
   'the key went over TLS');

# ---- whom we do not know gets neither prompt nor key ------------------------------------
expect_log(qr/LLMGW\d+/, qr/AH02039|AH01084|AH00898|AH01097|AH02411|AH02005|AH01998|AH01961/,
           qr/\[ssl:warn\]/);
for my $stream (0, 1) {
    is_error(ask('plaintls/ok', vhost => 'short'), qr/^50[24]$/, qr/^upstream_/, undef,
         'no TLS at all');
for (['tlswrong', 'another name'], ['tlsself', 'self-signed'],
         ['tlsdefault', 'a CA the system does not know'],
         ['tlsownttl', 'an unknown CA, with an own <Proxy> section of other things'],
         ['tlsownbad', 'a CA that an own <Proxy> section does not know, though ca= does']) {
        my ($p, $what) = @$_;
        my $tag = tag();
        my $a = ask("$p/ok,tag=$tag", stream => $stream);
        is_error($a, 502, qr/^upstream_(?:tls_failed|unreachable)$/, undef,
                 "$what, stream $stream");
        is(scalar upstream($tag), 0, "$what, stream $stream: no request was sent");
    }
}
is_error(ask('plaintls/ok', vhost => 'short'), qr/^50[24]$/, qr/^upstream_/, undef,
         'no TLS at all');
for (['tlswrong', 'another name'], ['tlsself', 'self-signed']) {
    is(ask("$_->[0]/ok")->error->{code}, 'upstream_tls_failed', "$_->[1]: its code");
}

# ---- trouble over TLS -----------------------------------------------------------------------
for my $name (qw(close-before reset-before reset-head short-body)) {
    is_error(ask("tls/$name"), 502, qr/^upstream_/, undef, "over TLS: $name");
}
is_stream_error(ask('tls/reset-mid', stream => 1), undef, 'over TLS: reset mid-stream');
is_error(ask('tls/stall-head', vhost => 'short'), 504, 'upstream_first_timeout',
         undef, 'over TLS: no answer');
my $tag = tag();
my $c = LLMGW::Http->new(port());
$c->put(raw(body => json({ model => "tls/stall-head,tag=$tag",
    messages => [{ role => 'user', content => prompt() }] })));
wait_for(5, sub { scalar upstream($tag) });
my $left = now_ms();
$c->close;
let_go($tag, $left, 'over TLS: the client leaves');

finish();
