# balance.t: which target gets a call, by LLMBalance and by balancer-manager
use strict;
use warnings;
use LLMGW::Test;
use LLMGW::Server;

my $key = 'key=env:LLMGW_TEST_KEY';
my @ways = qw(a b c fast slow filter length big claude gem busy);
my $providers = join '', map {
    "LLMProvider $_ openai \${SW}/$_/v1 $key models=none\n" } @ways;
my $routes = <<'CONF';
LLMBreaker off
LLMRetry attempts=3 backoff=20ms
LLMProvider anth anthropic ${SW}/anth/v1 key=env:LLMGW_TEST_KEY models=none
LLMProvider gemi gemini ${SW}/gemi/v1beta key=env:LLMGW_TEST_KEY models=none
<LLMRoute weighted>
    LLMTarget a/m weight=5
    LLMTarget b/m weight=1
    LLMTarget c/m weight=1
</LLMRoute>
<LLMRoute equal>
    LLMTarget a/m
    LLMTarget b/m
</LLMRoute>
<LLMRoute tiers>
    LLMTarget c/m tier=2
    LLMTarget b/m tier=1
    LLMTarget a/m
</LLMRoute>
<LLMRoute spare>
    LLMTarget c/m weight=0
    LLMTarget a/m tier=3
    LLMTarget b/m tier=1
</LLMRoute>
<LLMRoute latency>
    LLMBalance latency
    LLMTarget fast/m
    LLMTarget slow/m
</LLMRoute>
<LLMRoute busy>
    LLMBalance busy
    LLMTarget a/m
    LLMTarget b/m
</LLMRoute>
<LLMRoute cost>
    LLMBalance cost
    LLMTarget a/m price-in=10 price-out=1
    LLMTarget b/m price-in=1 price-out=20
    LLMTarget c/m
</LLMRoute>
<LLMRoute prefix>
    LLMBalance prefix
    LLMTarget a/m
    LLMTarget b/m
    LLMTarget c/m
</LLMRoute>
<LLMRoute context>
    LLMTarget a/m max-context=200
    LLMTarget b/m max-context=2000 tier=1
</LLMRoute>
<LLMRoute typed>
    LLMTarget a/m
    LLMTarget b/m tier=1 on=context-length
    LLMTarget c/m tier=1 on=content-filter
</LLMRoute>
<LLMRoute typed-anthropic>
    LLMTarget anth/m
    LLMTarget b/m tier=1 on=context-length
    LLMTarget c/m tier=1 on=content-filter
</LLMRoute>
<LLMRoute typed-gemini>
    LLMTarget gemi/m
    LLMTarget b/m tier=1 on=context-length
    LLMTarget c/m tier=1 on=content-filter
</LLMRoute>
<LLMRoute when>
    LLMTarget a/m "when=req('X-Team') == 'a'"
    LLMTarget b/m "when=req('X-Team') == 'b'"
</LLMRoute>
<LLMRoute undecodable>
    LLMTarget a/m "when=%{LLM_TOOLS} -gt 0"
    LLMTarget b/m
</LLMRoute>
<Location /manager>
    SetHandler balancer-manager
    Require local
</Location>
BalancerPersist On
<Proxy balancer://plain>
    BalancerMember ${UP}/w1
    BalancerMember ${UP}/w2
    ProxySet lbmethod=llm_weighted
</Proxy>
<Proxy balancer://quick>
    BalancerMember ${UP}/q1 loadfactor=1
    BalancerMember ${UP}/q2 loadfactor=1
    ProxySet lbmethod=llm_latency
</Proxy>
ProxyPass /plain balancer://plain
ProxyPass /quick balancer://quick
CONF
my $s = LLMGW::Server->start('balance', conf => $providers . $routes, children => 2);
upstream_does($_, 'ok') for @ways, qw(anth gemi);

# The providers that served n calls of a route, in their order
sub served {
    my ($route, $n, %o) = @_;
    return map { my $a = ask($route, port => $s->port, %o);
                 $a->header('X-LLMGW-Provider') || 'status ' . $a->status } 1 .. $n;
}
sub counts { my %n; $n{$_}++ for @_; return \%n }

# ---- methods ---------------------------------------------------------------------
is(join(' ', served('weighted', 14)), 'a a b a c a a a a b a c a a',
   'weights 5, 1 and 1, in turn');
is_deeply(counts(served('equal', 20)), { a => 10, b => 10 }, 'equal weights');
is_deeply(counts(served('tiers', 5)), { a => 5 }, 'the first tier only');
upstream_does('a', 'status,code=500');
is_deeply(counts(served('tiers', 3)), { b => 3 }, 'the second when it fails');
is_deeply(counts(served('spare', 3)), { b => 3 }, 'the lowest tier first');
upstream_does('b', 'status,code=500');
is_deeply(counts(served('spare', 3)), { c => 3 }, 'weight=0 last');
upstream_does($_, 'ok') for qw(a b);

upstream_does('slow', 'delay-head,ms=150');
served('latency', 4);
my $n = counts(served('latency', 40));
cmp_ok($n->{fast} || 0, '>=', 34, 'latency: the fast one is preferred');
upstream_does('fast', 'delay-head,ms=300');
upstream_does('slow', 'ok');
$n = counts(served('latency', 30));
cmp_ok($n->{slow} || 0, '>=', 10, 'latency: the slow one is tried again and found faster');

# Calls under way, and what the next ones get meanwhile
sub under_way {
    my ($model, $n, $content) = @_;
    return map {
        my $c = LLMGW::Http->new($s->port);
        $c->put(raw(body => json({ model => $model, stream => JSON::PP::true,
            messages => [{ role => 'user', content => $content || prompt() }] })));
        $c->await(qr/data: /, 8);
        $c;
    } 1 .. $n;
}
upstream_does('a', 'slow-stream,n=10,ms=150');
upstream_does('b', 'slow-stream,n=10,ms=150');
my @c = under_way('busy', 1);
my ($first) = $c[0]{in} =~ /X-LLMGW-Provider: (\w)/;
push @c, under_way('busy', 1);
my ($second) = $c[1]{in} =~ /X-LLMGW-Provider: (\w)/;
isnt($second, $first, 'busy: the one with nothing to do');
$_->answer for @c;
upstream_does($_, 'ok') for qw(a b);

is_deeply(counts(served('cost', 1, more => { max_tokens => 1000 })), { a => 1 },
          'cost: the cheaper one for an answer that may be long');
is_deeply(counts(served('cost', 3, more => { max_tokens => 1000 })), { b => 3 },
          'cost: another one when answers turn out to be short');
is_deeply(counts(served('cost', 4, more => { max_tokens => 1 }, messages => [
              { role => 'user', content => 'word ' x 2000 }])), { b => 4 },
          'cost: another one for a long prompt');
upstream_does($_, 'status,code=500') for qw(a b);
is_deeply(counts(served('cost', 2)), { c => 2 }, 'cost: without a price last');
upstream_does($_, 'ok') for qw(a b);

# ---- prefix ------------------------------------------------------------------------
my %home;
for my $i (1 .. 24) {
    my @say = ({ role => 'system', content => "You are number $i." },
               { role => 'user', content => "Question $i" });
    my ($p) = served('prefix', 1, messages => [@say]);
    $home{$p}++;
    my @again = map { served('prefix', 1, messages => [@say,
        map { ({ role => 'assistant', content => "answer $_" },
               { role => 'user', content => "more $_" }) } 1 .. $_]) } 1 .. 2;
    is("@again", "$p $p", "prefix: turns of conversation $i stay at $p") if $i <= 4;
    fail("prefix: conversation $i went from $p to @again")
        if grep { $_ ne $p } @again;
}
is(scalar keys %home, 3, 'prefix: all targets have some conversations');
upstream_does($_, 'slow-stream,n=20,ms=100') for qw(a b c);
@c = under_way('prefix', 12, 'the very same beginning');
my %spilt;
$spilt{ ($_->{in} =~ /X-LLMGW-Provider: (\w)/)[0] || 'none' }++ for @c;
cmp_ok(scalar keys %spilt, '>', 1, 'prefix: it spills over under load');
$_->close for @c;
upstream_does($_, 'ok') for qw(a b c);

# ---- what a target is for -----------------------------------------------------------
is_deeply([served('context', 1)], ['a'], 'a short prompt');
my @long = ({ role => 'user', content => 'word ' x 1000 });
is_deeply([served('context', 1, messages => \@long)], ['b'],
          'one that is too long for the first');
is_error(ask('context', port => $s->port, messages => [
    { role => 'user', content => 'word ' x 9000 }]), 400, 'context_length_exceeded',
    undef, 'one that is too long for all');
is_deeply([served('when', 1, headers => ['X-Team' => 'b'])], ['b'], 'when=');
is_error(ask('when', port => $s->port), 404, 'model_not_found', undef,
         'when= is true for none');
is_error(ask('undecodable', port => $s->port, messages => 'none'), 400, undef, undef,
         'a body that conditions cannot be told of');

is_deeply(counts(served('typed', 4)), { a => 4 },
          'targets for a kind of failure get nothing else');
upstream_does('a', 'status,code=500');
is_error(ask('typed', port => $s->port), 500, undef, undef, 'nor another failure');
my %kind = (b => [ "refusal,make=context", "refusal,make=context-words" ],
            c => [ "refusal,make=filter", "refusal,make=azure-filter",
                   "finish-only,why=content_filter" ]);
for my $to (sort keys %kind) {
    for my $how (@{ $kind{$to} }) {
        for my $stream (0, 1) {
            upstream_does('a', $how);
            is_deeply([served('typed', 1, stream => $stream)], [$to],
                      "openai $how, stream $stream: the target for that");
        }
    }
}
upstream_does('a', 'ok');
for (['anthropic', 'anth', 'refusal,make=context-words', 'b'],
     ['anthropic', 'anth', 'finish-only,why=refusal', 'c'],
     ['gemini', 'gemi', 'refusal,make=context-words', 'b'],
     ['gemini', 'gemi', 'blocked', 'c'],
     ['gemini', 'gemi', 'finish-only,why=SAFETY', 'c']) {
    my ($form, $provider, $how, $to) = @$_;
    upstream_does($provider, $how);
    for my $stream (0, 1) {
        is_deeply([served("typed-$form", 1, stream => $stream)], [$to],
                  "$form $how, stream $stream: the target for that");
    }
}
upstream_does($_, 'refusal,make=filter') for qw(a c);
is_error(ask('typed', port => $s->port), 400, qr/content_filter/, undef,
         'refused there too: the provider\'s own words');
upstream_does($_, 'ok') for qw(a c anth gemi);

# ---- balancer-manager ------------------------------------------------------------------
# Its page; with fields, changed by them
sub manager {
    my ($fields) = @_;
    my $host = '127.0.0.1:' . $s->port;
    return request(port => $s->port, path => '/manager', body => $fields,
                   method => defined $fields ? 'POST' : 'GET',
                   headers => [Host => $host, Referer => "http://$host/manager",
                               'Content-Type' => 'application/x-www-form-urlencoded']);
}
my ($balancer) = manager()->body =~ m{balancer://(llm-equal-\w+)};
ok($balancer, 'balancer-manager lists routes');
like(manager()->body, qr{llm://a/m}, 'and their targets');

sub change {
    my ($member, $set) = @_;
    my ($nonce) = manager()->body =~ m{b=\Q$balancer\E&amp;nonce=([\w-]+)};
    my $page = manager(join '&', "b=$balancer", "nonce=$nonce",
                       ($member ? "w=llm://$member" : ()), $set);
    is($page->status, 200, 'manager: ' . ($member || 'balancer') . " $set");
}
change('a/m', 'w_lf=3');
is_deeply(counts(served('equal', 20)), { a => 15, b => 5 }, 'three times the weight');
change('a/m', 'w_lf=1');
change('a/m', 'w_ls=1');
is_deeply(counts(served('equal', 4)), { b => 4 }, 'another tier (LB set)');
change('a/m', 'w_ls=0');
for (['w_status_N', 'draining'], ['w_status_D', 'disabled'], ['w_status_H', 'hot standby'],
     ['w_status_S', 'stopped']) {
    my ($field, $name) = @$_;
    change('a/m', "$field=1");
    is_deeply(counts(served('equal', 4)), { b => 4 }, "$name: no calls");
    change('a/m', "$field=0");
    is_deeply(counts(served('equal', 4)), { a => 2, b => 2 }, "no longer $name: calls again");
}
for my $round (1 .. 3) {        # whichever child sees what
    change('a/m', 'w_status_N=1');
    is_deeply(counts(served('equal', 1)), { b => 1 }, "drained once more: no call ($round)");
    change('a/m', 'w_status_N=0');
    is_deeply(counts(served('equal', 24)), { a => 12, b => 12 },
              "every child gives it calls again ($round)");
}
change('a/m', 'w_status_D=1');
change('b/m', 'w_status_D=1');
is_error(ask('equal', port => $s->port), 503, 'no_target_available', undef,
         'all disabled');
change('b/m', 'w_status_D=0');
change('', 'b_lbm=llm_prefix');
my %by;
$by{$_}++ for served('equal', 8);
is_deeply(\%by, { b => 8 }, 'the method changes, a stays disabled');
change('a/m', 'w_status_D=0');
is(scalar keys %{ counts(served('equal', 8)) }, 1, 'the method is prefix now');
change('', 'b_lbm=llm_weighted');
change('a/m', 'w_lf=3');
ok($s->restart, 'a graceful restart');
is_deeply(counts(served('equal', 20)), { a => 15, b => 5 }, 'keeps the operator\'s weight');
change('a/m', 'w_status_N=1');
ok($s->restart, 'and another');
is_deeply(counts(served('equal', 4)), { b => 4 }, 'keeps draining');

# ---- a balancer of one's own ---------------------------------------------------------
sub plain { request(port => $s->port, path => "/$_[0]/v1/chat/completions",
                    body => json({ model => "$_[1],tag=$_[2]" })) }
is(plain('plain', 'ok', 'plainw')->status, 200, 'llm_weighted in a plain balancer')
    for 1 .. 10;
my %to;
$to{ ($_->{target} =~ m{^/(\w+)/})[0] }++ for upstream('plainw');
is_deeply(\%to, { w1 => 5, w2 => 5 }, 'shares equally');
is(plain('quick', 'ok', 'plainq')->status, 200, 'llm_latency in a plain balancer')
    for 1 .. 6;
%to = ();
$to{ ($_->{target} =~ m{^/(\w+)/})[0] }++ for upstream('plainq');
is(scalar keys %to, 2, 'both are tried');

$s->stop(log => [qr/LLMGW0201/]);
finish();
