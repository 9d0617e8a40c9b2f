# breaker.t: a target that fails is left alone, by all children
use strict;
use warnings;
use LLMGW::Test;
use LLMGW::Server;
use Time::HiRes qw(sleep time);

my @names = qw(a b n x h k w z g sl);
my $conf = join '', map { "LLMProvider $_ openai \${SW}/$_/v1 key=env:LLMGW_TEST_KEY models=none\n" } @names;
$conf .= <<'CONF';
LLMRetry attempts=1
LLMBreaker ratio=50% min=4 window=20s open=5s probes=2
LLMRoute a a
LLMRoute n n
LLMRoute x x
LLMRoute z z
LLMRoute w w
LLMRoute g g
<LLMRoute both>
    LLMRetry attempts=2
    LLMTarget a
    LLMTarget b tier=1
</LLMRoute>
<LLMRoute h>
    LLMBreaker ratio=50% min=2 window=5s open=500ms probes=1
    LLMTarget h
</LLMRoute>
<LLMRoute k>
    LLMBreaker ratio=50% min=2 window=5s open=500ms probes=1
    LLMTarget k
</LLMRoute>
<LLMRoute sl>
    LLMBreaker ratio=90% min=4 window=5s open=20s probes=1 slow=200ms slow-ratio=50%
    LLMTarget sl
</LLMRoute>
<LLMRoute own>
    LLMBreaker off
    LLMTarget a breaker.ratio=50% breaker.min=2 breaker.open=20s
</LLMRoute>
<LLMRoute none>
    LLMTarget a breaker=off
</LLMRoute>
<LLMRoute off>
    LLMBreaker off
    LLMTarget x
</LLMRoute>
CONF
my $s = LLMGW::Server->start('breaker', conf => $conf, children => 3);
sub call { return ask($_[0], port => $s->port, @_[1 .. $#_]) }
sub changes { return $s->count(qr/LLMGW0502: route $_[0]: .*breaker $_[1]/) }
upstream_does($_, 'ok') for @names;

# Break a target: four failures
sub fail_it {
    my ($route, $n) = @_;
    upstream_does($route, 'status,code=500');
    call($route) for 1 .. $n || 4;
}
sub refused {
    my ($route) = @_;
    my $before = switched($route);
    my $start = time;
    my $a = call($route);
    return $a->status == 503 && ($a->error->{code} || '') eq 'no_target_available'
        && time - $start < 3 && switched($route) == $before && $a;
}

# ---- opens, probes, closes -----------------------------------------------------------
fail_it('a', 3);
is(changes('a', 'closed -> open'), 0, 'three failures are not enough');
fail_it('a', 1);
is(changes('a', 'closed -> open: 4 of 4 calls failed \(100%\)'), 1,
   'the fourth opens it, with its reason');
my $a = refused('a');
ok($a, 'refused, at once, without a request');
cmp_ok($a && $a->header('Retry-After') || 0, '>', 0, 'with a Retry-After');
my $before = switched('a');
is(scalar(grep { call('a')->status == 503 } 1 .. 12), 12, 'all children know');
is(switched('a'), $before, 'none asks');
is($s->count(qr/LLMGW0502/), 1, 'one line for all that');
ok(wait_for(10, sub { call('a')->status == 500 }), 'after open= a call passes');
is(changes('a', 'open -> half-open'), 1, 'half-open');
is(changes('a', 'half-open -> open'), 1, 'a probe failed: open again');
ok(refused('a'), 'refused again');
upstream_does('a', 'ok');
ok(wait_for(10, sub { call('a')->status == 200 }), 'a probe succeeds');
is(changes('a', 'half-open -> closed'), 0, 'one is not enough');
is(call('a')->status, 200, 'another');
is(changes('a', 'half-open -> closed'), 1, 'two are');
is(call('a')->status, 200, 'closed') for 1 .. 3;
is($s->count(qr/LLMGW0502/), 5, 'each change has one line');

# A stream's failure after content counts as well
upstream_does('x', 'error-middle');
call('x', stream => 1) for 1 .. 4;
ok(refused('x'), 'failures in the middle of streams open it');
is(call('off', stream => 1)->status, 200, 'LLMBreaker off: never refused');

# A route's target has a breaker of its own: the same provider elsewhere is used
fail_it('a');
ok(refused('a'), 'open for one route');
is(call('both')->header('X-LLMGW-Attempts'), 2, 'not for another');
call('both') for 1 .. 3;
is(call('both')->header('X-LLMGW-Attempts'), 1, 'until it opens there, too');

# A target's own settings
upstream_does('a', 'status,code=500');
call('own') for 1 .. 2;
is(call('own')->status, 503, 'breaker.ratio= and so on: a breaker of its own');
call('none') for 1 .. 6;
is(call('none')->status, 500, 'breaker=off: never refused');

# ---- what counts for nothing ------------------------------------------------------------
upstream_does('n', 'status,code=429');
call('n') for 1 .. 6;
upstream_does('n', 'refusal,make=filter');
call('n') for 1 .. 6;
for my $code (404, 409, 422) {
    upstream_does('n', "status,code=$code");
    call('n') for 1 .. 6;
}
upstream_does('n', 'delay-head,ms=2000');
for (1 .. 6) {
    my $c = LLMGW::Http->new($s->port);
    my $before = switched('n');
    $c->put(raw(body => json({ model => 'n', messages => [
        { role => 'user', content => prompt() }] })));
    wait_for(3, sub { switched('n') > $before });
    $c->close;
}
upstream_does('n', 'ok');
is(call('n')->status, 200, '429, refusals, 404 and clients that left open nothing');
is(changes('n', '.'), 0, 'nor change anything');

# ---- half-open: so many at a time -----------------------------------------------------------
fail_it('h', 2);
sleep 0.6;
upstream_does('h', 'delay-head,ms=3000');
$before = switched('h');
my @c = map {
    my $c = LLMGW::Http->new($s->port);
    $c->put(raw(body => json({ model => 'h', messages => [
        { role => 'user', content => prompt() }] })));
    $c } 1 .. 5;
my @status = sort map { $_->answer->status } @c;
is("@status", '200 503 503 503 503', 'half-open: probes=1 lets one pass');
is(switched('h') - $before, 1, 'one request');
upstream_does('h', 'ok');
is(call('h')->status, 200, 'it closed');

# A probe that ends neutrally gives its place back
fail_it('h', 2);
sleep 0.6;
upstream_does('h', 'status,code=429');
is(call('h')->status, 429, 'a probe that is limited');
is(call('h')->status, 429, 'gives its place to the next');
upstream_does('h', 'delay-head,ms=3000');
my $c = LLMGW::Http->new($s->port);
$before = switched('h');
$c->put(raw(body => json({ model => 'h', messages => [
    { role => 'user', content => prompt() }] })));
ok(wait_for(3, sub { switched('h') > $before }), 'a probe is under way');
$c->close;
upstream_does('h', 'ok');
ok(wait_for(2, sub { call('h')->status == 200 }), 'its client leaves: its place is free');

# ---- a child that is killed with a probe in its hands ----------------------------------------
fail_it('k', 2);
sleep 0.6;
upstream_does('k', 'delay-head,ms=8000');
$before = switched('k');
$c = LLMGW::Http->new($s->port);
my $local = $c->{sock}->sockport;
$c->put(raw(body => json({ model => 'k', messages => [
    { role => 'user', content => prompt() }] })));
wait_for(3, sub { switched('k') > $before });
ok(refused('k') ? 1 : 0, 'the probe holds the only place');

# The child that has a connection to this local port
sub child_of {
    my ($port) = @_;
    my ($inode) = map { (split)[9] } grep {
        my @f = split; $f[1] && $f[1] =~ /:(\w+)$/ && hex $1 == $s->port
            && $f[2] =~ /:(\w+)$/ && hex $1 == $port } split /\n/, slurp('/proc/net/tcp');
    for my $child ($s->children) {
        return $child if grep { (readlink || '') eq "socket:[$inode]" }
                         glob "/proc/$child/fd/*";
    }
    return 0;
}
my $child = child_of($local);
ok($child, 'the child is found');
kill KILL => $child if $child;
upstream_does('k', 'ok');
ok(wait_for(8, sub { call('k')->status == 200 }),
   'killed: the parent gives its place back');
$c->close;

# ---- restarts -------------------------------------------------------------------------------
$s->{conf} =~ s/open=5s/open=60s/;
$s->restart(conf => $s->{conf});
fail_it('z');
ok(refused('z'), 'open');
ok($s->restart, 'a graceful restart');
ok(refused('z'), 'keeps it open');
$s->restart(signal => 'HUP');
ok(refused('z'), 'so does a plain one');

# ---- slow -----------------------------------------------------------------------------------
upstream_does('sl', 'delay-head,ms=300');
is(call('sl')->status, 200, 'slow, but an answer') for 1 .. 4;
is(changes('sl', 'closed -> open: 4 of 4 calls were slow'), 1, 'slow ones open it');
ok(refused('sl'), 'and it is left alone');

$s->stop(log => [qr/LLMGW0201/]);
finish();
