# health.t: 200 while every route has a target that may get calls
use strict;
use warnings;
use LLMGW::Test;

expect_log(qr/LLMGW\d+/);

sub health {
    my $a = request(path => '/health', method => 'GET', vhost => 'health');
    unlike($a->bytes, qr/CANARY/, 'no key in it');
    return ($a->status, $a->json);
}
sub route_of { my ($h, $name) = @_; return (grep { $_->{pattern} eq $name } @{ $h->{routes} })[0] }

my $a = request(path => '/health', method => 'GET', vhost => 'health');
is($a->header('Cache-Control'), 'no-store', 'it is not cached');
is(request(path => '/health', method => 'HEAD', vhost => 'health')->status, 200, 'HEAD');
is(request(path => '/health', method => 'POST', body => '{}', vhost => 'health')->status,
   405, 'not POST');

my ($status, $h) = health();
is($status, 200, 'all is well');
is($h->{status}, 'ok', 'it says');
is($h->{dependencies}{shared_memory}, 'ok', 'the board is there');
ok(defined $h->{dependencies}{mod_watchdog}, 'and whether mod_watchdog is');
my ($pool) = grep { $_->{name} eq 'hepool' } @{ $h->{providers} };
is("$pool->{keys} $pool->{keys_usable} $pool->{status}", '2 2 ok', 'a provider and its keys');
my ($gone) = grep { $_->{name} eq 'gone' } @{ $h->{providers} };
is($gone->{status}, 'unavailable', 'a provider without its key');

# ---- a key is refused: one is left -------------------------------------------------------
is(ask('he-keys', vhost => 'health')->text, 'Hello from mock', 'the next key') for 1 .. 2;
($status, $h) = health();
is($status, 200, 'a key less is no harm');
($pool) = grep { $_->{name} eq 'hepool' } @{ $h->{providers} };
is("$pool->{keys} $pool->{keys_usable}", '2 1', 'but is told');

# ---- one of two targets is down, then the only one of a route ------------------------------
ask('he-two', vhost => 'health') for 1 .. 4;
($status, $h) = health();
is($status, 200, 'a route with another target is served');
my @t = @{ route_of($h, 'he-two')->{targets} };
is_deeply([map { $_->{target} } @t], ['mock/status,code:500', 'mock/ok'], 'its targets');
is_deeply([map { "$_->{breaker} $_->{status}" } @t], ['open unavailable', 'closed ok'],
          'and how they stand');

ask('he-one', vhost => 'health') for 1 .. 3;
($status, $h) = health();
is($status, 503, 'a route without any is not');
is($h->{status}, 'unavailable', 'it says');
is(route_of($h, 'he-one')->{status}, 'unavailable', 'and which');
is(route_of($h, 'he-two')->{status}, 'ok', 'and which not');
is(request(path => '/health', method => 'GET')->status, 200,
   'another server\'s health is its own');

# ---- told to come back later ---------------------------------------------------------------
is(ask('he-limit', vhost => 'health')->status, 429, 'a limit');
($status, $h) = health();
my ($t) = @{ route_of($h, 'he-limit')->{targets} };
# the end of the minute is kept in whole milliseconds, rounded up
ok($t->{benched_seconds} > 50 && $t->{benched_seconds} <= 60.001, 'left alone for a minute')
    or diag($t->{benched_seconds});
is($t->{status}, 'unavailable', 'so long');

finish();
