# upstream.t: providers in trouble: a stated status or an error event, never a
# hang, never a 200 that looks complete, no connection left open
use strict;
use warnings;
use LLMGW::Test;
expect_log(qr/LLMGW\d+/, qr/AH01114|AH02411|AH02039|AH01084|AH00957|AH00898/);

# ---- nobody there -----------------------------------------------------------------
for my $stream (0, 1) {
    my $how = $stream ? 'stream' : 'whole';
    is_error(ask('refused/x', stream => $stream), 502, 'upstream_unreachable',
             undef, "$how: connection refused");
    is_error(ask('nodns/x', stream => $stream), 502, 'upstream_unreachable',
             undef, "$how: a name nobody knows");
}

# ---- answers that are none: name => status and code, before any content -------------
my %both = (
    'close-before'   => [502, 'upstream_closed'],
    'reset-before'   => [502, 'upstream_closed'],
    'close-head'     => [502, qr/^upstream_/],
    'reset-head'     => [502, qr/^upstream_/],
    'reset-body'     => [502, qr/^upstream_/],
    'bad-status'     => [502, 'upstream_bad_response'],
    'not-http'       => [502, qr/^upstream_/],
    'bad-field'      => [502, 'upstream_bad_response'],
    'nul-field'      => [502, 'upstream_bad_response'],
    'two-lengths'    => [502, 'upstream_bad_response'],
    'huge-length'    => [502, qr/^upstream_/],
    'negative-length' => [502, 'upstream_bad_response'],
    'word-length'    => [502, 'upstream_bad_response'],
    'odd-te'         => [502, 'upstream_bad_response'],
    'odd-encoding'   => [502, qr/^upstream_/],
    'interim-endless' => [502, qr/^upstream_/],
    'header-1mb'     => [502, qr/^upstream_(?:bad_response|too_large)$/],
    'header-many'    => [502, qr/^upstream_(?:bad_response|too_large)$/],
    'header-endless' => [502, qr/^upstream_(?:bad_response|too_large)$/],
    'bad-chunk'      => [502, 'upstream_bad_response'],
    'huge-chunk'     => [502, 'upstream_bad_response'],
    'html'           => [502, qr/^upstream_/],
    'html-as-json'   => [502, qr/^upstream_/],
    'body-null'      => [502, qr/^upstream_/],
    'body-object'    => [502, qr/^upstream_/],
    'body-array'     => [502, qr/^upstream_/],
    'body-string'    => [502, qr/^upstream_/],
    'body-empty'     => [502, qr/^upstream_/],
    'body-deep'      => [502, qr/^upstream_/],
    'no-content'     => [502, qr/^upstream_/],
    'redirect'       => [502, qr/^upstream_/],
);
my %whole = (
    'body-no-choices'   => [502, qr/^upstream_/],
    'body-null-choices' => [502, qr/^upstream_/],
    'reset-mid'         => [502, qr/^upstream_/],
    'close-mid'         => [502, qr/^upstream_/],
    'gzip-cut'          => [502, qr/^upstream_/],
    'cut'               => [502, qr/^upstream_/],
    'http10-cut'        => [502, qr/^upstream_/],
    'short-body'        => [502, qr/^upstream_/],
);
# A stream that had begun: an error event
my @begun = qw(reset-mid close-mid cut http10-cut bad-chunk-mid broken-event);
my @begins_not = ('cut-first', 'broken-event,n=0');

for my $p (qw(mock claude)) {
    for my $stream (0, 1) {
        my $how = "$p, " . ($stream ? 'stream' : 'whole');
        my %cases = (%both, $stream ? () : %whole);
        for my $name (sort keys %cases) {
            next if $p eq 'claude' && $name =~ /choices/;
            my ($status, $code) = @{ $cases{$name} };
            my $a = ask("$p/$name", stream => $stream);
            is_error($a, $status, $code, undef, "$how: $name");
            unlike($a->bytes, qr/CANARY/, "$how: $name: nothing of it is shown");
            ok($a->ms < 6000, "$how: $name: soon") or diag($a->ms);
        }
    }
    for my $name (@begun) {
        my $a = ask("$p/$name", stream => 1);
        is_stream_error($a, undef, "$p: $name after the first word");
        is($a->text, 'Hello', "$p: $name: the word itself had come")
            unless $name eq 'broken-event';
    }
    for my $name (@begins_not) {
        is_error(ask("$p/$name", stream => 1), 502, undef, undef,
                 "$p: $name before the first word");
    }
}
my $a = ask('mock/broken-event', stream => 1);
ok($a->body !~ /from mock|finish_reason":"stop/, 'nothing after a broken event')
    or diag($a->body);

# A provider that streams the last chunk and then breaks the connection said
# all it had to say; one that never ends its body did not
$a = ask('mock/short-body', stream => 1);
is($a->text, 'Hello from mock', 'a stream complete but for its HTTP end');
ok($a->complete, 'is complete for the client');

# ---- without end --------------------------------------------------------------------
for my $p (qw(mock claude)) {
    is_error(ask("$p/endless-body", vhost => 'small'), 502, 'upstream_too_large',
             undef, "$p: an endless body meets LLMResponseBody");
    my $a = ask("$p/endless-stream", vhost => 'small', stream => 1);
    is_stream_error($a, undef, "$p: an endless stream meets it too");
    ok(length $a->body < 300_000, "$p: not far beyond");
    is_error(ask("$p/endless-event", vhost => 'small', stream => 1), 502,
             qr/^upstream_/, undef, "$p: an event without end");
}
is_error(ask('mock/endless-event', stream => 1), 502, qr/^upstream_/, undef,
         'an event without end meets a bound of its own');
is_error(ask('mock/huge-event,kb=200', vhost => 'small'), 502,
         'upstream_too_large', undef, 'an answer above LLMResponseBody');

for my $stream (0, 1) {
    is_error(ask('mock/gzip-bomb', vhost => 'small', stream => $stream), 502,
             'upstream_too_large', undef, "an answer that is a gzip bomb, stream $stream");
}
is_error(ask('mock/gzip-bomb,mb=80'), 502, 'upstream_too_large', undef,
         'a gzip bomb meets the default LLMResponseBody');

# ---- odd, but legal: covered byte for byte in passthrough.t; translated here ----------
for my $name (qw(gzip interim one-byte one-byte-chunks trailers http10 delay-head
                 delay-body delay-mid)) {
    for my $stream (0, 1) {
        my $a = ask("claude/$name", stream => $stream);
        is($a->text, 'Hello from mock', "claude/$name, stream $stream");
        is($a->finish, 'stop', "claude/$name, stream $stream: to its end");
    }
}
for my $stream (0, 1) {
    $a = ask('claude/utf8-split', stream => $stream);
    is($a->text, "\x{17c}\x{f3}\x{142}w \x{1f389}", "UTF-8 split, stream $stream");
}
$a = ask('claude/huge-event', stream => 1);
is(length $a->text, 1 << 20, 'an event of 1 MB');
for my $p (qw(mock claude)) {
    $a = ask("$p/whole-for-stream", stream => 1);
    ok($a->is_stream && $a->text eq 'Hello from mock' && $a->finish eq 'stop' && $a->done,
       "$p: a whole answer where a stream was asked is streamed")
        or diag($a->status . ' ' . substr $a->body, 0, 300);
    $a = ask("$p/stream-for-whole");
    is($a->header('Content-Type'), 'application/json',
       "$p: a stream where a whole answer was asked is one");
    is($a->text, 'Hello from mock', "$p: with all its words");
    is($a->finish, 'stop', "$p: and its end");
    is_error(ask("$p/stream-for-whole,cut=1"), 502, qr/^upstream_/, undef,
             "$p: unless it is cut short");
}

# ---- the log has it -------------------------------------------------------------------
for (['mock/reset-before', 502], ['mock/html', 502], ['mock/status,code=529', 529]) {
    my $id = tag();
    ask($_->[0], id => $id);
    is(access($id)->{status}, $_->[1], "log: $_->[0] is $_->[1]");
}
my $id = tag();
ask('mock/cut', stream => 1, id => $id);
my $l = access($id);
is($l->{status}, 200, 'log: a stream that broke off had status 200');
like($l->{error}, qr/^upstream_/, 'log: and an error');

# ---- no connection is left -----------------------------------------------------------------
ok(wait_for(5, sub {
    my @open = grep { $_->{conn_open} && ($_->{how} || '') ne 'keep' }
               @{ stats()->{requests} };
    return !@open;
}), 'no connection to the provider is left half-way');
is(ask('mock/ok')->text, 'Hello from mock', 'and the next call works');

finish();
