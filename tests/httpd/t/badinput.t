# badinput.t: what clients send that is no request
use strict;
use warnings;
use IO::Compress::Gzip qw(gzip);
use LLMGW::Test;
use LLMGW::Canary;

my $M = '"messages":[{"role":"user","content":"' . prompt() . '"}]';

# Status, code, param; each for a pass-through and a translated call. MODEL
# stands for the model.
my @bodies = (
    ['not JSON',          'hello',                       400, 'invalid_json'],
    ['empty',             '',                            400],
    ['only white space',  " \n ",                        400],
    ['an array',          '[]',                          400],
    ['a string',          '"x"',                         400],
    ['null',              'null',                        400],
    ['a number',          '1',                           400],
    ['cut short',         qq({"model":"MODEL",$M),       400, 'invalid_json'],
    ['something after',   qq({"model":"MODEL",$M} x),    400, 'invalid_json'],
    ['two objects',       qq({"model":"MODEL",$M}{}),    400, 'invalid_json'],
    ['single quotes',     qq({'model':'MODEL'}),         400, 'invalid_json'],
    ['a comma too many',  qq({"model":"MODEL",$M,}),     400, 'invalid_json'],
    ['a comment',         qq({"model":"MODEL",/* */$M}), 400, 'invalid_json'],
    ['NaN',               qq({"model":"MODEL",$M,"temperature":NaN}),
                                                         400, 'invalid_json'],
    ['a leading zero',    qq({"model":"MODEL",$M,"n":01}), 400, 'invalid_json'],
    ['a raw NUL',         qq({"model":"MO\0DEL",$M}),    400, 'invalid_json'],
    ['a NUL after',       qq({"model":"MODEL",$M}\0),    400, 'invalid_json'],
    ['a raw newline in a string',
                          qq({"model":"MODEL","x":"a\nb",$M}), 400, 'invalid_json'],
    ['invalid UTF-8',     qq({"model":"MODEL","x":"\xff\xfe",$M}), 400],
    ['overlong UTF-8',    qq({"model":"MODEL","x":"\xc0\xaf",$M}), 400],
    ['a surrogate in UTF-8', qq({"model":"MODEL","x":"\xed\xa0\x80",$M}), 400],
    ['UTF-16',            "\xff\xfe{\0}\0",              400],
    ['depth 10,000',      qq({"model":"MODEL",$M,"x":) . '[' x 10_000
                          . ']' x 10_000 . '}',          400],
    ['depth 10,000 of objects', qq({"model":"MODEL",$M,"x":)
                          . '{"a":' x 10_000 . '1' . '}' x 10_000 . '}', 400],
    ['open brackets only', '[' x 100_000,                400],
    ['model twice',       qq({"model":"MODEL",$M,"model":"MODEL"}),
                                                         400, undef, 'model'],
    ['messages twice',    qq({"model":"MODEL",$M,$M}),   400, undef, 'messages'],
    ['model twice, once escaped',
                          qq({"model":"MODEL",$M,"mod\\u0065l":"MODEL"}),
                                                         400, undef, 'model'],
    ['no model',          qq({$M}), 400, 'missing_required_parameter', 'model'],
    ['model null',        qq({"model":null,$M}),         400, undef, 'model'],
    ['model a number',    qq({"model":5,$M}),            400, undef, 'model'],
    ['model an object',   qq({"model":{},$M}),           400, undef, 'model'],
    ['model an array',    qq({"model":["MODEL"],$M}),    400, undef, 'model'],
    ['model empty',       qq({"model":"",$M}),           400, undef, 'model'],
    ['a NUL in the model', qq({"model":"MODEL\\u0000x",$M}), qr/^40[04]$/],
    ['stream a string',   qq({"model":"MODEL",$M,"stream":"yes"}),
                                                         400, undef, 'stream'],
    ['stream a number',   qq({"model":"MODEL",$M,"stream":1}),
                                                         400, undef, 'stream'],
);
for my $model (qw(mock/ok claude/ok echo/x)) {
    for my $b (@bodies) {
        my ($name, $body, $status, $code, $param) = @$b;
        (my $escaped = $model) =~ s/\//\\\//;
        $body =~ s/MODEL/$escaped/g;
        my $a = request(method => 'POST', body => $body,
                        path => '/v1/chat/completions',
                        headers => ['Content-Type' => 'application/json']);
        is_error($a, $status, $code, $param, "$model: $name");
        unlike($a->bytes, qr/$LLMGW::Canary::PROMPT/, "$model: $name: no echo");
    }
}

for my $model (qw(mock/ok echo/x)) {
    my $a = request(body => qq({"model":"$model\\ud800",$M}));
    ok($a->complete && $a->status >= 200 && $a->status < 500,
       "$model: a lone surrogate in the model is no trouble of ours");
}

# ---- wrong types, where the body is read -----------------------------------------------
my @members = (
    ['"messages":"x"',                              'messages'],
    ['"messages":{}',                               'messages'],
    ['"messages":null',                             'messages'],
    ['"messages":[]',                               'messages'],
    ['"messages":["x"]',                            qr/^messages\[0\]/],
    ['"messages":[{}]',                             qr/^messages\[0\]/],
    ['"messages":[{"role":5,"content":"x"}]',       'messages[0].role'],
    ['"messages":[{"role":"boss","content":"x"}]',  'messages[0].role'],
    ['"messages":[{"role":"user","content":5}]',    'messages[0].content'],
    ['"messages":[{"role":"user","content":[5]}]',  qr/^messages\[0\]\.content/],
    ['"messages":[{"role":"user","content":[{"type":"text"}]}]',
                                                    qr/^messages\[0\]\.content/],
    ['"messages":[{"role":"user","content":[{"type":"smell"}]}]',
                                                    qr/^messages\[0\]\.content/],
    ['"messages":[{"role":"user","content":"x"},{"role":"assistant","tool_calls":5}]',
                                                    qr/^messages\[1\]\.tool_calls/],
    ['"messages":[{"role":"user","content":"x"},{"role":"tool","content":"y"}]',
                                                    qr/^messages\[1\]/],
    ["$M,\"tools\":{}",                             'tools'],
    ["$M,\"tools\":[5]",                            qr/^tools\[0\]/],
    ["$M,\"tools\":[{\"type\":\"function\"}]",      qr/^tools\[0\]/],
    ["$M,\"temperature\":\"hot\"",                  'temperature'],
    ["$M,\"top_p\":[]",                             'top_p'],
    ["$M,\"max_tokens\":\"many\"",                  'max_tokens'],
    ["$M,\"max_completion_tokens\":1.5",            'max_completion_tokens'],
    ["$M,\"stop\":5",                               qr/^stop/],
    ["$M,\"tool_choice\":5",                        'tool_choice'],
    ["$M,\"response_format\":5",                    'response_format'],
    ["$M,\"stream\":true,\"stream_options\":5",     'stream_options'],
);
for my $m (@members) {
    my ($text, $param) = @$m;
    (my $name = $text) =~ s/^\Q$M\E,//;
    is_error(request(body => qq({"model":"claude/ok",$text})), 400, undef, $param,
             'translated: ' . $name);
}
for my $model (qw(mock/ok claude/ok)) {
    is_error(request(body => qq({"model":"$model"})), 400,
             'missing_required_parameter', 'messages', "$model: no messages")
        if $model ne 'mock/ok';
}

# ---- sizes ----------------------------------------------------------------------------
sub sized { qq({"model":"mock/ok","messages":[{"role":"user","content":")
            . 'x' x $_[0] . '"}]}' }
is_error(request(body => sized(65 * 1024 * 1024), timeout => 60), 413,
         'request_too_large', undef, '65 MB');
is(request(body => sized(9_900), vhost => 'small')->status, 200,
   'LLMRequestBody: below');
is_error(request(body => sized(10_300), vhost => 'small'), 413,
         'request_too_large', undef, 'LLMRequestBody: above');
my $big = sized(20_000);
my $chunked = join '', (map { sprintf "%x\r\n%s\r\n", length, $_ }
                        $big =~ /(.{1,1000})/gs), "0\r\n\r\n";
is_error(request(body => $chunked, vhost => 'small',
                 headers => ['Transfer-Encoding' => 'chunked']), 413,
         'request_too_large', undef, 'LLMRequestBody: above, chunked');
my $c = LLMGW::Http->new(port('small'));
$c->put(raw(method => 'POST', body => '', headers => [Expect => '100-continue',
    'Content-Length' => 50_000_000, 'Content-Type' => 'application/json']));
my $a = $c->answer;
is($a->status, 413, 'too large with Expect: 100-continue: refused');
is(scalar $a->interim, 0, 'before the body is asked for');
$c->close;

# ---- compressed ------------------------------------------------------------------------
my $small = sized(10);
gzip(\$small => \my $gz);
my $bomb = sized(65 * 1024 * 1024);
gzip(\$bomb => \my $zipped_bomb);
undef $bomb;
sub zipped { my ($body, $enc, %o) = @_;
             return request(body => $body, %o, headers =>
                            ['Content-Encoding' => $enc || 'gzip']) }
is(zipped($gz)->status, 200, 'gzip: a good one');
ok(length $zipped_bomb < 200_000, 'a bomb is small');
is_error(zipped($zipped_bomb, 'gzip', timeout => 60), 413, 'request_too_large',
         undef, 'a gzip bomb');
gzip(\(my $k20 = sized(20_000)) => \my $gz20);
is_error(zipped($gz20, 'gzip', vhost => 'small'), 413, 'request_too_large', undef,
         'LLMRequestBody holds after decompression');
is_error(zipped('not gzip at all'), 400, undef, undef, 'gzip: no gzip');
is_error(zipped(substr $gz, 0, -12), 400, undef, undef, 'gzip: cut short');
(my $broken = $gz) =~ s/(?<=^.{20})./\xff/s;
is_error(zipped($broken), 400, undef, undef, 'gzip: damaged');
is_error(zipped($gz, 'br'), 415, 'unsupported_content_encoding', undef,
         'an encoding nobody knows');
is_error(zipped($gz, 'gzip, gzip'), qr/^4(?:00|15)$/, undef, undef,
         'gzip twice is not');

# ---- broken transfers ---------------------------------------------------------------------
sub broken_off {
    my ($what, $bytes, %o) = @_;
    my $c = LLMGW::Http->new(port());
    $c->put($bytes);
    $o{how} ||= 'half_close';
    $c->half_close if $o{how} eq 'half_close';
    my $a = $c->answer(timeout => 15);
    ok($a->status == 0 || $a->status >= 400 && $a->status < 500 && $a->complete,
       "$what: refused or closed") or diag($a->status);
    ok(!$a->{timeout}, "$what: no hang");
    $c->close;
    return $a;
}
my $head = raw(method => 'POST', body => '', headers => [
    'Transfer-Encoding' => 'chunked', 'Content-Type' => 'application/json']);
broken_off('a truncated chunked body', $head . "20\r\n{\"model\":");
broken_off('a truncated chunk size', $head . '2');
broken_off('garbage for a chunk size', $head . "xyz\r\n{}\r\n0\r\n\r\n", how => 'open');
broken_off('a negative chunk size', $head . "-5\r\n{}\r\n0\r\n\r\n", how => 'open');
broken_off('a truncated body', raw(method => 'POST', body => '{"model":',
    headers => ['Content-Length' => 500, 'Content-Type' => 'application/json']));
my $id = tag();
$a = broken_off('a body that stops coming', raw(method => 'POST', body => '{"model":',
    headers => ['Content-Length' => 500, 'Content-Type' => 'application/json',
                'X-Request-Id' => $id]), how => 'open');
is($a->status, 408, 'a body that stops coming: 408') if $a->status;
expect_log(qr/LLMGW\d+.*(?:body|chunk)/, qr/reqtimeout|AH01382|AH02206/);

is(ask('mock/ok')->status, 200, 'the server still answers');
finish();
