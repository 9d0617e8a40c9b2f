# messages.t: Anthropic's clients, with each kind of provider behind the gateway
use strict;
use warnings;
use Digest::SHA qw(sha256_hex);
use JSON::PP ();
use LLMGW::Test;
use LLMGW::Messages;

my ($T, $F) = (JSON::PP::true, JSON::PP::false);
sub user { return [{ role => 'user', content => $_[0] }] }

# ---- pass-through: the request -------------------------------------------------------
my $odd = <<"JSON";
 {"messages" :\t[{ "role":"user","content":[{"type":"text",
  "text":"caf\\u00e9 \\/ \xc5\xbc $LLMGW::Canary::PROMPT",
  "cache_control":{"type":"ephemeral"}}]}], "max_tokens":1e2,
  "big":12345678901234567890,"huge":1E400 , "neg":-0,"dup":{"a":1,"a":2},
  "tools":[{"type":"web_search_20250305","name":"web_search"}],
  "model" : MODEL ,"temperature":0.10, "\\u0078":[ ] }
JSON
sub body_for { my ($model) = @_; (my $b = $odd) =~ s/MODEL/$model/; return $b }
sub bytes_given {
    return given(request(path => '/v1/messages', keys_shown => 1, @_,
                         headers => [client_headers()]));
}

my $r = bytes_given(body => body_for('"claude/echo-request"'));
is($r->{body}, body_for('"echo-request"'), 'same dialect: only the model is exchanged');
is($r->{target}, '/v1/messages', 'and goes to the provider\'s path');
is($r->{headers}{'content-length'}, length body_for('"echo-request"'), 'with its length');
$r = bytes_given(body => body_for('"echo-request","provider":"claude"'));
is($r->{body}, body_for('"echo-request"'), 'a model that stays is not touched');
(my $stream = body_for('"claude/echo-request"')) =~ s/ \}\n$/,"stream":true }\n/;
$r = bytes_given(body => $stream);
$stream =~ s{claude/}{};
is($r->{body}, $stream, 'a stream asks for nothing more');
my $big = json({ model => 'claude/echo-request', max_tokens => 9,
                 messages => user('y' x (2 << 20)) });
$r = bytes_given(body => $big);
$big =~ s{claude\\?/}{};
is($r->{sha256}, sha256_hex($big), 'a body of 2 MB arrives whole');

# ---- pass-through: the answer --------------------------------------------------------
for my $s (0, 1) {
    my $how = $s ? 'streamed' : 'whole';
    for my $name (qw(odd-bytes ok tools parallel-tools odd-tools reasoning text-and-tool
                     length utf8-split one-byte one-byte-chunks trailers http10
                     huge-event interim words)) {
        my $direct = say_to($name, port => up('http'), stream => $s);
        my $through = say_to("claude/$name", stream => $s);
        is($through->status, 200, "$name $how: status");
        ok($through->body eq $direct->body, "$name $how: the bytes are the provider's")
            or diag('got ' . substr $through->body, 0, 500);
        ok($through->complete, "$name $how: complete");
    }
    is(words(say_to('claude/gzip', stream => $s)), 'Hello from mock',
       "gzip $how: is inflated");
}

# ---- answers, from each kind of provider ---------------------------------------------
my @tools = map { { name => $_, description => $_, input_schema => { type => 'object' } } }
            qw(get_weather get_time ping);
my %text = (tools => 'get_weather {"city":"Paris"}',
            'parallel-tools' => 'get_weather {"city":"Paris"} get_time {"zone":"CET"} ping');

for my $p (qw(mock claude echo)) {
    for my $s (0, 1) {
        my $how = "$p, " . ($s ? 'stream' : 'whole');
        my $ask = sub {
            my ($name, %o) = @_;
            my $a = say_to($p eq 'echo' ? 'echo/any' : "$p/$name", stream => $s,
                           messages => user($text{$name} || 'Hello from mock'), %o);
            is($a->status, 200, "$how, $name: status") or diag($a->body);
            ok(!!$a->is_stream == !!$s, "$how, $name: content type");
            my @wrong = $s ? misordered($a) : ();
            ok(!@wrong, "$how, $name: order of events") or diag(join '; ', @wrong);
            unlike($a->body, qr/chat\.completion|"choices"|\[DONE\]/,
                   "$how, $name: nothing of another dialect");
            return $a;
        };
        my $a = $ask->('ok');
        my $m = message($a);
        is(words($a), 'Hello from mock', "$how: text");
        is($m->{type}, 'message', "$how: type");
        is($m->{role}, 'assistant', "$how: role");
        is($m->{model}, $p eq 'echo' ? 'any' : 'ok', "$how: model");
        ok(length $m->{id}, "$how: id");
        is($m->{stop_reason}, 'end_turn', "$how: stop_reason");
        ok(exists $m->{stop_sequence}, "$how: stop_sequence");
        is_deeply([map { $_->{type} } @{ $m->{content} }], ['text'], "$how: one block");
        is($m->{usage}{output_tokens}, 3, "$how: output_tokens");
        is_deeply([@{ $m->{usage} }{qw(input_tokens cache_read_input_tokens)}],
                  $p eq 'echo' ? [3, 0] : [8, 3],
                  "$how: input_tokens are without the cached ones");

        is(message($ask->('length', more => { max_tokens => 1 }))->{stop_reason},
           'max_tokens', "$how: max_tokens");

        $a = $ask->('tools', more => { tools => [@tools] });
        my @t = blocks($a, 'tool_use');
        is(message($a)->{stop_reason}, 'tool_use', "$how: tool_use");
        is(scalar @t, 1, "$how: one call");
        is($t[0]{name}, 'get_weather', "$how: its name");
        is_deeply($t[0]{input}, { city => 'Paris' }, "$how: its input");
        ok(length $t[0]{id}, "$how: its id");

        $a = $ask->('parallel-tools', more => { tools => [@tools] });
        @t = blocks($a, 'tool_use');
        is_deeply([map { $_->{name} } @t], [qw(get_weather get_time ping)],
                  "$how: three calls");
        is_deeply([map { $_->{input} } @t], [{ city => 'Paris' }, { zone => 'CET' }, {}],
                  "$how: their inputs");
        my %ids = map { $_->{id} => 1 } @t;
        is(scalar keys %ids, 3, "$how: ids of their own");

        # the loop's second half: what was called, and its results
        my @history = (@{ user($text{'parallel-tools'}) },
            { role => 'assistant', content => [map { delete $_->{caller}; $_ } @t] },
            { role => 'user', content => [map { {
                type => 'tool_result', tool_use_id => $t[$_]{id},
                content => $_ ? "result$_" : [{ type => 'text', text => 'result0' }] } }
                0 .. 2] });
        $a = $ask->('parallel-tools', messages => \@history, more => { tools => [@tools] });
        like(words($a), qr/result2$/, "$how: results go back");
        is(message($a)->{stop_reason}, 'end_turn', "$how: and end the loop");
        next if $p eq 'echo';

        $a = $ask->('odd-tools', more => { tools => [@tools] });
        @t = blocks($a, 'tool_use');
        is_deeply($t[0]{input}, { city => "Paris \"\x{e9}\0", n => 1.5 },
                  "$how: input of any kind");
        $a = $ask->('text-and-tool', more => { tools => [@tools] });
        is_deeply([map { $_->{type} } @{ message($a)->{content} }], ['text', 'tool_use'],
                  "$how: text, then a call");
        is(words($a), 'Let me look.', "$how: the text before a call");

        $a = $ask->('reasoning', more => { max_tokens => 4000,
            thinking => { type => 'enabled', budget_tokens => 2000 } });
        my ($first) = blocks($a, 'thinking');
        is_deeply([map { $_->{type} } @{ message($a)->{content} }], ['thinking', 'text'],
                  "$how: thinking comes first");
        is($first->{thinking}, 'Let me think.', "$how: its words");
        is($first->{signature}, $p eq 'claude' ? 'c2lnbmF0dXJl' : '', "$how: its signature");
        is(words($a), '42', "$how: and the text after it");
    }
}
my %stop = (stop => 'end_turn', length => 'max_tokens', content_filter => 'refusal',
            tool_calls => 'tool_use', of_tomorrow => 'end_turn');
for my $s (0, 1) {
    is(message(say_to("mock/finish,why=$_", stream => $s))->{stop_reason}, $stop{$_},
       "finish_reason $_ is $stop{$_}, stream $s") for sort keys %stop;
    is(message(say_to("claude/finish,why=$_", stream => $s))->{stop_reason}, $_,
       "stop_reason $_ stays, stream $s") for qw(refusal pause_turn of_tomorrow);
}
my $a = say_to('mock/no-usage', stream => 1);
is(words($a), 'Hello from mock', 'a provider that tells no usage');
is_deeply([misordered($a)], [], 'has no effect on the order');
$a = say_to('mock/no-done', stream => 1);
is_deeply([misordered($a)], [], 'a stream without [DONE] ends as any');
$a = say_to('mock/mixed-tools', stream => 1, more => { tools => [@tools] });
is_deeply([misordered($a)], [], 'calls whose pieces come in turns: one block at a time');
is_deeply([map { [@$_{qw(name input)}] } blocks($a, 'tool_use')],
          [['get_weather', { city => "Paris \"\x{e9}\0", n => 1.5 }],
           ['get_time', { zone => 'CET' }]], 'each with its own');
$a = say_to('mock/words', stream => 1);
is(scalar(() = words($a) =~ /w\d+ /g), 1000, 'a thousand words');
$a = say_to('mock/utf8-split', stream => 1);
is(words($a), "\x{17c}\x{f3}\x{142}w \x{1f389}", 'UTF-8 split anywhere');
is(words(say_to('mock/stream-for-whole')), 'Hello from mock', 'a stream for a whole answer');
$a = say_to('mock/whole-for-stream', stream => 1);
is(words($a), 'Hello from mock', 'and the other way round');
is_deeply([misordered($a)], [], 'in order');
$a = say_to('mock/slow-stream,n=4,ms=300', stream => 1);
ok($a->when(qr/"t4 "/) - $a->when(qr/"t1 "/) >= 600, 'words come one by one')
    or diag(join ', ', map { $_->[0] } @{ $a->{pieces} });

# ---- the request, to a chat provider -------------------------------------------------
sub sent {
    my (%more) = @_;
    return given(say_to('mock/echo-request', keys_shown => 1, more => \%more,
                        messages => delete $more{messages}))->{json};
}
sub text_of {
    my ($c) = @_;
    return ref $c eq 'ARRAY' ? join '|', map { $_->{text} // "<$_->{type}>" } @$c : $c;
}
my $b = sent(max_tokens => 77, temperature => 0.5, top_p => 0.25, stop_sequences => ['x', 'y'],
             metadata => { user_id => 'u-1' }, system => 'S1');
is($b->{model}, 'echo-request', 'request: model');
is($b->{max_tokens} // $b->{max_completion_tokens}, 77, 'request: max_tokens');
is($b->{temperature}, 0.5, 'request: temperature');
is_deeply($b->{stop}, ['x', 'y'], 'request: stop_sequences');
is($b->{user}, 'u-1', 'request: metadata.user_id');
is_deeply([map { $_->{role} } @{ $b->{messages} }], [qw(system user)], 'request: roles');
is(text_of($b->{messages}[0]{content}), 'S1', 'request: system');
ok(!exists $b->{$_}, "request: no $_") for qw(stop_sequences metadata stream tools system);
$b = sent(system => [{ type => 'text', text => 'S1', cache_control => { type => 'ephemeral' } },
                     { type => 'text', text => 'S2' }]);
like(text_of($b->{messages}[0]{content}), qr/S1.*S2/s, 'request: system of several blocks');

$b = sent(tools => [@tools], tool_choice => { type => 'any', disable_parallel_tool_use => $T });
is($b->{tools}[0]{function}{name}, 'get_weather', 'request: tools');
is_deeply($b->{tools}[0]{function}{parameters}, { type => 'object' }, 'request: their schema');
is($b->{tool_choice}, 'required', 'request: tool_choice any');
is($b->{parallel_tool_calls}, $F, 'request: disable_parallel_tool_use');
is(sent(tools => [@tools], tool_choice => { type => 'tool', name => 'ping' })
   ->{tool_choice}{function}{name}, 'ping', 'request: tool_choice by name');
is(sent(tools => [@tools], tool_choice => { type => 'none' })->{tool_choice}, 'none',
   'request: tool_choice none');
ok(!exists sent(tool_choice => { type => 'auto' })->{tool_choice},
   'request: tool_choice without tools is dropped');

$b = sent(tools => [@tools], system => 'S', messages => [
    { role => 'user', content => 'U' },
    { role => 'assistant', content => [
        { type => 'thinking', thinking => 'hm', signature => 'c2ln' },
        { type => 'text', text => 'A' },
        { type => 'tool_use', id => 'c1', name => 'get_weather', input => { city => 'Paris' } },
        { type => 'tool_use', id => 'c2', name => 'ping', input => {} }] },
    { role => 'user', content => [
        { type => 'tool_result', tool_use_id => 'c1', content => 'R1' },
        { type => 'tool_result', tool_use_id => 'c2', is_error => $T,
          content => [{ type => 'text', text => 'R2' }] },
        { type => 'text', text => 'and?' }] }]);
my @m = @{ $b->{messages} || [] };
is_deeply([map { $_->{role} } @m], [qw(system user assistant tool tool user)],
          'request: results are messages of their own, before the text');
is_deeply([map { [$_->{id}, $_->{function}{name}, $_->{function}{arguments}] }
           @{ $m[2]{tool_calls} }],
          [['c1', 'get_weather', '{"city":"Paris"}'], ['c2', 'ping', '{}']],
          'request: calls');
is_deeply([map { [$_->{tool_call_id}, text_of($_->{content})] } @m[3, 4]],
          [['c1', 'R1'], ['c2', 'R2']], 'request: results');
is(text_of($m[5]{content}), 'and?', 'request: the text after them');

$b = sent(messages => user([
    { type => 'text', text => 'see' },
    { type => 'image', source => { type => 'base64', media_type => 'image/png', data => 'AAAA' } },
    { type => 'image', source => { type => 'url', url => 'https://example.com/x.png' } }]));
is_deeply([map { $_->{image_url}{url} } grep { $_->{image_url} } @{ $b->{messages}[0]{content} }],
          ['data:image/png;base64,AAAA', 'https://example.com/x.png'], 'request: images');
$r = given(say_to('mock/echo-request', stream => 1, keys_shown => 1));
is($r->{json}{stream}, $T, 'request: a stream');
is($r->{json}{stream_options}{include_usage}, $T, 'request: is asked for its usage');
is($r->{target}, '/v1/chat/completions', 'request: the provider\'s path');

# ---- what it cannot express ----------------------------------------------------------
is_message_error(say_to('mock/ok', more => {
    tools => [{ type => 'web_search_20250305', name => 'web_search' }] }),
    400, 'invalid_request_error', qr/tools\[0\]/,
    'a tool of Anthropic\'s own is refused elsewhere');
my %thread = (thread => { type => 'create' });
for my $p (qw(mock claude echo)) {      # claude: the mock's own refusal
    $a = say_to("$p/ok", more => \%thread);
    is_message_error($a, 400, 'invalid_request_error', undef, "$p: no message threads");
    is($a->error->{details}{error_code}, 'thread_unsupported_request',
       "$p: in words that let the SDK go on without");
}
is(say_to("$_/ok", more => { thread => undef })->status, 200, "$_: thread null")
    for qw(mock claude echo);
$a = say_to('mock/ok', more => { top_k => 5 });
is($a->status, 200, 'a hint is left out');
like($a->header('X-LLMGW-Dropped') || '', qr/top_k/, 'and named in X-LLMGW-Dropped');

# ---- headers -------------------------------------------------------------------------
for my $p (qw(mock claude)) {
    my $id = tag();
    $a = say_to("$p/echo-request", keys_shown => 1, id => $id,
                headers => ['anthropic-beta' => 'one-2025,two-2026', 'X-Odd' => 'x']);
    my $h = given($a)->{headers};
    is($a->header('request-id'), $id, "$p: request-id");
    is($a->header('X-Request-Id'), $id, "$p: X-Request-Id is the same");
    is(scalar(my @n = $a->headers('request-id')), 1, "$p: there is one");
    is($a->header('X-LLMGW-Provider'), $p, "$p: X-LLMGW-Provider");
    is($h->{'anthropic-beta'}, $p eq 'claude' ? 'one-2025,two-2026' : undef,
       "$p: anthropic-beta is for Anthropic's kind only");
    is($h->{'anthropic-version'}, $p eq 'claude' ? '2023-06-01' : undef,
       "$p: so is anthropic-version");
    is($h->{'x-api-key'}, $p eq 'claude' ? $LLMGW::Canary::KEY{file} : undef,
       "$p: x-api-key is the gateway's own");
    unlike(json($h), qr/\Q$LLMGW::Canary::CLIENT/, "$p: the client's key goes nowhere");
    ok(!exists $h->{'x-odd'}, "$p: nor does what nobody knows");
    for my $s (0, 1) {
        $id = tag();
        $a = say_to("$p/slow-stream,n=3,ms=20", stream => $s, id => $id);
        my $l = access($id);
        is_deeply([@$l{qw(status prompt completion cached stop)}], [200, 11, 3, 3, 'end'],
                  "$p, stream $s: log");
    }
}
$a = say_to('claude/ok', headers => [Authorization => "Bearer $LLMGW::Canary::CLIENT"]);
is($a->status, 200, 'a bearer token does as well');
like(say_to('mock/ok')->header('request-id'), qr/^[\w.-]{8,128}$/, 'a request-id is made');
for my $p (qw(mock claude)) {
    $a = say_to("$p/echo-request", path => '/v1/messages?beta=true', keys_shown => 1);
    like(given($a)->{target} || '', qr{^/v1/(?:chat/completions|messages)(?:\?beta=true)?$},
         "$p: ?beta=true");
}
$a = say_to('claude/cookies');
ok(!defined $a->header('Set-Cookie') && $a->bytes !~ /CANARY/, 'no cookie of the provider\'s');
is(words(say_to('mock/ok', path => '/some/prefix/v1/messages')), 'Hello from mock', 'any prefix');

# ---- errors: our own -----------------------------------------------------------------
expect_log(qr/LLMGW\d+/);
for my $s (0, 1) {
    is_message_error(say_to('nobody-knows', stream => $s), 404, 'not_found_error',
                     qr/nobody-knows/, "an unknown model, stream $s");
}
sub post {
    my ($body, %o) = @_;
    return request(path => '/v1/messages', body => $body, headers => [client_headers()], %o);
}
for my $p (qw(mock/ok claude/ok echo/x)) {
    my $m = qq("model":"$p");
    my $ok = '"messages":[{"role":"user","content":"x"}]';
    my @bad = (["{$m}", qr/\bmessages\b/, 'no messages'],
               [qq({$m,"messages":5}), qr/\bmessages\b/, 'messages a number'],
               [qq({$ok,"max_tokens":5}), qr/\bmodel\b/, 'no model'],
               [qq({"model":5,$ok}), qr/\bmodel\b/, 'model a number'],
               [qq({$m,$ok,"stream":"yes"}), qr/\bstream\b/, 'stream a string'],
               [qq({$m,$ok), qr/JSON/, 'cut short'], ['hello', qr/JSON/, 'no JSON'],
               ['[]', undef, 'an array']);
    push @bad, [qq({$m,"messages":[]}), qr/\bmessages\b/, 'no message in messages'],
               [qq({$m,"messages":[{"role":"user"}]}), qr/messages\[0\]\.content/, 'no content'],
               [qq({$m,"messages":[{"role":"tool","content":"x"}]}), qr/messages\[0\]\.role/,
                'a role of another dialect'],
               [qq({$m,$ok,"max_tokens":"5"}), qr/\bmax_tokens\b/, 'max_tokens a string']
        if $p ne 'claude/ok';
    for (@bad) {
        my ($body, $message, $what) = @$_;
        is_message_error(post($body), 400, 'invalid_request_error', $message, "$p: $what");
    }
}
for my $method (qw(GET PUT DELETE)) {
    $a = post($method eq 'GET' ? '' : '{}', method => $method);
    is_message_error($a, 405, 'invalid_request_error', undef, "$method is no method for it");
    like($a->header('Allow') || '', qr/\bPOST\b/, "$method: Allow says which is");
}
is_message_error(post('{"model":"mock/ok","x":"' . 'x' x 20_000 . '"}', vhost => 'small'),
                 413, 'request_too_large', undef, 'a body above LLMRequestBody');

# ---- errors: the provider's ----------------------------------------------------------
my %type = (400 => 'invalid_request_error', 404 => 'not_found_error', 413 => 'request_too_large',
            422 => 'invalid_request_error', 429 => 'rate_limit_error', 500 => 'api_error',
            503 => qr/^(?:api|overloaded)_error$/, 529 => 'overloaded_error');
for my $p (qw(mock claude)) {
    for my $s (0, 1) {
        my $how = "$p, " . ($s ? 'stream' : 'whole');
        for my $code (sort keys %type) {
            my $at = $code == 429 ? "${p}limm$s" : $p;
            $a = say_to("$at/status,code=$code,retry=7", stream => $s);
            is_message_error($a, $code, $type{$code}, qr/^mock says $code$/, "$how: $code");
            is($a->header('Retry-After'), 7, "$how: its Retry-After") if $code == 429;
        }
        is_message_error(say_to("$p/status,code=401", stream => $s), 502, 'api_error', undef,
                         "$how: 401 is not the client's");
        for my $name (qw(reset-before close-head bad-status html body-null body-object
                         no-content)) {
            is_message_error(say_to("$p/$name", stream => $s), 502, 'api_error', undef,
                             "$how: $name");
        }
    }
    for my $name (qw(error-first error-after-role)) {
        is_message_error(say_to("$p/$name", stream => 1), qr/^50[02]$/, 'api_error',
                         qr/the mock broke on purpose/, "$p, $name: a real status");
    }
    is_message_error(say_to("$p/reset-mid"), 502, 'api_error', undef, "$p, whole: reset-mid");

    # ---- in the middle of a stream
    $a = say_to("$p/error-middle", stream => 1);
    is_message_stream_error($a, qr/the mock broke on purpose/, "$p: an error event");
    is(words($a), 'Hello', "$p: after the words that came");
    for my $name (qw(reset-mid close-mid cut bad-chunk-mid broken-event)) {
        my $id = tag();
        $a = say_to("$p/$name", stream => 1, id => $id);
        is_message_stream_error($a, undef, "$p: $name");
        like(access($id)->{error}, qr/^upstream_/, "$p: $name: is logged");
    }
    $a = say_to("$p/stall-mid", stream => 1, vhost => 'short');
    is_message_stream_error($a, undef, "$p: stall-mid");
    is($a->stream_error->{type}, 'timeout_error', "$p: stall-mid: type");
    is_message_error(say_to("$p/stall-head", vhost => 'short'), 504, 'timeout_error', undef,
                     "$p: stall-head");
}
is_message_error(say_to('claude/key-in-error,code=400'), 400, 'authentication_error', undef,
                 'no key in an error');
is_message_error(say_to('refused/x'), 502, 'api_error', undef, 'connection refused');
expect_log(qr/AH01114|AH02411|AH02039|AH01084|AH00957|AH00898/);

# ---- fallback ------------------------------------------------------------------------
for my $s (0, 1) {
    $a = say_to('fb-back', keys_shown => 1, stream => $s, more => { system => 'sys' });
    $r = given($a);
    is($r->{target}, '/v1/chat/completions', "anthropic, then chat, stream $s");
    is($a->header('X-LLMGW-Attempts'), 2, "at the second attempt, stream $s");
    is(text_of($r->{json}{messages}[0]{content}), 'sys', "from the original body, stream $s");
    ok(!$r->{headers}{'x-api-key'} && !$r->{headers}{'anthropic-version'},
       "nothing of the first provider's, stream $s");
    is_deeply([misordered($a)], [], 'in order') if $s;
}
$a = say_to('fb-claude-first', stream => 1);
is(words($a), 'Hello from mock', 'an error before content: the next target');
is_deeply([misordered($a)], [], 'with one start');
$r = bytes_given(body => body_for('"fb-cross"') =~ s/"tools":.*?\],\n//sr);
is($r->{body}, body_for('"echo-request"') =~ s/"tools":.*?\],\n//sr,
   'chat, then anthropic: the original bytes');

# ---- the client leaves ---------------------------------------------------------------
sub leaves {
    my ($what, $name, $s, $seen) = @_;
    my ($id, $tag) = (tag(), tag());
    (my $model = $name) =~ s/TAG/$tag/;
    my $c = LLMGW::Http->new(port());
    $c->put(raw(path => '/v1/messages', headers => [client_headers(), 'X-Request-Id' => $id],
                body => json({ model => $model, max_tokens => 9, messages => user(prompt()),
                               $s ? (stream => $T) : () })));
    ok($seen ? $c->await($seen, 5) : wait_for(5, sub { scalar upstream($tag) }),
       "$what: is under way");
    my $left = now_ms();
    $c->close;
    let_go($tag, $left, $what) if $name =~ /TAG/;
    my $l = access($id, 5);
    is($l->{status}, 499, "$what: logged as 499");
    is($l->{error}, 'client_closed_request', "$what: and why");
}
for my $p (qw(mock claude)) {
    leaves("$p, before the answer", "$p/stall-head,tag=TAG", 0);
    leaves("$p, before the stream", "$p/stall-body,tag=TAG", 1);
    leaves("$p, mid-stream, silent", "$p/stall-mid,tag=TAG", 1, qr/Hello/);
    leaves("$p, mid-stream, flowing", "$p/slow-stream,n=100,ms=100,tag=TAG", 1, qr/t3 /);
}
leaves('echo, mid-stream', 'slowecho/x', 1, qr/text_delta/);

# ---- models --------------------------------------------------------------------------
sub models { return request(path => "/v1/models$_[0]", headers => [client_headers()]) }
$a = models('');
is($a->status, 200, 'models: status');
my $list = $a->json || {};
my @data = @{ $list->{data} || [] };
my %m = map { $_->{id} => $_ } @data;
ok($m{$_}, "models: holds $_") for qw(exact-model block-model);
is($list->{has_more}, $F, 'models: has_more');
is($list->{first_id}, $data[0]{id}, 'models: first_id');
is($list->{last_id}, $data[-1]{id}, 'models: last_id');
ok(!exists $list->{object}, 'models: nothing of OpenAI\'s');
is(scalar(grep { $_->{type} ne 'model' || !length $_->{display_name}
                 || $_->{created_at} !~ /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/ } @data), 0,
   'models: each entry is one of Anthropic\'s');
my $own = $a->header('X-Request-Id') || 'none';
is($a->header('request-id'), $own, 'models: request-id is X-Request-Id');
is(models('?limit=1000')->status, 200, 'models: with a query');
$a = models('/exact-model');
is(($a->json || {})->{id}, 'exact-model', 'models: one');
is(($a->json || {})->{type}, 'model', 'models: of Anthropic\'s form');
is((models('/mock%2Fok')->json || {})->{id}, 'mock/ok', 'models: a pinned one');
is_message_error(models('/nobody-knows'), 404, 'not_found_error', qr/nobody-knows/,
                 'models: an unknown one');
is((request(path => '/v1/models')->json || {})->{object}, 'list',
   'models: without anthropic-version in OpenAI\'s form');

finish();
