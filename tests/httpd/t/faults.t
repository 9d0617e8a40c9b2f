# faults.t: what a client gets of each fault of a provider: a table
#
# Each fault meets whole answers and streams, with and without a healthy target
# to fall back to. Told of each: the status, how often providers were asked,
# how long it took, and whether two such calls open a breaker. The table goes to
# faults.md.
use strict;
use warnings;
use LLMGW::Test;
use LLMGW::Server;

# name => [target, options]; w and s: status and attempts without a fallback of
# a whole answer and a stream ("200!": one that ends with an error event);
# fallback: what that gets (200 at the next attempt if nothing is said);
# breaker: "-" where it is not to blame; again: over a connection that was kept
# alive, a request that may never have been read is sent once more
my @fault = (
    ['connection refused', 'closed/x', w => '502 2', s => '502 2'],
    ['connection black-holed', 'full/x', w => '504 2', s => '504 2'],
    ['TLS handshake stalls', 'stalltls/x', w => '504 2', s => '504 2'],
    ['TLS certificate of nobody', 'selftls/x', w => '502 2', s => '502 2'],
    ['TLS on a plain port', 'plaintls/x', w => '504 2', s => '504 2'],
    ['late, but in time', 'mock/delay-head,ms:250', w => '200 1', s => '200 1', ok => 1],
    ['accepted, then silence', 'silent/x', w => '504 2', s => '504 2'],
    ['request read, then silence', 'mock/stall-head', w => '504 2', s => '504 2'],
    ['reset before the head', 'mock/reset-before', w => '502 2', s => '502 2', again => 1],
    ['closed before the head', 'mock/close-before', w => '502 2', s => '502 2', again => 1],
    ['reset in the head', 'mock/reset-head', w => '502 2', s => '502 2'],
    ['silence in the head', 'mock/stall-in-head', w => '504 2', s => '504 2'],
    ['reset after the head', 'mock/reset-body', w => '502 2', s => '502 2'],
    ['closed after the head', 'mock/close-body', w => '502 2', s => '502 2'],
    ['200, then silence', 'mock/stall-body', w => '504 2', s => '504 2'],
    ['a byte each 0.2 s', 'mock/trickle-body', w => '504 2', s => '504 2'],
    ['pings and nothing else', 'mock/ping-forever', w => '', s => '504 2'],
    ['silence in the middle', 'mock/stall-mid', w => '504 2', s => '200! 1'],
    ['reset in the middle', 'mock/reset-mid', w => '502 2', s => '200! 1'],
    ['closed in the middle', 'mock/close-mid', w => '502 2', s => '200! 1'],
    ['the stream just ends', 'mock/cut', w => '502 2', s => '200! 1'],
    ['error event in the middle', 'mock/error-middle', w => '', s => '200! 1'],
    ['bad chunk in the middle', 'mock/bad-chunk-mid', w => '', s => '200! 1'],
    ['bad chunk', 'mock/bad-chunk', w => '502 2', s => '502 2'],
    ['bad status line', 'mock/bad-status', w => '502 2', s => '502 2'],
    ['not HTTP', 'mock/not-http', w => '502 2', s => '502 2'],
    ['two lengths', 'mock/two-lengths', w => '502 2', s => '502 2'],
    ['an endless head', 'mock/header-endless', w => '502 1', s => '502 1', fallback => 502],
    ['200 with HTML', 'mock/html', w => '502 2', s => '502 2'],
    ['200 with HTML as JSON', 'mock/html-as-json', w => '502 2', s => '502 2'],
    ['200 and empty', 'mock/body-empty', w => '502 2', s => '502 2'],
    ['200 and null', 'mock/body-null', w => '502 2', s => '502 2'],
    ['200 without choices', 'mock/body-no-choices', w => '502 2', s => '502 2'],
    ['gzip cut short', 'mock/gzip-cut', w => '502 2', s => undef],
    ['an endless body', 'mock/endless-body', w => '502 1', s => '502 1', fallback => 502],
    ['an endless event', 'mock/endless-event', w => '', s => '502 1', fallback => 502],
    ['a redirect', 'mock/redirect', w => '502 2', s => '502 2'],
    ['error in a 200', 'mock/error-in-200', w => '502 2', s => '502 2'],
    ['error event at once', 'mock/error-first', w => '', s => '502 2'],
    ['error event after the role', 'mock/error-after-role', w => '', s => '502 2'],
    ['408', 'mock/status,code:408', w => '408 2', s => '408 2'],
    ['409', 'mock/status,code:409', w => '409 2', s => '409 2', breaker => '-'],
    ['429', 'mock/status,code:429', w => '429 2', s => '429 2', breaker => '-'],
    ['429, come back in 30 s', 'mock/status,code:429,retry:30', w => '429 1', s => '429 1',
     breaker => '-'],
    ['500', 'mock/status,code:500', w => '500 2', s => '500 2'],
    ['502 with HTML', 'mock/odd-error,make:html,code:502', w => '502 2', s => '502 2'],
    ['503', 'mock/status,code:503', w => '503 2', s => '503 2'],
    ['504', 'mock/status,code:504', w => '504 2', s => '504 2'],
    ['529', 'mock/status,code:529', w => '529 2', s => '529 2'],
    ['401', 'mock/status,code:401', w => '502 1', s => '502 1', breaker => '-'],
    ['403', 'mock/status,code:403', w => '502 1', s => '502 1', breaker => '-'],
    ['404', 'mock/status,code:404', w => '404 1', s => '404 1', breaker => '-',
     fallback => 404],
    ['400', 'mock/status,code:400', w => '400 1', s => '400 1', breaker => '-',
     fallback => 400],
    ['prompt too long', 'mock/refusal,make:context', w => '400 1', s => '400 1',
     breaker => '-', fallback => 400],
    ['content refused', 'mock/refusal,make:filter', w => '400 1', s => '400 1',
     breaker => '-', fallback => 400],
    ['flapping', 'mock/flapping', w => '200 2', s => '200 2'],
);

my $n = 0;
my (@cell, $routes);
for my $fault (@fault) {
    my ($name, $target, %want) = @$fault;
    for my $way (qw(w s)) {
        next unless length($want{$way} || '') ;
        for my $pair (0, 1) {
            my $cell = { name => $name, way => $way, pair => $pair, want => \%want,
                         route => 'c' . ++$n, tag => "fm$$" . "x$n" };
            push @cell, $cell;
            my $model = $target =~ m{^mock/} ? "$target,tag:$cell->{tag}" : $target;
            $routes .= "<LLMRoute $cell->{route}>\nLLMTarget $model total=1800ms\n"
                     . ($pair ? "LLMTarget well/ok tier=1\n" : '') . "</LLMRoute>\n";
        }
    }
}
my $s = LLMGW::Server->start('faults', conf => <<"CONF" . $routes);
LLMTimeout connect=1s first=1s idle=1s total=6s
LLMRetry attempts=2 backoff=10ms budget=100%
LLMBreaker ratio=50% min=2 window=1min open=1min probes=1
LLMResponseBody 256K
LLMProvider mock openai \${UP}/v1 key=env:LLMGW_TEST_KEY models=none
LLMProvider well openai \${UP}/v1 key=env:LLMGW_TEST_KEY models=none
LLMProvider closed openai http://127.0.0.1:\${UP_REFUSED}/v1 models=none
LLMProvider full openai http://127.0.0.1:\${UP_FULL}/v1 models=none
LLMProvider silent openai http://127.0.0.1:\${UP_SILENT}/v1 models=none
LLMProvider stalltls openai https://localhost:\${UP_SILENT}/v1 ca=\${CA} models=none
LLMProvider selftls openai https://localhost:${\ up('tls_self')}/v1 ca=\${CA} models=none
LLMProvider plaintls openai https://localhost:\${UP_HTTP}/v1 ca=\${CA} models=none
<LLMRoute down>
    LLMTarget closed
    LLMTarget well/status,code:500
</LLMRoute>
LLMRoute well well/ok
CONF

# One call of each cell, many at a time
sub begin {
    my ($cell) = @_;
    $cell->{id} = tag();
    $cell->{client} = LLMGW::Http->new($s->port);
    my %body = (model => $cell->{route}, messages => [{ role => 'user', content => prompt() }]);
    $body{stream} = JSON::PP::true if $cell->{way} eq 's';
    $cell->{client}->put(raw(body => json(\%body), headers => ['X-Request-Id' => $cell->{id},
                                                              Connection => 'close']));
}

sub call_all {
    my (@cells) = @_;
    while (my @some = splice @cells, 0, 16) {
        begin($_) for @some;
        for my $cell (@some) {
            $cell->{answer} = $cell->{client}->answer(timeout => 12);
            delete($cell->{client})->close;
        }
    }
}

# Of a stream with an error event: the status and "!"
sub status {
    my ($a) = @_;
    my $failed = $a->is_stream && length($a->stream_error->{message} || '');
    return $a->status . ($failed ? '!' : '');
}

# 401 and 403 bench the key of all: they come last
my @late = grep { $_->{name} =~ /^40[13]$/ } @cell;
my @early = grep { $_->{name} !~ /^40[13]$|^429, come/ } @cell;
my @limit = grep { $_->{name} =~ /^429, come/ } @cell;
call_all(@early);
call_all(@late);
call_all($_) for @limit;        # each meets a key that is limited
my %took;
wait_for(5, sub {
    %took = map { /^(\S+) .* (\d+)$/ ? ($1 => $2 / 1000) : () } split /\n/, slurp($s->{calls});
    return !grep { !$took{ $_->{id} } } @cell;
});
my %asked;
$asked{ $_->{tag} }++ for @{ stats()->{requests} };

for my $cell (@cell) {
    my ($a, $want) = ($cell->{answer}, $cell->{want});
    my $where = "$cell->{name}, " . ($cell->{way} eq 's' ? 'stream' : 'whole')
              . ($cell->{pair} ? ', with a fallback' : '');
    my ($status, $attempts) = split ' ', $want->{ $cell->{way} };
    if ($cell->{pair} && $status !~ /!|^200/) {
        $attempts = $want->{fallback} ? 1 : 2;
        $status = $want->{fallback} || 200;
    }
    elsif ($cell->{pair} && $status eq '200') { $attempts = 1 unless $attempts == 2 }
    my @wrong;
    push @wrong, 'it is not complete' unless $a->complete;
    push @wrong, 'status ' . status($a) if status($a) ne $status;
    $cell->{attempts} = $a->header('X-LLMGW-Attempts') || 0;
    push @wrong, "$cell->{attempts} attempts" if $cell->{attempts} != $attempts;
    my $at_first = $asked{ $cell->{tag} } || 0;
    push @wrong, "asked $at_first times"
        if $at_first > $cell->{attempts} + ($want->{again} ? 2 : 0);
    push @wrong, "$took{ $cell->{id} } ms" if ($took{ $cell->{id} } || 9e9) > 6000;
    push @wrong, 'no text' if $status eq '200' && $a->text ne 'Hello from mock';
    push @wrong, 'no message' if $status !~ /^200/ && !length($a->error->{message} || '');
    ok(!@wrong, $where . (@wrong ? ' -- ' . join(', ', @wrong) : ''))
        or diag(substr $a->bytes, 0, 400);
    $cell->{status} = status($a);
}

# ---- the breaker --------------------------------------------------------------------
my @alone = grep { !$_->{pair} } @cell;
my $opened = sub { $s->count(qr/LLMGW0502: route $_[0]{route}: .*closed -> open/) };
$_->{first} = $_->{id} for @alone;
call_all(grep { !$opened->($_) && !$_->{want}{ok} } @alone);
for my $cell (@alone) {
    my $open = $opened->($cell);
    my $want = ($cell->{want}{breaker} || '') ne '-' && !$cell->{want}{ok};
    is($open ? 'opens' : 'stays closed', $want ? 'opens' : 'stays closed',
       "$cell->{name}, $cell->{way}: the breaker");
    $cell->{opens} = $open;
}

# ---- nothing is left -----------------------------------------------------------------
my $a = ask('down', port => $s->port);
is_error($a, 500, undef, undef, 'all targets are down: what a provider said');
is(ask('well', port => $s->port)->text, 'Hello from mock', 'the server is well')
    or diag($a->bytes);
my %mine = map { $_->{tag} => 1 } @cell;
ok(wait_for(5, sub {
    !grep { $mine{ $_->{tag} } && $_->{conn_open} && ($_->{how} || '') ne 'keep' }
        @{ stats()->{requests} } }), 'no connection to the mock is left in use');
sub established {
    my ($port) = @_;
    return scalar grep { my @f = split; ($f[3] || '') eq '01' && ($f[2] || '') =~ /:(\w+)$/
                         && hex $1 == $port } split /\n/, slurp('/proc/net/tcp');
}
ok(wait_for(5, sub { !established(up($_)) }), "no connection to the $_ port is left")
    for qw(silent tls_self);

# ---- the table --------------------------------------------------------------------------
sub words {
    my ($cell) = @_;
    return '' unless $cell;
    return sprintf '%s, %d, %.1f s', $cell->{status}, $cell->{attempts},
                   ($took{ $cell->{first} || $cell->{id} } || 0) / 1000;
}
my $table = <<'MD';
# Faults of providers, and what clients get

Status, attempts and time of a call; `!`: the stream ends with an error event. Two
attempts at most, of 1.8 s each at most; connect=, first= and idle= are 1 s.

| fault | whole | stream | whole, fallback | stream, fallback | breaker |
|---|---|---|---|---|---|
MD
for my $fault (@fault) {
    my %by = map { ("$_->{way}$_->{pair}" => $_) } grep { $_->{name} eq $fault->[0] } @cell;
    my ($some) = grep { $_ } @by{qw(w0 s0)};
    $table .= '| ' . join(' | ', $fault->[0], (map { words($by{$_}) } qw(w0 s0 w1 s1)),
                          $some->{opens} ? 'opens' : 'stays closed') . " |\n";
}
my $calls = @cell;
$table .= "\n" . @fault . " faults, $calls cells.\n";
spew('faults.md', $table);

$s->stop(log => [qr/LLMGW0201/, qr/AH0\d+/]);
finish();
