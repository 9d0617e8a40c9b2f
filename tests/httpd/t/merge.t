# merge.t: a virtual host has what the server has, and its own
use strict;
use warnings;
use LLMGW::Test;

sub says { return [{ role => 'user', content => $_[0] }] }

is(ask('only-here', vhost => 'merge', messages => says('mine'))->text, 'mine',
   'a route and a provider of its own');
is_error(ask('only-here'), 404, 'model_not_found', undef, 'which the server has not');
is(ask('block-model', vhost => 'merge')->text, 'w1 w2 w3 ', 'the server\'s routes');
is(ask('mock/ok', vhost => 'merge')->text, 'Hello from mock', 'the server\'s providers');
my $a = ask('exact-model', vhost => 'merge', keys_shown => 1);
is(received($a)->{method}, 'POST', 'its own route wins over the server\'s of that name');
is(ask('exact-model')->text, 'Hello from mock', 'the server keeps its own');
is_error(ask('mine/x'), 404, 'model_not_found', undef, 'the server has no such provider');
$a = ask('mine/x', vhost => 'merge', messages => says('me'));
is($a->text, 'me', 'a pin of its own provider');

# A provider of the server's name: routes keep the one of the server they stand in
for my $host (undef, 'short') {
    $a = ask('bound', vhost => $host, keys_shown => 1);
    is(received($a)->{target}, '/second/v1/chat/completions',
       'a route leads to its own server\'s provider, asked of ' . ($host || 'the server'));
}
is(ask('second/x', vhost => 'short', messages => says('me'))->text, 'me',
   'a pin leads to the virtual host\'s');

# One directive set leaves the others as they are
is_error(ask('mock-x', vhost => 'noauto'), 404, 'model_not_found', undef,
         'LLMAutoRoute of a virtual host');
is(ask('exact-model', vhost => 'noauto')->text, 'Hello from mock',
   'with the server\'s routes');
is_error(ask('mock/huge-event,kb=200', vhost => 'small'), 502, 'upstream_too_large',
         undef, 'LLMResponseBody of a virtual host');
expect_log(qr/LLMGW\d+/);
is(ask('mock/huge-event,kb=200', vhost => 'merge')->status, 200, 'not of another');

is_error(ask('route-limits'), 502, 'upstream_too_large', undef, 'LLMResponseBody of a route');
is_error(ask('route-limits', messages => [{ role => 'user', content => 'x' x 3000 }]), 413,
         'request_too_large', undef, 'LLMRequestBody of a route');
is_error(ask('route-reject', more => { seed => 7 }), 400, undef, 'seed',
         'LLMUnsupported of a route');

# Of LLMTimeout only first= was given in the route: the rest is the server's
$a = ask('patient', vhost => 'short');
is($a->status, 200, 'LLMTimeout in a route overrides one value');

finish();
