# rawpass.t: paths that pass to a provider as they are: what it is sent, what
# the client gets
use strict;
use warnings;
use Digest::SHA qw(sha256_hex);
use LLMGW::Test;
use LLMGW::Canary;

my $KEY = $LLMGW::Canary::KEY{env};
my $bytes = join '', map { chr } 0 .. 255;

sub through {
    my ($path, %o) = @_;
    return request(path => $path, vhost => 'raw', keys_shown => 1, %o);
}

# What the mock received; {} where no answer of its came
sub sent {
    my ($path, %o) = @_;
    my $j = through($path, %o)->json;
    my $r = ref $j eq 'HASH' && $j->{headers} ? $j : { headers => {} };
    $r->{body} = pack 'H*', $r->{hex} || '';
    return $r;
}

# ---- the request ----------------------------------------------------------------
my $r = sent('/v1/files?limit=2&after=a%20b', headers => [
    Authorization => "Bearer $LLMGW::Canary::CLIENT", Cookie => 'c=1',
    'Proxy-Authorization' => 'x', 'X-Api-Key' => $LLMGW::Canary::CLIENT,
    'X-Forwarded-For' => '1.2.3.4', 'X-Own' => 'y', 'OpenAI-Beta' => 'a=b',
    'OpenAI-Organization' => 'org', 'If-None-Match' => '"e"',
    'Idempotency-Key' => 'i-1', Range => 'bytes=0-1', 'X-Request-Id' => 'rq-1']);
is($r->{method}, 'GET', 'GET: the method');
is($r->{target}, '/raw/v1/files?limit=2&after=a%20b', 'path below the version, and query');
is($r->{headers}{authorization}, "Bearer $KEY", 'the gateway\'s key');
is(join(' ', sort keys %{ $r->{headers} }),
   'accept accept-encoding authorization host idempotency-key if-none-match '
   . 'openai-beta range user-agent x-request-id', 'no header but those that may pass');
is($r->{headers}{accept}, '*/*', 'Accept without one of the client\'s');
is(sent('/v1/files', headers => [Accept => 'audio/*'])->{headers}{accept}, 'audio/*',
   'the client\'s own Accept');
is($r->{bytes}, 0, 'no body');
is(sent('/v1/files/f-1/content/')->{target}, '/raw/v1/files/f-1/content', 'a deeper path');
is(sent('/v1/files/caf%C3%A9%20au')->{target}, '/raw/v1/files/caf%C3%A9%20au',
   'what must be encoded is encoded again');
is(sent('/v1/files/a:b@c+d=e')->{target}, '/raw/v1/files/a:b@c+d=e', 'what need not is not');
for (['key=K', ''], ['a=1&key=K&b=2', '?a=1&b=2'], ['%6bey=K&access_token=K', ''],
     ['a=1&API_KEY=K', '?a=1'], ['keys=1', '?keys=1']) {
    is(sent("/v1/files?$_->[0]")->{target}, "/raw/v1/files$_->[1]", "query $_->[0]");
}

for my $method (qw(POST PUT PATCH DELETE)) {
    my $r = sent('/v1/files/x', method => $method, body => $bytes,
                 headers => ['Content-Type' => 'image/png']);
    is($r->{method}, $method, "$method: the method");
    is($r->{body}, $bytes, "$method: the body");
    is($r->{headers}{'content-type'}, 'image/png', "$method: its type");
    is($r->{headers}{'content-length'}, 256, "$method: its length");
}
$r = sent('/v1/files/x', method => 'DELETE');
ok(!defined $r->{headers}{'content-length'} && !defined $r->{headers}{'content-type'},
   'DELETE without a body');
$r = sent('/v1/batches/b/cancel', method => 'POST');
is($r->{headers}{'content-length'}, 0, 'POST without a body has a length');
my $a = through('/v1/files/x', method => 'HEAD');
is($a->status, 200, 'HEAD');
ok($a->header('Content-Length') > 300 && !length $a->body, 'HEAD: a length, no body');
is_error(through('/v1/files', method => 'OPTIONS'), 405, 'method_not_allowed', undef,
         'OPTIONS stays here');
is(through('/v1/files', method => 'OPTIONS')->header('Allow'),
   'GET, HEAD, POST, PUT, PATCH, DELETE', 'with Allow');

# ---- JSON with a model ----------------------------------------------------------
my $odd = ' {"prompt" :"caf\\u00e9 \\/", "n":1E400 ,"model" : MODEL , "x":[ ] }';
sub odd { my ($model) = @_; (my $b = $odd) =~ s/MODEL/$model/; $b }
my $json = ['Content-Type' => 'application/json'];

$r = sent('/v1/completions', body => odd('"raw-m"'));
is($r->{body}, odd('"raw-m"'), 'a model that stays: byte for byte');
is($r->{target}, '/raw/v1/completions', 'to the path');
is($r->{headers}{'content-type'}, 'application/json', 'as JSON');
is(sent('/v1/completions', body => odd('"raw/gpt"'))->{body}, odd('"gpt"'),
   'PROVIDER/MODEL: only the model is exchanged');
is(sent('/v1/completions', body => odd('"gpt","provider":"raw"'))->{body}, odd('"gpt"'),
   'a "provider" member is taken out');
is(sent('/v1/completions', body => odd('"gpt","provider":{"a":1}'),
        headers => ['X-LLMGW-Provider' => 'raw', @$json])->{body},
   odd('"gpt","provider":{"a":1}'), 'X-LLMGW-Provider, and an object of the provider\'s own');
is(sent('/v1/moderations', body => '{"input":"x"}')->{body}, '{"input":"x"}',
   'no model: to the first provider');
is(sent('/v1/moderations', body => '{"model":null}')->{body}, '{"model":null}', 'null is none');
is(sent('/v1/rerank', body => odd('"raw/r"'))->{target}, '/raw/v1/rerank', 'rerank');
is(sent('/v1/images/generations', body => odd('"raw/i"'))->{body}, odd('"i"'), 'images');
is(sent('/v1/completions', body => odd('"raw/x"'),
        headers => ['Content-Type' => 'application/x-www-form-urlencoded'])
   ->{headers}{'content-type'}, 'application/json', 'a wrong type is put right');
$a = through('/v1/completions', body => odd('"raw/gpt"'), id => 'raw-names');
is($a->header('X-LLMGW-Provider'), 'raw', 'X-LLMGW-Provider in the answer');
is($a->header('X-LLMGW-Model'), 'gpt', 'X-LLMGW-Model');
is($a->header('X-LLMGW-Attempts'), 1, 'X-LLMGW-Attempts');
my $l = access('raw-names');
is($l->{$_->[0]}, $_->[1], "log: $_->[0]") for ['status', 200], ['model', 'raw/gpt'],
    ['route', 'pin'], ['provider', 'raw'], ['target', 'raw/gpt'], ['attempts', 1];
like($l->{$_}, qr/^\d+$/, "log: $_") for qw(ttft upstream overhead);

is(sent('/all/v1/x', body => "{}\n{}\n", headers => ['Content-Type' => 'application/jsonl'])
   ->{body}, "{}\n{}\n", 'lines of JSON are not JSON');
is(sent('/all/v1/x', body => '{"model":"raw/m"}',
        headers => ['Content-Type' => 'application/json; charset=utf-8'])->{body},
   '{"model":"m"}', 'any JSON may name a model');
is_error(through('/v1/completions', body => '{"model":"nobody"}'), 404, 'model_not_found',
         'model', 'an unknown model');
is_error(through('/v1/completions', body => '{"model":7}'), 400, 'invalid_value', 'model',
         'a model that is no text');
is_error(through('/v1/completions', body => '{"model":"raw/a","model":"raw/b"}'), 400,
         'invalid_value', 'model', 'a model that stands twice');
is_error(through('/v1/completions', body => '{"model":'), 400, 'invalid_json', undef, 'no JSON');
is_error(through('/v1/completions', body => '["model"]'), 400, 'invalid_json', undef, 'no object');
is_error(through('/v1/completions', body => json({ model => 'raw/m', x => 'y' x 2_000_000 })),
         413, 'request_too_large', undef, 'LLMRequestBody');
is_error(through('/v1/completions', body => json({ model => 'raw-small', x => 'y' x 3000 })),
         413, 'request_too_large', undef, 'LLMRequestBody of the route');
is_error(through('/v1/completions', body => '{"model":"raw-elsewhere"}'), 404, 'unknown_url',
         'model', 'a model whose providers speak another API');
is_error(through('/v1/completions', body => '{"model":"echo/x"}'), 404, 'unknown_url', 'model',
         'the built-in provider');
is(through('/v1/completions', body => '{"model":"fb-raw-kinds"}')->header('X-LLMGW-Model'),
   'three', 'targets of other APIs are passed over');

# ---- forms -----------------------------------------------------------------------
my $B = 'x-1';
my $form = ['Content-Type' => "multipart/form-data; boundary=$B"];
sub field {
    my ($name, $value, $more) = @_;
    return "--$B\r\nContent-Disposition: form-data; name=\"$name\""
         . ($more || '') . "\r\n\r\n$value\r\n";
}
my $file = field('file', "\0\r\n--x\r\n$bytes", '; filename="a.mp3"');
sub form { return join('', @_) . "--$B--\r\n" }
sub with_model { return form($file, field('model', $_[0]), field('n', '1')) }

$r = sent('/v1/audio/transcriptions', headers => $form, body => with_model('raw/whisper'));
is($r->{body}, with_model('whisper'), 'a form: the model\'s value is exchanged');
is($r->{headers}{'content-type'}, $form->[1], 'its type stays');
is($r->{headers}{'content-length'}, length with_model('whisper'), 'its length is right');
$r = sent('/v1/images/edits', headers => $form, body => with_model('raw-i'));
is($r->{body}, with_model('raw-i'), 'a form whose model stays');
$r = sent('/v1/audio/translations', headers => $form, body => form($file));
is($r->{body}, form($file), 'a form without a model');
$r = sent('/v1/audio/translations', body => form($file, field('model', 'm')),
          headers => [@$form, 'X-LLMGW-Provider' => 'rawdep']);
is($r->{target}, '/raw/openai/deployments/depl-1/audio/translations?api-version=2024-10-21',
   'a form to Azure, pinned by X-LLMGW-Provider');
for ([form(field('model', 'raw/a'), field('model', 'raw/b')), 400, 'invalid_value', 'two models'],
     [form(field('model', 'raw/a', '; filename="m"')), 400, 'invalid_value', 'a file as model'],
     [form(field('model', '')), 400, 'invalid_value', 'an empty model'],
     [form(field('model', "raw/a\nb")), 400, 'invalid_value', 'a model with a line end'],
     [form(field('model', 'nobody')), 404, 'model_not_found', 'an unknown model'],
     [field('model', 'raw/a'), 400, 'unreadable_body', 'no last boundary'],
     [form(field('a\\"; name="model', 'b')), 400, 'unreadable_body', 'a name with a quote'],
     ['x', 400, 'unreadable_body', 'no form at all']) {
    is_error(through('/v1/images/edits', headers => $form, body => $_->[0]), $_->[1], $_->[2],
             undef, "a form: $_->[3]");
}
is_error(through('/v1/images/edits', body => form(field('model', 'raw/a')),
              headers => ['Content-Type' => 'multipart/form-data']), 400,
         'unreadable_body', undef, 'a form without a boundary');
is_error(through('/v1/images/edits', body => form(field('x', 'y' x 2_000_000)),
              headers => $form), 413, 'request_too_large', undef, 'a form: LLMRequestBody');

# ---- which provider ------------------------------------------------------------------
is(through('/v1/files')->header('X-LLMGW-Provider'), 'rawfirst', 'no model: the first provider');
ok(!defined through('/v1/files')->header('X-LLMGW-Model'), 'and no model in the answer');
$a = through('/v1/files', headers => ['X-LLMGW-Provider' => 'rawpool']);
is($a->header('X-LLMGW-Provider'), 'rawpool', 'or the one X-LLMGW-Provider names');
is_error(through('/v1/files', headers => ['X-LLMGW-Provider' => $_]), 404, 'model_not_found',
         'provider', "no provider '$_'") for 'nobody', 'echo', 'gone', '', 'a, b';
$r = sent('/v1/files', headers => ['anthropic-version' => '2023-06-01',
                                   'anthropic-beta' => 'files-api']);
is($r->{headers}{'x-api-key'}, $KEY, 'anthropic-version: Anthropic\'s');
is($r->{headers}{'anthropic-beta'}, 'files-api', 'with its beta header');
is($r->{headers}{'anthropic-version'}, '2023-06-01', 'and its version');
$r = sent('/v1beta/files?key=x&pageSize=2');
is($r->{headers}{'x-goog-api-key'}, $KEY, '/v1beta: Gemini\'s');
is($r->{target}, '/raw/v1beta/files?pageSize=2', 'below its base path');
is(sent('/v1/files', headers => ['x-goog-api-key' => 'x'])->{target}, '/raw/v1beta/files',
   'x-goog-api-key as well');
is(sent('/v1beta/cachedContents', body => '{"model":"models/raw-gem","a":1}')->{body},
   '{"model":"models/raw-gem","a":1}', 'a model with "models/" before it');
is(sent('/v1beta/cachedContents', body => '{"model":"models/rawgemini/g-1"}')->{body},
   '{"model":"models/g-1"}', 'which stays when it is exchanged');
is(sent('/v1/messages/batches', body => '{"requests":[]}',
        headers => ['anthropic-version' => '2023-06-01', @$json])->{target},
   '/raw/v1/messages/batches', 'Anthropic\'s batches');
$r = sent('/v1/files', headers => ['X-LLMGW-Provider' => 'rawazure']);
is($r->{target}, '/raw/openai/files?api-version=2024-10-21', 'azure: files');
is($r->{headers}{'api-key'}, $KEY, 'azure: its key');
$r = sent('/v1/files?a=1&api-version=2020-01-01', headers => ['X-LLMGW-Provider' => 'rawazure']);
is($r->{target}, '/raw/openai/files?api-version=2024-10-21&a=1',
   'azure: our api-version, the rest of the query behind it');
is(sent('/v1/completions', body => '{"model":"rawazure/gpt"}')->{target},
   '/raw/openai/deployments/gpt/completions?api-version=2024-10-21', 'azure: a deployment');
is(sent('/list/v1beta/models/rawgemini/imagen-4:predict', body => '{}')->{target},
   '/raw/v1beta/models/imagen-4:predict', 'gemini: another verb of a model');
is(sent('/list/v1beta/models/rawgemini/imagen-4:predict', body => '{}')->{body}, '{}',
   'whose body stays as it is');
is(ask('ok', headers => [@$json, 'X-LLMGW-Provider' => 'mock'])->text, 'Hello from mock',
   'X-LLMGW-Provider pins a chat as well');
my %keys = map { sent('/v1/files', headers => ['X-LLMGW-Provider' => 'rawpool'])
                 ->{headers}{authorization} => 1 } 1 .. 4;
is(join(' ', keys %keys), "Bearer $KEY", 'what a provider keeps belongs to the first key');
%keys = map { sent('/v1/completions', body => '{"model":"rawturns/m"}')
              ->{headers}{authorization} => 1 } 1 .. 4;
is(scalar keys %keys, 2, 'elsewhere keys take turns');

# ---- the answer -----------------------------------------------------------------------
$a = through('/v1/files');
is(join(' ', sort map { lc $_->[0] } @{ $a->{fields} }),
   'connection content-length content-type date openai-processing-ms server '
   . 'x-llmgw-attempts x-llmgw-provider x-request-id', 'no header but those that may pass');
unlike(join('', map { $_->[1] } @{ $a->{fields} }), qr/CANARY|mock/, 'and nothing of others');
is(through('/v1/files?do=echo&code=201')->status, 201, 'another 2xx');
$a = through('/v1/files/f/content?do=bytes&kb=300');
is($a->body, substr($bytes x 1200, 0, 300 * 1024), 'bytes of a file');
is($a->header('Content-Length'), 300 * 1024, 'its length');
is($a->header('Content-Type'), 'application/octet-stream', 'its type');
is($a->header('ETag'), '"e1"', 'its ETag');
is($a->header('Content-Disposition'), 'attachment; filename="a.bin"', 'its name');
is(length through('/v1/files/f?do=bytes&kb=3000')->body, 3000 * 1024,
   'longer than LLMResponseBody');
$a = through('/v1/audio/speech?do=pieces&n=5&ms=200', body => '{"model":"raw/tts"}');
is($a->body, join('', map { "piece $_\n" } 1 .. 5), 'sound in pieces');
is($a->header('Content-Type'), 'audio/mpeg', 'is sound');
ok($a->when(qr/piece 5/) - $a->when(qr/piece 1/) >= 400, 'each piece as it comes')
    or diag($a->when(qr/piece 1/) . ' ' . $a->when(qr/piece 5/));
$a = through('/v1/completions?do=pieces&type=text/event-stream&n=3&ms=100',
          body => '{"model":"raw/c","stream":true}', id => 'raw-sse');
is(join('', map { $_->{text} } $a->chunks), 't1 t2 t3 ', 'a stream of events');
is(access('raw-sse')->{stream}, 1, 'log: a stream');
is(through('/v1/files/f?do=until-close')->body, "until the end\n", 'a body until the close');
$a = through('/v1/files/f?do=empty&code=204');
is($a->status, 204, 'status 204');
$a = through('/v1/files/f?do=empty&code=304', headers => ['If-None-Match' => '"e1"']);
is($a->status . $a->header('ETag'), '304"e1"', '304 with its ETag');
$a = through('/v1/files/f?do=empty&code=200');
is($a->status . $a->body, '200', 'a body of no bytes');
$a = through('/v1/files/f?do=partial', headers => [Range => 'bytes=3-9']);
is($a->status, 206, 'status 206');
is($a->body, substr($bytes, 3, 7), 'with the range asked for');
is($a->header('Content-Range'), 'bytes 3-9/1000', 'and Content-Range');
$a = through('/v1/files/f?do=gzip');
is($a->header('Content-Encoding'), 'gzip', 'a compressed answer stays so');
is($a->header('Content-Length'), length $a->body, 'with its length');
for my $names ('', 1) {
    my $id = tag();
    through("/v1/completions?do=usage&names=$names", body => '{"model":"raw/c"}', id => $id);
    $l = access($id);
    is("$l->{prompt} $l->{completion}", '5 6', 'log: usage of a JSON answer');
}
through('/v1/batches/b?do=usage', id => 'raw-batch');
is(access('raw-batch')->{prompt}, '-', 'log: not of a batch, which may be asked for often');

# On one connection: what was passed leaves it in order
my $c = LLMGW::Http->new(port('raw'));
for my $query ('do=bytes', 'do=pieces&n=2', 'do=empty', 'do=status&code=404') {
    $c->put(raw(path => "/v1/files?$query"));
    ok($c->answer->complete, "kept alive: $query");
}
$c->put(raw(path => '/v1/files', body => $bytes));
$a = $c->answer;
is(($a->json || {})->{sha256}, sha256_hex($bytes), 'kept alive: an upload')
    or diag($a->status . ' ' . $a->bytes);
$c->put(raw(path => '/v1/files'));
is($c->answer->status, 200, 'kept alive: and once more');
$c->close;

finish();
