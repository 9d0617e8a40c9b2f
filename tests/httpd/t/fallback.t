# fallback.t: the next target, before the first content and never after
use strict;
use warnings;
use LLMGW::Test;

# A provider that fails is worth a line to the operator
expect_log(qr/LLMGW\d+/, qr/AH01114|AH02411|AH02039|AH01084|AH00957|AH00898/);

my %works = (refused => 'connection refused', full => 'connect timeout',
             dns => 'unknown host', tls => 'TLS failure', 429 => '429',
             408 => '408', 500 => '500', 529 => '529', 401 => '401',
             reset => 'reset', html => 'an HTML page', null => 'a null body');
for my $name (sort keys %works) {
    my $id = tag();
    my $a = ask("fb-$name", id => $id);
    is($a->text, 'Hello from mock', "$works{$name}: the next target answers");
    is($a->header('X-LLMGW-Attempts'), 2, "$works{$name}: at the second attempt");
}
for my $name (sort(keys %works), qw(error-first error-role cut-first)) {
    next if $name =~ /^(?:full|dns)$/;      # slow, and done above
    my $a = ask("fb-$name", stream => 1);
    is($a->text, 'Hello from mock', "stream, $name: the next target answers");
    is($a->finish, 'stop', "stream, $name: to its end");
    is(scalar(grep { $_->{delta}{role} } $a->choices), 1,
       "stream, $name: with one start");
}

for my $code (400, 422) {
    my $a = ask("fb-$code");
    is_error($a, $code, undef, undef, "$code is the client's own fault");
    is(scalar upstream("fb$code"), 0, "$code: no second attempt");
}

for my $name (qw(middle reset-mid)) {
    my $a = ask("fb-$name", stream => 1);
    is_stream_error($a, undef, "$name: an error after content stays one");
    (my $tag = "fb$name") =~ s/-//g;
    is(scalar upstream($tag), 0, "$name: no second attempt");
}

my $a = ask('fb-all');
is_error($a, 503, undef, undef, 'all failed: the last one\'s status');
is($a->header('Retry-After'), 9, 'all failed: with its Retry-After');
is($a->header('X-LLMGW-Attempts'), 3, 'all failed: three attempts');
$a = ask('fb-all', stream => 1);
is_error($a, 503, undef, undef, 'all failed, streamed: a real status');

$a = ask('fb-many');
is_error($a, 500, undef, undef, 'three attempts at most');
is(scalar upstream('many'), 3, 'and no more');

# ---- tiers and weights -------------------------------------------------------------
$a = ask('fb-tiers');
is($a->text, 'Hello from mock', 'tiers are tried in order');
is($a->header('X-LLMGW-Attempts'), 3, 'each of them');
is(scalar upstream('tier1'), 1, 'tier 1 once');
is(scalar upstream('tier2'), 1, 'tier 2 once');
$a = ask('fb-weight');
is($a->text, 'Hello from mock', 'weight=0 is used when all else failed');
is(scalar upstream('weight1'), 1, 'and only then');

# ---- nothing of one target reaches the other -------------------------------------------
$a = ask('fb-cross', keys_shown => 1, stream => 0,
         messages => [{ role => 'system', content => 'sys' },
                      { role => 'user', content => prompt() }]);
my $r = received($a);
my $body = eval { JSON::PP::decode_json($r->{body}) } || {};
is($r->{target}, '/v1/messages', 'openai, then anthropic: the other dialect');
is($body->{model}, 'echo-request', 'with its own model');
is(json($body->{system}) =~ /sys/ ? 1 : 0, 1, 'the system message in its place');
ok(!$r->{headers}{authorization}, 'no key of the first provider');
is($r->{headers}{'x-api-key'}, $LLMGW::Canary::KEY{file}, 'but its own');
is($r->{headers}{'content-length'}, length $r->{body}, 'its own length');

$a = ask('fb-back', keys_shown => 1);
$r = received($a);
$body = eval { JSON::PP::decode_json($r->{body}) } || {};
is($r->{target}, '/v1/chat/completions', 'anthropic, then openai');
is_deeply([sort keys %$body], ['messages', 'model'], 'the original body again');
ok(!$r->{headers}{'x-api-key'} && !$r->{headers}{'anthropic-version'},
   'no header of the first provider');

# ---- time ---------------------------------------------------------------------------
$a = ask('fb-stall', vhost => 'short');
is($a->text, 'Hello from mock', 'no first byte in time: the next target');
$a = ask('fb-stall-role', vhost => 'short', stream => 1);
is($a->text, 'Hello from mock', 'no first content in time: the next target');
$a = ask('fb-total', vhost => 'total');
is_error($a, 504, 'request_timeout', undef, 'the total time is terminal');
is(scalar upstream('fbtotal'), 0, 'no further attempt then');

finish();
