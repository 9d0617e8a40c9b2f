# Wire.pm: answers of the mock provider: OpenAI's chat form, Anthropic's, Gemini's
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
#   tools => [{id, name, args (a string), signature (Gemini's, may be absent)}],
#   stop => "stop" | "length" | "tool_calls"
sub _fill {
    my (%a) = @_;
    $a{tokens} ||= [];
    $a{tools}  ||= [];
    $a{stop}   ||= @{ $a{tools} } ? 'tool_calls' : 'stop';
    return \%a;
}

my %ANTHROPIC_STOP = (stop => 'end_turn', length => 'max_tokens',
                      tool_calls => 'tool_use');

sub _anthropic_stop { return $ANTHROPIC_STOP{ $_[0]{stop} } || $_[0]{stop} }

sub whole {
    my ($call, %args) = @_;
    my $a = _fill(%args);
    return json(_candidates($a, _parts($a), 1)) if $call->{form} eq 'gemini';
    return $call->{form} eq 'anthropic' ? _message($call, $a)
                                        : _completion($call, $a);
}

sub events {
    my ($call, %args) = @_;
    my $a = _fill(%args);
    return _candidate_events($a) if $call->{form} eq 'gemini';
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

sub _candidates {
    my ($a, $parts, $last) = @_;
    my $n = @{ $a->{tokens} } || 1;
    my %candidate = (index => 0, content => { role => 'model', parts => $parts });
    $candidate{finishReason} = $a->{stop} eq 'length' ? 'MAX_TOKENS' : 'STOP'
        if $last;
    return { candidates => [\%candidate], modelVersion => 'mock',
             responseId => 'resp-mock', usageMetadata => {
                 promptTokenCount => 11, candidatesTokenCount => $n,
                 totalTokenCount => 11 + $n, cachedContentTokenCount => 3 } };
}

# A part an event; the last one says STOP. Lines end as Gemini's do.
sub _candidate_events {
    my ($a) = @_;
    my @parts = map { { text => $_ } } @{ $a->{tokens} };
    my @others = grep { $_->{thought} || $_->{functionCall} } @{ _parts($a) };
    @parts = ((grep { $_->{thought} } @others), @parts,
              (grep { !$_->{thought} } @others));
    return map {
        'data: ' . json(_candidates($a, [$parts[$_]], $_ == $#parts)) . "\r\n\r\n"
    } 0 .. $#parts;
}

# ---- OpenAI ----------------------------------------------------------------

sub _usage {
    my ($a) = @_;
    my $n = @{ $a->{tokens} } || 1;
    return { prompt_tokens => 11, completion_tokens => $n,
             total_tokens => 11 + $n,
             prompt_tokens_details => { cached_tokens => 3 } };
}

# As Gemini's own OpenAI-compatible server puts it
sub _signed {
    my ($tool) = @_;
    return () unless $tool->{signature};
    return (extra_content => {
        google => { thought_signature => $tool->{signature} } });
}

sub _completion {
    my ($call, $a) = @_;
    my %message = (role => 'assistant',
                   content => @{ $a->{tokens} } ? join('', @{ $a->{tokens} })
                                                : undef);
    $message{reasoning_content} = $a->{reasoning} if defined $a->{reasoning};
    $message{tool_calls} = [map {
        { id => $_->{id}, type => 'function', _signed($_),
          function => { name => $_->{name}, arguments => $_->{args} } }
    } @{ $a->{tools} }] if @{ $a->{tools} };
    return json({
        id => 'chatcmpl-mock', object => 'chat.completion',
        created => 1700000000, model => "$call->{model}",
        system_fingerprint => 'fp_mock',
        choices => [{ index => 0, message => \%message, logprobs => undef,
                      finish_reason => $a->{stop} }],
        usage => _usage($a) });
}

sub _chunk {
    my ($call, $choices, %more) = @_;
    return 'data: ' . json({
        id => 'chatcmpl-mock', object => 'chat.completion.chunk',
        created => 1700000000, model => "$call->{model}",
        choices => $choices, %more }) . "\n\n";
}

sub _delta {
    my ($call, $delta, $finish) = @_;
    return _chunk($call, [{ index => 0, delta => $delta,
                            finish_reason => $finish }]);
}

sub _chunks {
    my ($call, $a) = @_;
    my @out = _delta($call, { role => 'assistant', content => '' });
    push @out, _delta($call, { reasoning_content => $a->{reasoning} })
        if defined $a->{reasoning};
    push @out, map { _delta($call, { content => $_ }) } @{ $a->{tokens} };
    my $i = 0;
    for my $t (@{ $a->{tools} }) {
        push @out, _delta($call, { tool_calls => [{ index => $i,
            id => $t->{id}, type => 'function', _signed($t),
            function => { name => $t->{name}, arguments => '' } }] });
        push @out, map { _delta($call, { tool_calls => [{ index => $i,
            function => { arguments => $_ } }] }) } _halves($t->{args});
        $i++;
    }
    push @out, _delta($call, {}, $a->{stop});
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

# ---- Anthropic ---------------------------------------------------------------

sub _message_usage {
    my ($a) = @_;
    return { input_tokens => 8, cache_read_input_tokens => 3,
             cache_creation_input_tokens => 0,
             output_tokens => scalar(@{ $a->{tokens} }) || 1 };
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
        stop_reason => _anthropic_stop($a), stop_sequence => undef,
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
                   stop_sequence => undef },
        usage => { output_tokens => scalar(@{ $a->{tokens} }) || 1 });
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
