# responses.t: clients of OpenAI's Responses, with each kind of provider behind the gateway
use strict;
use warnings;
use JSON::PP ();
use LLMGW::Test;
use LLMGW::Responses;

my ($T, $F) = (JSON::PP::true, JSON::PP::false);
sub args_of { return scalar eval { JSON::PP->new->decode($_[0]{arguments}) } }

# ---- pass-through: the request -------------------------------------------------------
my $odd = <<"JSON";
 {"input" :\t[{ "role":"user","content":[{"type":"input_text",
  "text":"caf\\u00e9 \\/ \xc5\xbc $LLMGW::Canary::PROMPT"}]},
  {"type":"item_of_tomorrow","x":1e2}], "max_output_tokens":1e2,
  "big":12345678901234567890,"huge":1E400 , "neg":-0,"dup":{"a":1,"a":2},
  "tools":[{"type":"web_search"},{"type":"tool_of_tomorrow"}],"store":true,
  "previous_response_id":null,"background":false,
  "model" : MODEL ,"temperature":0.10, "\\u0078":[ ] }
JSON
sub body_for { my ($model) = @_; (my $b = $odd) =~ s/MODEL/$model/; return $b }
sub bytes_given { return given(post_response($_[0], keys_shown => 1)) }

my $r = bytes_given(body_for('"resp/echo-request"'));
is($r->{body}, body_for('"echo-request"'), 'same dialect: only the model is exchanged');
is($r->{target}, '/v1/responses', 'and goes to the provider\'s path');
is($r->{headers}{authorization}, "Bearer $LLMGW::Canary::KEY{env}", 'with the gateway\'s key');
unlike(json($r->{headers}), qr/\Q$LLMGW::Canary::CLIENT/, 'and not the client\'s');
$r = bytes_given(body_for('"echo-request","provider":"resp"'));
is($r->{body}, body_for('"echo-request"'), 'a model that stays is not touched');
(my $stream = body_for('"resp/echo-request"')) =~ s/ \}\n$/,"stream":true }\n/;
$r = bytes_given($stream);
$stream =~ s{resp/}{};
is($r->{body}, $stream, 'a stream asks for nothing more');
$r = bytes_given(qq({"model":"resp/echo-request","input":"hi"}));
is($r->{body}, qq({"model":"echo-request","input":"hi"}), 'input may be a string');

# ---- pass-through: the answer --------------------------------------------------------
for my $s (0, 1) {
    my $how = $s ? 'streamed' : 'whole';
    for my $name (qw(odd-bytes ok tools parallel-tools odd-tools custom-tools reasoning
                     text-and-tool length utf8-split one-byte one-byte-chunks trailers
                     http10 huge-event interim words)) {
        my $direct = respond($name, port => up('http'), stream => $s);
        my $through = respond("resp/$name", stream => $s);
        my $want = $direct->body;
        # OpenAI sends no [DONE]; clients of Open Responses wait for it
        $want .= "data: [DONE]\n\n" if $s && $name ne 'odd-bytes';
        is($through->status, 200, "$name $how: status");
        ok($through->body eq $want, "$name $how: the bytes are the provider's")
            or diag('got ' . substr $through->body, 0, 500);
        ok($through->complete, "$name $how: complete");
    }
    is(said(respond('resp/gzip', stream => $s)), 'Hello from mock', "gzip $how: is inflated");
}

# ---- answers, from each kind of provider ---------------------------------------------
my @tools = map { { type => 'function', name => $_, description => $_, strict => $F,
                    parameters => { type => 'object', properties => {} } } }
            qw(get_weather get_time ping);
my %text = (tools => 'get_weather {"city":"Paris"}',
            'parallel-tools' => 'get_weather {"city":"Paris"} get_time {"zone":"CET"} ping');

for my $p (qw(mock azure claude gemini resp echo)) {
    for my $s (0, 1) {
        my $how = "$p, " . ($s ? 'stream' : 'whole');
        my $ask = sub {
            my ($name, %o) = @_;
            my $a = respond($p eq 'echo' ? 'echo/any' : "$p/$name", stream => $s,
                            input => $text{$name} || 'Hello from mock', %o);
            is($a->status, 200, "$how, $name: status") or diag($a->body);
            ok(!!$a->is_stream == !!$s, "$how, $name: content type");
            return $a if $p eq 'resp';      # the provider's own bytes
            my @wrong = $s ? misordered($a) : LLMGW::Responses::lacking($a->json);
            ok(!@wrong, "$how, $name: form") or diag(join '; ', @wrong, $a->body);
            unlike($a->body, qr/chat\.completion|"choices"|message_start|"candidates"/,
                   "$how, $name: nothing of another dialect");
            return $a;
        };
        my $a = $ask->('ok');
        my $m = response($a);
        is(said($a), 'Hello from mock', "$how: text");
        is($m->{object}, 'response', "$how: object");
        is($m->{status}, 'completed', "$how: status of the response");
        is($m->{store}, $F, "$how: nothing is stored, and it says so");
        like($m->{id}, qr/^resp_/, "$how: id");
        is_deeply([map { $_->{type} } items($a)], ['message'], "$how: one item");
        is((items($a))[0]{role}, 'assistant', "$how: role");
        is($m->{usage}{output_tokens}, 3, "$how: output_tokens");
        is_deeply([$m->{usage}{input_tokens}, $m->{usage}{input_tokens_details}{cached_tokens}],
                  $p eq 'echo' ? [3, 0] : [11, 3], "$how: input_tokens, cached ones with them");

        $m = response($ask->('length', more => { max_output_tokens => 1 }));
        is($m->{status}, 'incomplete', "$how: incomplete");
        is_deeply($m->{incomplete_details}, { reason => 'max_output_tokens' }, "$how: why");

        $a = $ask->('tools', more => { tools => [@tools], store => $T });
        my @t = items($a, 'function_call');
        is(scalar @t, 1, "$how: one call");
        is($t[0]{name}, 'get_weather', "$how: its name");
        is_deeply(args_of($t[0]), { city => 'Paris' },
                  "$how: its arguments");
        ok(length $t[0]{call_id}, "$how: its call_id");
        ok(length $t[0]{id} && $t[0]{id} ne $t[0]{call_id}, "$how: and an id of the item");
        is(response($a)->{store}, $F, "$how: store is accepted, not done");

        $a = $ask->('parallel-tools', more => { tools => [@tools] });
        @t = items($a, 'function_call');
        is_deeply([map { $_->{name} } @t], [qw(get_weather get_time ping)],
                  "$how: three calls");
        is($t[2]{arguments}, '{}', "$how: no arguments are {}");
        my %ids = map { $_->{call_id} => 1 } @t;
        is(scalar keys %ids, 3, "$how: ids of their own");

        # the loop's second half: what was called, and its results
        my @history = ({ role => 'user', content => $text{'parallel-tools'} }, items($a),
            map { { type => 'function_call_output', call_id => $t[$_]{call_id},
                    output => $_ ? "result$_" : [{ type => 'input_text',
                                                   text => 'result0' }] } } 0 .. 2);
        $a = $ask->('parallel-tools', input => \@history, more => { tools => [@tools] });
        like(said($a), qr/result2$/, "$how: results go back");
        ok(!items($a, 'function_call'), "$how: and end the loop");
        next if $p eq 'echo';

        $a = $ask->('odd-tools', more => { tools => [@tools] });
        is_deeply(args_of((items($a, 'function_call'))[0]),
                  { city => "Paris \"\x{e9}\0", n => 1.5 }, "$how: arguments of any kind");
        $a = $ask->('text-and-tool', more => { tools => [@tools] });
        is_deeply([map { $_->{type} } items($a)], ['message', 'function_call'],
                  "$how: text, then a call");
        is(said($a), 'Let me look.', "$how: the text before a call");

        $a = $ask->('reasoning', more => { reasoning => { effort => 'low' } });
        is_deeply([map { $_->{type} } items($a)], ['reasoning', 'message'],
                  "$how: reasoning comes first");
        is(reasoned($a), 'Let me think.', "$how: its words");
        is(said($a), '42', "$how: and the text after it");
        $a = $ask->('json', more => { text => { format => { type => 'json_schema',
            name => 'w', schema => { type => 'object', properties => {} } } } });
        is_deeply(scalar eval { JSON::PP->new->decode(said($a)) }, { city => 'Paris', temp => 21 },
                  "$how: structured output");
    }
}
my $a = respond('mock/no-usage', stream => 1);
is_deeply([misordered($a)], [], 'a provider that tells no usage');
is(response($a)->{usage}{total_tokens}, 0, 'has none, in the form clients want');
is_deeply([misordered(respond('mock/no-done', stream => 1))], [],
          'a stream without [DONE] ends as any');
is(said(respond('resp/slow-stream,n=1,ms=1', stream => 1)), 't1 ', 'nor does Responses need it');
$a = respond('mock/mixed-tools', stream => 1, more => { tools => [@tools] });
is_deeply([misordered($a)], [], 'calls whose pieces come in turns');
is_deeply([map { $_->{name} } items($a, 'function_call')], ['get_weather', 'get_time'],
          'each with its own');
is(scalar(() = said(respond('mock/words', stream => 1)) =~ /w\d+ /g), 1000, 'a thousand words');
is(said(respond('mock/utf8-split', stream => 1)), "\x{17c}\x{f3}\x{142}w \x{1f389}",
   'UTF-8 split anywhere');
for my $p (qw(mock resp)) {
    is(said(respond("$p/stream-for-whole")), 'Hello from mock',
       "$p: a stream for a whole answer");
    $a = respond("$p/whole-for-stream", stream => 1);
    is(said($a), 'Hello from mock', "$p: and the other way round");
    is_deeply([misordered($a)], [], "$p: in order");
}
for my $p (qw(mock resp claude gemini)) {
    $a = respond("$p/slow-stream,n=4,ms=300", stream => 1);
    ok($a->when(qr/"t4 "/) - $a->when(qr/"t1 "/) >= 600, "$p: words come one by one")
        or diag(join ', ', map { $_->[0] } @{ $a->{pieces} });
}

# ---- custom tools --------------------------------------------------------------------
my $sql = { type => 'custom', name => 'sql', description => 'SQL',
            format => { type => 'grammar', syntax => 'lark', definition => 'start: "a"' } };
for my $p (qw(mock resp)) {
    for my $s (0, 1) {
        $a = respond("$p/custom-tools", stream => $s, more => { tools => [$sql] });
        my ($t) = items($a, 'custom_tool_call');
        is($t->{input}, "SELECT \"\x{e9}\"\n", "$p, stream $s: a custom tool's input");
        is_deeply([misordered($a)], [], "$p, stream $s: in order") if $s && $p eq 'mock';
        is(said(respond("$p/custom-tools", stream => $s, more => { tools => [$sql] }, input => [
               { role => 'user', content => 'x' }, $t,
               { type => 'custom_tool_call_output', call_id => $t->{call_id},
                 output => 'one row' }])), 'The tool said: one row',
           "$p, stream $s: its result");
    }
}

for my $p (qw(claude gemini)) {
    is_error(respond("$p/ok", more => { tools => [$tools[0], $sql] }), 400,
             'unsupported_parameter', 'tools[1]', "$p: a custom tool is refused");
}

# ---- the request, to other providers -------------------------------------------------
sub sent {
    my ($p, $input, %more) = @_;
    return given(respond("$p/echo-request", keys_shown => 1, input => $input,
                         more => \%more))->{json};
}
my $png = 'data:image/png;base64,AAAA';
my @rich = ({ role => 'developer', content => 'S2' },
            { role => 'user', content => [{ type => 'input_text', text => 'see' },
                                          { type => 'input_image', image_url => $png }] });
my %rich = (instructions => 'S1', max_output_tokens => 2000, temperature => 0.5,
            tools => [@tools], tool_choice => 'required', parallel_tool_calls => $F,
            reasoning => { effort => 'high' }, text => { format => { type => 'json_schema',
                name => 'n', strict => $T, schema => { type => 'object' } } });
my $b = sent('mock', \@rich, %rich);
is_deeply([map { $_->{role} } @{ $b->{messages} }], [qw(system developer user)], 'chat: roles');
is($b->{messages}[2]{content}[1]{image_url}{url}, $png, 'chat: an image');
is($b->{tools}[0]{function}{name}, 'get_weather', 'chat: tools');
is($b->{tool_choice}, 'required', 'chat: tool_choice');
is($b->{parallel_tool_calls}, $F, 'chat: parallel_tool_calls');
is($b->{reasoning_effort}, 'high', 'chat: effort');
is($b->{response_format}{json_schema}{name}, 'n', 'chat: format');
is($b->{max_completion_tokens}, 2000, 'chat: max_output_tokens');
ok(!exists $b->{$_}, "chat: no $_") for qw(input instructions text reasoning store);
$b = sent('claude', \@rich, %rich);
like(json($b->{system}), qr/S1.*S2/, 'anthropic: system');
is($b->{messages}[0]{content}[1]{source}{data}, 'AAAA', 'anthropic: an image');
is_deeply($b->{tool_choice}, { type => 'any', disable_parallel_tool_use => $T },
          'anthropic: tool_choice');
delete $rich{parallel_tool_calls};
$b = sent('gemini', \@rich, %rich);
like(json($b->{systemInstruction}), qr/S1.*S2/, 'gemini: system');
is($b->{contents}[0]{parts}[1]{inlineData}{data}, 'AAAA', 'gemini: an image');
is($b->{toolConfig}{functionCallingConfig}{mode}, 'ANY', 'gemini: tool_choice');

# ---- other clients, to a provider that speaks Responses --------------------------------
$a = ask('resp/echo-request', keys_shown => 1, more => { reasoning_effort => 'low',
    tools => [{ type => 'function', function => { name => 'f' } }], store => $F });
$r = received($a);
is($r->{target}, '/v1/responses', 'a chat client: the path');
$b = JSON::PP::decode_json($r->{body});
is($b->{input}[0]{role}, 'user', 'a chat client: input');
is($b->{tools}[0]{name}, 'f', 'a chat client: tools');
is($b->{store}, $F, 'a chat client: nothing is stored');
is_deeply($b->{include}, ['reasoning.encrypted_content'], 'a chat client: reasoning comes back');
for my $s (0, 1) {
    $a = ask('resp/parallel-tools', stream => $s);
    is($a->finish, 'tool_calls', "a chat client, stream $s: finish_reason");
    is_deeply([map { $_->{name} } $a->tools], [qw(get_weather get_time ping)],
              "a chat client, stream $s: calls");
    is(ask('resp/ok', stream => $s)->text, 'Hello from mock', "a chat client, stream $s: text");
    is(ask('resp/reasoning', stream => $s)->text('reasoning_content'), 'Let me think.',
       "a chat client, stream $s: reasoning");
    is(ask('resp/length', stream => $s)->finish, 'length', "a chat client, stream $s: length");
    $a = request(path => '/v1/messages', body => json({ model => 'resp/reasoning',
        max_tokens => 99, $s ? (stream => $T) : (), messages => [
            { role => 'user', content => 'x' }] }));
    like($a->body, qr/Let me think\..*42/s, "a messages client, stream $s");
    $a = request(path => '/v1/models/resp%2Ftools:' . ($s ? 'streamGenerateContent?alt=sse'
                                                        : 'generateContent'),
                 body => json({ contents => [{ parts => [{ text => 'x' }] }] }));
    like($a->body, qr/"functionCall":.*"Paris"/s, "a Gemini client, stream $s");
}

# ---- reasoning goes back to its maker ------------------------------------------------
sub thought_of {
    my ($p) = @_;
    my ($item) = items(respond("$p/reasoning", more => { reasoning => { effort => 'low' } }),
                       'reasoning');
    return $item;
}
sub with_thought {
    my ($p, $item) = @_;
    return sent($p, [{ role => 'user', content => 'x' }, $item,
                     { role => 'assistant', content => '42' },
                     { role => 'user', content => 'sure?' }],
                reasoning => { effort => 'low' });
}
my ($own, $other) = (thought_of('resp'), thought_of('claude'));
is($own->{encrypted_content}, 'gAAAAABmock-_opaque==', 'of Responses: as it is');
isnt($other->{encrypted_content}, 'c2lnbmF0dXJl', 'of Claude: under its seal');
is(with_thought('resp', $own)->{input}[1]{encrypted_content}, 'gAAAAABmock-_opaque==',
   'Responses gets its own');
is_deeply((grep { $_->{type} eq 'thinking' }
           @{ with_thought('claude', $other)->{messages}[1]{content} })[0],
          { type => 'thinking', thinking => 'Let me think.', signature => 'c2lnbmF0dXJl' },
          'Claude gets its own, to the byte');
for (['resp', $other], ['claude', $own], ['mock', $own], ['gemini', $other]) {
    my ($p, $item) = @$_;
    unlike(json(with_thought($p, $item)), qr/opaque|c2lnbmF0|bGxtZ3c6/,
           "$p gets nothing of another's");
}
is(with_thought('resp', $other)->{model}, 'echo-request', 'a body with a seal is written anew');

# ---- conversations ----------------------------------------------------------------------
for my $p (qw(mock resp echo)) {
    for (['previous_response_id', 'resp_1'], ['conversation', 'conv_1'],
         ['conversation', { id => 'conv_1' }], ['background', $T]) {
        my ($member, $value) = @$_;
        is_error(respond("$p/ok", more => { $member => $value }), 400,
                 'unsupported_parameter', $member, "$p: $member");
    }
}
is(respond('mock/ok', more => { previous_response_id => undef, background => $F,
                                conversation => undef })->status, 200, 'null is none');
for (['GET', ''], ['DELETE', ''], ['GET', '/input_items'], ['POST', '/cancel']) {
    my ($method, $rest) = @$_;
    $a = request(path => "/v1/responses/resp_123$rest", method => $method);
    is_error($a, 404, 'response_not_found', undef, "$method .../responses/{id}$rest");
    like($a->error->{message}, qr/resp_123.*not configured/, "$method $rest: says why");
}
$a = request(path => '/v1/responses/resp_123', method => 'PUT', body => '{}');
is_error($a, 405, 'method_not_allowed', undef, 'PUT is no method for it');
is($a->header('Allow'), 'GET, DELETE', 'PUT: Allow says which are');
is_error(request(path => '/v1/responses', method => 'GET'), 405, 'method_not_allowed', undef,
         'GET of the whole');
is_error(request(path => '/v1/responses/compact', body => '{}'), 404, 'unknown_url', undef,
         'what is not known');

# ---- what is wrong with a request ----------------------------------------------------------
for my $p (qw(mock/ok resp/ok echo/x)) {
    my $m = qq("model":"$p");
    for (["{$m}", 'input', 'no input'], [qq({$m,"input":null}), 'input', 'input null'],
         [qq({$m,"input":5}), 'input', 'input a number'],
         [qq({$m,"input":{}}), 'input', 'input an object'],
         ['{"input":"x"}', 'model', 'no model'], ['{"model":5,"input":"x"}', 'model', 'a number'],
         [qq({$m,"input":"x","stream":"yes"}), 'stream', 'stream a string'],
         [qq({$m,"input":"x"), undef, 'cut short'], ['hello', undef, 'no JSON'],
         ['[]', undef, 'an array']) {
        my ($body, $param, $what) = @$_;
        is_error(post_response($body), 400, undef, $param, "$p: $what");
    }
}
for (['"input":[]', 'input'], ['"input":["x"]', 'input[0]'],
     ['"input":[{"role":"boss","content":"x"}]', 'input[0].role'],
     ['"input":[{"role":"user","content":5}]', 'input[0].content'],
     ['"input":[{"role":"user","content":[{"type":"smell"}]}]', 'input[0].content[0].type'],
     ['"input":[{"type":"function_call","name":"f"}]', 'input[0].call_id'],
     ['"input":[{"type":"item_reference","id":"msg_1"}]', 'input[0]'],
     ['"input":"x","tools":[{"type":"function"}]', 'tools[0].name'],
     ['"input":"x","tool_choice":5', 'tool_choice'],
     ['"input":"x","max_output_tokens":"5"', 'max_output_tokens'],
     ['"input":"x","text":{"format":{"type":"xml"}}', 'text.format.type'],
     ['"input":"x","reasoning":5', 'reasoning'], ['"input":"x","include":5', 'include'],
     ['"input":"x","tools":[{"type":"web_search"}]', 'tools[0]'],
     ['"input":[{"role":"user","content":[{"type":"input_file","file_id":"f"}]}]',
      'input[0].content']) {
    my ($members, $param) = @$_;
    is_error(post_response(qq({"model":"claude/ok",$members})), 400, undef, $param,
             "translated: $members");
}
$a = respond('claude/ok', more => { truncation => 'auto', prompt_cache_key => 'k' });
is($a->header('X-LLMGW-Dropped') // '', 'prompt_cache_key,truncation', 'hints are named');

# ---- errors ------------------------------------------------------------------------------
expect_log(qr/LLMGW\d+/);
is_error(respond('nobody-knows'), 404, 'model_not_found', 'model', 'an unknown model');
for my $p (qw(mock claude gemini resp)) {
    for my $s (0, 1) {
        my $how = "$p, " . ($s ? 'stream' : 'whole');
        for my $code (400, 404, 422, 429, 500, 503) {
            my $at = $code == 429 ? "${p}limr$s" : $p;      # left alone after it
            $a = respond("$at/status,code=$code,retry=7", stream => $s);
            is_error($a, $code, undef, undef, "$how: $code");
            like($a->error->{message}, qr/mock says $code/, "$how: $code: what it said");
            is($a->header('Retry-After'), 7, "$how: its Retry-After") if $code == 429;
        }
        is_error(respond("$p/status,code=401", stream => $s), 502,
                 'upstream_credentials_exhausted', undef, "$how: 401 is not the client's");
        for my $name (qw(reset-before close-head bad-status html body-null no-content)) {
            is_error(respond("$p/$name", stream => $s), 502, qr/^upstream_/, undef,
                     "$how: $name");
        }
    }
    my $a = respond("$p/error-first", stream => 1);
    is_error($a, qr/^50[02]$/, undef, undef, "$p, error-first: a real status");
    is_error(respond("$p/reset-mid"), 502, qr/^upstream_/, undef, "$p, whole: reset-mid");

    # ---- in the middle of a stream
    $a = respond("$p/error-middle", stream => 1);
    is_response_stream_error($a, qr/the mock broke on purpose/, "$p: an error event");
    is(said($a), 'Hello', "$p: after the words that came");
    is_deeply([misordered($a)], [], "$p: in order") if $p ne 'resp';
    for my $name (qw(reset-mid close-mid cut bad-chunk-mid broken-event)) {
        next if $p eq 'gemini' && $name eq 'cut';
        my $id = tag();
        $a = respond("$p/$name", stream => 1, id => $id);
        is_response_stream_error($a, undef, "$p: $name");
        like(access($id)->{error}, qr/^upstream_/, "$p: $name: is logged");
    }
    is_error(respond("$p/stall-head", vhost => 'short'), 504, undef, undef, "$p: stall-head");
    unlike(respond("$p/key-in-error,code=400")->bytes, qr/CANARY-KEY/, "$p: no key in an error");
}
expect_log(qr/AH01114|AH02411|AH02039|AH01084|AH00957|AH00898/);
is_error(respond('refused/x'), 502, undef, undef, 'connection refused');

# ---- what is logged --------------------------------------------------------------------
for my $p (qw(mock resp)) {
    for my $s (0, 1) {
        for (['slow-stream,n=3,ms=20', 'end', 3], ['length', 'length', 1],
             ['tools', 'tool', 1]) {
            my ($name, $stop, $n) = @$_;
            my $id = tag();
            respond("$p/$name", stream => $s, id => $id);
            is_deeply([@{ access($id) }{qw(status prompt completion cached stop)}],
                      [200, 11, $n, 3, $stop], "$p, $name, stream $s: log");
        }
    }
}

# ---- fallback ------------------------------------------------------------------------
for my $s (0, 1) {
    $r = given(respond('fb-resp', keys_shown => 1, stream => $s));
    is($r->{target}, '/v1/messages', "Responses, then anthropic, stream $s");
    $a = respond('fb-to-resp', keys_shown => 1, stream => $s);
    $r = given($a);
    is($r->{target}, '/v1/responses', "anthropic, then Responses, stream $s");
    is($r->{json}{input}, prompt(), "with the client's own body, stream $s");
    is($a->header('X-LLMGW-Attempts'), 2, "at the second attempt, stream $s");
}
$a = respond('fb-resp-first', stream => 1);
is(said($a), 'Hello from mock', 'an error before content: the next target');
is_deeply([misordered($a)], [], 'with one start');

# ---- the client leaves ---------------------------------------------------------------
sub leaves {
    my ($what, $name, $s, $seen) = @_;
    my ($id, $tag) = (tag(), tag());
    (my $model = $name) =~ s/TAG/$tag/;
    my $c = LLMGW::Http->new(port());
    $c->put(raw(path => '/v1/responses', headers => ['X-Request-Id' => $id],
                body => json({ model => $model, input => prompt(),
                               $s ? (stream => $T) : () })));
    ok($seen ? $c->await($seen, 5) : wait_for(5, sub { scalar upstream($tag) }),
       "$what: is under way");
    my $left = now_ms();
    $c->close;
    let_go($tag, $left, $what);
    my $l = access($id, 5);
    is($l->{status}, 499, "$what: logged as 499");
    is($l->{error}, 'client_closed_request', "$what: and why");
}
for my $p (qw(mock resp)) {
    leaves("$p, before the answer", "$p/stall-head,tag=TAG", 0);
    leaves("$p, before the stream", "$p/stall-body,tag=TAG", 1);
    leaves("$p, mid-stream, silent", "$p/stall-mid,tag=TAG", 1, qr/Hello/);
    leaves("$p, mid-stream, flowing", "$p/slow-stream,n=100,ms=100,tag=TAG", 1, qr/t3 /);
}

finish();
