# Wire.pm: answers of the mock provider: OpenAI's two forms, Anthropic's, Gemini's
package LLMGW::Mock::Wire;
use strict;
use warnings;
use Exporter 'import';
use JSON::PP ();

our @EXPORT_OK = qw(whole events error_body models json);

my $json = JSON::PP->new->utf8->canonical->allow_nonref;
sub json { return $json->encode(shift) }

# What an answer holds, the same for all forms:
#   tokens => [words], reasoning => text,
#   tools => [{id, name, args (a string), custom (a free-form tool's),
#     signature (Gemini's)}],
#   stop => "stop" | "length" | "tool_calls", stop_sequence => the one that was hit,
#   usage => { prompt, completion, cached, reasoning }, and not Anthropic's
#   choices => how many times the same, logprobs => [OpenAI's, one a token]
sub _fill {
    my (%a) = @_;
    $a{tokens} ||= [];
    $a{tools}  ||= [];
    $a{stop}   ||= @{ $a{tools} } ? 'tool_calls' : 'stop';
    $a{usage}  ||= { prompt => 11, cached => 3,
                     completion => scalar @{ $a{tokens} } || 1 };
    return \%a;
}

my %ANTHROPIC_STOP = (stop => 'end_turn', length => 'max_tokens',
                      tool_calls => 'tool_use');

sub _anthropic_stop {
    my ($a) = @_;
    return 'stop_sequence' if defined $a->{stop_sequence};
    return $ANTHROPIC_STOP{ $a->{stop} } || $a->{stop};
}

sub whole {
    my ($call, %args) = @_;
    my $a = _fill(%args);
    return _count($call) if $call->{op} eq 'count';
    return _vectors($call, $a) if $call->{op} eq 'embed';
    return json(_candidates($a, _parts($a), 1, @{ $a->{logprobs} || [] }))
        if $call->{form} eq 'gemini';
    return json(_response($call, $a)) if $call->{form} eq 'responses';
    return $call->{form} eq 'anthropic' ? _message($call, $a)
                                        : _completion($call, $a);
}

sub events {
    my ($call, %args) = @_;
    my $a = _fill(%args);
    return _candidate_events($a) if $call->{form} eq 'gemini';
    return _response_events($call, $a) if $call->{form} eq 'responses';
    return $call->{form} eq 'anthropic' ? _message_events($call, $a)
                                        : _chunks($call, $a);
}

# ---- Gemini ----------------------------------------------------------------

sub _parts {
    my ($a) = @_;
    my @parts;
    push @parts, { text => $a->{reasoning}, thought => JSON::PP::true }
        if defined $a->{reasoning};
    push @parts, { text => join '', @{ $a->{tokens} } } if @{ $a->{tokens} };
    push @parts, map {
        { functionCall => { name => $_->{name},
                            args => $json->decode($_->{args} || '{}') },
          $_->{signature} ? (thoughtSignature => $_->{signature}) : () }
    } @{ $a->{tools} };
    return \@parts;
}

# What is said of words: { token, logprob } each
sub _logprobs_result {
    my (@entries) = @_;
    my @chosen = map { { token => $_->{token}, logProbability => $_->{logprob} } }
        @entries;
    return { chosenCandidates => \@chosen,
             topCandidates => [map { { candidates => [$_] } } @chosen] };
}

sub _candidates {
    my ($a, $parts, $last, @logprobs) = @_;
    my $u = $a->{usage};
    my %candidate = (content => { role => 'model', parts => $parts });
    $candidate{finishReason} = $a->{stop} eq 'length' ? 'MAX_TOKENS' : 'STOP'
        if $last;
    $candidate{logprobsResult} = _logprobs_result(@logprobs) if @logprobs;
    return { candidates => [map { { %candidate, index => $_ } } _choices($a)],
             modelVersion => 'mock', responseId => 'resp-mock', usageMetadata => {
                 promptTokenCount => $u->{prompt},
                 candidatesTokenCount => $u->{completion} - ($u->{reasoning} || 0),
                 totalTokenCount => $u->{prompt} + $u->{completion},
                 cachedContentTokenCount => $u->{cached},
                 $u->{reasoning} ? (thoughtsTokenCount => $u->{reasoning}) : () } };
}

# A part an event; the last one says STOP. Lines end as Gemini's do.
sub _candidate_events {
    my ($a) = @_;
    my @others = grep { $_->{thought} || $_->{functionCall} } @{ _parts($a) };
    my @words = map { [{ text => $a->{tokens}[$_] },
                       $a->{logprobs} ? $a->{logprobs}[$_] : ()] } 0 .. $#{ $a->{tokens} };
    my @events = ((map { [$_] } grep { $_->{thought} } @others), @words,
                  (map { [$_] } grep { !$_->{thought} } @others));
    @events = [{ text => '' }] unless @events;
    return map {
        my ($part, @logprobs) = @{ $events[$_] };
        'data: ' . json(_candidates($a, [$part], $_ == $#events, @logprobs)) . "\r\n\r\n"
    } 0 .. $#events;
}

# ---- counting, embeddings -------------------------------------------------

sub _count {
    my ($call) = @_;
    return json({ input_tokens => 42 }) if $call->{form} eq 'anthropic';
    return json({ object => 'response.input_tokens', input_tokens => 17 })
        if $call->{form} eq 'responses';
    return json({ totalTokens => 31, promptTokensDetails => [
        { modality => 'TEXT', tokenCount => 31 }] });
}

# How many inputs a request has
sub _inputs {
    my ($call) = @_;
    my $j = $call->{json};
    return $call->{batch} ? scalar @{ $j->{requests} || [] } : 1
        if $call->{form} eq 'gemini';
    return ref $j->{input} && ref \($j->{input}[0] // '') eq 'SCALAR'
           && $j->{input}[0] =~ /^\d+$/ ? 1
         : ref $j->{input} ? scalar @{ $j->{input} } : 1;
}

# Number texts that printing anew would change; the last one tells the vectors
# apart
sub vector {
    my ($i) = @_;
    return "[0.10, -2.50e-1,1.0E0,\n$i]";
}

sub _base64 {
    my ($i) = @_;
    require MIME::Base64;
    return MIME::Base64::encode_base64(pack('f<*', 0.1, -0.25, 1, $i), '');
}

# less= vectors too few, backwards => the last one first, no_usage
sub _vectors {
    my ($call, $a) = @_;
    my @i = 0 .. _inputs($call) - 1 - ($a->{less} || 0);
    return _embeddings($call, $a, @i) if $call->{form} eq 'gemini';
    my $base64 = ($call->{json}{encoding_format} || '') eq 'base64'
              || $a->{base64};
    @i = reverse @i if $a->{backwards};
    my @data = map {
        my $v = $base64 ? '"' . _base64($_) . '"' : vector($_);
        qq({"object":"embedding","index":$_,"embedding":$v})
    } @i;
    my $usage = $a->{no_usage} ? ''
        : ',"usage":{"prompt_tokens":6,"total_tokens":6}';
    my $model = json("$call->{model}");
    return qq( {"object":"list", "data":[) . join(',', @data)
         . qq(],"model":$model$usage,"x_huge":1E400} );
}

sub _embeddings {
    my ($call, $a, @i) = @_;
    my @values = map { '{"values":' . vector($_) . '}' } @i;
    my $usage = $a->{no_usage} ? ''
        : ',"usageMetadata":{"promptTokenCount":5,"promptTokenDetails":'
          . '[{"modality":"TEXT","tokenCount":5}]}';
    return ' {"embeddings":[' . join(', ', @values) . "]$usage} "
        if $call->{batch};
    return ' {"embedding":' . ($values[0] || '{}') . "$usage} ";
}

# ---- OpenAI ----------------------------------------------------------------

sub _usage {
    my ($a) = @_;
    my $u = $a->{usage};
    return { prompt_tokens => $u->{prompt}, completion_tokens => $u->{completion},
             total_tokens => $u->{prompt} + $u->{completion},
             prompt_tokens_details => { cached_tokens => $u->{cached} },
             defined $u->{reasoning} ? (completion_tokens_details => {
                 reasoning_tokens => $u->{reasoning} }) : () };
}

sub _choices { return 0 .. ($_[0]{choices} || 1) - 1 }

# As vLLM tells which stop sequence it was
sub _hit {
    my ($a) = @_;
    return defined $a->{stop_sequence} ? (stop_reason => $a->{stop_sequence}) : ();
}

# As Gemini's own OpenAI-compatible server puts it
sub _signed {
    my ($tool) = @_;
    return () unless $tool->{signature};
    return (extra_content => {
        google => { thought_signature => $tool->{signature} } });
}

sub _tool_call {
    my ($t, $args) = @_;
    return { id => $t->{id}, type => 'custom',
             custom => { name => $t->{name}, input => $args } } if $t->{custom};
    return { id => $t->{id}, type => 'function', _signed($t),
             function => { name => $t->{name}, arguments => $args } };
}

sub _completion {
    my ($call, $a) = @_;
    my %message = (role => 'assistant',
                   content => @{ $a->{tokens} } ? join('', @{ $a->{tokens} })
                                                : undef);
    $message{reasoning_content} = $a->{reasoning} if defined $a->{reasoning};
    $message{tool_calls} = [map { _tool_call($_, $_->{args}) } @{ $a->{tools} }]
        if @{ $a->{tools} };
    return json({
        id => 'chatcmpl-mock', object => 'chat.completion',
        created => 1700000000, model => "$call->{model}",
        system_fingerprint => 'fp_mock',
        choices => [map { { index => $_, message => \%message, _hit($a),
            logprobs => _logprobs($a->{logprobs}), finish_reason => $a->{stop} } }
            _choices($a)],
        usage => _usage($a) });
}

sub _chunk {
    my ($call, $choices, %more) = @_;
    return 'data: ' . json({
        id => 'chatcmpl-mock', object => 'chat.completion.chunk',
        created => 1700000000, model => "$call->{model}",
        choices => $choices, %more }) . "\n\n";
}

sub _logprobs {
    my ($entries) = @_;
    return $entries && { content => $entries, refusal => undef };
}

sub _delta {
    my ($call, $delta, $finish, %more) = @_;
    return _chunk($call, [{ index => 0, delta => $delta,
                            finish_reason => $finish, %more }]);
}

# A word, with what is said of it
sub _word {
    my ($call, $a, $i) = @_;
    my $p = $a->{logprobs};
    return _delta($call, { content => $a->{tokens}[$i] }, undef,
                  $p ? (logprobs => _logprobs([$p->[$i]])) : ());
}

sub _chunks {
    my ($call, $a) = @_;
    my @out = _delta($call, { role => 'assistant', content => '' });
    push @out, _delta($call, { reasoning_content => $a->{reasoning} })
        if defined $a->{reasoning};
    push @out, map { _word($call, $a, $_) } 0 .. $#{ $a->{tokens} };
    my $i = 0;
    for my $t (@{ $a->{tools} }) {
        push @out, _delta($call, { tool_calls => [{ index => $i,
                                                    %{ _tool_call($t, '') } }] });
        push @out, map { _delta($call, { tool_calls => [{ index => $i, $t->{custom}
            ? (custom => { input => $_ }) : (function => { arguments => $_ }) }] })
        } _halves($t->{args});
        $i++;
    }
    push @out, _delta($call, {}, $a->{stop}, _hit($a));
    my $options = $call->{json}{stream_options};
    push @out, _chunk($call, [], usage => _usage($a))
        if ref $options eq 'HASH' && $options->{include_usage};
    push @out, "data: [DONE]\n\n" unless $a->{no_done};
    return @out;
}

sub _halves {
    my ($s) = @_;
    my $half = int(length($s) / 2);
    return (substr($s, 0, $half), substr($s, $half));
}

# ---- OpenAI's Responses ------------------------------------------------------

# The items as they are in the end; each has one list of parts at most.
sub _items {
    my ($a, $cut) = @_;
    my @items;
    push @items, { id => 'rs_mock', type => 'reasoning', encrypted_content =>
                   'gAAAAABmock-_opaque==',
                   summary => [{ type => 'summary_text', text => $a->{reasoning} }] }
        if defined $a->{reasoning};
    push @items, { id => 'msg_mock', type => 'message', role => 'assistant',
                   status => $cut ? 'incomplete' : 'completed',
                   content => [{ type => 'output_text', annotations => [],
                                 logprobs => $a->{logprobs} || [], text => join '', @{ $a->{tokens} } }] }
        if @{ $a->{tokens} };
    push @items, map {
        $_->{custom}
        ? { id => "ctc_$_->{id}", type => 'custom_tool_call', status => 'completed',
            call_id => $_->{id}, name => $_->{name}, input => $_->{args} }
        : { id => "fc_$_->{id}", type => 'function_call', status => 'completed',
            call_id => $_->{id}, name => $_->{name}, arguments => $_->{args} }
    } @{ $a->{tools} };
    return @items;
}

my %CUT = (length => 'max_output_tokens', content_filter => 'content_filter');

sub _response_usage {
    my ($a) = @_;
    my $u = $a->{usage};
    return {
        input_tokens => $u->{prompt}, output_tokens => $u->{completion},
        total_tokens => $u->{prompt} + $u->{completion},
        input_tokens_details => { cached_tokens => $u->{cached},
                                  cache_write_tokens => 0 },
        output_tokens_details => { reasoning_tokens => $u->{reasoning} || 0 } };
}

# What the request said, or what holds if it did not
sub _settings {
    my ($b) = @_;
    my $said = sub { return defined $b->{$_[0]} ? $b->{$_[0]} : $_[1] };
    my %all = (
        background => JSON::PP::false, parallel_tool_calls => JSON::PP::true,
        tool_choice => 'auto',
        metadata => {}, temperature => 1, top_p => 1, top_logprobs => 0,
        presence_penalty => 0, frequency_penalty => 0, truncation => 'disabled',
        service_tier => 'default');
    my @open = qw(instructions max_output_tokens max_tool_calls
                  previous_response_id prompt_cache_key safety_identifier);
    return ((map { $_ => $said->($_, $all{$_}) } keys %all),
            (map { $_ => $b->{$_} } @open),
            text => { format => { type => 'text' } }, tools => [],
            store => JSON::PP::false,
            reasoning => { effort => undef, summary => undef });
}

# A response; $status: of one that has not ended
sub _response {
    my ($call, $a, $status) = @_;
    my $cut = $CUT{ $a->{stop} };
    return {
        _settings($call->{json}),
        id => 'resp_mock', object => 'response', created_at => 1700000000,
        model => "$call->{model}", error => undef, x_mock => 'member',
        status => $status || ($cut ? 'incomplete' : 'completed'),
        completed_at => $status || $cut ? undef : 1700000001,
        incomplete_details => $cut && !$status ? { reason => $cut } : undef,
        output => $status ? [] : [_items($a, $cut)],
        usage => $status ? undef : _response_usage($a) };
}

my %PART = (
    message => [qw(content content_part output_text content_index)],
    reasoning => [qw(summary reasoning_summary_part reasoning_summary_text
                     summary_index)]);

sub _piece_logprobs {
    my ($part, $i) = @_;
    my $all = $part->{logprobs} or return ();
    return (logprobs => [$i < @$all ? $all->[$i] : ()]);
}

# The events of an item of one part, in the pieces given
sub _part_events {
    my ($ev, $item, $i, @pieces) = @_;
    my ($list, $added, $text, $index) = @{ $PART{ $item->{type} } };
    my $part = $item->{$list}[0];
    my @place = (item_id => $item->{id}, output_index => $i, $index => 0);
    return ($ev->("response.$added.added", @place, part => { %$part, text => '',
                        $part->{logprobs} ? (logprobs => []) : () }),
            (map { $ev->("response.$text.delta", @place, delta => $pieces[$_],
                         _piece_logprobs($part, $_), obfuscation => 'x7Gb') }
                 0 .. $#pieces),
            $ev->("response.$text.done", @place, text => $part->{text},
                  $part->{logprobs} ? (logprobs => $part->{logprobs}) : ()),
            $ev->("response.$added.done", @place, part => $part));
}

sub _call_events {
    my ($ev, $item, $i) = @_;
    my ($member, $event) = $item->{type} eq 'function_call'
        ? ('arguments', 'response.function_call_arguments')
        : ('input', 'response.custom_tool_call_input');
    my @place = (item_id => $item->{id}, output_index => $i);
    return ((map { $ev->("$event.delta", @place, delta => $_) }
                 _halves($item->{$member})),
            $ev->("$event.done", @place, $member => $item->{$member},
                  $member eq 'arguments' ? (name => $item->{name}) : ()));
}

sub _item_events {
    my ($ev, $a, $item, $i) = @_;
    my $type = $item->{type};
    my %begun = (%$item, status => 'in_progress');
    $begun{$_} = [] for grep { ref $begun{$_} } qw(content summary);
    $begun{$_} = '' for grep { defined $begun{$_} } qw(arguments input);
    delete $begun{encrypted_content};
    return ($ev->('response.output_item.added', output_index => $i, item => \%begun),
            $type =~ /_call$/ ? _call_events($ev, $item, $i)
            : _part_events($ev, $item, $i, $type eq 'reasoning'
                           ? $a->{reasoning} : @{ $a->{tokens} }),
            $ev->('response.output_item.done', output_index => $i, item => $item));
}

# OpenAI itself sends no [DONE].
sub _response_events {
    my ($call, $a) = @_;
    my $n = 0;
    my $ev = sub { return _event(@_, sequence_number => $n++) };
    my $end = _response($call, $a);
    my $begun = _response($call, $a, 'in_progress');
    my @out = ($ev->('response.created', response => $begun),
               $ev->('response.in_progress', response => $begun));
    my $i = 0;
    push @out, _item_events($ev, $a, $_, $i++) for @{ $end->{output} };
    push @out, $ev->("response.$end->{status}", response => $end)
        unless $a->{no_done};
    return @out;
}

# ---- Anthropic ---------------------------------------------------------------

sub _message_usage {
    my ($a) = @_;
    my $u = $a->{usage};
    return { input_tokens => $u->{prompt} - $u->{cached},
             cache_read_input_tokens => $u->{cached},
             cache_creation_input_tokens => 0,
             output_tokens => $u->{completion} };
}

sub _message {
    my ($call, $a) = @_;
    my @content;
    push @content, { type => 'thinking', thinking => $a->{reasoning},
                     signature => 'c2lnbmF0dXJl' } if defined $a->{reasoning};
    push @content, { type => 'text', text => join('', @{ $a->{tokens} }) }
        if @{ $a->{tokens} };
    push @content, map {
        { type => 'tool_use', id => $_->{id}, name => $_->{name},
          input => $json->decode($_->{args}) }
    } @{ $a->{tools} };
    return json({
        id => 'msg_mock', type => 'message', role => 'assistant',
        model => "$call->{model}", content => \@content,
        stop_reason => _anthropic_stop($a), stop_sequence => $a->{stop_sequence},
        usage => _message_usage($a) });
}

sub _event {
    my ($type, %data) = @_;
    return "event: $type\ndata: " . json({ type => $type, %data }) . "\n\n";
}

sub _block {
    my ($index, $start, @deltas) = @_;
    return (_event('content_block_start', index => $index,
                   content_block => $start),
            (map { _event('content_block_delta', index => $index,
                          delta => $_) } @deltas),
            _event('content_block_stop', index => $index));
}

sub _message_events {
    my ($call, $a) = @_;
    my $n = 0;
    my @out = _event('message_start', message => {
        id => 'msg_mock', type => 'message', role => 'assistant',
        model => "$call->{model}", content => [], stop_reason => undef,
        stop_sequence => undef,
        usage => { %{ _message_usage($a) }, output_tokens => 1 } });
    push @out, _event('ping');
    push @out, _block($n++, { type => 'thinking', thinking => '',
                              signature => '' },
        { type => 'thinking_delta', thinking => $a->{reasoning} },
        { type => 'signature_delta', signature => 'c2lnbmF0dXJl' })
        if defined $a->{reasoning};
    push @out, _block($n++, { type => 'text', text => '' },
        map { { type => 'text_delta', text => $_ } } @{ $a->{tokens} })
        if @{ $a->{tokens} };
    for my $t (@{ $a->{tools} }) {
        my @parts = $t->{args} eq '{}' ? ('') : _halves($t->{args});
        push @out, _block($n++, { type => 'tool_use', id => $t->{id},
                                  name => $t->{name}, input => {} },
            map { { type => 'input_json_delta', partial_json => $_ } } @parts);
    }
    push @out, _event('message_delta',
        delta => { stop_reason => _anthropic_stop($a),
                   stop_sequence => $a->{stop_sequence} },
        usage => { output_tokens => $a->{usage}{completion} });
    push @out, _event('message_stop') unless $a->{no_done};
    return @out;
}

# ---- errors and the list of models -------------------------------------------

my %ERROR_TYPE = (
    400 => 'invalid_request_error', 401 => 'authentication_error',
    402 => 'billing_error', 403 => 'permission_error',
    404 => 'not_found_error', 413 => 'request_too_large',
    422 => 'invalid_request_error', 429 => 'rate_limit_error',
    503 => 'overloaded_error', 529 => 'overloaded_error');

sub error_body {
    my ($call, $status, $message) = @_;
    my $type = $ERROR_TYPE{$status} || 'api_error';
    return json({ type => 'error', request_id => 'req_mock',
                  error => { type => $type, message => $message } })
        if $call->{form} eq 'anthropic';
    return json({ error => { code => $status + 0, message => $message,
                             status => 'MOCK' } })
        if $call->{form} eq 'gemini';
    return json({ error => { message => $message, type => $type,
                             param => undef, code => "mock_$status" } });
}

sub models {
    my ($call) = @_;
    return json({ object => 'list', data => [map {
        { id => $_, object => 'model', created => 1700000000,
          owned_by => 'mock' } } qw(ok slow-stream tools)] });
}

1;
