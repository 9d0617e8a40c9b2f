# embeddings.t: OpenAI's and Gemini's embeddings
use strict;
use warnings;
use MIME::Base64 qw(decode_base64);
use LLMGW::Test;
use LLMGW::Mock::Wire;

my @GOOGLE = ('x-goog-api-key' => $LLMGW::Canary::CLIENT);

sub embed {
    my ($model, $input, %o) = @_;
    my %body = (model => $model, input => $input, %{ $o{more} || {} });
    return request(path => '/v1/embeddings', body => $o{body} || json(\%body),
                   %{ $o{how} || {} });
}

# One text, or several
sub gemini {
    my ($model, $texts, %o) = @_;
    (my $name = $model) =~ s{/}{%2F}g;
    my @r = map { { model => "models/$model",
                    content => { parts => [{ text => $_ }] }, %{ $o{more} || {} } } }
            ref $texts ? @$texts : $texts;
    my $verb = ref $texts ? 'batchEmbedContents' : 'embedContent';
    return request(path => "/v1beta/models/$name:$verb",
                   body => $o{body} || json(ref $texts ? { requests => \@r } : $r[0]),
                   headers => [@GOOGLE], %{ $o{how} || {} });
}

sub last_request { my @r = upstream(shift); return $r[-1] || {} }
sub body_of { my $r = shift; return JSON::PP->new->utf8->decode($r->{body} || '{}') }
sub vector { return LLMGW::Mock::Wire::vector(shift) }
sub floats { return join ' ', unpack 'f<*', decode_base64(shift) }
sub numbers { return join ' ', unpack 'f<*', pack 'f<*', @_ }

my $TEXT = prompt();

# ---- one form -------------------------------------------------------------------------
my $tag = tag();
my $id = tag();
my $a = embed("mock/ok,tag=$tag", [$TEXT, 'b'], more => { x_unknown => 1, user => 'u' },
              how => { id => $id });
is($a->status, 200, 'OpenAI to OpenAI: status');
like($a->body, qr/"x_huge":1E400\} $/, 'the answer as it came');
is($a->header('Content-Length'), length $a->body, 'with its length');
is($a->header('X-LLMGW-Dropped'), undef, 'nothing dropped');
is(body_of(last_request($tag))->{x_unknown}, 1, 'unknown members survive');
is(last_request($tag)->{target}, '/v1/embeddings', 'path');
my $log = access($id);
is($log->{prompt}, 6, 'log: usage is listened to');
is($log->{completion}, '-', 'log: no completion');
is($log->{stream}, 0, 'log: no stream');

my $odd = qq( {"input" :["caf\\u00e9 \\/"],\n"x":[1E400,-0],"model":"embed-exact"} );
embed('', '', body => $odd);
my ($row) = grep { $_->{name} eq 'embed-exact' } upstream();
is($row->{body}, $odd, 'the very same went on');

$a = embed('mock/ok', 'a', more => { encoding_format => 'base64' });
is(floats($a->json->{data}[0]{embedding}), numbers(0.1, -0.25, 1, 0),
   'base64 of the provider passes');
$a = embed('mock/no-usage', 'a', how => { id => $id = tag() });
is($a->status, 200, 'no usage: passes');
is(access($id)->{prompt}, '-', 'no usage: none is noted');

$tag = tag();
$a = embed("azuredep/ok,tag=$tag", 'a');
is($a->status, 200, 'Azure, by deployment');
is(last_request($tag)->{target}, '/openai/deployments/depl-1/embeddings?api-version=2024-10-21', 'its path');
is(embed('azurev1/ok', 'a')->status, 200, 'Azure, its v1 API');

$tag = tag();
$a = gemini("gemini/ok,tag=$tag", $TEXT, more => { taskType => 'CLUSTERING' },
            how => { id => $id = tag() });
is($a->status, 200, 'Gemini to Gemini: status');
is($a->body, ' {"embedding":{"values":' . vector(0) . '},"usageMetadata":{"promptTokenCount"'
   . ':5,"promptTokenDetails":[{"modality":"TEXT","tokenCount":5}]}} ', 'the answer as it came');
is(last_request($tag)->{target}, "/v1beta/models/ok%2Ctag%3D$tag:embedContent", 'path');
is(body_of(last_request($tag))->{model}, "models/ok,tag=$tag", 'the model within, too');
is(access($id)->{prompt}, 5, 'log: usage');
$tag = tag();
$a = gemini("gemini/ok,tag=$tag", [qw(a b c)]);
is(scalar @{ $a->json->{embeddings} }, 3, 'several');
is(join(' ', map { $_->{model} } @{ body_of(last_request($tag))->{requests} }),
   join(' ', ("models/ok,tag=$tag") x 3), 'each names the model');
my $exact = '{"requests" :[ {"model":"models/gemini-exact","content":{"parts":[{"text":"a"}]}}]}';
is(gemini('gemini-exact', ['a'], body => $exact)->status, 200, 'a model by its own name');
($row) = grep { $_->{target} =~ /gemini-exact:batch/ } upstream();
is($row->{body}, $exact, 'the very same went on');

# ---- OpenAI's clients to Gemini --------------------------------------------------------------
$tag = tag();
$a = embed("gemini/ok,tag=$tag", [$TEXT, "b\x{e9}"], more => { dimensions => 64, user => 'u' },
           how => { id => $id = tag() });
is($a->status, 200, 'to Gemini: status') or diag($a->bytes);
is($a->body, '{"object":"list","data":[' . join(',', map {
       qq({"object":"embedding","index":$_,"embedding":) . vector($_) . '}' } 0, 1)
   . qq(],"model":"gemini/ok,tag=$tag","usage":{"prompt_tokens":5,"total_tokens":5}}),
   'numbers keep their text');
is($a->header('X-LLMGW-Dropped'), 'user', 'user is dropped');
is($a->header('X-LLMGW-Estimate'), undef, 'usage is the provider\'s');
is(access($id)->{prompt}, 5, 'log: usage');
my $sent = last_request($tag);
is($sent->{target}, "/v1beta/models/ok%2Ctag%3D$tag:batchEmbedContents", 'path');
my @r = @{ body_of($sent)->{requests} };
is(scalar @r, 2, 'a request each');
is($r[1]{content}{parts}[0]{text}, "b\x{e9}", 'its text');
is($r[1]{outputDimensionality}, 64, 'dimensions');
is($r[0]{model}, "models/ok,tag=$tag", 'the model');

$a = embed('gemini/ok', 'a', more => { encoding_format => 'base64' });
is(floats($a->json->{data}[0]{embedding}), numbers(0.1, -0.25, 1, 0), 'base64 made here');
$a = embed('gemini/no-usage', ['one two three', 'four'], how => { id => $id = tag() });
is($a->header('X-LLMGW-Estimate'), 'tokens', 'usage is estimated');
cmp_ok($a->json->{usage}{prompt_tokens}, '>=', 4, 'from the texts');
is(access($id)->{prompt}, $a->json->{usage}{prompt_tokens}, 'log: the estimate');
for my $tokens ([1, 2], [[1], [2]]) {
    is_error(embed('gemini/ok', $tokens), 400, 'unsupported_parameter', 'input', 'tokens');
}
is_error(embed('embed-reject', 'a', more => { user => 'u' }), 400, 'unsupported_parameter',
         'user', 'LLMUnsupported reject');

# ---- Gemini's clients to OpenAI ------------------------------------------------------------------
for my $p (qw(mock azure)) {
    $tag = tag();
    $a = gemini("$p/ok,tag=$tag", $TEXT, more => { taskType => 'CLUSTERING', title => 't',
                                                   outputDimensionality => 4 });
    is($a->status, 200, "to $p: status") or diag($a->bytes);
    is($a->body, '{"embedding":{"values":' . vector(0)
       . '},"usageMetadata":{"promptTokenCount":6}}', "$p: one");
    is($a->header('X-LLMGW-Dropped'), 'taskType,title', "$p: dropped");
    $sent = body_of(last_request($tag));
    is_deeply([@{$sent}{qw(model input dimensions encoding_format)}],
              ["ok,tag=$tag", [$TEXT], 4, 'float'], "$p: what was asked");
}
$a = gemini('mock/backwards', [qw(a b c)]);
is($a->body, '{"embeddings":[' . join(',', map { '{"values":' . vector($_) . '}' } 0 .. 2)
   . '],"usageMetadata":{"promptTokenCount":6}}', 'in the order of the inputs');
$a = gemini('mock/always-base64', 'a');
is(numbers(@{ $a->json->{embedding}{values} }), numbers(0.1, -0.25, 1, 0),
   'base64 read here');
is(gemini('keyless/ok', 'a')->status, 200, 'no key');

# ---- echo -----------------------------------------------------------------------------------------
$a = embed('echo', ['Hello, big world', 'hello WORLD big', 'other words here', '']);
my @v = map { $_->{embedding} } @{ $a->json->{data} };
is(scalar @v, 4, 'echo: vectors');
is(scalar @{ $v[0] }, 8, 'of 8 numbers');
is_deeply($v[0], $v[1], 'the same words, the same vector');
isnt(join(' ', @{ $v[0] }), join(' ', @{ $v[2] }), 'other words, another');
my $sum = 0;
$sum += $_ ** 2 for @{ $v[2] };
ok(abs($sum - 1) < 1e-5, 'of length 1');
is($a->json->{usage}{prompt_tokens}, 9, 'usage: words');
is(scalar @{ embed('echo', 'a', more => { dimensions => 3 })->json->{data}[0]{embedding} }, 3,
   'dimensions');
is(length decode_base64(embed('echo', 'a', more => { encoding_format => 'base64' })
                        ->json->{data}[0]{embedding}), 32, 'base64');
is(scalar @{ gemini('echo', ['a', 'b'])->json->{embeddings} }, 2, 'for Gemini\'s clients');
is_error(embed('echo', 5), 400, 'invalid_value', 'input', 'echo: a bad input');
is_error(embed('slowecho/x', 'a', more => { dimensions => 1e6 }), 400, 'invalid_value',
         'dimensions', 'echo: too many numbers');

# ---- who has none -----------------------------------------------------------------------------------
is_error(embed('claude/ok', 'a'), 400, 'unsupported_parameter', 'model', 'Anthropic has none');
is_error(embed('embed-none', 'a'), 400, 'unsupported_parameter', 'model', 'nor has the route');
$a = gemini('claude/ok', 'a');
is($a->status, 400, 'in Gemini\'s form: status');
is($a->json->{error}{status}, 'INVALID_ARGUMENT', 'and word');

# ---- attempts ------------------------------------------------------------------------------------------
expect_log(qr/LLMGW0201/);
$a = embed('embed-fb', 'a');
is($a->status, 200, 'the next target that can');
is($a->header('X-LLMGW-Provider'), 'gemini', 'is asked');
is($a->header('X-LLMGW-Attempts'), 2, 'targets that cannot are no attempts');
is_error(embed('gemini/few-vectors', ['a', 'b']), 502, 'upstream_bad_body', undef,
         'a vector too few');
is(gemini('mock/few-vectors', ['a', 'b'])->status, 502, 'the other way');
my %bad = (nulls => '{"data":[{"index":0,"embedding":[1,null]}]}',
           places => '{"data":[{"index":1,"embedding":[1]}]}',
           nothing => '{"data":[]}', base64 => '{"data":[{"embedding":"?"}]}');
for my $name (sort keys %bad) {
    is(gemini('mock/body,of=' . unpack('H*', $bad{$name}), 'a')->status, 502, "$name: 502");
}
my $huge = '{"embeddings":[{"values":[1e39]}]}';
is(embed('gemini/body,of=' . unpack('H*', $huge), 'a')->status, 200, 'a large number');
is_error(embed('gemini/body,of=' . unpack('H*', $huge), 'a', more => { encoding_format =>
         'base64' }), 502, 'upstream_bad_body', undef, 'too large for base64');
for my $p (qw(mock gemini)) {
    for my $s (qw(html body-null body-empty body-object body-array html-as-json)) {
        is_error(embed("$p/$s", 'a'), 502, undef, undef, "$p: $s");
    }
    is_error(embed("$p/error-in-200", 'a'), qr/^50[02]$/, undef, undef, "$p: an error in a 200");
    is_error(embed("$p/cut", 'a'), 502, undef, undef, "$p: cut short");
    is_error(embed("$p/status,code=422", 'a'), 422, undef, undef, "$p: a 422");
    is(embed("$p/gzip", 'a')->status, 200, "$p: compressed");
    is(embed("$p/one-byte-chunks", 'a')->status, 200, "$p: byte by byte");
}
is_error(embed('mock/stream-for-whole', 'a'), 502, 'upstream_bad_body', undef,
         'a stream is no answer');
is_error(embed('mock/stall-body', 'a', how => { vhost => 'short' }), 504,
         undef, undef, 'stalled');

# ---- what else routes have ------------------------------------------------------------------------
my @SHORT = (how => { vhost => 'short' });
is(embed('embed-set', ['a', 'b'], @SHORT)->status, 200, 'LLMAllow, with figures of the prompt');
is(body_of(last_request('embedset'))->{extra}, 7, 'members of the target');
is_error(embed('embed-set', 'word ' x 100, @SHORT), 403, 'model_not_allowed', undef, 'too long for it');
is_error(embed('embed-set', { a => 'word ' x 100 }, @SHORT), 403, 'model_not_allowed', undef,
         'what is no input is measured by its length');
is_error(embed('embed-set', 5, @SHORT), 400, 'invalid_value', 'input', 'and refused if short enough');

# ---- bad requests ---------------------------------------------------------------------------------------
is_error(embed('', '', body => '{'), 400, 'invalid_json', undef, 'no JSON');
is_error(embed('', '', body => '{"input":"a"}'), 400, 'missing_required_parameter', 'model',
         'no model');
is_error(embed('', '', body => '{"model":"gemini/ok"}'), 400, 'missing_required_parameter',
         'input', 'no input');
is_error(embed('gemini/ok', []), 400, 'invalid_value', 'input', 'no text');
is_error(embed('gemini/ok', ['a', 5]), 400, 'invalid_value', 'input[1]', 'a number');
is_error(embed('gemini/ok', 'a', more => { encoding_format => 'hex' }), 400, 'invalid_value',
         'encoding_format', 'an unknown format');
is_error(embed('gemini/ok', 'a', more => { dimensions => 0 }), 400, 'invalid_value',
         'dimensions', 'no dimensions');
is(embed('ok', 'a', more => { provider => 'gemini' })->header('X-LLMGW-Provider'), 'gemini',
   'a provider pinned in the body');
is(embed('ok', 'a', more => { provider => 'gemini' })->header('X-LLMGW-Dropped'), undef,
   'is no member of the request');
is(embed('gemini/ok', 'a', more => { stream => 5 })->header('X-LLMGW-Dropped'), 'stream',
   'a stream is none of its');
is_error(request(path => '/v1/embeddings', method => 'GET'), 405, 'method_not_allowed', undef,
         'GET');
$a = gemini('mock/ok', 'a', body => '{"content":{"parts":[{"inlineData":{}}]}}');
is($a->status, 400, 'a picture: status');
like($a->bytes, qr/"field":"content\.parts\[0\]"/, 'a picture: where');

finish();
