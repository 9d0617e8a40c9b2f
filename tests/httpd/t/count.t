# count.t: counting tokens, for Anthropic's, Gemini's and Responses' clients
use strict;
use warnings;
use LLMGW::Test;

my @GOOGLE = ('x-goog-api-key' => $LLMGW::Canary::CLIENT);
my @ANTHROPIC = ('anthropic-version' => '2023-06-01',
                 'x-api-key' => $LLMGW::Canary::CLIENT);

sub messages {
    my ($model, %o) = @_;
    my %body = (model => $model, messages => [
        { role => 'user', content => prompt() }], %{ $o{more} || {} });
    return request(path => '/v1/messages/count_tokens' . ($o{query} || ''),
                   body => $o{body} || json(\%body),
                   headers => [@ANTHROPIC, @{ $o{headers} || [] }],
                   %{ $o{how} || {} });
}

my $CONTENTS = { contents => [{ role => 'user', parts => [{ text => prompt() }] }] };

sub generate {
    my ($model, %o) = @_;
    $model =~ s{/}{%2F}g;
    my $body = $o{body} || json($o{json} || $CONTENTS);
    return request(path => "/v1beta/models/$model:countTokens", body => $body,
                   headers => [@GOOGLE], %{ $o{how} || {} });
}

sub last_request { my @r = upstream(shift); return $r[-1] || {} }
sub body_of { my $r = shift; return JSON::PP->new->utf8->decode($r->{body} || '{}') }

# ---- Anthropic's clients ---------------------------------------------------------
my $tag = tag();
my $a = messages("claude/ok,tag=$tag", query => '?beta=true',
                 headers => ['anthropic-beta' => 'token-counting-2024-11-01'],
                 more => { system => 'x', x_unknown => 1 });
is($a->status, 200, 'its own provider: status');
is($a->body, '{"input_tokens":42}', 'its answer as it came');
is($a->header('X-LLMGW-Provider'), 'claude', 'its name');
ok(!defined $a->header('X-LLMGW-Estimate'), 'no estimate');
my $sent = last_request($tag);
is($sent->{target}, '/v1/messages/count_tokens', 'the counter was asked');
is(body_of($sent)->{x_unknown}, 1, 'unknown members survive');

my $odd = qq( {"messages" :[{"role":"user","content":"caf\\u00e9 \\/ 1.50"}],\n)
        . qq("x":[1E400,-0] ,"model":"count-exact"} );
$a = messages('', body => $odd);
is($a->status, 200, 'odd bytes: status');
my ($row) = grep { $_->{name} eq 'count-exact' } upstream();
is($row->{body}, $odd, 'odd bytes: the very same went on');

$tag = tag();
$a = messages("gemini/ok,tag=$tag", more => { system => 'be brief',
    tools => [{ name => 'f', input_schema => { type => 'object' } }],
    thinking => { type => 'enabled', budget_tokens => 2000 } });
is($a->status, 200, 'a Gemini provider: status');
is($a->json->{input_tokens}, 31, 'its count');
$sent = last_request($tag);
like($sent->{target}, qr{^/v1beta/models/ok%2Ctag%3D\w+:countTokens$}, 'its counter was asked');
my $whole = body_of($sent)->{generateContentRequest};
is($whole->{model}, "models/ok,tag=$tag", 'the model stands in the request too');
is($whole->{systemInstruction}{parts}[0]{text}, 'be brief', 'the system prompt');
is($whole->{tools}[0]{functionDeclarations}[0]{name}, 'f', 'the tools');

# ---- OpenAI's Responses ------------------------------------------------------------
sub responses {
    my ($model, %o) = @_;
    return request(path => '/v1/responses/input_tokens',
                   body => json({ model => $model, input => prompt(), %{ $o{more} || {} } }));
}

$tag = tag();
$a = responses("resp/ok,tag=$tag", more => { x_unknown => 1 });
is($a->status, 200, 'Responses, its own provider: status');
is($a->json->{input_tokens}, 17, 'its count');
$sent = last_request($tag);
is($sent->{target}, '/v1/responses/input_tokens', 'the counter was asked');
is(body_of($sent)->{x_unknown}, 1, 'unknown members survive');

$tag = tag();
$a = responses("claude/ok,tag=$tag", more => { instructions => 'be brief', store => JSON::PP::false });
is($a->status, 200, 'Responses, an Anthropic provider: status');
is_deeply($a->json, { object => 'response.input_tokens', input_tokens => 42 }, 'its count');
is(last_request($tag)->{target}, '/v1/messages/count_tokens', 'its counter was asked');

$tag = tag();
$a = messages("resp/ok,tag=$tag", more => { system => 'be brief', temperature => 0.5, max_tokens => 5 });
is($a->json->{input_tokens}, 17, 'Anthropic\'s client, a Responses provider: its count');
is_deeply([sort keys %{ body_of(last_request($tag)) }], [qw(input model)],
          'what the counter takes, no more');

$a = responses('mock/ok');
cmp_ok($a->json->{input_tokens} // 0, '>', 5, 'Responses, a provider without a counter: an estimate');
is($a->header('X-LLMGW-Estimate'), 'tokens', 'says so');
is_error(responses(''), 400, undef, 'model', 'Responses: no model');

# ---- providers without a counter ----------------------------------------------------
for my $p (qw(mock azure echo)) {
    $tag = tag();
    $a = messages("$p/ok,tag=$tag");
    is($a->status, 200, "$p: status");
    cmp_ok($a->json->{input_tokens} // 0, '>', 5, "$p: an estimate");
    is($a->header('X-LLMGW-Estimate'), 'tokens', "$p: says so");
    is($a->header('X-LLMGW-Provider'), $p, "$p: is named");
    is(scalar upstream($tag), 0, "$p: is not asked");
}
my $short = messages('mock/ok')->json->{input_tokens};
my $long = messages('mock/ok', more => { system => 'word ' x 200 })->json->{input_tokens};
cmp_ok($long, '>', $short + 150, 'the system prompt counts');
$long = messages('mock/ok', more => { messages => [{ role => 'user', content => [
    { type => 'image', source => { type => 'url', url => 'https://x.example/i.png' } },
    { type => 'text', text => 'see' }] }] })->json->{input_tokens};
cmp_ok($long, '>=', 1000, 'an image counts');
is(messages('keyless/ok')->status, 200, 'no key is needed where nobody is asked');

# ---- Gemini's clients ---------------------------------------------------------------
$tag = tag();
$a = generate("gemini/ok,tag=$tag", json => { %$CONTENTS, x_unknown => 1 });
is($a->json->{totalTokens}, 31, 'Gemini to Gemini');
ok($a->json->{promptTokensDetails}, 'with what else it says');
is(body_of(last_request($tag))->{x_unknown}, 1, 'unknown members survive');

$tag = tag();
$a = generate("gemini/ok,tag=$tag", json => { generateContentRequest => {
    model => "models/gemini/ok,tag=$tag", %$CONTENTS } });
is($a->status, 200, 'a whole request');
is(body_of(last_request($tag))->{generateContentRequest}{model}, "models/ok,tag=$tag",
   'names the provider\'s model');
$a = generate('gemini-exact', body => my $exact
    = '{"generateContentRequest" :{"model":"models/gemini-exact", "contents":[]}}');
($row) = grep { $_->{target} =~ /gemini-exact:count/ } upstream();
is($row->{body}, $exact, 'the very same went on');

for my $form (0, 1) {
    my $name = $form ? 'generateContentRequest' : 'contents';
    my $json = $form ? { generateContentRequest => { %$CONTENTS, model => 'models/x',
        systemInstruction => { parts => [{ text => 'be brief' }] },
        generationConfig => { maxOutputTokens => 5, temperature => 1, topK => 3 },
        safetySettings => [] } } : $CONTENTS;
    $tag = tag();
    $a = generate("claude/ok,tag=$tag", json => $json);
    is($a->status, 200, "$name to Anthropic: status") or diag($a->bytes);
    is($a->body, '{"totalTokens":42}', "$name: its count");
    is($a->header('X-LLMGW-Dropped'), undef, "$name: nothing is said to be dropped");
    $sent = body_of(last_request($tag));
    is(join(' ', sort keys %$sent), $form ? 'messages model system' : 'messages model',
       "$name: what the counter takes, no more");
    $a = generate('mock/ok', json => $json);
    cmp_ok($a->json->{totalTokens} // 0, '>', 5, "$name: an estimate");
    is($a->header('X-LLMGW-Estimate'), 'tokens', "$name: says so");
}

# ---- attempts --------------------------------------------------------------------------
expect_log(qr/LLMGW0201/);
my $id = tag();
$a = messages('count-fb', how => { id => $id });
is($a->json->{input_tokens}, 31, 'the next target counts');
is($a->header('X-LLMGW-Attempts'), 2, 'two attempts');
my $log = access($id);
is($log->{provider}, 'gemini', 'log: the provider');
is($log->{route}, 'count-fb', 'log: the route');
is($log->{prompt}, '-', 'log: counting spends no tokens');
$a = messages('count-guess');
is($a->status, 200, 'when all counters fail the gateway estimates');
is($a->header('X-LLMGW-Estimate'), 'tokens', 'and says so');
is($a->header('X-LLMGW-Attempts'), 3, 'at the third attempt');
for my $s (qw(html body-null body-empty body-object body-array html-as-json stream-for-whole)) {
    $a = messages("claude/$s");
    is($a->status, 502, "$s: 502");
    is($a->json->{type}, 'error', "$s: in Anthropic's form");
}
is(generate('gemini/reset-before')->status, 502, 'a reset: 502');
is(generate('gemini/close-mid')->status, 502, 'cut short: 502');
is(generate('gemini/gzip')->json->{totalTokens}, 31, 'compressed');
is(messages('claude/one-byte')->json->{input_tokens}, 42, 'byte by byte');
is(messages('claude/error-in-200')->status, 502, 'an error in a 200');
$a = messages('countlim/status,code=429,retry=7');
is($a->status, 429, 'a limit');
is($a->header('Retry-After'), 7, 'with Retry-After');
$a = generate('gemini/status,code=400');
is($a->status, 400, 'a 400 of the provider');
is($a->json->{error}{message}, 'mock says 400', 'its message');
is(messages('claude/key-in-error')->status, 502, 'a refused key');
is(messages('claude/stall-head', how => { vhost => 'short' })->status, 504, 'no answer in time');

# ---- what else routes have ----------------------------------------------------------------
is(messages('count-set')->status, 200, 'a target with members of its own');
is(body_of(last_request('countset'))->{max_tokens}, undef, 'they are not for the counter');
expect_log(qr/model_not_allowed/);
$a = messages('al-hidden');
is($a->status, 403, 'LLMAllow holds for counting');
is($a->json->{error}{type}, 'permission_error', 'in Anthropic\'s form');

# ---- bad requests -----------------------------------------------------------------------
sub is_anthropic_error {
    my ($a, $status, $name) = @_;
    is($a->status, $status, "$name: status");
    is($a->json->{type}, 'error', "$name: form");
    ok(length($a->json->{error}{message} // ''), "$name: message");
}
is_anthropic_error(messages('', body => '{'), 400, 'no JSON');
is_anthropic_error(messages('', body => '[]'), 400, 'an array');
is_anthropic_error(messages('', body => '{"messages":[]}'), 400, 'no model');
is_anthropic_error(messages('', body => '{"model":"mock/ok"}'), 400, 'nothing to count');
is_anthropic_error(messages('', body => '{"model":"gemini/ok","messages":5}'), 400,
                   'messages a number');
is_anthropic_error(messages('nobody-knows'), 404, 'an unknown model');
is_anthropic_error(request(path => '/v1/messages/count_tokens', headers => [@ANTHROPIC]),
                   405, 'GET');
$a = generate('claude/ok', body => '{"generateContentRequest":{"contents":[{"parts":[5]}]}}');
is($a->status, 400, 'a bad part: status');
my ($bad) = grep { $_->{fieldViolations} } @{ $a->json->{error}{details} };
is($bad->{fieldViolations}[0]{field}, 'generateContentRequest.contents[0].parts[0]',
   'a bad part: where');
is(generate('claude/ok', body => '{}')->status, 400, 'no contents');
for my $verb (qw(generateContent countTokens embedContent)) {
    $a = request(path => "/v1/models/a%0Ab:$verb", body => json($CONTENTS));
    is($a->status, 400, "$verb: a control character in the path's model");
    like($a->bytes, qr/"field":"model"/, "$verb: is named");
}

finish();
