# allow.t: LLMAllow: who may use which models
use strict;
use warnings;
use LLMGW::Test;
use LLMGW::Canary;
use LLMGW::Messages;
use MIME::Base64 qw(encode_base64);
expect_log(qr/LLMGW0005|Evaluation of expression/);

sub as {
    my ($user, @more) = @_;
    return headers => [Authorization => 'Basic '
                       . encode_base64("$user:$LLMGW::Canary::CLIENT", ''), @more];
}
my @host = (vhost => 'allow');

sub allowed {
    my ($model, $who, $name, %o) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $a = ask($model, @host, @$who, %o);
    is($a->text, 'Hello from mock', "let in: $name") or diag(substr $a->bytes, 0, 600);
}
sub refused {
    my ($model, $who, $name, %o) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $a = ask($model, @host, @$who, %o);
    is_error($a, 403, 'model_not_allowed', 'model', "refused: $name");
    return $a;
}
my ($ann, $bob) = ([as('ann')], [as('bob')]);
my ($ann_best, $bob_best) = map { [as($_, 'X-Team' => 'best')] } qw(ann bob);

# ---- the server's, and a route's in its place ----------------------------------------
allowed('al-server', $ann, 'the server\'s holds for a route without one');
refused('al-server', $bob, 'the server\'s, for others');
allowed('al-all', $bob, 'a route\'s replaces it');
refused('al-none', $ann, 'a route that is nobody\'s');
allowed('al-bob', $bob, 'bob\'s own route');
refused('al-bob', $ann, 'is not ann\'s');
allowed('al-either', $ann, 'several lines: the first holds');
allowed('al-either', [as('bob', 'X-Team' => 'search')], 'several lines: the second holds');
refused('al-either', $bob, 'several lines: none holds');
allowed('exact-model', $ann, 'a route of the main server');
refused('exact-model', $bob, 'for whom the virtual host\'s holds too');
is(ask('exact-model')->status, 200, 'elsewhere there is none');

# ---- what the client and the log are told ------------------------------------------------
my ($tag, $id) = (tag(), tag());
my $a = refused("mock/ok,tag=$tag", $bob, 'a pinned model', id => $id);
is($a->error->{type}, 'permission_error', 'its type') or diag($a->body);
unlike($a->bytes, qr/REMOTE_USER|ann|LLMAllow/, 'nothing of the rule');
ok($a->complete, 'a whole answer');
refused("mock/ok,tag=$tag", $bob, 'a stream', stream => 1);
is(scalar upstream($tag), 0, 'nothing went to the provider');
my $line = access($id);
is($line->{status}, 403, 'log: status');
is($line->{error}, 'model_not_allowed', 'log: error');
is($line->{model}, "mock/ok,tag=$tag", 'log: model');
is($line->{attempts}, 0, 'log: no attempt');
like(log_since(), qr/:info\].*LLMGW0301: call \Q$id\E: refused: model_not_allowed/,
     'the error log has it at info');
$a = say_to('al-bob', port => port('allow'), @$ann);
is($a->status, 403, 'Anthropic: status');
is(($a->json || {})->{error}{type}, 'permission_error', 'Anthropic: type') or diag($a->body);
$a = request(path => '/v1/models/al-bob:generateContent', @host, @$ann,
             body => json({ contents => [{ role => 'user', parts => [{ text => 'hi' }] }] }));
is($a->status, 403, 'Gemini: status');
is(($a->json || {})->{error}{status}, 'PERMISSION_DENIED', 'Gemini: status word')
    or diag($a->body);

# ---- expressions ---------------------------------------------------------------------------
$a = refused('al-broken', $ann, 'an expression that fails to run refuses, whatever follows');
like(log_since(), qr/:error\].*LLMGW0005: LLMAllow \(.*extra\.conf:\d+\)/, 'and is logged');
allowed('al-vars', $bob, 'the variables of a call');
refused('al-vars', $bob, 'LLM_PROMPT_TOKENS',
        messages => [{ role => 'user', content => 'word ' x 2000 }]);
refused('al-vars', $bob, 'LLM_TOOLS', more => { tools => [
    { type => 'function', function => { name => 'one' } }] });
is_error(ask('al-vars', @host, @$bob, messages => [{ role => 'user', content => 5 }]), 400,
         undef, qr/^messages\[0\]/, 'LLM_TOOLS of what is not understood: not let in');
ok(!defined ask('al-either', @host, @$ann)->header('Vary'), 'no Vary by who may');

# ---- around a route: pinned, or by the provider's models= ---------------------------------------
allowed('mock/ok', $ann, 'pinned: the server\'s holds');
refused('mock/ok', $bob, 'pinned: the server\'s does not');
refused('mock-x', $bob, 'LLMAutoRoute: the server\'s does not');
is(ask('mock-x', @host, @$ann)->status, 404, 'LLMAutoRoute: the server\'s holds');
refused('al-all', $bob, 'a provider member, though the route would let in',
        more => { provider => 'mock' });

refused('al-best', $ann, 'a route by header');
allowed('al-best', $ann_best, 'with the header');
refused('mock/ok,grade:best', $ann, 'its target cannot be pinned');
refused('mock/OK,grade:BEST', $ann, 'nor in capitals');
refused('ok,grade:best', $ann, 'nor by a provider member', more => { provider => 'mock' });
allowed('mock/ok,grade:best', $ann_best, 'but by those who may');
refused('mock/ok,grade:best', $bob_best, 'who also must satisfy the server\'s');
refused('mock-best', $ann, 'nor does LLMAutoRoute lead there');
is(ask('mock-best', @host, @$ann_best)->status, 404, 'but for those who may');
allowed('second/ok,grade:best', $ann, 'another provider\'s model of the same name');
allowed('mock/ok,grade:good', $ann, 'another model of the provider');
refused('second/al-glob-x', $ann, 'a name that a route matches, of any provider');
refused('al-glob-x', $ann, 'the same, in a provider member', more => { provider => 'second' });
refused('azuredep/anything', $ann, 'a deployment, whatever model is named');
isnt(ask('azuredep/anything', @host, @$ann_best)->status, 403, 'but for those who may');
allowed('mock/ok,grade:hidden', $ann, 'a hidden route has no say');

# ---- lists of models ------------------------------------------------------------------------
sub models {
    my $a = request(path => '/v1/models', @host, @_);
    return map { $_->{id} => 1 } @{ ($a->json || {})->{data} || [] };
}
my %of = (ann => { models(@$ann) }, bob => { models(@$bob) }, best => { models(@$ann_best) });
is_deeply([grep { /^al-/ } sort keys %{ $of{ann} }],
          [qw(al-all al-either al-hidden al-server al-vars)], 'the routes ann may use');
is_deeply([sort keys %{ $of{bob} }], [qw(al-all al-bob al-vars)], 'all that bob may use');
ok($of{ann}{'exact-model'} && $of{ann}{'mock/ok'}, 'ann may use the server\'s as well');
ok(!$of{ann}{'mock/ok,grade:best'} && !$of{ann}{'mock/mock-best'}, 'but no target of the best');
ok($of{best}{'al-best'} && $of{best}{'mock/ok,grade:best'}, 'who may, sees it');
for (['al-all', 200], ['al-server', 403], ['al-best', 403], ['mock/ok', 403],
     ['mock-x', 403], ['nobody-knows', 404]) {
    my ($name, $status) = @$_;
    my $a = request(path => "/v1/models/$name", @host, @$bob);
    is($a->status, $status, "one model: $name: $status, as for a call");
}
is(request(path => '/v1/models/al-best', @host, @$ann_best)->status, 200,
   'one model, for those who may');

finish();
