# Responses.pm: clients of OpenAI's Responses: what they send, and what they make of
# answers
package LLMGW::Responses;
use strict;
use warnings;
use Exporter 'import';
use JSON::PP ();
use Test::More;
use LLMGW::Canary;
use LLMGW::Test;

our @EXPORT = qw(respond post_response response misordered items said reasoned given
                 is_response_stream_error);

my $json = JSON::PP->new->utf8->canonical->allow_nonref;

sub post_response {
    my ($body, %o) = @_;
    return request(path => '/v1/responses', body => $body, %o,
                   headers => [Authorization => "Bearer $LLMGW::Canary::CLIENT",
                               @{ $o{headers} || [] }]);
}

# A request for a model. Options as request(); stream, input, more (a hash of
# further members)
sub respond {
    my ($model, %o) = @_;
    my %body = (model => $model, input => $o{input} || prompt(), %{ $o{more} || {} });
    $body{stream} = JSON::PP::true if $o{stream};
    return post_response(json(\%body), %o);
}

# ---- streams ---------------------------------------------------------------------

# What a response must have, be its value null
my @MEMBERS = qw(id object created_at completed_at status error incomplete_details
    instructions max_output_tokens max_tool_calls metadata model output
    parallel_tool_calls previous_response_id presence_penalty frequency_penalty
    prompt_cache_key reasoning safety_identifier service_tier store background
    temperature text tool_choice tools top_logprobs top_p truncation usage);

sub lacking {
    my ($r) = @_;
    return ref $r eq 'HASH' ? grep { !exists $r->{$_} } @MEMBERS : 'a response';
}

# The parts of an item by its type: list, event of the part, event of its text,
# the index's name
my %PARTS = (output_text => [qw(content content_part output_text content_index)],
    refusal => [qw(content content_part refusal content_index)],
    reasoning_text => [qw(content content_part reasoning_text content_index)],
    summary_text => [qw(summary reasoning_summary_part reasoning_summary_text
                        summary_index)]);
my %ARGS = (function_call => ['function_call_arguments', 'arguments'],
            custom_tool_call => ['custom_tool_call_input', 'input']);

# The events of an item: deltas within their part, ends with all of it
sub misordered_item {
    my ($item, @events) = @_;
    my $done = pop @events;
    my (@wrong, @parts, $open);
    push @wrong, "$item->{type} is not ended"
        if !$done || $done->{type} ne 'response.output_item.done';
    my $end = $done->{item} || {};
    push @wrong, "$item->{type} ends as $end->{type}" if $end->{type} ne $item->{type};
    push @wrong, "$end->{type} ends $end->{status}"
        if ($end->{status} || '') !~ /^(?:completed|incomplete)$/;
    my $args = '';
    for my $e (@events) {
        my ($what) = $e->{type} =~ /^response\.(.*)$/;
        push @wrong, "$what of $e->{item_id}" if ($e->{item_id} || '') ne $item->{id};
        if (my $a = $ARGS{ $item->{type} }) {
            if ($what eq "$a->[0].delta") { $args .= $e->{delta} }
            elsif ($what eq "$a->[0].done") {
                push @wrong, "$what differs" if $e->{ $a->[1] } ne $args;
            }
            else { push @wrong, "$what in a call" }
            next;
        }
        my ($form) = map { $PARTS{$_} } grep {
            my $f = $PARTS{$_};
            ($what =~ /^\Q$f->[1]\E\.(?:added|done)$/ && $e->{part}{type} eq $_)
                || $what =~ /^\Q$f->[2]\E\.(?:delta|done|annotation\.added)$/ } keys %PARTS;
        if (!$form) { push @wrong, "$what in $item->{type}"; next }
        my $i = $e->{ $form->[3] };
        push @wrong, "$what has no $form->[3]" unless defined $i;
        if ($what eq "$form->[1].added") {
            push @wrong, "part $i is number " . @parts if $i != @parts;
            push @wrong, 'two parts are open' if $open;
            push @parts, '';
            $open = 1;
        }
        elsif (!$open || $i != $#parts) { push @wrong, "$what of no open part" }
        elsif ($what =~ /delta$/) { $parts[-1] .= $e->{delta} }
        elsif ($what eq "$form->[2].done") {
            my $text = $e->{ $form->[2] eq 'refusal' ? 'refusal' : 'text' };
            push @wrong, "$what differs" if $text ne $parts[-1];
        }
        elsif ($what eq "$form->[1].done") { $open = 0 }
    }
    push @wrong, 'a part is not ended' if $open;
    my @texts = map { $_->{text} // $_->{refusal} }
                @{ $end->{content} || [] }, @{ $end->{summary} || [] };
    push @wrong, "the texts of $item->{type} differ"
        if $json->encode(\@texts) ne $json->encode(\@parts);
    return @wrong;
}

# What is wrong with the order of a stream's events; () if nothing is
sub misordered {
    my ($a) = @_;
    my @all = $a->events;
    my (@wrong, @items, %events, $last);
    push @wrong, 'no [DONE]' if !@all || (pop @all)->{data} ne '[DONE]';
    my @names = map { $_->{name} } @all;
    push @wrong, "it begins with @names[0, 1]" if @all > 1
        && "@names[0, 1]" ne 'response.created response.in_progress';
    my $n = 0;
    for my $e (@all) {
        my $j = ref $e->{json} eq 'HASH' ? $e->{json} : {};
        my $type = $j->{type} || '';
        push @wrong, "event $e->{name} holds a $type" if $e->{name} ne $type;
        push @wrong, "$type has number " . ($j->{sequence_number} // 'none')
            if ($j->{sequence_number} // -1) != $n++;
        push @wrong, "$type after $last->{type}" if $last;
        if ($type =~ /^response\.(?:created|in_progress|completed|incomplete|failed)$/) {
            push @wrong, map { "$type: no $_" } lacking($j->{response});
            $last = $j if $type !~ /created|in_progress/;
        }
        elsif ($type eq 'error') {
            push @wrong, "error: no $_" for grep { !exists $j->{$_} } qw(code message param);
        }
        elsif (!defined $j->{output_index}) { push @wrong, "$type has no output_index" }
        else {
            my $i = $j->{output_index};
            if ($type eq 'response.output_item.added') {
                push @wrong, "item $i is number " . @items if $i != @items;
                push @items, $j->{item};
            }
            elsif ($i > $#items) { push @wrong, "$type before its item" }
            else { push @{ $events{$i} }, $j }
        }
    }
    return (@wrong, 'no end') unless $last;
    if ($last->{type} ne 'response.failed') {
        push @wrong, misordered_item($items[$_], @{ $events{$_} || [] }) for 0 .. $#items;
        push @wrong, 'the response holds other items'
            if $json->encode($last->{response}{output})
               ne $json->encode([map { $events{$_}[-1]{item} } 0 .. $#items]);
    }
    return @wrong;
}

# ---- answers ---------------------------------------------------------------------

# The response, streamed or not: the one that ends the stream
sub response {
    my ($a) = @_;
    return $a->json || {} unless $a->is_stream;
    my @r = map { $_->{response} || () } $a->chunks;
    return @r ? $r[-1] : {};
}

sub items {
    my ($a, $type) = @_;
    return grep { !$type || $_->{type} eq $type } @{ response($a)->{output} || [] };
}

sub texts_of {
    my ($type, @items) = @_;
    return join '', map { $_->{text} // '' } grep { $_->{type} eq $type }
                    map { (@{ $_->{content} || [] }, @{ $_->{summary} || [] }) } @items;
}

# What was said: of a stream, its deltas, also of one that broke off
sub said {
    my ($a) = @_;
    return texts_of('output_text', items($a, 'message')) unless $a->is_stream;
    return join '', map { $_->{delta} }
           grep { $_->{type} eq 'response.output_text.delta' } $a->chunks;
}

sub reasoned {
    my ($a) = @_;
    return texts_of('reasoning_text', items($a)) . texts_of('summary_text', items($a));
}

# What the mock received, from an answer of echo-request: body (its bytes), json
sub given {
    my ($a) = @_;
    my $text = said($a);
    utf8::encode($text);
    my $r = eval { $json->decode($text) } || {};
    $r->{json} = eval { $json->decode($r->{body}) } || {};
    return $r;
}

# A stream that had begun and ends with an error and a failed response
sub is_response_stream_error {
    my ($a, $message, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my ($e) = grep { $_->{type} eq 'error' } $a->chunks;
    my @wrong;
    push @wrong, 'status ' . $a->status unless $a->status == 200;
    push @wrong, $a->{timeout} ? 'it hangs' : 'the HTTP message is cut'
        unless $a->complete;
    push @wrong, 'no content before' unless length said($a);
    push @wrong, 'no error event' unless $e;
    push @wrong, 'no message' unless length($e->{message} || '');
    push @wrong, "message $e->{message}"
        if defined $message && ($e->{message} || '') !~ $message;
    push @wrong, 'no [DONE]' unless $a->done;
    push @wrong, 'it claims to be complete'
        if $a->body =~ /"response\.(?:completed|incomplete)"/;
    ok(!@wrong, $name . (@wrong ? ' -- ' . join(', ', @wrong) : ''))
        or diag(substr $a->bytes, 0, 900);
}

1;
