# Scenario.pm: what the mock provider does for each model name
#
# A model is NAME[,key=value...]; the values are in $call->{arg}. A scenario is
# a sub that returns the steps of the answer:
#   [out => bytes]  [wait => ms]  [each => sub { bytes, or undef to end }]
#   [close]         [reset]       (the connection ends here)
# Without close or reset the connection is kept.
package LLMGW::Mock::Scenario;
use strict;
use warnings;
use Exporter 'import';
use Compress::Raw::Zlib qw(WANT_GZIP Z_FULL_FLUSH);
use Digest::SHA ();
use IO::Compress::Gzip qw(gzip);
use POSIX qw(strftime);
use LLMGW::Mock::Sensible qw(question answer);
use LLMGW::Mock::Wire qw(whole events error_body models json);

our @EXPORT_OK = qw(steps names);

use constant FOREVER => 60_000;

my %SCENARIO;
sub names { return sort keys %SCENARIO }

sub steps {
    my ($call) = @_;
    my $code = $SCENARIO{ $call->{name} };
    return no_threads($call) if $call->{json}{thread};
    return $code->($call) if $code;
    return reply(404, [json_type()],
                 error_body($call, 404, "no scenario $call->{name}"));
}

# Anthropic's conversations on the server, which this one does not keep
sub no_threads {
    my ($call) = @_;
    return reply(400, [json_type()], json({ type => 'error', error => {
        type => 'invalid_request_error', message => 'no threads here',
        details => { error_code => 'thread_unsupported_request',
                     unsupported => ['thread'] } } }));
}

# ---- parts -------------------------------------------------------------------

my %REASON = (200 => 'OK', 204 => 'No Content', 301 => 'Moved Permanently',
              529 => 'Overloaded');

sub json_type { return 'Content-Type: application/json' }
sub sse_type  { return 'Content-Type: text/event-stream; charset=utf-8' }

sub head {
    my ($status, @fields) = @_;
    my $reason = $REASON{$status} || 'Status';
    return join("\r\n", "HTTP/1.1 $status $reason", @fields, '', '');
}

sub reply {
    my ($status, $fields, $body) = @_;
    return [out => head($status, @$fields, 'Content-Length: ' . length $body)
                   . $body];
}

sub chunk {
    my ($bytes, $ext) = @_;
    return sprintf("%x%s\r\n%s\r\n", length $bytes, $ext || '', $bytes);
}

sub sse_head { return head(200, sse_type(), 'Transfer-Encoding: chunked', @_) }
sub out      { return map { [out => $_] } @_ }
sub chunks   { return out(map { chunk($_) } @_) }
sub last_chunk { return [out => "0\r\n\r\n"] }
sub arg {
    my ($call, $key, $default) = @_;
    return defined $call->{arg}{$key} ? $call->{arg}{$key} : $default;
}

# The usual answer: whole, or a stream of an event a chunk
sub usual {
    my ($call, %a) = @_;
    return reply(200, [json_type(), 'x-request-id: req_mock'],
                 whole($call, %a)) unless $call->{stream};
    return (out(sse_head('x-request-id: req_mock')),
            chunks(events($call, %a)), last_chunk());
}

my @HELLO = ('Hello', ' from', ' mock');
sub hello { return usual($_[0], tokens => [@HELLO]) }

# Head and body as one string, not chunked (whole) or chunked (stream)
sub plain_bytes {
    my ($call) = @_;
    return join '', map { $_->[1] } hello($call);
}

# The bytes of a stream up to and with the first word, then the rest
sub stream_parts {
    my ($call) = @_;
    my @e = events($call, tokens => [@HELLO]);
    my ($i) = grep { $e[$_] =~ /Hello/ } 0 .. $#e;
    return ([@e[0 .. $i]], [@e[$i + 1 .. $#e]]);
}

# Whole: half of the body; stream: up to the first word. Then $then.
sub half_then {
    my ($call, @then) = @_;
    if ($call->{stream}) {
        my ($first) = stream_parts($call);
        return (out(sse_head()), chunks(@$first), @then);
    }
    my $body = whole($call, tokens => [@HELLO]);
    return (out(head(200, json_type(), 'Content-Length: ' . length $body)
                . substr($body, 0, length($body) / 2)), @then);
}

sub head_then {
    my ($call, @then) = @_;
    return (out($call->{stream} ? sse_head()
                : head(200, json_type(), 'Content-Length: 500')), @then);
}

# ---- answers -----------------------------------------------------------------

$SCENARIO{ok} = \&hello;

$SCENARIO{'slow-stream'} = sub {    # n= tokens, ms= between them
    my ($call) = @_;
    my ($n, $ms) = (arg($call, 'n', 5), arg($call, 'ms', 200));
    my @tokens = map { "t$_ " } 1 .. $n;
    return ([wait => $n * $ms], usual($call, tokens => \@tokens))
        unless $call->{stream};
    return (out(sse_head()),
            (map { ($_ =~ /"t\d+ "/ ? [wait => $ms] : (), chunks($_)) }
                 events($call, tokens => \@tokens)),
            last_chunk());
};

$SCENARIO{words} = sub {            # n= tokens, at once
    my ($call) = @_;
    return usual($call, tokens => [map { "w$_ " } 1 .. arg($call, 'n', 1000)]);
};

# The arguments hold what an encoder may get wrong
my %WEATHER = (id => 'call_1', name => 'get_weather',
               args => '{"city":"Paris \"\u00e9\u0000","n":1.50}');
my %TIME = (id => 'call_2', name => 'get_time', args => '{"zone":"CET"}');
my %NONE = (id => 'call_3', name => 'ping', args => '{}');

# Gemini's results are objects: their texts are what counts here.
sub function_response {
    my ($call) = @_;
    my $c = $call->{json}{contents};
    my @parts = ref $c eq 'ARRAY' && @$c ? @{ $c->[-1]{parts} || [] } : ();
    my @r = map { $_->{functionResponse} || () } @parts;
    return undef unless @r;
    return join ' ', map { my $o = $_->{response};
        map { ref $o->{$_} ? json($o->{$_}) : $o->{$_} } sort keys %$o } @r;
}

# Those of Responses' are items at the end of the input.
sub call_output {
    my ($call) = @_;
    my $input = $call->{json}{input};
    my @r;
    for (reverse ref $input eq 'ARRAY' ? @$input : ()) {
        last unless ($_->{type} || '') =~ /_call_output$/;
        unshift @r, ref $_->{output} ? join('', map { $_->{text} } @{ $_->{output} })
                                     : $_->{output};
    }
    return @r ? join(' ', @r) : undef;
}

sub tool_result {
    my ($call) = @_;
    return function_response($call) if $call->{form} eq 'gemini';
    return call_output($call) if $call->{form} eq 'responses';
    my $m = $call->{json}{messages};
    my $last = ref $m eq 'ARRAY' && @$m ? $m->[-1] : {};
    return $last->{content} if ($last->{role} || '') eq 'tool';
    return undef unless ref $last->{content} eq 'ARRAY';
    my @r = grep { ($_->{type} || '') eq 'tool_result' } @{ $last->{content} };
    return undef unless @r;
    return join ' ', map { ref $_->{content}
        ? join('', map { $_->{text} } @{ $_->{content} }) : $_->{content} } @r;
}

sub calls_tools {
    my ($tools, %more) = @_;
    return sub {
        my ($call) = @_;
        my $result = tool_result($call);
        $result = join '', map { $_->{text} } @$result if ref $result;
        return usual($call, tokens => ['The tool said: ', $result])
            if defined $result;
        return usual($call, tools => [@$tools], %more);
    };
}

my %PARIS = (%WEATHER, args => '{"city":"Paris"}');
$SCENARIO{tools} = calls_tools([\%PARIS]);
$SCENARIO{'odd-tools'} = calls_tools([\%WEATHER]);
$SCENARIO{'parallel-tools'} = calls_tools([\%PARIS, \%TIME, \%NONE]);
# Thought about, and signed: Anthropic signs the thought, Gemini the call
$SCENARIO{'signed-tools'} = calls_tools(
    [{ %PARIS, signature => 'c2lnbmF0dXJl' }], reasoning => 'Let me think.');
$SCENARIO{'custom-tools'} = calls_tools(
    [{ id => 'call_1', name => 'sql', args => "SELECT \"\x{e9}\"\n", custom => 1 }]);
$SCENARIO{'mixed-tools'} = sub {    # two calls whose pieces come in turns
    my ($call) = @_;
    my @e = events($call, tools => [{ %WEATHER }, { %TIME }]);
    my @order = $call->{form} eq 'responses'
        ? (0, 1, 2, 7, 3, 8, 4, 9, 10, 11, 5, 6, 12 .. $#e)
        : (0, 1, 4, 2, 5, 3, 6, 7 .. $#e);
    return (out(sse_head()), chunks(@e[@order]), last_chunk());
};
$SCENARIO{'text-and-tool'} = sub {
    return usual($_[0], tokens => ['Let me look.'], tools => [{ %TIME }]);
};
$SCENARIO{reasoning} = sub {
    return usual($_[0], reasoning => 'Let me think.', tokens => ['42']);
};
$SCENARIO{json} = sub {
    return usual($_[0], tokens => ['{"city":', '"Paris","temp":21}']);
};
$SCENARIO{length} = sub {
    return usual($_[0], tokens => ['cut'], stop => 'length');
};
$SCENARIO{finish} = sub {           # why= the provider's own word
    my ($call) = @_;
    return usual($call, tokens => ['so'], stop => arg($call, 'why', 'stop'));
};

# As a model would that does as it is told, see Sensible.pm
$SCENARIO{sensible} = sub {
    my ($call) = @_;
    my $question = question($call);
    return usual($call, answer($question)) if $question;
    return reply(400, [json_type()], error_body($call, 400, 'no request of mine'));
};

# The request as it came, as the text of the answer; body= leaves it out
$SCENARIO{'echo-request'} = sub {
    my ($call) = @_;
    my $text = json({ method => $call->{method}, target => $call->{target},
                      headers => $call->{headers},
                      body => length $call->{body} < 100_000 ? $call->{body}
                                                             : undef,
                      length => length $call->{body},
                      sha256 => Digest::SHA::sha256_hex($call->{body}) });
    utf8::decode($text);
    return usual($call, tokens => [$text]);
};

sub odd_message {
    my ($call, $model) = @_;
    return reply(200, [json_type()], <<"JSON") unless $call->{stream};
 { "id" : "msg_odd" ,\t"type":"message","role":"assistant","model":$model,
   "content":[{"text":"caf\\u00e9 \\/ \\ud83d\\ude00","type":"text"}],
   "x_big":12345678901234567890, "x_huge":1E400, "x_neg":-0, "x_dup":[1.10],
   "stop_reason":"end_turn","stop_sequence":null,
   "usage":{"output_tokens":2,"input_tokens":1} }
JSON
    return (out(sse_head()), chunks(
        ": a comment\n\n",
        qq(event: message_start\r\ndata:{"message" : {"id":"msg_odd","type":"message",)
            . qq("role":"assistant","model":$model,"content":[],"stop_reason":null,)
            . qq("usage":{"input_tokens":1,"output_tokens":1},"x_huge":1E400},)
            . qq("type":"message_start"}\r\n\r\n),
        qq(event: content_block_start\nid: 7\ndata:   {"type":"content_block_start",)
            . qq("index":0,"content_block":{"type":"text","text":""}}\n\n),
        qq(event: x_unknown\ndata: {"type":"x_unknown","x":-0}\n\n),
        qq(data: {"type":"content_block_delta","index":0,\ndata: "delta":)
            . qq({"text":"caf\\u00e9","type":"text_delta"}}\nevent: content_block_delta\n\n),
        qq(event: content_block_stop\ndata: {"type":"content_block_stop","index":0}\n\n),
        qq(event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":)
            . qq("end_turn","stop_sequence":null},"usage":{"output_tokens":2}}\n\n),
        qq(event: message_stop\ndata: {"type":"message_stop" }\n\n)), last_chunk());
}

sub odd_response {
    my ($call, $model) = @_;
    my $base = qq("id" : "resp_odd","object":"response","created_at":1700000000,)
             . qq("model":$model,"x_big":12345678901234567890,"x_huge":1E400);
    my $item = qq({"type":"message","id":"msg_odd","role":"assistant","status":)
             . qq("completed","content":[{"type":"output_text","annotations":[],)
             . qq("text":"caf\\u00e9 \\/ \\ud83d\\ude00"}]});
    my $end = qq({ $base ,\t"status":"completed","output":[$item],"x_neg":-0,)
            . qq("usage":{"output_tokens":2,"input_tokens":1,"total_tokens":3} });
    return reply(200, [json_type()], $end) unless $call->{stream};
    return (out(sse_head()), chunks(
        ": a comment\n\n",
        qq(event: response.created\r\ndata:{"response" : {$base,"status":"in_progress",)
            . qq("output":[]},"type":"response.created"}\r\n\r\n),
        qq(event: x_unknown\nid: 7\ndata:   {"type":"x_unknown","x":-0}\n\n),
        qq(data: {"type":"response.output_text.delta","output_index":0,\ndata: )
            . qq("delta":"caf\\u00e9 \\/ \\ud83d\\ude00"}\n\n),
        qq(event: response.completed\ndata: {"type":"response.completed","response":)
            . qq($end }\n\n), "data: [DONE]\n\n"), last_chunk());
}

# Legal bytes that a copy through a JSON tree would change
$SCENARIO{'odd-bytes'} = sub {
    my ($call) = @_;
    my $model = json("$call->{model}");
    return odd_message($call, $model) if $call->{form} eq 'anthropic';
    return odd_response($call, $model) if $call->{form} eq 'responses';
    return reply(200, [json_type()], <<"JSON") unless $call->{stream};
 { "id" : "chatcmpl-odd" ,\t"object":"chat.completion","created":1700000000,
   "model":$model, "choices":[{"index":0,"message":{"role":"assistant",
   "content":"caf\\u00e9 \\/ \\ud83d\\ude00"},"finish_reason":"stop"}],
   "x_big":12345678901234567890, "x_huge":1E400, "x_neg":-0, "x_dup":[1.10],
   "usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3} }
JSON
    my $base = qq("id":"chatcmpl-odd","object":"chat.completion.chunk",)
             . qq("created":1700000000,"model":$model);
    return (out(sse_head()), chunks(
        ": a comment\n\n",
        qq(data:{$base , "choices":[{"index":0,"delta":{"role":"assistant"},)
            . qq("finish_reason":null}],"x_huge":1E400}\r\n\r\n),
        qq(id: 7\ndata:   {$base,"choices":[{"index":0,"delta":)
            . qq({"content":"caf\\u00e9"},"finish_reason":null}]}\n\n),
        qq(data: {$base,\ndata: "choices":[{"index":0,"delta":{"content":"!"},)
            . qq("finish_reason":null}]}\n\n),
        qq(data: {$base,"choices":[{"index":0,"delta":{},)
            . qq("finish_reason":"stop"}],"x_neg":-0}\n\n),
        "data: [DONE]\n\n"), last_chunk());
};

# ---- ways of sending -----------------------------------------------------------

$SCENARIO{'one-byte'} = sub {
    my ($call) = @_;
    return map { ([out => $_], [wait => 0]) } split //, plain_bytes($call);
};
$SCENARIO{'one-byte-chunks'} = sub {
    my ($call) = @_;
    my @bytes = split //, join '', $call->{stream}
        ? events($call, tokens => [@HELLO]) : whole($call, tokens => [@HELLO]);
    my $type = $call->{stream} ? sse_type() : json_type();
    return (out(head(200, $type, 'Transfer-Encoding: chunked')),
            chunks(@bytes), last_chunk());
};
$SCENARIO{'utf8-split'} = sub {
    my ($call) = @_;
    my @e = $call->{stream}
        ? events($call, tokens => ["\x{17c}\x{f3}\x{142}w", " \x{1f389}"])
        : whole($call, tokens => ["\x{17c}\x{f3}\x{142}w", " \x{1f389}"]);
    my $type = $call->{stream} ? sse_type() : json_type();
    my @pieces = map { /[\x80-\xff]/ ? split(/(?<=[\xc0-\xff])/, $_) : $_ } @e;
    return (out(head(200, $type, 'Transfer-Encoding: chunked')),
            (map { (chunks($_), [wait => 5]) } @pieces), last_chunk());
};
$SCENARIO{trailers} = sub {
    my ($call) = @_;
    my @e = $call->{stream} ? events($call, tokens => [@HELLO])
                            : whole($call, tokens => [@HELLO]);
    my $type = $call->{stream} ? sse_type() : json_type();
    return (out(head(200, $type, 'Transfer-Encoding: chunked',
                     'Trailer: X-Sum')),
            out(map { chunk($_, ' ; ext="a;b" ;c') } @e),
            [out => "000;last=1\r\nX-Sum: 1\r\nX-More: 2\r\n\r\n"]);
};
$SCENARIO{http10} = sub {
    my ($call) = @_;
    my @e = $call->{stream} ? events($call, tokens => [@HELLO])
                            : whole($call, tokens => [@HELLO]);
    my $type = $call->{stream} ? sse_type() : json_type();
    return (out("HTTP/1.0 200 OK\r\n$type\r\n\r\n", @e), ['close']);
};
$SCENARIO{gzip} = sub {
    my ($call) = @_;
    my $in = join '', $call->{stream} ? events($call, tokens => [@HELLO])
                                      : whole($call, tokens => [@HELLO]);
    gzip(\$in => \my $zipped);
    my $type = $call->{stream} ? sse_type() : json_type();
    my $half = length($zipped) / 2;
    return (out(head(200, $type, 'Content-Encoding: gzip',
                     'Transfer-Encoding: chunked')),
            chunks(substr($zipped, 0, $half)), [wait => 20],
            chunks(substr($zipped, $half)), last_chunk());
};
$SCENARIO{'gzip-cut'} = sub {
    my ($call) = @_;
    my $in = join '', $call->{stream} ? events($call, tokens => [@HELLO])
                                      : whole($call, tokens => [@HELLO]);
    gzip(\$in => \my $zipped);
    my $type = $call->{stream} ? sse_type() : json_type();
    return (out(head(200, $type, 'Content-Encoding: gzip',
                     'Transfer-Encoding: chunked')),
            chunks(substr $zipped, 0, length($zipped) - 60), last_chunk());
};
# A part of a gzip file that holds its own, whatever is before it
sub zipped_part {
    my ($deflate, $in) = @_;
    $deflate->deflate($in, my $out);
    $deflate->flush(my $rest, Z_FULL_FLUSH);
    return $out . $rest;
}
# mb= of one letter in a word. One MB is compressed and sent as often as that; no
# reader should come to where the file would end.
$SCENARIO{'gzip-bomb'} = sub {
    my ($call) = @_;
    my ($head, $tail) = split /BOMB/, join('', $call->{stream}
        ? events($call, tokens => ['BOMB']) : whole($call, tokens => ['BOMB'])), 2;
    my ($deflate) = Compress::Raw::Zlib::Deflate->new(-WindowBits => WANT_GZIP);
    my $zipped = zipped_part($deflate, $head)
               . zipped_part($deflate, 'x' x (1 << 20)) x arg($call, 'mb', 100)
               . zipped_part($deflate, $tail);
    my $type = $call->{stream} ? sse_type() : json_type();
    return reply(200, [$type, 'Content-Encoding: gzip'], $zipped);
};
$SCENARIO{interim} = sub {
    my ($call) = @_;
    return (out("HTTP/1.1 100 Continue\r\n\r\n",
                "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"),
            [wait => 20], hello($call));
};
$SCENARIO{'no-done'} = sub {
    my ($call) = @_;
    return usual($call, tokens => [@HELLO], no_done => 1);
};
$SCENARIO{'no-usage'} = sub {
    my ($call) = @_;
    delete $call->{json}{stream_options};
    return usual($call, tokens => [@HELLO], no_usage => 1);
};

# Models that need no change of name on their way
$SCENARIO{$_} = \&hello for qw(count-exact embed-exact gemini-exact);

# Embeddings
$SCENARIO{'few-vectors'} = sub { return usual($_[0], less => 1) };
$SCENARIO{backwards} = sub { return usual($_[0], backwards => 1) };
$SCENARIO{'always-base64'} = sub { return usual($_[0], base64 => 1) };
$SCENARIO{body} = sub {             # of= a whole answer, in hexadecimal
    my ($call) = @_;
    return reply(200, [json_type()], pack 'H*', arg($call, 'of', ''));
};
$SCENARIO{cookies} = sub {
    my ($call) = @_;
    my ($first, @rest) = hello($call);
    my $more = join "\r\n", 'Set-Cookie: CANARY-COOKIE=1; Path=/',
        'Set-Cookie2: CANARY-COOKIE=2', 'Server: mock/1.0',
        'X-Powered-By: mock', 'WWW-Authenticate: Bearer realm="CANARY-REALM"',
        'X-RateLimit-Remaining-Requests: 77', 'OpenAI-Organization: CANARY-ORG',
        '';
    $first->[1] =~ s/\r\n\r\n/\r\n$more\r\n/;
    return ($first, @rest);
};
$SCENARIO{'huge-event'} = sub {     # kb= size of the one token
    my ($call) = @_;
    return usual($call, tokens => ['x' x (1024 * arg($call, 'kb', 1024))]);
};
$SCENARIO{'close-after'} = sub {    # ms= until the close nobody announced
    my ($call) = @_;
    return (hello($call), [wait => arg($call, 'ms', 0)], ['close']);
};
$SCENARIO{'close-on-reuse'} = sub {
    my ($call) = @_;
    return $call->{nth} > 1 ? ['close'] : hello($call);
};
$SCENARIO{'reset-on-reuse'} = sub {
    my ($call) = @_;
    return $call->{nth} > 1 ? ['reset'] : hello($call);
};
$SCENARIO{'half-on-reuse'} = sub {
    my ($call) = @_;
    return $call->{nth} > 1 ? (out("HTTP/1.1 200 OK\r\nConte"), ['close'])
                            : hello($call);
};

# ---- time ------------------------------------------------------------------------

$SCENARIO{'delay-head'} = sub {
    my ($call) = @_;
    return ([wait => arg($call, 'ms', 300)], hello($call));
};
$SCENARIO{'delay-body'} = sub {
    my ($call) = @_;
    my $bytes = plain_bytes($call);
    my $end = index($bytes, "\r\n\r\n") + 4;
    return (out(substr($bytes, 0, $end)), [wait => arg($call, 'ms', 300)],
            out(substr($bytes, $end)));
};
$SCENARIO{'delay-mid'} = sub {
    my ($call) = @_;
    my $bytes = plain_bytes($call);
    my $cut = $call->{stream} ? index($bytes, 'Hello') + 2 : length($bytes) - 40;
    return (out(substr($bytes, 0, $cut)), [wait => arg($call, 'ms', 300)],
            out(substr($bytes, $cut)));
};
$SCENARIO{'trickle-head'} = sub {
    my ($call) = @_;
    return map { ([out => $_], [wait => 200]) } split //, plain_bytes($call);
};
$SCENARIO{'trickle-body'} = sub {
    my ($call) = @_;
    my $bytes = plain_bytes($call);
    my $end = index($bytes, "\r\n\r\n") + 4;
    return (out(substr $bytes, 0, $end),
            map { ([out => $_], [wait => 200]) } split //, substr $bytes, $end);
};
$SCENARIO{'stall-head'} = sub { return ([wait => FOREVER], ['close']) };
$SCENARIO{'stall-in-head'} = sub {
    return (out("HTTP/1.1 200 OK\r\nContent-Ty"), [wait => FOREVER], ['close']);
};
$SCENARIO{'stall-body'} = sub {
    return head_then($_[0], [wait => FOREVER], ['close']);
};
$SCENARIO{'stall-mid'} = sub {
    return half_then($_[0], [wait => FOREVER], ['close']);
};
$SCENARIO{'stall-role'} = sub {     # a stream's first event has no content
    my ($call) = @_;
    my ($first) = events($call, tokens => [@HELLO]);
    return (out(sse_head()), chunks($first), [wait => FOREVER], ['close']);
};
$SCENARIO{'ping-forever'} = sub {   # alive, but never says anything
    my ($call) = @_;
    return (out(sse_head()), map { ([wait => 200], chunks(": ping\n\n")) }
                                 1 .. 300);
};

# ---- ends that are none -----------------------------------------------------------

$SCENARIO{'close-before'} = sub { return ['close'] };
$SCENARIO{'reset-before'} = sub { return ['reset'] };
$SCENARIO{'reset-head'} = sub {
    return (out("HTTP/1.1 200 OK\r\nContent-Ty"), [wait => 50], ['reset']);
};
$SCENARIO{'close-head'} = sub {
    return (out("HTTP/1.1 200 OK\r\nContent-Ty"), ['close']);
};
$SCENARIO{'reset-body'} = sub {
    return head_then($_[0], [wait => 50], ['reset']);
};
$SCENARIO{'close-body'} = sub { return head_then($_[0], ['close']) };
$SCENARIO{'reset-mid'} = sub {
    return half_then($_[0], [wait => 50], ['reset']);
};
$SCENARIO{'close-mid'} = sub { return half_then($_[0], ['close']) };
$SCENARIO{cut} = sub {              # the HTTP message ends, the answer does not
    my ($call) = @_;
    if ($call->{stream}) {
        my ($first) = stream_parts($call);
        return (out(sse_head()), chunks(@$first), last_chunk());
    }
    my $body = whole($call, tokens => [@HELLO]);
    return reply(200, [json_type()], substr($body, 0, length($body) / 2));
};
$SCENARIO{'cut-first'} = sub {      # as cut, before any content
    my ($call) = @_;
    my ($first) = events($call, tokens => [@HELLO]);
    return (out(sse_head()), chunks($first), last_chunk());
};
$SCENARIO{'http10-cut'} = sub {
    my ($call) = @_;
    my ($first) = stream_parts($call);
    my $body = $call->{stream} ? join('', @$first)
                               : substr(whole($call, tokens => [@HELLO]), 0, 90);
    my $type = $call->{stream} ? sse_type() : json_type();
    return (out("HTTP/1.0 200 OK\r\n$type\r\n\r\n", $body), ['close']);
};
$SCENARIO{'short-body'} = sub {
    my ($call) = @_;
    my $body = $call->{stream} ? join('', events($call, tokens => [@HELLO]))
                               : whole($call, tokens => [@HELLO]);
    my $type = $call->{stream} ? sse_type() : json_type();
    return (out(head(200, $type, 'Content-Length: ' . (length($body) + 400))
                . $body), ['close']);
};

# ---- nonsense ----------------------------------------------------------------------

$SCENARIO{'bad-status'} = sub {
    return (out("HTP/1.1 2OO Fine\r\nContent-Length: 2\r\n\r\n{}"), ['close']);
};
$SCENARIO{'not-http'} = sub {
    return (out("220 mail.example ESMTP ready\r\n"), [wait => 200], ['close']);
};
$SCENARIO{'bad-field'} = sub {
    return (out("HTTP/1.1 200 OK\r\nno colon here\r\n\r\n{}"), ['close']);
};
$SCENARIO{'nul-field'} = sub {
    return (out("HTTP/1.1 200 OK\r\nX-A: b\0c\r\nContent-Length: 2\r\n\r\n{}"),
            ['close']);
};
$SCENARIO{'two-lengths'} = sub {
    return (out(head(200, json_type(), 'Content-Length: 2',
                     'Content-Length: 3') . '{} '), ['close']);
};
my %FIELD = ('huge-length' => 'Content-Length: 99999999999999999999',
             'negative-length' => 'Content-Length: -1',
             'word-length' => 'Content-Length: two',
             'odd-te' => 'Transfer-Encoding: rot13',
             'odd-encoding' => "Content-Encoding: br\r\nContent-Length: 2");
for my $name (keys %FIELD) {
    $SCENARIO{$name} = sub {
        my $type = $_[0]{stream} ? sse_type() : json_type();
        return (out(head(200, $type, $FIELD{$name}) . '{}'), ['close']);
    };
}
$SCENARIO{'interim-endless'} = sub {
    return ([each => sub { return "HTTP/1.1 100 Continue\r\n\r\n" x 100 }, 1],
            ['close']);
};
$SCENARIO{'header-1mb'} = sub {
    return (out(head(200, json_type(), 'X-Big: ' . 'x' x 1_048_576,
                     'Content-Length: 2') . '{}'), ['close']);
};
$SCENARIO{'header-many'} = sub {
    return (out(head(200, json_type(), (map { "X-H$_: v" } 1 .. 20_000),
                     'Content-Length: 2') . '{}'), ['close']);
};
$SCENARIO{'header-endless'} = sub {
    my $n = 0;
    return (out("HTTP/1.1 200 OK\r\n"),
            [each => sub { $n++; return "X-$n: " . "y" x 1000 . "\r\n" }],
            ['close']);
};
$SCENARIO{'bad-chunk'} = sub {
    my ($call) = @_;
    my $type = $call->{stream} ? sse_type() : json_type();
    return (out(head(200, $type, 'Transfer-Encoding: chunked')
                . "zz\r\nhello\r\n0\r\n\r\n"), ['close']);
};
$SCENARIO{'huge-chunk'} = sub {
    my ($call) = @_;
    my $type = $call->{stream} ? sse_type() : json_type();
    return (out(head(200, $type, 'Transfer-Encoding: chunked')
                . "fffffffffffffffff\r\nhello\r\n"), ['close']);
};
$SCENARIO{'bad-chunk-mid'} = sub { # stream: after the first word
    my ($call) = @_;
    my ($first) = stream_parts($call);
    return (out(sse_head()), chunks(@$first), out("zz\r\nhello\r\n"), ['close']);
};
$SCENARIO{'endless-body'} = sub {
    my ($call) = @_;
    return (out(head(200, json_type(), 'Transfer-Encoding: chunked')),
            chunks('{"id":"x","object":"chat.completion","filler":"'),
            [each => sub { return chunk('x' x 16_384) }], ['close']);
};
$SCENARIO{'endless-stream'} = sub { # ms= between events
    my ($call) = @_;
    my ($first) = stream_parts($call);
    return (out(sse_head()), chunks(@$first),
            [each => sub { return chunk($first->[-1]) }, arg($call, 'ms', 0)],
            ['close']);
};
$SCENARIO{'endless-event'} = sub {  # a line that never ends
    my ($call) = @_;
    return (out(sse_head()), chunks('data: {"x":"'),
            [each => sub { return chunk('x' x 65_536) }], ['close']);
};
$SCENARIO{html} = sub {
    return reply(200, ['Content-Type: text/html'],
                 '<html><body>CANARY-HTML Welcome</body></html>');
};
$SCENARIO{'html-as-json'} = sub {
    return reply(200, [json_type()], '<html>CANARY-HTML</html>');
};
my %BODY = (null => 'null', object => '{}', array => '[]',
            string => '"text"', empty => '', 'no-choices' => '{"choices":[]}',
            'null-choices' => '{"choices":null}');
for my $name (keys %BODY) {
    my $text = $BODY{$name};
    $SCENARIO{"body-$name"} = sub {
        my ($call) = @_;
        return reply(200, [json_type()], $text) unless $call->{stream};
        return (out(sse_head()),
                (length $text ? chunks("data: $text\n\n") : ()), last_chunk());
    };
}
$SCENARIO{'body-deep'} = sub {
    my ($call) = @_;
    my $deep = '[' x 10_000 . ']' x 10_000;
    return reply(200, [json_type()], $deep) unless $call->{stream};
    return (out(sse_head()), chunks("data: $deep\n\n"), last_chunk());
};
$SCENARIO{'broken-event'} = sub {   # the third; n= another (0 = the first)
    my ($call) = @_;
    my @e = events($call, tokens => [@HELLO]);
    my ($word) = grep { $e[$_] =~ /Hello/ } 0 .. $#e;
    my $at = arg($call, 'n', $word + 1);
    $e[$at] =~ s/(data: .{12}).*?(\r?\n\r?\n)\z/$1$2/s;
    return (out(sse_head()), chunks(@e), last_chunk());
};
$SCENARIO{'whole-for-stream'} = sub {
    my ($call) = @_;
    return reply(200, [json_type()], whole($call, tokens => [@HELLO]));
};
$SCENARIO{'stream-for-whole'} = sub {
    my ($call) = @_;
    my @e = $call->{arg}{cut} ? @{ (stream_parts($call))[0] }
                              : events($call, tokens => [@HELLO]);
    return (out(sse_head()), chunks(@e), last_chunk());
};

# ---- errors --------------------------------------------------------------------------

# The key that the gateway sent, with its prefix.
sub key {
    my ($call) = @_;
    return $call->{headers}{authorization} || $call->{headers}{'x-api-key'}
        || $call->{headers}{'api-key'} || $call->{headers}{'x-goog-api-key'}
        || '';
}

# The same to compare, without the prefix: in hexadecimal digits.
sub key_digest {
    my ($call) = @_;
    (my $key = key($call)) =~ s/^Bearer //;
    return Digest::SHA::sha256_hex($key);
}

sub error_event {           # key=1 repeats the key
    my ($call) = @_;
    my $message = arg($call, 'key', 0) ? 'bad key: ' . key($call)
        : 'the mock broke on purpose';
    my $type = arg($call, 'type', 'server_error');
    return "event: error\ndata: " . json({ type => 'error', error => {
        type => $type, message => $message } }) . "\n\n"
        if $call->{form} eq 'anthropic';
    return "event: error\ndata: " . json({ type => 'error', sequence_number => 99,
        code => $type, message => $message, param => undef }) . "\n\n"
        if $call->{form} eq 'responses';
    my $name = $call->{arg}{named} ? "event: error\n" : '';
    return $name . 'data: ' . json({ error => { message => $message,
        type => $type, param => undef, code => $type } }) . "\n\n";
}
$SCENARIO{'error-first'} = sub {
    my ($call) = @_;
    return (out(sse_head()), chunks(error_event($call)), last_chunk());
};
$SCENARIO{'error-after-role'} = sub {
    my ($call) = @_;
    my ($first) = events($call, tokens => [@HELLO]);
    return (out(sse_head()), chunks($first, error_event($call)), last_chunk());
};
$SCENARIO{'error-middle'} = sub {
    my ($call) = @_;
    my ($first) = stream_parts($call);
    return (out(sse_head()), chunks(@$first, error_event($call)), last_chunk());
};
$SCENARIO{'error-in-200'} = sub {
    my ($call) = @_;
    return reply(200, [json_type()], error_body($call, 500, 'error in a 200'));
};
# retry= seconds, date= as many as a date, msec= in a field of its own
sub retry_after {
    my ($call) = @_;
    my $a = $call->{arg};
    return (($a->{retry} ? "Retry-After: $a->{retry}" : ()),
            ($a->{date} ? 'Retry-After: ' . strftime('%a, %d %b %Y %H:%M:%S GMT',
                                                     gmtime(time + $a->{date})) : ()),
            ($a->{msec} ? "retry-after-ms: $a->{msec}" : ()));
}
$SCENARIO{status} = sub {           # code=; see above; the dialect's own error
    my ($call) = @_;
    my $code = arg($call, 'code', 500);
    return reply($code, [json_type(), retry_after($call)],
                 error_body($call, $code, "mock says $code"));
};
# Refused for what it says or how long it is, in the dialect's own words: make=
my %REFUSAL = (
    context => ['This model\'s maximum context length is 8192 tokens.',
                'context_length_exceeded'],
    'context-words' => ['prompt is too long: 210000 tokens > 200000 maximum', undef],
    filter => ['Your request was rejected by the safety system.', 'content_filter'],
    'azure-filter' => ["The response was filtered due to the prompt triggering "
        . "Azure OpenAI\'s content management policy.", 'content_filter']);
$SCENARIO{refusal} = sub {
    my ($call) = @_;
    my ($message, $code) = @{ $REFUSAL{ arg($call, 'make', 'filter') } };
    my $body = $call->{form} eq 'openai'
        ? json({ error => { message => $message, type => 'invalid_request_error',
                            param => 'messages', code => $code } })
        : error_body($call, 400, $message);
    return reply(400, [json_type()], $body);
};
# An answer without content that ends for a reason of its own: why=
$SCENARIO{'finish-only'} = sub {
    my ($call) = @_;
    my $why = arg($call, 'why', 'content_filter');
    return usual($call, tokens => [], stop => $why) if $call->{form} ne 'gemini';
    my $body = { candidates => [{ index => 0, finishReason => $why }],
                 usageMetadata => { promptTokenCount => 11, totalTokenCount => 11 } };
    return reply(200, [json_type()], json($body)) unless $call->{stream};
    return (out(sse_head()), chunks('data: ' . json($body) . "\r\n\r\n"),
            last_chunk());
};
# Gemini's word on a prompt it does not answer
$SCENARIO{blocked} = sub {
    my ($call) = @_;
    my $body = { promptFeedback => { blockReason => 'PROHIBITED_CONTENT' },
                 usageMetadata => { promptTokenCount => 11, totalTokenCount => 11 } };
    return reply(200, [json_type()], json($body)) unless $call->{stream};
    return (out(sse_head()), chunks('data: ' . json($body) . "\r\n\r\n"),
            last_chunk());
};
# In p= of 100 cases one of these, else words: what an answer's text must begin with
my @RANDOM = (qw(reset-before close-before reset-head reset-body close-body stall-head
    stall-mid reset-mid close-mid cut bad-chunk body-null body-empty html error-first
    error-after-role error-middle gzip-cut redirect), (map { "status,code=$_" }
    qw(401 408 429 500 502 503 529)), 'status,code=429,msec=50');
$SCENARIO{random} = sub {
    my ($call) = @_;
    srand($$ ^ (time << 8) ^ $call->{nth} * 7919);
    return $SCENARIO{'slow-stream'}->({ %$call, arg => { n => 6, ms => 40 } })
        unless rand(100) < arg($call, 'p', 20);
    my ($name, @args) = split /,/, $RANDOM[rand @RANDOM];
    return $SCENARIO{$name}->({ %$call, arg => { map { split /=/, $_, 2 } @args } });
};
# Every second request with this tag fails
$SCENARIO{flapping} = sub {
    my ($call) = @_;
    open my $count, '>>', "$call->{dir}/flaps-" . arg($call, 'tag', '') or die $!;
    syswrite $count, '.';
    return hello($call) if (-s $count) % 2 == 0;
    return reply(500, [json_type()], error_body($call, 500, 'flapping'));
};
$SCENARIO{'no-content'} = sub { return out(head(204)) };
$SCENARIO{redirect} = sub {
    my ($call) = @_;
    return reply(arg($call, 'code', 301),
                 [json_type(), "Location: http://$call->{headers}{host}/v1/x"],
                 '{}');
};
my %ODD = (
    html    => ['text/html', '<html><h1>CANARY-HTML Bad gateway</h1></html>'],
    empty   => ['application/json', ''],
    number  => ['application/json',
                '{"error":{"message":"number code","code":1234,"type":null}}'],
    mistral => ['application/json', '{"object":"error","message":"mistral ' .
                'message","type":"invalid","param":null,"code":"1500"}'],
    detail  => ['application/json',
                '{"detail":[{"loc":["body","x"],"msg":"detail message"}]}'],
    xai     => ['application/json',
                '{"code":"some code","error":"xai message"}'],
    string  => ['application/json', '{"error":"string message"}'],
    array   => ['application/json',
                '[{"error":{"code":1,"message":"array message"}}]'],
    text    => ['text/plain', 'CANARY-TEXT upstream connect error'],
    broken  => ['application/json', '{"error":{"message":"brok'],
    null    => ['application/json', 'null'],
    latin1  => ['application/json', qq({"error":{"message":"caf\xe9 \xff"}})],
    gzip    => ['application/json', '{"error":{"message":"gzip message"}}']);
$SCENARIO{'odd-error'} = sub {      # make= of the body, code=
    my ($call) = @_;
    my ($type, $body) = @{ $ODD{ arg($call, 'make', 'html') } };
    my @fields = "Content-Type: $type";
    if (arg($call, 'make', '') eq 'gzip') {
        gzip(\(my $in = $body) => \$body);
        push @fields, 'Content-Encoding: gzip';
    }
    return reply(arg($call, 'code', 500), \@fields, $body);
};
$SCENARIO{'endless-error'} = sub {
    return (out(head(500, json_type(), 'Transfer-Encoding: chunked')),
            chunks('{"error":{"message":"'),
            [each => sub { return chunk('x' x 16_384) }], ['close']);
};
# Only the key that ends so is good: good=; others get code=, retry=
$SCENARIO{'one-good-key'} = sub {
    my ($call) = @_;
    my $good = arg($call, 'good', '');
    return hello($call) if ($call->{headers}{authorization} || '') =~ /\Q$good\E$/;
    my $code = arg($call, 'code', 401);
    return reply($code, [json_type(), retry_after($call)],
                 error_body($call, $code, 'bad key'));
};
# 401 that repeats the key it was given, as some providers do
$SCENARIO{'key-in-error'} = sub {
    my ($call) = @_;
    return reply(arg($call, 'code', 401), [json_type()],
                 error_body($call, 401,
                            'Incorrect API key provided: ' . key($call)));
};

1;
