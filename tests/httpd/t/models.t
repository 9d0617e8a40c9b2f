# models.t: GET .../models and the health handler
use strict;
use warnings;
use LLMGW::Test;

my $a = request(path => '/v1/models');
is($a->status, 200, 'the list');
my $list = $a->json || {};
is($list->{object}, 'list', 'of OpenAI\'s form');
my %m = map { $_->{id} => $_ } @{ $list->{data} || [] };
ok($m{$_}, "holds the route $_") for qw(exact-model block-model echo-request);
ok(!(grep { /[*?]/ } keys %m), 'and no globs');
is(scalar(grep { ($_->{object} || '') ne 'model' || !defined $_->{created}
                 || !length($_->{owned_by} || '') } values %m), 0,
   'each entry is a model');
unlike($a->bytes, qr/CANARY|127\.0\.0\.1|http:/, 'nothing secret');

$a = request(path => '/v1/models/exact-model');
is($a->status, 200, 'one model');
is(($a->json || {})->{id}, 'exact-model', 'by its name');
$a = request(path => '/v1/models/nobody-knows');
is_error($a, 404, 'model_not_found', undef, 'an unknown one');
$a = request(path => '/v1/models/mock%2Fok');
is($a->status, 200, 'a pinned one, its slash encoded')
    or diag($a->body);
is(request(path => '/v1/models', method => 'HEAD')->status, 200, 'HEAD');
is_error(request(path => '/v1/models', method => 'POST', body => '{}'), 405,
         'method_not_allowed', undef, 'POST to the list');

$a = request(path => '/v1/models', vhost => 'merge');
%m = map { $_->{id} => 1 } @{ ($a->json || {})->{data} || [] };
ok($m{'only-here'} && $m{'block-model'}, 'a virtual host lists its own and the server\'s');

# ---- health ------------------------------------------------------------------------
$a = request(path => '/health');
is($a->status, 200, 'health: 200');
like($a->header('Content-Type'), qr{^application/json}, 'health: JSON');
is(ref $a->json, 'HASH', 'health: an object');
unlike($a->bytes, qr/CANARY/, 'health: no key');
is(request(path => '/health', method => 'HEAD')->status, 200, 'health: HEAD');
is(request(path => '/health', method => 'POST', body => '{}')->status, 405,
   'health: no POST');

finish();
