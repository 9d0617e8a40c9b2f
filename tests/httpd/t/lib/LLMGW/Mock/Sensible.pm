# Sensible.pm: what a model would answer that does as it is told
#
# No model: it knows the questions that tests of conformance ask. What matters is
# that each parameter shows in the answer: limits, stop sequences, the choice of
# tools, schemas, n, logprobs, thinking.
package LLMGW::Mock::Sensible;
use strict;
use warnings;
use Exporter 'import';
use JSON::PP ();

our @EXPORT_OK = qw(question answer);

my $json = JSON::PP->new->utf8->canonical->allow_nonref;
my $ascii = JSON::PP->new->ascii->canonical->allow_nonref;

sub _list { return ref $_[0] eq 'ARRAY' ? @{ $_[0] } : () }
sub _hash { return ref $_[0] eq 'HASH' ? $_[0] : {} }
sub _texts {
    my ($content) = @_;
    return defined $content && !ref $content ? $content : join ' ', grep { defined }
        map { $_->{thought} ? undef : $_->{text} } grep { ref $_ eq 'HASH' } _list($content);
}

# ---- the request, in one form ---------------------------------------------------
#
#   turns   [{ role => user|assistant|tool, text }]    system => text
#   tools   [{ name, schema }]   choice => auto|none|any|a name   parallel => bool
#   max, stop => [text], n, logprobs, think, json => bool, schema => {...}
# or undef, where the request is none.

sub _openai {
    my ($b) = @_;
    my @m = _list($b->{messages}) or return undef;
    my $choice = $b->{tool_choice};
    my $format = _hash($b->{response_format});
    my $effort = $b->{reasoning_effort};
    return {
        system => join(' ', map { _texts($_->{content}) }
            grep { $_->{role} =~ /^(system|developer)$/ } @m),
        turns => [map { { role => $_->{role}, text => _texts($_->{content}) } }
            grep { $_->{role} !~ /^(system|developer)$/ } @m],
        tools => [map { { name => $_->{function}{name},
            schema => $_->{function}{parameters} } } _list($b->{tools})],
        choice => ref $choice ? $choice->{function}{name}
            : ($choice || 'auto') eq 'required' ? 'any' : $choice || 'auto',
        parallel => !exists $b->{parallel_tool_calls} || $b->{parallel_tool_calls},
        max => $b->{max_completion_tokens} || $b->{max_tokens},
        stop => [ref $b->{stop} ? @{ $b->{stop} } : defined $b->{stop} ? $b->{stop} : ()],
        n => $b->{n} || 1, logprobs => $b->{logprobs},
        think => defined $effort && $effort ne 'none',
        json => ($format->{type} || '') eq 'json_object',
        schema => _hash($format->{json_schema})->{schema} };
}

sub _anthropic {
    my ($b) = @_;
    my @m = _list($b->{messages}) or return undef;
    return undef unless $b->{max_tokens};
    my $choice = _hash($b->{tool_choice});
    my @turns = map {
        my $m = $_;
        my @r = grep { ref && ($_->{type} || '') eq 'tool_result' } _list($m->{content});
        @r ? map { { role => 'tool', text => _texts($_->{content}) } } @r
           : { role => $m->{role}, text => _texts($m->{content}) };
    } @m;
    return {
        system => _texts($b->{system}), turns => \@turns,
        tools => [map { { name => $_->{name}, schema => $_->{input_schema} } }
            _list($b->{tools})],
        choice => $choice->{name} || $choice->{type} || 'auto',
        parallel => !$choice->{disable_parallel_tool_use},
        max => $b->{max_tokens}, stop => [_list($b->{stop_sequences})], n => 1,
        json => _texts($b->{system}) =~ /\bJSON\b/ ? 1 : 0,
        think => _hash($b->{thinking})->{type} && $b->{thinking}{type} ne 'disabled',
        schema => _hash(_hash($b->{output_config})->{format})->{schema} };
}

sub _gemini {
    my ($b) = @_;
    my @c = _list($b->{contents}) or return undef;
    my $config = _hash($b->{generationConfig});
    my $calling = _hash(_hash($b->{toolConfig})->{functionCallingConfig});
    my ($only) = _list($calling->{allowedFunctionNames});
    my $mode = lc($calling->{mode} || 'auto');
    my @turns = map {
        my $m = $_;
        my @r = grep { $_ } map { $_->{functionResponse} } _list($m->{parts});
        @r ? map { { role => 'tool', text => $json->encode($_->{response}) } } @r
           : { role => $m->{role} && $m->{role} eq 'model' ? 'assistant' : 'user',
               text => _texts($m->{parts}) };
    } @c;
    my $thinking = _hash($config->{thinkingConfig});
    my $schema = $config->{responseJsonSchema} || $config->{responseSchema};
    return {
        system => _texts(_hash($b->{systemInstruction})->{parts}), turns => \@turns,
        tools => [map { { name => $_->{name},
            schema => $_->{parametersJsonSchema} || $_->{parameters} } }
            map { _list($_->{functionDeclarations}) } _list($b->{tools})],
        choice => $mode eq 'any' && $only ? $only : $mode, parallel => 1,
        max => $config->{maxOutputTokens}, stop => [_list($config->{stopSequences})],
        n => $config->{candidateCount} || 1, logprobs => $config->{responseLogprobs},
        think => $thinking->{includeThoughts},
        json => !$schema && ($config->{responseMimeType} || '') eq 'application/json',
        schema => $schema };
}

sub _responses {
    my ($b) = @_;
    my @items = ref $b->{input} ? _list($b->{input})
        : { role => 'user', content => $b->{input} };
    return undef unless @items;
    my $choice = $b->{tool_choice};
    my $format = _hash(_hash($b->{text})->{format});
    my $effort = _hash($b->{reasoning})->{effort};
    my @turns = map {
        ($_->{type} || '') =~ /_output$/ ? { role => 'tool', text => _texts($_->{output}) }
            : $_->{role} ? { role => $_->{role}, text => _texts($_->{content}) } : ();
    } @items;
    return {
        system => join(' ', map { defined ? $_ : () } $b->{instructions},
            map { $_->{text} } grep { $_->{role} =~ /^(system|developer)$/ } @turns),
        turns => [grep { $_->{role} !~ /^(system|developer)$/ } @turns],
        tools => [map { { name => $_->{name}, schema => $_->{parameters} } }
            _list($b->{tools})],
        choice => ref $choice ? $choice->{name}
            : ($choice || 'auto') eq 'required' ? 'any' : $choice || 'auto',
        parallel => !exists $b->{parallel_tool_calls} || $b->{parallel_tool_calls},
        max => $b->{max_output_tokens}, stop => [], n => 1,
        think => $b->{reasoning} && ($effort || '') ne 'none',
        logprobs => scalar(grep { /logprobs/ } _list($b->{include})),
        json => ($format->{type} || '') eq 'json_object', schema => $format->{schema} };
}

my %READ = (responses => \&_responses, openai => \&_openai, anthropic => \&_anthropic, gemini => \&_gemini);

# The request of a call in that form; undef where it is no request.
sub question {
    my ($call) = @_;
    return scalar eval { $READ{ $call->{form} }->($call->{json}) };
}

# ---- what to say --------------------------------------------------------------------

# A value that fits a schema, with what the text says of it
sub _example {
    my ($schema, $name, $text) = @_;
    my $type = $schema->{type} || '';
    ($type) = grep { lc ne 'null' } @$type if ref $type;
    $type = lc $type;
    return $schema->{enum}[0] if $schema->{enum};
    return { map { $_ => _example($schema->{properties}{$_}, $_, $text) }
             keys %{ $schema->{properties} || {} } } if $type eq 'object';
    return [_example(_hash($schema->{items}), $name, $text)] if $type eq 'array';
    return JSON::PP::true if $type eq 'boolean';
    return ($text =~ /(\d+)/ ? $1 : 36) + 0 if $type eq 'integer' || $type eq 'number';
    return $1 if $name eq 'city' && $text =~ /\bin (\w+)/;
    return $1 if $name eq 'restaurant' && $text =~ /\bat ([A-Z][\w ]*?) for\b/;
    return $1 if $name eq 'path' && $text =~ /\bpath (\S+)/;
    return $1 if $name eq 'content' && $text =~ /content exactly:\n(.*)/s;
    return 'Ada';
}

sub _calls {
    my ($q, $text) = @_;
    my $choice = $q->{choice};
    my @may = @{ $q->{tools} };
    return () if !@may || $choice eq 'none' || $q->{turns}[-1]{role} ne 'user';
    my ($named) = grep { $_->{name} eq $choice } @may;
    return $named if $named;
    my @fit = grep { $_->{name} =~ /_(\w+)$/ && $text =~ /\b\Q$1\E\b/i } @may;
    @fit = $may[0] if !@fit && $choice eq 'any';
    return $q->{parallel} ? @fit : @fit[0 .. ($#fit > 0 ? 0 : $#fit)];
}

sub _sum {
    my ($a, $op, $b) = @_;
    return $op eq '*' ? $a * $b : $a + $b;
}

sub _say {
    my ($q) = @_;
    my @said = map { $_->{text} } grep { $_->{role} eq 'user' } @{ $q->{turns} };
    my ($last, $role) = @{ $q->{turns}[-1] }{qw(text role)};
    return "The tool said: $last" if $role eq 'tool';
    return 'is.' if $role eq 'assistant' && $last =~ /\bPar$/;
    return $1 if $q->{system} =~ /exactly the word "(\w+)"/;
    return $1 if $last =~ /(?:Say exactly|Repeat this text exactly[^:]*): (.*)/s;
    return join ' ', 1 .. $1 if $last =~ /Count from 1 to (\d+)/;
    return join ' ', ('The sea is wide.') x 100 if $last =~ /essay|at length/;
    return _sum($1, $2, $3) if $last =~ /(\d+) ([*+]) (\d+)/;
    return 'Paris' if $last =~ /capital of France/i;
    return 'Velvet Comet' if $last =~ /band name/;
    if ($last =~ /what is my name/i) {
        return join ' ', map { /my name is (\w+)/i ? $1 : () } @said;
    }
    return 'Hello, how are you?';
}

# ---- the answer ---------------------------------------------------------------------

sub _tokens { return $_[0] =~ /(\s*\S+\s*?)/gs }

# Cut at a stop sequence: the text, and the sequence or undef
sub _stopped {
    my ($text, @stop) = @_;
    my ($at, $hit) = (length $text, undef);
    for my $s (@stop) {
        my $i = index $text, $s;
        ($at, $hit) = ($i, $s) if $i >= 0 && $i < $at;
    }
    return (substr($text, 0, $at), $hit);
}

sub _logprobs {
    return [map { my $t = $_; utf8::encode(my $bytes = $t);
        { token => $t, logprob => -0.25, bytes => [unpack 'C*', $bytes],
          top_logprobs => [] } } @_];
}

# The rest of an answer, limits applied: thinking spends tokens first
sub _within {
    my ($q, $text, $prompt) = @_;
    my @thought = $q->{think} ? _tokens('Let me think of that for a while.') : ();
    my ($kept, $hit) = _stopped($text, @{ $q->{stop} });
    my @tokens = _tokens($kept);
    my $max = $q->{max} || 10_000;
    my $spent = @thought > $max ? $max : @thought;
    my $cut = @tokens > $max - $spent;
    splice @tokens, $max - $spent if $cut;
    return (tokens => \@tokens, choices => $q->{n},
        stop => $cut ? 'length' : 'stop', $cut ? () : (stop_sequence => $hit),
        $q->{think} ? (reasoning => join '', @thought[0 .. $spent - 1]) : (),
        $q->{logprobs} ? (logprobs => _logprobs(@tokens)) : (),
        usage => { prompt => $prompt, completion => $spent + @tokens,
                   cached => int($prompt / 2), reasoning => $spent });
}

# What Wire writes in the call's form
sub answer {
    my ($q) = @_;
    my $text = $q->{turns}[-1]{text};
    my $prompt = () = join(' ', $q->{system}, map { $_->{text} } @{ $q->{turns} }) =~ /\S+/g;
    my @calls = _calls($q, $text);
    if (@calls) {
        my $n = 0;
        return (tools => [map { { id => 'call_' . ++$n, name => $_->{name},
            args => $ascii->encode(_example($_->{schema} || {}, '', $text)) } } @calls],
            usage => { prompt => $prompt, completion => 8 * @calls,
                       cached => int($prompt / 2), reasoning => 0 });
    }
    my $schema = $q->{schema};
    return _within($q, $schema ? $ascii->encode(_example($schema, '', $text))
        : $q->{json} ? '{"age":36,"name":"Ada"}' : _say($q), $prompt);
}

1;
