# overrides.t: what LLMTarget says of the calls of one target
use strict;
use warnings;
use LLMGW::Test;
use LLMGW::Canary;
expect_log(qr/LLMGW0201/, qr/AH01114|AH02039|AH01084|AH00957|AH01102|AH00941/);

# The body and headers the mock got
sub sent {
    my ($model, %o) = @_;
    my $r = received(ask($model, keys_shown => 1, %o));
    return ($r->{body}, $r->{headers} || {});
}
sub parse { return eval { JSON::PP->new->utf8->decode($_[0]) } || {} }

# ---- the body, passed through -----------------------------------------------------
my $in = '{"model":"ov-pass", "seed" : 7,"temperature":0.70 , "messages":[{"role":'
       . '"user","content":"caf\u00e9"}],"top_p":1,"x_huge":1E400 }';
my $a = request(path => '/v1/chat/completions', body => $in, keys_shown => 1);
my $r = received($a);
is($r->{body}, '{"model":"echo-request","temperature":0 , "messages":[{"role":'
   . '"user","content":"caf\u00e9"}],"x_huge":1E400,"stop":["x", "y z"],'
   . '"reasoning":{"effort":"low"},"note":"hello" }',
   'passed through: set and dropped, every other byte as it was')
    or diag($a->bytes);
is($r->{headers}{'x-target'}, 'one two', 'header=');
is($r->{headers}{'x-extra'}, 'target', 'header=, a second one');
is($r->{headers}{'content-length'}, length $r->{body}, 'the length is that of the new body');

my ($body, $h) = sent('ov-pass', stream => 1);
is(parse($body)->{temperature}, 0, 'in a stream too');
is_deeply(parse($body)->{stream_options}, { include_usage => JSON::PP::true },
          'beside what the gateway changes');

($body) = sent('ov-provider', more => { provider => undef });
is_deeply(parse($body)->{provider}, { order => ['x'] }, 'set.provider');
($body, $h) = sent('echo-request');
ok(!exists $h->{'x-target'} && $body !~ /temperature|note/,
   'another target of the same provider knows nothing of it');

# ---- the body, translated ------------------------------------------------------------
($body, $h) = sent('ov-encoded', more => { temperature => 1, top_p => 0.5, stop => ['a'],
                                           max_tokens => 7 });
like($body, qr/"temperature":0\.250\b/, 'translated: set, digit by digit');
like($body, qr/"metadata":\{"user_id": "u 1"\}/, 'translated: set where it was not');
unlike($body, qr/stop_sequences|top_p/, 'translated: dropped');
is(parse($body)->{max_tokens}, 7, 'translated: the rest is the client\'s');
is($h->{'x-target'}, 'three', 'translated: header=');

# ---- what the gateway would have changed ---------------------------------------------
my $tag = tag();
$a = ask('ov-usage', stream => 1, keys_shown => 1);
unlike(received($a)->{body}, qr/stream_options/, 'drop=stream_options holds');
is($a->finish, 'stop', 'and the stream is whole');
($body, $h) = sent('ov-headers');
is($h->{authorization}, "Bearer $LLMGW::Canary::KEY{env}", 'header= is no way to change the key');
is($h->{'x-extra'}, 'target', 'the target\'s header in place of the provider\'s');
is($h->{'openai-organization'}, 'org-1', 'the provider\'s other one is there');
is($h->{'x-request-id'}, 'mine', 'header= replaces what the gateway says itself');

# ---- each attempt has its own ----------------------------------------------------------
($body, $h) = sent('ov-line', more => { b => 2 });
is(parse($body)->{a}, undef, 'the next target does not get what was set for the first');
is(parse($body)->{b}, 2, 'nor misses what was dropped for it');
is(parse($body)->{c}, 3, 'but has its own');
ok(!exists $h->{'x-target'}, 'the first one\'s header is gone as well');

# ---- times -----------------------------------------------------------------------------
sub quick {
    my ($a, $ms, $what) = @_;
    ok($a->ms >= $ms - 100 && $a->ms < $ms + 1500, "$what: on time") or diag($a->ms);
}
for (['ov-first', 'first='], ['ov-connect', 'connect='], ['ov-total-next', 'total='],
     ['ov-total-tls', 'total=, in a handshake']) {
    my ($model, $what) = @$_;
    for my $stream (0, 1) {
        $a = ask($model, stream => $stream);
        is($a->text, 'Hello from mock', "$what: on to the next target");
        is($a->header('X-LLMGW-Attempts'), 2, "$what: at the second attempt");
        quick($a, 400, $what);
    }
}
$a = ask('ov-idle', stream => 1);
is_stream_error($a, qr/^upstream_idle_timeout$/, 'idle=');
quick($a, 400, 'idle=');
$a = ask('ov-total', stream => 1);
is_stream_error($a, qr/^upstream_total_timeout$/, 'total=: a stream that goes on');
quick($a, 700, 'total=');
is_error(ask('ov-total'), 504, 'upstream_total_timeout', undef, 'total=: not a stream');
is(ask('ov-patient', vhost => 'short')->text, 'Hello from mock',
   'a longer first= than LLMTimeout has');

finish();
