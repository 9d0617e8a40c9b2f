# Messages.pm: Anthropic's clients: what they send, and what they make of answers
package LLMGW::Messages;
use strict;
use warnings;
use Exporter 'import';
use JSON::PP ();
use Test::More;
use LLMGW::Canary;
use LLMGW::Test;

our @EXPORT = qw(say_to client_headers message misordered words blocks given
                 is_message_error is_message_stream_error);

my $json = JSON::PP->new->utf8->allow_nonref;

sub client_headers {
    return ('x-api-key' => $LLMGW::Canary::CLIENT,
            'anthropic-version' => '2023-06-01');
}

# A request for a model. Options as request(); stream, messages, more (a hash
# of further members)
sub say_to {
    my ($model, %o) = @_;
    my %body = (model => $model, max_tokens => 100, %{ $o{more} || {} },
                messages => $o{messages}
                            || [{ role => 'user', content => prompt() }]);
    $body{stream} = JSON::PP::true if $o{stream};
    return request(path => '/v1/messages', body => json(\%body), %o,
                   headers => [client_headers(), @{ $o{headers} || [] }]);
}

# ---- streams ---------------------------------------------------------------------

my %DELTA = (text_delta => 'text', citations_delta => 'text',
             thinking_delta => 'thinking', signature_delta => 'thinking',
             input_json_delta => 'tool_use');

# What is wrong with the order of a stream's events; () if nothing is
sub misordered {
    my ($a) = @_;
    my ($n, $open, $delta, $stop, $started, @wrong) = (0, undef, 0, 0, 0);
    for my $e ($a->events) {
        my $j = ref $e->{json} eq 'HASH' ? $e->{json} : {};
        my $type = $j->{type} || '';
        push @wrong, "event $e->{name} holds a $type" if $e->{name} ne $type;
        push @wrong, "$type after message_stop" if $stop;
        if ($type eq 'ping') { next }
        elsif ($type eq 'message_start') {
            push @wrong, 'a second message_start' if $started++;
        }
        elsif (!$started) { push @wrong, "$type before message_start" }
        elsif ($type eq 'content_block_start') {
            push @wrong, 'two blocks are open' if $open;
            push @wrong, "block $j->{index} is number $n" if $j->{index} != $n;
            push @wrong, 'a block after message_delta' if $delta;
            $open = $j->{content_block};
            $n++;
        }
        elsif ($type eq 'content_block_delta') {
            push @wrong, 'a delta without its block'
                unless $open && $j->{index} == $n - 1;
            my $d = $j->{delta}{type};
            push @wrong, "$d in a block of another kind"
                if $open && ($DELTA{$d} || '') ne $open->{type};
        }
        elsif ($type eq 'content_block_stop') {
            push @wrong, 'the end of no block' unless $open && $j->{index} == $n - 1;
            $open = undef;
        }
        elsif ($type eq 'message_delta') {
            push @wrong, 'message_delta within a block' if $open;
            push @wrong, 'a second message_delta' if $delta++;
        }
        elsif ($type eq 'message_stop') {
            push @wrong, 'message_stop without message_delta' unless $delta;
            $stop = 1;
        }
        else { push @wrong, "an event $type" }
    }
    push @wrong, 'no message_stop' unless $stop;
    return @wrong;
}

# A message as a client puts it together, streamed or not. Inputs of tools are
# decoded; what is no JSON there becomes undef.
sub message {
    my ($a) = @_;
    return $a->json || {} unless $a->is_stream;
    my $m = { content => [] };
    for my $j ($a->chunks) {
        my $type = $j->{type} || '';
        my $b = $m->{content}[-1];
        if ($type eq 'message_start') { $m = { %{ $j->{message} } } }
        elsif ($type eq 'content_block_start') {
            push @{ $m->{content} }, { %{ $j->{content_block} }, _json => '' };
        }
        elsif ($type eq 'content_block_delta') {
            my $d = $j->{delta};
            $b->{$_} .= $d->{$_} for grep { defined $d->{$_} }
                                     qw(text thinking signature);
            $b->{_json} .= $d->{partial_json} if defined $d->{partial_json};
        }
        elsif ($type eq 'content_block_stop') {
            my $args = delete $b->{_json};
            $b->{input} = eval { $json->decode($args) } if length $args;
        }
        elsif ($type eq 'message_delta') {
            %$m = (%$m, %{ $j->{delta} });
            my $u = $j->{usage};
            $m->{usage}{$_} = $u->{$_} for grep { defined $u->{$_} } keys %$u;
        }
    }
    return $m;
}

sub blocks {
    my ($a, $type) = @_;
    my $content = message($a)->{content};
    return grep { $_->{type} eq $type } ref $content eq 'ARRAY' ? @$content : ();
}

sub words { return join '', map { $_->{text} } blocks($_[0], 'text') }

# What the mock received, from an answer of echo-request: body (its bytes), json
sub given {
    my ($a) = @_;
    my $text = words($a);
    utf8::encode($text);
    my $r = eval { $json->decode($text) } || {};
    $r->{json} = eval { $json->decode($r->{body}) } || {};
    return $r;
}

# ---- judgements --------------------------------------------------------------------

# An error in Anthropic's form: status and type (as they are, or qr//), message
# (qr//; undef: not looked at)
sub is_message_error {
    my ($a, $status, $type, $message, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $j = ref $a->json eq 'HASH' ? $a->json : {};
    my $e = $a->error;
    my $id = $a->header('request-id') || '';
    my @wrong;
    push @wrong, 'status ' . $a->status . ($a->{timeout} ? ' (timeout)' : '')
        unless ref $status ? $a->status =~ $status : $a->status == $status;
    push @wrong, 'the answer is not complete' unless $a->complete;
    push @wrong, 'content type ' . ($a->header('Content-Type') || 'none')
        unless ($a->header('Content-Type') || '') =~ m{^application/json};
    push @wrong, 'no "type":"error"' unless ($j->{type} || '') eq 'error';
    push @wrong, 'type ' . ($e->{type} || 'none')
        unless ref $type ? ($e->{type} || '') =~ $type : ($e->{type} || '') eq $type;
    push @wrong, 'no message' unless length($e->{message} || '');
    push @wrong, "message $e->{message}"
        if defined $message && ($e->{message} || '') !~ $message;
    push @wrong, 'no request-id' unless length $id;
    push @wrong, 'X-Request-Id is another' if ($a->header('X-Request-Id') || '') ne $id;
    push @wrong, 'request_id is another' if ($j->{request_id} || '') ne $id;
    ok(!@wrong, $name . (@wrong ? ' -- ' . join(', ', @wrong) : ''))
        or diag(substr $a->bytes, 0, 600);
}

# A stream that had begun and ends with an error event
sub is_message_stream_error {
    my ($a, $message, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my @events = $a->events;
    my $last = @events ? $events[-1] : { name => 'none' };
    my $e = $a->stream_error;
    my @wrong;
    push @wrong, 'status ' . $a->status unless $a->status == 200;
    push @wrong, $a->{timeout} ? 'it hangs' : 'the HTTP message is cut'
        unless $a->complete;
    push @wrong, 'no content before' unless length words($a);
    push @wrong, "the last event is $last->{name}" if $last->{name} ne 'error';
    push @wrong, 'no "type":"error"'
        if $last->{name} eq 'error' && ($last->{json}{type} || '') ne 'error';
    push @wrong, 'no type' unless length($e->{type} || '');
    push @wrong, 'no message' unless length($e->{message} || '');
    push @wrong, "message $e->{message}"
        if defined $message && ($e->{message} || '') !~ $message;
    push @wrong, 'it claims to be complete'
        if $a->body =~ /"message_stop"|"stop_reason":"/;
    ok(!@wrong, $name . (@wrong ? ' -- ' . join(', ', @wrong) : ''))
        or diag(substr $a->bytes, 0, 900);
}

1;
