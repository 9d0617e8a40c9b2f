# healthcheck.t: LLMHealthCheck: providers are asked how they are
use strict;
use warnings;
use LLMGW::Test;
use LLMGW::Server;
use Time::HiRes qw(sleep);

my $conf = <<'CONF';
LLMBreaker off
LLMRetry attempts=1
LLMProvider sick openai ${SW}/sick/v1 key=env:LLMGW_TEST_KEY key=env:LLMGW_TEST_KEY_2 models=none
LLMProvider calm anthropic ${SW}/calm/v1 key=env:LLMGW_TEST_KEY_2 models=none
LLMProvider dead openai http://127.0.0.1:${UP_REFUSED}/v1 models=none
LLMProvider mute openai http://127.0.0.1:${UP_SILENT}/v1 models=none
LLMProvider secure openai https://localhost:${UP_TLS}/sw/secure/v1 ca=${CA} models=none
LLMProvider mutetls openai https://localhost:${UP_SILENT}/v1 ca=${CA} models=none
LLMProvider unwatched openai ${SW}/unwatched/v1 models=none
<LLMRoute sick>
    LLMHealthCheck interval=1s
    LLMBreaker ratio=50% min=4 window=5s open=1s probes=2
    LLMTarget sick/ok
    LLMTarget calm/ok tier=1
</LLMRoute>
<LLMRoute alone>
    LLMHealthCheck interval=1s path=/health?deep=1 timeout=1s
    LLMTarget dead
    LLMTarget mute
</LLMRoute>
<LLMRoute secure>
    LLMHealthCheck interval=1s timeout=1s
    LLMTarget secure/ok
    LLMTarget mutetls tier=1
</LLMRoute>
LLMRoute unwatched unwatched
CONF
my $s = LLMGW::Server->start('health', conf => $conf, children => 3);
sub call { return ask($_[0], port => $s->port, @_[1 .. $#_]) }
sub provider { return call($_[0])->header('X-LLMGW-Provider') || 'none' }
sub checks { return grep { $_->{method} eq 'GET' } switched($_[0]) }

ok(wait_for(10, sub { checks('sick') >= 1 && checks('calm') >= 1 }), 'providers are asked');
my ($check) = checks('sick');
is($check->{target}, '/sw/sick/v1/models', 'at the usual path');
is($check->{key}, 'env', 'with the first key');
($check) = checks('calm');
is($check->{key}, 'env2', 'in the header of its kind');
is(scalar checks('unwatched'), 0, 'others are not');
# Wait for n further ones. @return how long the provider had to wait for them, in ms
sub further {
    my ($name, $n) = @_;
    my $had = checks($name);
    wait_for(10, sub { checks($name) >= $had + $n }) or return 0;
    my @t = map { $_->{t} } checks($name);
    return $t[$had + $n - 1] - $t[$had - 1];
}
my $ms = further('sick', 4);
cmp_ok($ms, '>', 2500, 'by one process of the server');
cmp_ok($ms, '<', 8000, 'every second');

ok(wait_for(10, sub { checks('secure') >= 2 }), 'over TLS, too');
ok(wait_for(10, sub { $s->count(qr/LLMGW0501: provider mutetls: /) }),
   'a TLS handshake that stalls is bounded');

# ---- ill and well ----------------------------------------------------------------------
is(provider('sick'), 'sick', 'a provider that is well');
upstream_does('sick', 'status,code=503');
ok(wait_for(10, sub { $s->count(qr/LLMGW0501: provider sick: .* status 503/) }),
   'it fails its check: one line');
is(provider('sick'), 'calm', 'it is left out') for 1 .. 3;
ok(further('sick', 2), 'it is asked on');
is($s->count(qr/LLMGW0501: provider sick:/), 1, 'the line is not repeated');
ok($s->restart, 'a graceful restart');
is(provider('sick'), 'calm', 'keeps it left out');
upstream_again('sick');
ok(wait_for(10, sub { $s->count(qr/LLMGW0501: provider sick: .*succeeds again/) }),
   'it recovers: another line');
ok(wait_for(3, sub { provider('sick') eq 'sick' }), 'and gets calls again');
upstream_does('sick', 'status,code=429');
ok(further('sick', 2), 'it is limited');
is($s->count(qr/LLMGW0501: provider sick:/), 2, 'a 429 says that it works');
upstream_again('sick');

# The child that asks dies: another one takes over, with what was known
upstream_does('sick', 'status,code=500');
ok(wait_for(10, sub { $s->count(qr/LLMGW0501: provider sick: .* status 500/) }), 'ill again');
kill KILL => $_ for $s->children;
upstream_again('sick');
ok(wait_for(20, sub { provider('sick') eq 'sick' }),
   'children die, it recovers: noticed by those that follow');

# Passive results come first
call('sick');
my ($n, $last, $late) = (scalar checks('sick'), now_ms(), 0);
for (1 .. 12) {
    sleep 0.25;
    call('sick');
    $late++ if now_ms() - $last > 900;
    $last = now_ms();
}
cmp_ok(checks('sick') - $n, '<=', 1 + $late, 'no questions while calls succeed');

# ---- none, or no answer ------------------------------------------------------------------
ok($s->count(qr/LLMGW0501: provider dead: .*no answer/), 'nobody listens');
ok($s->count(qr/LLMGW0501: provider mute: .*no answer/), 'no answer in time');
my $a = call('alone');
is_error($a, 503, 'no_target_available', undef, 'all are ill');

# ---- no longer checked ---------------------------------------------------------------------
upstream_does('sick', 'status,code=500');
ok(wait_for(10, sub { $s->count(qr/LLMGW0501: provider sick: .* status 500/) > 1 }), 'ill');
(my $without = $conf) =~ s/LLMHealthCheck interval=1s$/LLMHealthCheck off/m;
upstream_does('sick', 'ok');
ok($s->restart(conf => $without), 'restarted without the check');
is(provider('sick'), 'sick', 'what it said does not hold any more');

$s->stop(log => [qr/LLMGW0201/, qr/AH10392/, qr/AH0(?:0957|1114|1084)/]);
finish();
