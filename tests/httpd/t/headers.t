# headers.t: X-Request-Id, X-LLMGW-*, notes and the access log
use strict;
use warnings;
use LLMGW::Test;

# ---- the request's id ---------------------------------------------------------------
my $id = tag();
my $a = ask('mock/ok', id => $id);
is($a->header('X-Request-Id'), $id, 'a sane id is kept');
is(scalar(my @n = $a->headers('X-Request-Id')), 1, 'and is the only one');
$a = ask('mock/ok');
like($a->header('X-Request-Id'), qr/^[\w.-]{8,128}$/, 'none: one is made');
isnt(ask('mock/ok')->header('X-Request-Id'), $a->header('X-Request-Id'),
     'another each time');
for my $bad ('with space', 'x' x 500, "uml\xe4ut", '<script>', '"quoted"',
             'semi;colon', '') {
    $a = ask('mock/ok', headers => ['X-Request-Id' => $bad]);
    my $got = $a->header('X-Request-Id');
    ok($a->status == 200 && defined $got && $got ne $bad
       && $got =~ /^[\w.-]{8,128}$/, 'a bad id is replaced: ' . substr $bad, 0, 12);
}
$id = tag();
is(ask('nobody', id => $id)->header('X-Request-Id'), $id, 'errors have it too');
is(ask('mock/ok', stream => 1, id => $id)->header('X-Request-Id'), $id,
   'so have streams');
is(request(path => '/v1/models', id => $id)->header('X-Request-Id'), $id,
   'so has the list of models');

# ---- X-LLMGW-* -------------------------------------------------------------------------
for my $stream (0, 1) {
    $a = ask('exact-model', stream => $stream);
    is($a->header('X-LLMGW-Provider'), 'mock', 'X-LLMGW-Provider');
    is($a->header('X-LLMGW-Model'), 'ok', 'X-LLMGW-Model');
    is($a->header('X-LLMGW-Attempts'), 1, 'X-LLMGW-Attempts');
}

# ---- notes, as the access log has them ----------------------------------------------------
$id = tag();
$a = ask('exact-model', id => $id);
my $l = access($id);
is($l->{status}, 200, 'log: status');
is($l->{model}, 'exact-model', 'log: the model asked for');
is($l->{route}, 'exact-model', 'log: the route');
is($l->{provider}, 'mock', 'log: the provider');
is($l->{target}, 'mock/ok', 'log: the target');
is($l->{attempts}, 1, 'log: attempts');
is($l->{prompt}, 11, 'log: prompt tokens');
is($l->{completion}, 3, 'log: completion tokens');
is($l->{cached}, 3, 'log: cached tokens');
is($l->{stop}, 'end', 'log: why it stopped');
like($l->{$_}, qr/^\d+$/, "log: $_") for qw(upstream overhead);

for my $p (qw(mock claude)) {
    $id = tag();
    ask("$p/slow-stream,n=3,ms=400", stream => 1, id => $id);
    $l = access($id);
    is($l->{status}, 200, "log, $p stream: status");
    is($l->{prompt}, 11, "log, $p stream: prompt tokens");
    is($l->{completion}, 3, "log, $p stream: completion tokens");
    like($l->{ttft}, qr/^\d+$/, "log, $p stream: time to first token");
    # 400 of 1200 ms
    ok($l->{ttft} >= 350 && $l->{ttft} < $l->{upstream} - 300,
       "log, $p stream: which is the first token's") or diag("$l->{ttft} of $l->{upstream}");
    ok($l->{upstream} >= 1150, "log, $p stream: upstream time is the whole");
    is($l->{stop}, 'end', "log, $p stream: why it stopped");
}
$id = tag();
ask('echo/x', id => $id, messages => [{ role => 'user', content => 'a b' }]);
$l = access($id);
is_deeply([@$l{qw(provider prompt completion stop)}], ['echo', 2, 2, 'end'],
          'log: echo');
for (['tools', 'tool'], ['length', 'length']) {
    $id = tag();
    ask("mock/$_->[0]", id => $id);
    is(access($id)->{stop}, $_->[1], "log: stop is $_->[1]");
}
$id = tag();
ask('nobody', id => $id);
$l = access($id);
is_deeply([@$l{qw(status error attempts)}], [404, 'model_not_found', '-'],
          'log: an unknown model');
$id = tag();
ask('fb-500', id => $id);
$l = access($id);
is_deeply([@$l{qw(status provider target attempts)}],
          [200, 'mock', 'mock/ok', 2], 'log: the attempt that answered');
expect_log(qr/LLMGW\d+/);

# ---- the reference configuration's JSON log -------------------------------------------------
my $file = vars('t_logs') . '/reference_log';
ok(-s $file, 'conf.d/llmgw.conf has a JSON access log');
my @lines = split /\n/, slurp($file);
my @good = grep { ref eq 'HASH' } map { eval { JSON::PP::decode_json($_) } } @lines;
is(scalar @good, scalar @lines, 'each of its lines is JSON');
my %known = map { $_ => 1 } map { ref $_ ? () : $_ } map { values %$_ } @good;
ok($known{'exact-model'}, 'with the model in it');

finish();
