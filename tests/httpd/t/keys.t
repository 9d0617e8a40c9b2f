# keys.t: a provider's keys: in turn, left out when refused or limited
use strict;
use warnings;
use Cwd ();
use LLMGW::Test;
use LLMGW::Server;

my $top = Cwd::getcwd();
my @two = ('key=env:LLMGW_TEST_KEY', 'key=env:LLMGW_TEST_KEY_2');
sub conf {
    my $own = join '', map {
        "LLMProvider $_ openai \${SW}/$_/v1 @two models=none\nLLMRoute $_ $_\n" }
        qw(two other p401 p402 p403 mended limited);
    return $own . <<"CONF";
LLMBreaker off
LLMRetry attempts=4 backoff=20ms budget=100%
LLMProvider one openai \${SW}/one/v1 $two[0] models=none
LLMProvider spare openai \${SW}/spare/v1 $two[0] models=none
LLMProvider changing openai \${SW}/changing/v1 "key=file:$top/t/conf/changing-key" models=none
LLMRoute changing changing
LLMRoute fallback one spare
<LLMRoute patient>
    LLMRetry attempts=2 max-backoff=3s
    LLMTarget one
</LLMRoute>
CONF
}

sub set_key {
    spew('t/conf/changing-key', "$_[0]\n");
    chmod 0600, 't/conf/changing-key';
}
set_key($LLMGW::Canary::KEY{file});
my $s = LLMGW::Server->start('keys', conf => conf());
sub call { return ask($_[0], port => $s->port, @_[1 .. $#_]) }

my %seen;
# The keys that a provider has seen since the last time
sub keys_seen {
    my ($provider) = @_;
    my @all = map { $_->{key} } switched($provider);
    my @new = @all[($seen{$provider} || 0) .. $#all];
    $seen{$provider} = @all;
    return join ' ', @new;
}

# ---- in turn ------------------------------------------------------------------------
for (1 .. 4) { call('two'); call('other') }
like(keys_seen('two'), qr/^(env env2 env env2|env2 env env2 env)$/, 'keys take turns');
like(keys_seen('other'), qr/^(env env2 env env2|env2 env env2 env)$/,
     'of each provider for itself');

# ---- refused -------------------------------------------------------------------------
for my $code (401, 402, 403) {
    upstream_does("p$code", "one-good-key,good=env2-77c0,code=$code");
    is(call("p$code")->status, 200, "$code: the next key serves the same call")
        for 1 .. 4;
    is(scalar(grep { $_ eq 'env' } split ' ', keys_seen("p$code")), 1,
       "$code: the refused key is tried once");
    is($s->count(qr/LLMGW0503: .*\bp$code: key 1 of 2 .* 300 s: status $code/), 1,
       "$code: one line, with the key's number");
    is($s->count(qr/LLMGW0503: .*\bp$code:/), 1, "$code: and no other");
}
ok($s->restart, 'a graceful restart');
is(call('p401')->status, 200, 'a call after it') for 1 .. 4;
is(keys_seen('p401'), 'env2 env2 env2 env2', 'the key is still left out');

upstream_does('mended', 'status,code=401');
is_error(call('mended'), 502, 'upstream_credentials_exhausted', undef,
         'all keys are refused');
is(scalar(split ' ', keys_seen('mended')), 2, 'each was tried');
is_error(call('mended'), 502, 'upstream_credentials_exhausted', undef, 'still');
is(scalar(split ' ', keys_seen('mended')), 1, 'and one is tried all the same');
# Mended is the one that the next call would not begin with
upstream_does('mended', 'one-good-key,good=env2-77c0');
my @status = map { call('mended')->status } 1 .. 4;
is_deeply([@status[2, 3]], [200, 200], 'one is mended: it is found, and kept to');
upstream_does('mended', 'one-good-key,good=env-81aa');
@status = map { call('mended')->status } 1 .. 4;
is_deeply([@status[2, 3]], [200, 200], 'the other way round, too');

upstream_does('one', 'status,code=403');
is(call('fallback')->header('X-LLMGW-Provider'), 'spare',
   'no key left: the next provider');

# ---- another key in its place -----------------------------------------------------------
upstream_does('changing', 'status,code=401');
is(call('changing')->status, 502, 'a refused key');
is($s->count(qr/LLMGW0503: .*changing: key 1 of 1 .* 300 s/), 1, 'it is benched');
set_key($LLMGW::Canary::KEY{env2});
ok($s->restart, 'restarted with another key');
is(call('changing')->status, 502, 'refused as well');
is($s->count(qr/LLMGW0503: .*changing: key 1 of 1 .* 300 s/), 2, 'it began anew');

# ---- limited -------------------------------------------------------------------------------
upstream_does('limited', 'one-good-key,good=env2-77c0,code=429,retry=4');
is(call('limited')->status, 200, 'limited: the next key serves the same call') for 1 .. 4;
is(scalar(grep { $_ eq 'env' } split ' ', keys_seen('limited')), 1,
   'the limited key is left alone');
my $start = now_ms();           # one of these calls has asked with it
ok(wait_for(8, sub { now_ms() - $start > 4100 }), 'after its time');
upstream_does('limited', 'ok');
call('limited') for 1 .. 4;
is(scalar(grep { $_ eq 'env' } split ' ', keys_seen('limited')), 2,
   'it comes back');
upstream_does('limited', 'status,code=429,retry=30');
my $a = call('limited');
is_error($a, 429, undef, undef, 'all are limited');
cmp_ok($a->header('Retry-After') || 0, '>=', 25, 'with the time to wait');
is(scalar(split ' ', keys_seen('limited')), 2, 'each was asked once');
$a = call('limited');
is_error($a, 429, 'rate_limit_exceeded', undef, 'the next call');
cmp_ok($a->header('Retry-After') || 0, '>=', 20, 'with the time as well');
is(keys_seen('limited'), '', 'does not ask');

upstream_does('one', 'status,code=429,retry=1');
$start = now_ms();
keys_seen('one');
$a = call('patient');
is(scalar(split ' ', keys_seen('one')), 2, 'a short wait is waited for');
cmp_ok(now_ms() - $start, '>=', 1000, 'to its end');

unlike($s->log_text, qr/CANARY/, 'no key in its log');
$s->stop(log => [qr/LLMGW0201/]);
finish();
