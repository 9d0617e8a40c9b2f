# retry.t: which failures are tried again, how often, and when
use strict;
use warnings;
use LLMGW::Test;
use LLMGW::Server;
use Time::HiRes qw(time);

my @names = qw(r s t);
my $key = 'key=env:LLMGW_TEST_KEY';
my $conf = join '', map { "LLMProvider $_ openai \${SW}/$_/v1 models=none\n" } @names;
$conf .= join '', map {
    my ($name, $retry) = @$_;
    "<LLMRoute $name>\nLLMRetry $retry\nLLMTarget r\nLLMTarget s tier=1\n</LLMRoute>\n" }
    (['usual', 'attempts=3'], ['two', 'attempts=2'], ['five', 'attempts=5'], ['once', 'attempts=1'],
     map { ["on-$_", "on=$_"] } qw(connect timeout stream 429 5xx 4xx 503
                                   content-filter context-length credentials none));
$conf = <<"CONF" . $conf . <<'CONF';
LLMBreaker off
LLMRetry attempts=3 backoff=10ms budget=100%
LLMProvider keyed openai \${SW}/keyed/v1 $key $key models=none
LLMProvider closed openai http://127.0.0.1:\${UP_REFUSED}/v1 models=none
LLMProvider stalls openai http://127.0.0.1:\${UP_SILENT}/v1 models=none
CONF
<LLMRoute slowly>
    LLMRetry attempts=4 backoff=200ms
    LLMTarget r
</LLMRoute>
<LLMRoute one>
    LLMRetry attempts=2 max-backoff=2s
    LLMTarget r
</LLMRoute>
<LLMRoute both>
    LLMRetry attempts=3 max-backoff=2s
    LLMTarget r
    LLMTarget s tier=1
</LLMRoute>
<LLMRoute keyed>
    LLMRetry attempts=2
    LLMTarget keyed
</LLMRoute>
<LLMRoute total>
    LLMRetry attempts=100 backoff=300ms total=1s
    LLMTarget r
</LLMRoute>
<LLMRoute long>
    LLMRetry attempts=3 backoff=30s max-backoff=60s
    LLMTarget r
</LLMRoute>
<LLMRoute storm>
    LLMRetry attempts=3 backoff=1ms budget=20%
    LLMTarget r
    LLMTarget s tier=1
</LLMRoute>
<LLMRoute stalled>
    LLMRetry on=timeout attempts=2
    LLMTarget stalls first=300ms
    LLMTarget s tier=1
</LLMRoute>
<LLMRoute stalled-not>
    LLMRetry on=connect,5xx attempts=2
    LLMTarget stalls first=300ms
    LLMTarget s tier=1
</LLMRoute>
<LLMRoute closed-not>
    LLMRetry on=timeout,5xx attempts=2
    LLMTarget closed
    LLMTarget s tier=1
</LLMRoute>
<LLMRoute telling>
    LLMTarget r
    LLMTarget closed tier=1
</LLMRoute>
CONF
my $s = LLMGW::Server->start('retry', conf => $conf);
sub call { return ask($_[0], port => $s->port, @_[1 .. $#_]) }

# How often providers were asked during some code
sub asked {
    my ($code, @providers) = @_;
    my %before = map { $_ => scalar switched($_) } @providers;
    my $a = $code->();
    return ($a, map { scalar(switched($_)) - $before{$_} } @providers);
}

# ---- how often -----------------------------------------------------------------------
upstream_does($_, 'status,code=500') for qw(r s);
for (['usual', 2, 1], ['two', 1, 1], ['five', 3, 2], ['once', 1, 0]) {
    my ($route, @want) = @$_;
    my ($a, @n) = asked(sub { call($route) }, qw(r s));
    is_error($a, 500, undef, undef, "$route: all fail");
    is("@n", "@want", "$route: so many attempts over both targets");
    is($a->header('X-LLMGW-Attempts'), $n[0] + $n[1], "$route: counted");
}

# ---- which failures -------------------------------------------------------------------
my %does = (connect => 'reset-before', timeout => 'status,code=504',
            stream => 'body-null', 429 => 'status,code=429', '5xx' => 'status,code=500',
            '4xx' => 'status,code=404', 503 => 'status,code=503',
            'content-filter' => 'refusal,make=filter',
            'context-length' => 'refusal,make=context', credentials => 'status,code=401');
# A reset is a broken answer too; 503, 504 and a null body (502) are of 5xx
my %also = (connect => 'stream', timeout => '5xx', stream => '5xx', 503 => '5xx',
            'content-filter' => '4xx', 'context-length' => '4xx');
upstream_does('s', 'ok');
for my $failure (sort keys %does) {
    upstream_does('r', $does{$failure});
    for my $route (sort(keys %does), 'none') {
        my $wanted = $route eq $failure || ($also{$failure} || '') eq $route
                     || $failure eq 'connect' && $route eq '5xx'
                     || $failure eq '429' && $route eq '4xx';
        my $status = call("on-$route")->status;
        ok($wanted ? $status == 200 : $status >= 400,
           "on=$route: $failure is " . ($wanted ? '' : 'not ') . 'tried again')
            or diag($status);
    }
}
is(call('stalled')->status, 200, 'on=timeout: no answer in time');
is_error(call('stalled-not'), 504, undef, undef, 'which is not on=connect or 5xx');
is_error(call('closed-not'), 502, undef, undef,
         'a refused connection is not on=timeout or 5xx');
for my $code (400, 404, 413, 422) {
    upstream_does('r', "status,code=$code");
    my ($a, @n) = asked(sub { call('usual') }, qw(r s));
    is("@n", '1 0', "a client's $code is tried once");
    is($a->status, $code, "$code reaches the client");
}

# ---- never after content -----------------------------------------------------------------
for my $does (qw(error-middle reset-mid close-mid bad-chunk-mid cut)) {
    upstream_does('r', $does);
    my ($a, @n) = asked(sub { call('usual', stream => 1) }, qw(r s));
    is_stream_error($a, undef, "$does: an error after content");
    is("@n", '1 0', "$does: no second attempt");
}

# ---- when -----------------------------------------------------------------------------
upstream_does('r', 'status,code=500');
call('slowly') for 1 .. 4;
my @t = map { $_->{t} } (switched('r'))[-16 .. -1];
my $long = 0;
my @gap;
for my $call (0 .. 3) {
    for my $n (1 .. 3) {
        my $gap = $t[4 * $call + $n] - $t[4 * $call + $n - 1];
        $long++ if $gap > 300 + 200 * 2 ** ($n - 1);
        push @gap, $gap;
    }
}
# one may be late for other reasons
cmp_ok($long, '<=', 2, 'backoff grows from backoff= to its double and so on') or diag("@gap");
cmp_ok((sort { $a <=> $b } @gap)[-1], '>', 100, 'and is waited');

for (['retry=1', 1000, 2500], ['msec=300', 300, 1800], ['date=2', 900, 3500]) {
    my ($arg, $least, $most) = @$_;
    upstream_does('r', "status,code=429,$arg");
    my ($a, $n) = asked(sub { call('one') }, 'r');
    is($n, 2, "$arg: tried again after it");
    my @when = map { $_->{t} } (switched('r'))[-2, -1];
    cmp_ok($when[1] - $when[0], '>=', $least - 5, "$arg: not before");
    cmp_ok($when[1] - $when[0], '<=', $most, "$arg: soon after");
    Time::HiRes::sleep(2.1);
}
upstream_does('r', 'status,code=503,retry=1');
my ($a, $n) = asked(sub { call('one') }, 'r');
my @when = map { $_->{t} } (switched('r'))[-2, -1];
is($n, 2, 'a 503 that says when');
cmp_ok($when[1] - $when[0], '>=', 990, 'is waited for too');

# One limited for longer does not keep the call from one that is free sooner
upstream_does('r', 'status,code=500');
upstream_does('s', 'status,code=429,retry=20');
my ($b, @n) = asked(sub { call('both') }, qw(r s));
is("@n", '2 1', 'the one that may be asked is asked again');
is($b->status, 500, 'its answer is the last');
($b, @n) = asked(sub { call('both') }, qw(r s));
is("@n", '3 0', 'the limited one is left alone');
upstream_does('s', 'ok');

upstream_does('r', 'status,code=429,retry=60');
my $start = time;
$a = call('one');
is_error($a, 429, undef, undef, 'longer than max-backoff: the 429 at once');
cmp_ok($a->header('Retry-After'), '>=', 50, 'with its Retry-After');
cmp_ok(time - $start, '<', 5, 'without a wait');
($a, $n) = asked(sub { call('one') }, 'r');
is_error($a, 429, 'rate_limit_exceeded', undef, 'the next call: the gateway says so');
cmp_ok($a->header('Retry-After'), '>=', 40, 'with what is left of the time');
is($n, 0, 'and does not ask');

upstream_does('t', 'ok');
$s->restart;                    # benches are kept: r is limited still
is(call('one')->status, 429, 'it is so after a graceful restart');
$s->stop(log => [qr/LLMGW0201/]);

# ---- total, the client's leaving, the budget: with a provider nobody limited
$s = LLMGW::Server->start('retry2', conf => $conf);
upstream_does('r', 'status,code=500');
$start = time;
is_error(call('total'), 500, undef, undef, 'total=: the failure');
cmp_ok(time - $start, '<', 2.5, 'no attempt begins after it');

my $id = tag();
my $c = LLMGW::Http->new($s->port);
my $before = switched('r');
$c->put(raw(headers => ['X-Request-Id' => $id],
            body => json({ model => 'long', messages => [
                { role => 'user', content => prompt() }] })));
wait_for(5, sub { switched('r') > $before });
Time::HiRes::sleep(0.2);
my $asked = switched('r');      # mostly one, but a wait is any up to backoff=
$c->close;
$start = time;
ok(wait_for(5, sub { slurp($s->{calls}) =~ /^\Q$id\E 499 \d /m }),
   'the client leaves while the call waits: 499');
cmp_ok(time - $start, '<', 1, 'within a second');
is(switched('r'), $asked, 'no further attempt');

upstream_does($_, 'status,code=500') for qw(r s);
$start = time;
(undef, @n) = asked(sub { call('storm') for 1 .. 100; 0 }, qw(r s));
my $more = $n[0] + $n[1] - 100;
# the ten come back in ten seconds
cmp_ok($more, '<=', 31 + time - $start, 'a storm of failures: a fifth more requests, and ten');
cmp_ok($more, '>=', 20, 'but so many');
cmp_ok($s->count(qr/LLMGW0203/), '>', 0, 'and a line for those not tried again');

# ---- the most telling failure -------------------------------------------------------------
upstream_does('r', 'status,code=503,retry=7');
$a = call('telling');
is_error($a, 503, 'mock_503', undef, 'what a provider said tells more than what failed later');
is($a->header('Retry-After'), 7, 'with its Retry-After');

$s->stop(log => [qr/LLMGW0201/, qr/AH01114|AH00957|AH01084/]);
finish();
