# routing.t: which provider a model's name leads to
use strict;
use warnings;
use LLMGW::Test;
expect_log(qr/LLMGW\d+/);     # exact-* fails on purpose

sub goes {      # the target the mock saw and the model it was given
    my ($a) = @_;
    my $r = received($a);
    my $body = eval { JSON::PP::decode_json($r->{body}) } || {};
    return (($r->{target} || '') . ' ' . ($body->{model} || ''));
}
sub target {
    my ($r) = upstream($_[0]);
    return $r ? $r->{target} : 'no request';
}
sub to {
    my ($model, %o) = @_;
    return ask($model, keys_shown => 1, %o);
}

# ---- routes ---------------------------------------------------------------------
is(ask('exact-model')->text, 'Hello from mock', 'an exact name before a glob');
is(ask('exact-other')->status, 500, 'the glob for the others');
is(goes(to('glob-a')), '/v1/chat/completions echo-request', 'a glob');
is(goes(to('glob-long-a')), '/v1/messages echo-request',
   'the longest literal prefix wins');
my $a = ask('glob-long-x1', messages => [{ role => 'user', content => 'me' }]);
is($a->text, 'me', '? is one character; still longer wins');
is(ask('block-model')->text, 'w1 w2 w3 ', '<LLMRoute> with LLMTarget');
is(goes(to('echo-request')), '/v1/chat/completions echo-request',
   'a target without a model keeps the name');

is(ask('when-model', headers => ['X-Team' => 'one'])->text, 'w1 ', 'when=: the first');
is(ask('when-model', headers => ['X-Team' => 'two'])->text, 'w1 w2 ',
   'when=: the second');
is(ask('when-model')->text, 'w1 w2 w3 ', 'when=: none of them');

# ---- pinned by name ----------------------------------------------------------------
is(goes(to('mock/echo-request')), '/v1/chat/completions echo-request',
   'provider/model');
is(goes(to('claude/echo-request')), '/v1/messages echo-request',
   'provider/model of another kind');
is(goes(to('echo-request', more => { provider => 'claude' })),
   '/v1/messages echo-request', 'a provider member, against the route');
is(goes(to('echo-request', more => { provider => 'second' })),
   '/second/v1/chat/completions echo-request', 'a provider member');
$a = ask('x', more => { provider => 'no-such' });
is_error($a, 404, 'model_not_found', undef, 'an unknown provider member');
like($a->body, qr/no-such/, 'and the message says which');
$a = ask('ok', more => { provider => 5 });
is_error($a, 400, undef, 'provider', 'a provider member of a wrong type');
is(ask('mock/no/such/scenario')->status, 404,
   'only the first word can be a provider: the rest is the model\'s name');

# ---- by itself -----------------------------------------------------------------------
is(ask('mock-x')->error->{message}, 'no scenario mock-x',
   'auto: the provider whose models= fits');
is(ask('both-1')->error->{message}, 'no scenario both-1', 'auto: of two, one');
my $tag = tag();
ask("claude-x,tag=$tag");
is(target($tag), '/v1/messages', 'auto: claude-* by its kind');
$tag = tag();
ask("gpt-x,tag=$tag");
like(target($tag), qr{^/openai/deployments/},
     'auto: gpt-* goes to azure where it is configured');
is(ask('both-2')->header('X-LLMGW-Provider'), 'mock',
   'auto: of those that speak the client\'s API the first');
is(request(path => '/v1/responses', body => json({ model => 'both-2', input => 'x' }))
   ->header('X-LLMGW-Provider'), 'resp', 'auto: and that before others');
is_error(ask('gone-1'), 404, 'model_not_found', undef,
         'auto: an optional provider without its key is not there');
is_error(ask('mock-x', vhost => 'noauto'), 404, 'model_not_found', undef,
         'LLMAutoRoute off: no route, no model');
is_error(ask('mock/ok', vhost => 'noauto'), 404, 'model_not_found', undef,
         'LLMAutoRoute off: nor can a client pin a provider');
is(ask('exact-model', vhost => 'noauto')->status, 200, 'routes are all there is');

# ---- nobody ------------------------------------------------------------------------
$a = ask('nobody-knows');
is_error($a, 404, 'model_not_found', 'model', 'an unknown model');
like($a->error->{message}, qr/nobody-knows/, 'named in the message');
unlike($a->body, qr/exact|glob|mock|claude|refused/,
       'which lists nothing of the configuration');
is_error(ask('no-such/ok'), 404, 'model_not_found', undef, 'an unknown provider');
is_error(ask("bad\"\\\x{17c}<b>"), 404, 'model_not_found', undef,
         'any characters in a name');
is_error(ask("bad\nname"), 400, undef, 'model', 'but no control character');
$a = ask("mock/ok,x=\r\nX-Evil: 1\r\n\r\n");
ok($a->complete && !defined $a->header('X-Evil'), 'no name becomes a header');
is_error(ask('x' x 5000), qr/^40[04]$/, undef, undef, 'a very long name');
is_error(ask('EXACT-MODEL'), 404, undef, undef, 'case matters');
is_error(ask('/ok'), 404, undef, undef, 'an empty provider');
is_error(ask('mock/'), qr/^40[04]$/, undef, undef, 'an empty model');

# ---- chance ---------------------------------------------------------------------------
ask('spread') for 1 .. 24;
my ($one, $two) = map { scalar upstream("spread$_") } 1, 2;
is($one + $two, 24, 'equal weights: each request once');
ok($one && $two, "equal weights: both are used ($one and $two)");

# ---- where it is mounted ---------------------------------------------------------------
is(ask('mock/ok', path => '/some/prefix/v1/chat/completions')->status, 200,
   'any prefix');
is(ask('mock/ok', path => '/v1/chat/completions?x=y')->status, 200, 'a query');
is(ask('mock/ok', path => '/chat/completions')->status, 404,
   'not where no handler is set');

finish();
