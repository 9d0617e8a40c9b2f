# generate.t: Gemini clients: generateContent and streamGenerateContent
use strict;
use warnings;
use LLMGW::Test;

my @KEY = ('x-goog-api-key' => $LLMGW::Canary::CLIENT);

# Options as request(); verb, contents, query, more (further members)
sub generate {
    my ($model, %o) = @_;
    $model =~ s{/}{%2F}g;
    my $verb = $o{verb} || 'generateContent';
    my %body = (contents => $o{contents} || [
                    { role => 'user', parts => [{ text => prompt() }] }],
                %{ $o{more} || {} });
    return request(path => "/v1/models/$model:$verb" . ($o{query} || ''),
                   body => json(\%body), headers => [@KEY]);
}

sub text_of {
    return join '', map { $_->{text} // '' } grep { !$_->{thought} }
           map { @{ $_->{content}{parts} || [] } } map { @{ $_->{candidates} || [] } } @_;
}

sub events_of {
    my ($bytes) = @_;
    return map { decode($_) } $bytes =~ /^data: (\{.*\})\r?$/mg;
}

sub decode { return JSON::PP->new->utf8->decode(shift) }

for my $p (qw(mock claude gemini)) {
    my $a = generate("$p/ok");
    is($a->status, 200, "$p: status");
    is(text_of($a->json), 'Hello from mock', "$p: the text");
    is($a->json->{candidates}[0]{finishReason}, 'STOP', "$p: finish reason");
    is($a->json->{usageMetadata}{promptTokenCount}, 11, "$p: prompt tokens");

    $a = generate("$p/ok", verb => 'streamGenerateContent', query => '?alt=sse');
    like($a->header('Content-Type'), qr{^text/event-stream}, "$p: a stream of events");
    my @e = events_of($a->bytes);
    is(text_of(@e), 'Hello from mock', "$p: its text");
    is($e[-1]{candidates}[0]{finishReason}, 'STOP', "$p: its finish reason");
    unlike($a->bytes, qr/\[DONE\]/, "$p: no mark of another's API");

    $a = generate("$p/ok", verb => 'streamGenerateContent');
    like($a->header('Content-Type'), qr{^application/json}, "$p: without alt=sse an array");
    my $all = decode($a->body);
    is(ref $all, 'ARRAY', "$p: it is one");
    is(text_of(@$all), 'Hello from mock', "$p: the array's text");

    $a = generate("$p/parallel-tools");
    my @calls = map { $_->{functionCall} || () }
                @{ $a->json->{candidates}[0]{content}{parts} };
    is(join(' ', map { $_->{name} } @calls), 'get_weather get_time ping', "$p: calls");
    is($calls[0]{args}{city}, 'Paris', "$p: their arguments");
}

# ---- what goes up ------------------------------------------------------------
my $tag = tag();
generate("mock/ok,tag=$tag");
my ($sent) = upstream($tag);
ok($sent, 'the provider was asked');
is(generate('echo/x', contents => [
       { role => 'user', parts => [{ text => 'one two' }] }])->json
       ->{candidates}[0]{content}{parts}[0]{text}, 'one two', 'echo');

# ---- errors ---------------------------------------------------------------------
expect_log(qr/LLMGW\d+/);
sub is_google_error {
    my ($a, $status, $name) = @_;
    is($a->status, $status, "$name: status");
    my $e = eval { $a->json->{error} } || {};
    is($e->{code}, $status, "$name: code");
    ok(length($e->{message} // ''), "$name: message");
    like($e->{status} // '', qr/^[A-Z_]+$/, "$name: status word");
}
is_google_error(generate('nobody-knows'), 404, 'an unknown model');
is_google_error(request(path => '/v1/models/x:generateContent', body => '{}',
                        headers => [@KEY]), 400, 'no contents');
is_google_error(request(path => '/v1/models/x:generateContent', body => '{',
                        headers => [@KEY]), 400, 'no JSON');
is_google_error(generate('mock/status,code=500'), 500, 'a 500');
is_google_error(generate('mock/status,code=429'), 429, 'a 429');
is_google_error(generate('mock/reset-before'), 502, 'a reset');
is_google_error(request(path => '/v1/models/x:generateContent', method => 'GET',
                        headers => [@KEY]), 405, 'GET');
my $a = generate('mock/error-middle', verb => 'streamGenerateContent',
                 query => '?alt=sse');
like($a->bytes, qr/data: \{"error":/, 'an error in the middle is an event');

finish();
