# heartbeat.t: a stream that waits shows its client that it is alive
use strict;
use warnings;
use LLMGW::Test;
use LLMGW::Messages;
use LLMGW::Server;

my $s = LLMGW::Server->start('heartbeat', conf => <<'CONF');
LLMBreaker off
LLMTimeout first=2s idle=2s heartbeat=100ms
LLMRetry attempts=1
LLMProvider open openai ${UP}/v1 models=none
LLMProvider claude anthropic ${UP}/v1 key=env:LLMGW_TEST_KEY models=none
LLMProvider gem gemini ${UP}/v1beta key=env:LLMGW_TEST_KEY models=none
LLMRoute fast claude/slow-stream,n:3,ms:500
<LLMRoute none>
    LLMTimeout heartbeat=off
    LLMTarget open/slow-stream,n:3,ms:500
</LLMRoute>
LLMRoute target open/slow-stream,n:3,ms:500 heartbeat=off
<Location /v1beta>
    SetHandler llmgw
</Location>
AllowEncodedSlashes NoDecode
<Location /deflate/v1>
    SetHandler llmgw
    SetOutputFilter DEFLATE
</Location>
CONF
my @at = (port => $s->port, stream => 1);
my $slow = 'slow-stream,n=3,ms=500';
my $text = 't1 t2 t3 ';
my $comment = qr/^: ping$/m;

for my $provider (qw(open claude gem)) {
    my $a = ask("$provider/$slow", @at);
    my @pings = $a->body =~ /$comment/g;
    is($a->text, $text, "openai's client, $provider: the answer");
    ok($a->done, "openai's client, $provider: to its end");
    cmp_ok(scalar @pings, '>=', 6, "openai's client, $provider: comments");
    cmp_ok(scalar @pings, '<=', 1 + $a->ms / 100, "openai's client, $provider: not too many");
    is(scalar(grep { $_->{delta}{role} } $a->choices), 1,
       "openai's client, $provider: one start");
    like($a->body, qr/\A(?:: ping\n\n)?data: /, "openai's client, $provider: nothing before the first event");
    ok(!grep(!/\A(?:: ping|data: [^\n]+)\z/, split /\n\n/, $a->body),
       "openai's client, $provider: between frames only") or diag($a->body);

    $a = say_to("$provider/$slow", @at);
    @pings = grep { $_->{name} eq 'ping' } $a->events;
    is(words($a), $text, "anthropic's client, $provider: the answer");
    cmp_ok(scalar @pings, '>=', 6, "anthropic's client, $provider: pings");
    is(($a->events)[0]{name}, 'message_start', "anthropic's client, $provider: after the start");
    is(($a->events)[-1]{name}, 'message_stop', "anthropic's client, $provider: to its end");
    unlike($a->body, $comment, "anthropic's client, $provider: no comment");
}

my $ask = json({ contents => [{ role => 'user', parts => [{ text => prompt() }] }] });
for my $provider (qw(gem open)) {
    my $path = "/v1beta/models/$provider%2F$slow:streamGenerateContent";
    my $a = request(@at, path => "$path?alt=sse", body => $ask);
    ok(!grep(!/\Adata: /, grep { length } split /\r?\n\r?\n/, $a->body),
       "gemini's client, $provider: events and nothing else");
    $a = request(@at, path => $path, body => $ask);
    my $list = $a->json;
    is(ref $list, 'ARRAY', "gemini's client, $provider, an array");
    my @spaces = grep { $_->[1] =~ /\A\s+\z/ } @{ $a->{pieces} };
    cmp_ok(scalar @spaces, '>=', 6, 'in which spaces keep it alive');
}

for my $route (qw(none target)) {
    unlike(ask($route, @at)->body, $comment, "heartbeat=off: none ($route)");
}
unlike(ask("open/$slow", port => $s->port)->body, $comment, 'none in a whole answer');
my $a = ask('open/stall-role', @at);
is_error($a, 504, undef, undef, 'none before the first content: a real status');
$a = ask('open/stall-mid', @at);
is_stream_error($a, qr/idle/, 'a provider that is silent stays one');
cmp_ok(scalar(() = $a->body =~ /$comment/g), '>=', 7, 'however often it was said to live');

# A client that has gone is noticed
my $id = tag();
my $c = LLMGW::Http->new($s->port);
$c->put(raw(headers => ['X-Request-Id' => $id], body => json({
    model => 'open/stall-mid', stream => JSON::PP::true,
    messages => [{ role => 'user', content => prompt() }] })));
ok($c->await(qr/: ping/, 5), 'a heartbeat');
$c->reset;
ok(wait_for(2, sub { slurp($s->{calls}) =~ /^\Q$id\E 499 /m }), 'the client left: 499');

$a = request(@at, path => '/deflate/v1/chat/completions', headers => ['Accept-Encoding' => 'gzip'],
             body => json({ model => "open/$slow", stream => JSON::PP::true,
                            messages => [{ role => 'user', content => prompt() }] }));
is($a->header('Content-Encoding'), 'gzip', 'compressed');
cmp_ok(scalar @{ $a->{pieces} }, '>=', 8, 'compressed: each one passes at once');

$s->stop(log => [qr/LLMGW0201/]);
finish();
