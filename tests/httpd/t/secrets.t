# secrets.t: what is the client's stays with the client, what is the provider's
# with the provider
use strict;
use warnings;
use MIME::Base64 qw(encode_base64);
use LLMGW::Test;
use LLMGW::Canary;

my $C = $LLMGW::Canary::CLIENT;
my @mine = (Authorization => "Bearer $C", Cookie => "session=$C",
            'Proxy-Authorization' => "Basic $C", 'X-Api-Key' => $C, 'Api-Key' => $C,
            'X-Goog-Api-Key' => $C, 'OpenAI-Organization' => $C,
            'OpenAI-Project' => $C, 'X-Forwarded-For' => $C, Forwarded => "for=$C",
            'X-Secret' => $C, Referer => $C, Origin => $C, 'X-Stainless-Lang' => $C,
            'User-Agent' => $C, 'Accept-Language' => $C, TE => 'trailers',
            'X-Real-Ip' => $C, Via => "1.1 $C", 'Proxy-Connection' => 'close');

# ---- towards the provider ---------------------------------------------------------------
for my $p (qw(mock claude azure keyless headers)) {
    for my $stream (0, 1) {
        my $a = ask("$p/echo-request", headers => [@mine], stream => $stream,
                    keys_shown => 1);
        my $r = received($a);
        my %h = %{ $r->{headers} || {} };
        ok($r->{method}, "$p, stream $stream: the provider was reached");
        my @leaked = grep { $h{$_} =~ /\Q$C/ } sort keys %h;
        is("@leaked", '', "$p, stream $stream: no header of the client's own");
        ok(!exists $h{cookie}, "$p, stream $stream: no cookie at all");
    }
}
my $r = received(ask('mock/echo-request', headers => [@mine], keys_shown => 1));
is($r->{headers}{authorization}, "Bearer $LLMGW::Canary::KEY{env}",
   'the provider gets its own key');
$r = received(ask('keyless/echo-request', headers => [@mine]));
ok(!exists $r->{headers}{authorization}, 'a provider without a key gets none');

my $basic = encode_base64("ann:$C", '');
my $a = ask('mock/echo-request', path => '/secret/v1/chat/completions',
            headers => [Authorization => "Basic $basic"], keys_shown => 1);
is($a->status, 200, 'Apache\'s own login works before it');
is(received($a)->{headers}{authorization}, "Bearer $LLMGW::Canary::KEY{env}",
   'and does not travel on');
is(ask('mock/ok', path => '/secret/v1/chat/completions')->status, 401,
   'no login, no call');

# ---- towards the client --------------------------------------------------------------------
for my $p (qw(mock claude)) {
    for my $stream (0, 1) {
        my $a = ask("$p/cookies", stream => $stream);
        is($a->text, 'Hello from mock', "$p, stream $stream: an answer with cookies");
        ok(!defined $a->header($_), "$p, stream $stream: no $_")
            for qw(Set-Cookie Set-Cookie2 WWW-Authenticate X-Powered-By
                   OpenAI-Organization);
        unlike($a->header('Server') || '', qr/mock/,
               "$p, stream $stream: not its Server header");
        unlike($a->bytes, qr/CANARY/, "$p, stream $stream: nothing else of them");
    }
}
is(ask('mock/cookies')->header('X-RateLimit-Remaining-Requests'), 77,
   'its rate limits are shown');

# ---- keys, where a provider repeats them ------------------------------------------------------
expect_log(qr/LLMGW\d+/);
for my $p (qw(mock claude azure byexec literal)) {
    for my $code (400, 401, 403, 500) {
        my $a = ask("$p/key-in-error,code=$code");
        unlike($a->bytes, qr/CANARY-KEY/, "$p: the key in a $code is not shown");
    }
}
for my $p (qw(mock claude azure literal)) {
    my $a = ask("$p/error-middle,key=1", stream => 1);
    unlike($a->bytes, qr/CANARY-KEY/, "$p: nor is one in a stream's error");
    like($a->bytes, qr/bad key: .*\*\*\*/, "$p: where the rest of it is");
}
# ---- and a provider that has none where it needs one ---------------------------------------------
is_error(ask('gone/ok'), qr/^(?:404|500)$/, undef, undef,
         'an optional provider without its key does not answer');
is(request(path => '/health')->status, 200, 'nor is the server ill for it');

finish();
