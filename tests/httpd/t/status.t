# status.t: what is known of targets, keys and routes
use strict;
use warnings;
use LLMGW::Test;
use LLMGW::Server;

expect_log(qr/LLMGW\d+/);

sub status {
    my $a = request(path => '/status?json', method => 'GET', vhost => 'status');
    is($a->status, 200, 'the status');
    like($a->header('Content-Type'), qr{^application/json}, 'is JSON');
    is($a->header('Cache-Control'), 'no-store', 'and not cached');
    unlike($a->bytes, qr/CANARY|Hello/, 'without keys, prompts and answers');
    return $a->json;
}
sub target_of {
    my ($s, $route, $i) = @_;
    my ($r) = grep { $_->{pattern} eq $route } @{ $s->{routes} };
    return $r->{targets}[$i || 0];
}

my $s = status();
is($s->{server}{version}, '0.1.0', 'the version');
ok($s->{server}{uptime_seconds} > 0, 'how long it runs');
like($s->{server}{started}, qr/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, 'since when');
ok($s->{server}{generation} >= 0, 'the generation');
ok(@{ $s->{server}{children} } > 0, 'the children');
my $generation = $s->{server}{generation};
my ($r) = grep { $_->{pattern} eq 'st-main' } @{ $s->{routes} };
is($r->{method}, 'llm_latency', 'the method of a route');
like($r->{balancer}, qr{^balancer://llm-st-main}, 'its balancer');
my $t = target_of($s, 'st-main', 0);
is("$t->{tier} $t->{weight}", '0 2.5', 'tier and weight of a target');
ok(!$t->{standby} && !$t->{drained} && !$t->{after_failures_only}, 'its flags');
ok(target_of($s, 'st-main', 1)->{standby}, 'of another');
ok(target_of($s, 'st-main', 2)->{after_failures_only}, 'and of a third');

# ---- after some calls -------------------------------------------------------------------
is(ask('st-main', vhost => 'status')->text, 'Hello from mock', 'a call') for 1 .. 3;
ask('st-fail', vhost => 'status') for 1 .. 2;
my $c = LLMGW::Http->new(port('status'));
$c->put(raw(body => json({ model => 'st-slow', stream => JSON::PP::true,
    messages => [{ role => 'user', content => prompt() }] })));
ok($c->await(qr/t2 /, 5), 'a stream is under way');
wait_for(5, sub { target_of(status(), 'st-main')->{counts}{succeeded} == 3 });
$s = status();
$t = target_of($s, 'st-main', 0);
is("$t->{counts}{attempts} $t->{counts}{succeeded} $t->{counts}{failed}", '3 3 0',
   'three attempts that went well');
is("$t->{counts}{prompt_tokens} $t->{counts}{completion_tokens}", '33 9', 'their tokens');
is($t->{usual_completion_tokens}, 3, 'and what is usual');
ok($t->{first_token_seconds} > 0 && $t->{first_token_seconds} < 2, 'the time to the first token')
    or diag($t->{first_token_seconds});
is($t->{breaker_window}{calls}, 3, 'the breaker\'s window');
ok(!$t->{last_error}, 'no error');
$t = target_of($s, 'st-fail');
is($t->{counts}{failed}, 2, 'two that failed');
is("$t->{last_error}{code} $t->{last_error}{http_status}", 'upstream_error 500', 'the last error');
is($t->{breaker}, 'open', 'its breaker');
ok($t->{breaker_window}{wait_seconds} > 0, 'and for how long');
is($t->{counts}{breaker_opened}, 1, 'for the first time');
is(target_of($s, 'st-slow')->{inflight_requests}, 1, 'one is in flight');
my $inflight = 0;
$inflight += $_->{inflight_requests} for @{ $s->{server}{children} };
is($inflight, 1, 'in one of the children');
$c->reset;
ok(wait_for(5, sub { !target_of(status(), 'st-slow')->{inflight_requests} }),
   'and then no more');
($r) = grep { $_->{pattern} eq 'st-fail' } @{ $s->{routes} };
is($r->{calls}, 2, 'calls of a route');
is($r->{retries}{made}, 0, 'its retries');
ok($r->{retries}{budget} > 0, 'its budget');

# ---- keys -----------------------------------------------------------------------------------
ask('st-keys', vhost => 'status') for 1 .. 2;
$s = status();
my ($p) = grep { $_->{name} eq 'stpool' } @{ $s->{providers} };
is_deeply([map { "$_->{key} $_->{status} $_->{refused}" } @{ $p->{keys} }],
          ['1 refused 1', '2 ok 0'], 'keys by their place');
ok($p->{keys}[0]{benched_seconds} > 250, 'and how long one is left out');

# ---- restarts --------------------------------------------------------------------------------
ok(LLMGW::Server->shared->restart, 'the server restarted gracefully');
$s = status();
is($s->{server}{generation}, $generation + 1, 'the next generation');
is(target_of($s, 'st-main', 0)->{counts}{attempts}, 3, 'knows what the one before did');

is(request(path => '/status', method => 'POST', body => '{}', vhost => 'status')->status, 405,
   'not POST');
finish();
