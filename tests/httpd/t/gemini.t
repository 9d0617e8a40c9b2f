# gemini.t: chat and messages clients in front of a Gemini provider
use strict;
use warnings;
use LLMGW::Test;

for my $stream (0, 1) {
    my $how = $stream ? 'stream' : 'whole';
    my $a = ask('gemini/ok', stream => $stream);
    is($a->status, 200, "$how: status");
    is($a->text, 'Hello from mock', "$how: the text");
    is($a->header('X-LLMGW-Provider'), 'gemini', "$how: the provider");
}

my $a = ask('gemini/ok');
is($a->json->{choices}[0]{finish_reason}, 'stop', 'finish reason');
is($a->json->{usage}{prompt_tokens}, 11, 'prompt tokens');
is($a->json->{usage}{completion_tokens}, 3, 'completion tokens');
is($a->json->{usage}{prompt_tokens_details}{cached_tokens}, 3, 'cached tokens');

# ---- a functionCall, then STOP: tool calls ------------------------------------
$a = ask('gemini/parallel-tools');
my $calls = $a->json->{choices}[0]{message}{tool_calls};
is($a->json->{choices}[0]{finish_reason}, 'tool_calls', 'STOP with calls');
is(scalar @$calls, 3, 'three calls');
is($calls->[0]{function}{name}, 'get_weather', 'the first one');
like($calls->[0]{function}{arguments}, qr/"city":\s*"Paris"/, 'its arguments');
is($calls->[2]{function}{arguments}, '{}', 'a call without arguments');
my %ids = map { $_->{id} => 1 } @$calls;
is(scalar keys %ids, 3, 'each has an id of its own');

$a = ask('gemini/tools', stream => 1);
like($a->bytes, qr/"finish_reason":"tool_calls"/, 'stream: STOP with calls');
like($a->bytes, qr/data: \[DONE\]\n\n/, 'stream: the end mark');

# ---- errors -------------------------------------------------------------------
expect_log(qr/LLMGW0201/);
is_error(ask('gemini/status,code=400'), 400, undef, undef, 'a 400');
is_error(ask('gemini/status,code=500'), 500, undef, undef, 'a 500');
$a = ask('geminilim/status,code=429,retry=7');
is_error($a, 429, undef, undef, 'a 429');
is($a->header('Retry-After'), 7, 'with Retry-After');
for my $code (400, 403, 500) {
    $a = ask("gemini/key-in-error,code=$code");
    unlike($a->bytes, qr/CANARY-KEY/, "the key in a $code is not shown");
}

finish();
