# anthropic.t: a chat client, an Anthropic provider: both ways of translation
use strict;
use warnings;
use JSON::PP ();
use LLMGW::Test;

my ($T, $F) = (JSON::PP::true, JSON::PP::false);
my %usage = (stream_options => { include_usage => $T });

# ---- the answer ---------------------------------------------------------------------
for my $stream (0, 1) {
    my $how = $stream ? 'stream' : 'whole';
    my %o = (stream => $stream, more => $stream ? \%usage : {});
    my $a = ask('claude/ok', %o);
    is($a->status, 200, "$how: status");
    is($a->text, 'Hello from mock', "$how: text");
    is($a->finish, 'stop', "$how: end_turn is stop");
    my $u = $a->usage || {};
    is_deeply([@$u{qw(prompt_tokens completion_tokens total_tokens)}], [11, 3, 14],
              "$how: prompt tokens hold the cached ones, once");
    is($u->{prompt_tokens_details}{cached_tokens}, 3, "$how: cached tokens");
    my ($first) = $stream ? $a->chunks : ($a->json || {});
    is($first->{object}, $stream ? 'chat.completion.chunk' : 'chat.completion',
       "$how: object");
    is($first->{model}, 'ok', "$how: model");
    ok($first->{id} && $first->{created}, "$how: id and created");
    is(($a->choices)[0]{index}, 0, "$how: index");
    unlike($a->body, qr/msg_mock.*"type":"message"|content_block|event:/s,
           "$how: nothing of the other dialect");

    $a = ask('claude/length', %o);
    is($a->finish, 'length', "$how: max_tokens is length");
    $a = ask('claude/reasoning', %o);
    is($a->text('reasoning_content'), 'Let me think.', "$how: thinking");
    is($a->text, '42', "$how: and the text after it");

    $a = ask('claude/tools', %o);
    my @t = $a->tools;
    is($a->finish, 'tool_calls', "$how: tool_use is tool_calls");
    is(scalar @t, 1, "$how: one tool call");
    is($t[0]{id}, 'call_1', "$how: its id");
    is($t[0]{name}, 'get_weather', "$how: its name");
    is_deeply(eval { JSON::PP->new->decode($t[0]{arguments}) }, { city => 'Paris' },
              "$how: its arguments");
    $a = ask('claude/parallel-tools', %o);
    @t = $a->tools;
    is_deeply([map { $_->{id} } @t], [qw(call_1 call_2 call_3)],
              "$how: three calls, indexes 0, 1, 2");
    is($t[2]{arguments}, '{}', "$how: no arguments are {}");
    $a = ask('claude/odd-tools', %o);
    @t = $a->tools;
    is_deeply(eval { JSON::PP->new->decode($t[0]{arguments}) },
              { city => "Paris \"\x{e9}\0", n => 1.5 }, "$how: arguments of any kind");
    $a = ask('claude/text-and-tool', %o);
    is($a->text, 'Let me look.', "$how: text before a tool call");
    is(scalar(my @one = $a->tools), 1, "$how: and the call");
}

my $a = ask('claude/ok', stream => 1);
ok(!$a->usage, 'stream: no usage for a client that did not ask');
ok($a->done, 'stream: [DONE]');
is(($a->choices)[0]{delta}{role}, 'assistant', 'stream: the first chunk has the role');
is(scalar(grep { $_->{delta}{role} } $a->choices), 1, 'stream: only the first');
is(scalar(grep { defined $_->{finish_reason} } $a->choices), 1, 'stream: one finish');
my @empty = grep { !ref $_->{choices} } $a->chunks;
is(scalar @empty, 0, 'stream: choices is always there');
$a = ask('claude/parallel-tools', stream => 1);
my @ids = grep { defined $_->{id} } map { @{ $_->{delta}{tool_calls} || [] } } $a->choices;
is(scalar @ids, 3, 'stream: a call\'s id comes once');
my @pieces = grep { defined $_->{function}{arguments} && length $_->{function}{arguments} }
             map { @{ $_->{delta}{tool_calls} || [] } } $a->choices;
ok(@pieces >= 4, 'stream: arguments come in pieces, as they came');

# ---- the request -----------------------------------------------------------------------
sub sent {
    my (%more) = @_;
    my $messages = delete $more{messages} || [{ role => 'user', content => 'Hi' }];
    my $r = received(ask('claude/echo-request', keys_shown => 1,
                         messages => $messages, more => \%more));
    return eval { JSON::PP::decode_json($r->{body}) } || {};
}
# Text of a content that is a string or text blocks
sub text_of {
    my ($c) = @_;
    return ref $c eq 'ARRAY' ? join '|', map { $_->{text} // "<$_->{type}>" } @$c : $c;
}

my $b = sent();
is($b->{model}, 'echo-request', 'request: model');
ok($b->{max_tokens} > 0, 'request: max_tokens is always given');
is_deeply([map { $_->{role} } @{ $b->{messages} }], ['user'], 'request: messages');
is(text_of($b->{messages}[0]{content}), 'Hi', 'request: text');
ok(!$b->{stream}, 'request: no stream');
ok(!exists $b->{$_}, "request: no $_") for qw(stream_options n system tools);

$b = sent(max_tokens => 77, temperature => 0.5, top_p => 0.25, stop => ['x', 'y'],
          user => 'u-1');
is($b->{max_tokens}, 77, 'request: max_tokens');
is($b->{temperature}, 0.5, 'request: temperature');
is($b->{top_p}, 0.25, 'request: top_p');
is_deeply($b->{stop_sequences}, ['x', 'y'], 'request: stop');
is($b->{metadata}{user_id}, 'u-1', 'request: user');
is(sent(max_completion_tokens => 78)->{max_tokens}, 78, 'request: max_completion_tokens');
is_deeply(sent(stop => 'z')->{stop_sequences}, ['z'], 'request: one stop');

$b = sent(messages => [
    { role => 'system', content => 'S1' }, { role => 'user', content => 'U1' },
    { role => 'developer', content => 'S2' }, { role => 'assistant', content => 'A1' },
    { role => 'system', content => [{ type => 'text', text => 'S3' }] },
    { role => 'user', content => [{ type => 'text', text => 'U2' },
                                  { type => 'text', text => 'U3' }] }]);
like(text_of($b->{system}), qr/S1.*S2.*S3/s, 'request: all system messages, in order');
is_deeply([map { $_->{role} } @{ $b->{messages} }], [qw(user assistant user)],
          'request: they are no messages');
like(text_of($b->{messages}[2]{content}), qr/U2.*U3/s, 'request: all parts of a message');

my @functions = ({ type => 'function', function => { name => 'get_weather',
    description => 'D', parameters => { type => 'object',
        properties => { city => { type => 'string' } }, additionalProperties => $F } } });
$b = sent(tools => \@functions);
is_deeply($b->{tools}[0]{input_schema}, $functions[0]{function}{parameters},
          'request: a tool\'s schema as it is');
is($b->{tools}[0]{name}, 'get_weather', 'request: its name');
is($b->{tools}[0]{description}, 'D', 'request: its description');
my %choice = (auto => { type => 'auto' }, required => { type => 'any' },
              none => { type => 'none' });
for (sort keys %choice) {
    is(sent(tools => \@functions, tool_choice => $_)->{tool_choice}{type},
       $choice{$_}{type}, "request: tool_choice $_");
}
$b = sent(tools => \@functions, tool_choice => { type => 'function',
    function => { name => 'get_weather' } });
is_deeply([@{ $b->{tool_choice} }{qw(type name)}], ['tool', 'get_weather'],
          'request: tool_choice by name');
$b = sent(tools => \@functions, parallel_tool_calls => $F);
ok($b->{tool_choice}{disable_parallel_tool_use}, 'request: parallel_tool_calls false');
ok(!exists sent(tool_choice => 'auto')->{tool_choice},
   'request: tool_choice without tools is dropped');

my $call = sub { { id => $_[0], type => 'function',
                   function => { name => 'get_weather', arguments => $_[1] } } };
$b = sent(tools => \@functions, messages => [
    { role => 'user', content => 'U' },
    { role => 'assistant', content => undef,
      tool_calls => [$call->('c1', '{"city":"Paris"}'), $call->('c2', '')] },
    { role => 'tool', tool_call_id => 'c1', content => 'R1' },
    { role => 'tool', tool_call_id => 'c2',
      content => [{ type => 'text', text => 'R2' }] },
    { role => 'user', content => 'and?' }]);
my @m = @{ $b->{messages} || [] };
is_deeply([map { $_->{role} } @m], [qw(user assistant user)],
          'request: tool results and the text after them are one user message');
is_deeply([map { [@$_{qw(type id name)}] } @{ $m[1]{content} }],
          [['tool_use', 'c1', 'get_weather'], ['tool_use', 'c2', 'get_weather']],
          'request: tool calls');
is_deeply([map { $_->{input} } @{ $m[1]{content} }], [{ city => 'Paris' }, {}],
          'request: their arguments; "" is {}');
is_deeply([map { [$_->{type}, $_->{tool_use_id} // '', text_of($_->{content} // $_->{text})] }
           @{ $m[2]{content} }],
          [['tool_result', 'c1', 'R1'], ['tool_result', 'c2', 'R2'], ['text', '', 'and?']],
          'request: tool results');

$b = sent(messages => [{ role => 'user', content => [
    { type => 'image_url', image_url => { url => 'data:image/png;base64,AAAA' } },
    { type => 'image_url', image_url => { url => 'https://example.com/x.png' } }] }]);
is_deeply([map { $_->{source} } @{ $b->{messages}[0]{content} }],
          [{ type => 'base64', media_type => 'image/png', data => 'AAAA' },
           { type => 'url', url => 'https://example.com/x.png' }], 'request: images');

my $schema = { type => 'object', properties => { a => { type => 'string' } },
               required => ['a'], additionalProperties => $F };
$b = sent(response_format => { type => 'json_schema',
    json_schema => { name => 'x', schema => $schema, strict => $T } });
like(json($b), qr/"required":\["a"\]/, 'request: the schema of a structured output');
$b = sent(messages => [{ role => 'user', content => 'U' },
                       { role => 'assistant', content => [] },
                       { role => 'assistant', content => '' },
                       { role => 'user', content => 'V' }]);
is(scalar(grep { $_->{role} eq 'assistant' } @{ $b->{messages} }), 0,
   'request: empty assistant messages are skipped');

my $r = received(ask('claude/echo-request', stream => 1, keys_shown => 1));
is(JSON::PP::decode_json($r->{body})->{stream}, $T, 'request: a stream is asked for');

# ---- what it cannot express --------------------------------------------------------------
$a = ask('claude/ok', more => { seed => 5, logit_bias => {} });
is($a->status, 200, 'hints are left out');
like($a->header('X-LLMGW-Dropped') || '', qr/seed/, 'and named in X-LLMGW-Dropped');
is_error(ask('claude/ok', more => { n => 2 }), 400, 'unsupported_parameter', 'n',
         'several choices are not');
is_error(ask('claude/ok', messages => [{ role => 'user', content => [
    { type => 'input_audio', input_audio => { data => 'AAAA', format => 'wav' } }] }]),
    400, 'unsupported_parameter', qr/^messages\[0\]\.content/, 'nor is audio');

# ---- any split of the bytes -----------------------------------------------------------------
is(ask("claude/$_", stream => 1)->text, 'Hello from mock', "stream: $_")
    for qw(one-byte one-byte-chunks);

finish();
