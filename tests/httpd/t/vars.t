# vars.t: a call's figures as variables of expressions
use strict;
use warnings;
use LLMGW::Test;
use LLMGW::Canary;
use LLMGW::Messages;
use MIME::Base64 qw(encode_base64);
expect_log(qr/LLM_MODEL.*no value/, qr/LLMGW0201/);  # asked too early, and fallbacks

my $IMAGE = { type => 'image_url', image_url => { url => 'data:image/png;base64,aGk=' } };
my @TOOLS = map { { type => 'function', function => { name => $_, parameters => {} } } }
            qw(one two);
my @at = (path => '/vars/v1/chat/completions');

sub vars_of { my ($a) = @_; return $a->header('X-Vars') // 'none' }

# ---- values, in a header of the answer -------------------------------------------------
my $a = ask('exact-model', @at);
is(vars_of($a), 'exact-model|exact-model|mock|0|0|0', 'a plain call');
is($a->header('X-Early'), '[]', 'nothing yet for RequestHeader');
my $tokens = $a->header('X-Tokens');
ok($tokens =~ /^\d+$/ && $tokens > 5 && $tokens < 60, "about $tokens tokens");
is(vars_of(ask('glob-x', @at, stream => 1, keys_shown => 1)), 'glob-x|glob-*|mock|1|0|0', 'a glob, streamed');
is(vars_of(ask('claude/ok', @at)), 'claude/ok|pin|claude|0|0|0', 'a pinned one');
is(vars_of(ask('echo', @at)), 'echo|auto|echo|0|0|0', 'one by its name');
$a = ask('mock/ok', @at, more => { tools => \@TOOLS },
         messages => [{ role => 'user', content => [{ type => 'text', text => 'hi' },
                                                    $IMAGE, $IMAGE] }]);
is(vars_of($a), 'mock/ok|pin|mock|0|2|2', 'tools and images');
ok($a->header('X-Tokens') > 1500, 'an image counts by a fixed figure');
$a = ask('mock/ok', @at, messages => [{ role => 'user', content => 'word ' x 3000 }]);
ok(abs($a->header('X-Tokens') - 3000) < 400, 'about 3000 words: ' . $a->header('X-Tokens'));
is(vars_of(ask('fb-500', @at)), 'fb-500|fb-500|mock|0|0|0', 'after a fallback');
is(vars_of(ask('fb-cross', @at, keys_shown => 1)), 'fb-cross|fb-cross|claude|0|0|0',
   'LLM_PROVIDER is who answered');

$a = say_to('claude/ok', path => '/vars/v1/messages', stream => 1, more => {
    tools => [{ name => 'one', input_schema => { type => 'object' } }] },
    messages => [{ role => 'user', content => [{ type => 'image', source => {
        type => 'base64', media_type => 'image/png', data => 'aGk=' } }] }]);
is(vars_of($a), 'claude/ok|pin|claude|1|1|1', 'Anthropic\'s client');
$a = request(path => '/vars/v1/models/gemini%2Fok:streamGenerateContent', body => json({
    contents => [{ role => 'user', parts => [{ text => 'hi' }, { inlineData => {
        mimeType => 'image/png', data => 'aGk=' } }] }],
    tools => [{ functionDeclarations => [{ name => 'one' }, { name => 'two' }] }] }));
is(vars_of($a), 'gemini/ok|pin|gemini|1|2|1', 'Gemini\'s client');

# ---- where there is no call ---------------------------------------------------------------
is(vars_of(ask('nobody-knows', @at)), 'nobody-knows|||0|0|0', 'an unknown model');
is(vars_of(request(@at, body => '{"model":')), '|||0|0|0', 'no JSON');
is(vars_of(request(path => '/vars/v1/models')), '|||0|0|0', 'the list of models');
is(vars_of(request(path => '/vars/v1/models/exact-model')), 'exact-model|||0|0|0',
   'one model');
is(vars_of(request(path => '/vars/v1/none')), '|||||', 'a path that is none');
is(vars_of(request(path => '/vars/none')), '|||||', 'no gateway');
is(vars_of(request(path => '/vars/health')), '|||||', 'the health page');
is(vars_of(ask('mock/ok', path => '/vars/secret/v1/chat/completions')), '|||||',
   'refused before the handler');
is(vars_of(ask('mock/ok', path => '/vars/secret/v1/chat/completions', headers => [
    Authorization => 'Basic ' . encode_base64("ann:$LLMGW::Canary::CLIENT", '')])),
   'mock/ok|pin|mock|0|0|0', 'let in');

# ---- a body our decoder does not take: passed on all the same ------------------------------
my %odd = (messages => [{ role => 'user', content => { odd => 1, text => 'word ' x 2000 } }]);
$a = ask('mock/ok', @at, %odd);
is($a->text, 'Hello from mock', 'an odd message passes');
is(vars_of($a), 'mock/ok|pin|mock|0|0|0', 'its tools cannot be told once it is answered');
ok($a->header('X-Tokens') > 2000, 'its length can: ' . $a->header('X-Tokens'));

# ---- in when= --------------------------------------------------------------------------------
is(ask('va-long')->text, 'w1 ', 'LLM_PROMPT_TOKENS: short');
is(ask('va-long', messages => [{ role => 'user', content => 'word ' x 2000 }])->text,
   'w1 w2 ', 'LLM_PROMPT_TOKENS: long');
is(ask('va-long', %odd)->text, 'w1 w2 ', 'LLM_PROMPT_TOKENS: long, and not understood');
is(ask('va-plain')->text, 'w1 ', 'no tools, no image, no stream');
is(ask('va-plain', stream => 1)->text, 'w1 w2 ', 'LLM_STREAM');
is(ask('va-plain', more => { tools => \@TOOLS })->text, 'w1 w2 ', 'LLM_TOOLS');
is(ask('va-plain', messages => [{ role => 'user', content => [$IMAGE] }])->text,
   'w1 w2 ', 'LLM_IMAGES');
my $id = tag();
is_error(ask('va-plain', id => $id, %odd), 400, qr/^invalid_/, qr/^messages\[0\]/,
         'LLM_TOOLS of what is not understood: the client is told what is wrong');
is(access($id)->{attempts}, 0, 'and nobody was asked');
is(ask('va-name-a')->text, 'w1 ', 'LLM_ROUTE and LLM_MODEL');
is(ask('va-name-c')->text, 'w1 w2 ', 'LLM_MODEL: another');

# ---- too early: the expression fails, and lets nobody in ------------------------------------------
my $tag = tag();
for my $stream (0, 1) {
    $a = ask("mock/ok,tag=$tag", path => '/early/v1/chat/completions', stream => $stream);
    is($a->status, 500, 'Require expr before the model is known: refused');
}
is(scalar upstream($tag), 0, 'and nothing went out');
like(log_since(), qr/LLM_MODEL.*has no value before/, 'the log says why');

# ---- in the access log --------------------------------------------------------------------------------
my %id = map { $_ => tag() } qw(plain tools redirect);
ask('mock/ok', @at, id => $id{tools}, more => { tools => \@TOOLS });
ask('mock/ok', @at, id => $id{plain});
$a = request(path => '/vars/redirect/x', id => $id{redirect});
is(vars_of($a), '|||0|0|0', 'an error document that is a list of models');
my $log = vars('t_logs') . '/vars_log';
ok(wait_for(5, sub { slurp($log) =~ /^\Q$id{redirect}\E /m }),
   'CustomLog expr=: the call of a redirected request');
like(slurp($log), qr/^\Q$id{plain}\E \S+ mock\/ok mock\/ok\|pin\|mock\|0\|0\|0$/m, 'CustomLog expr=: a call it wants');
unlike(slurp($log), qr/^\Q$id{tools}\E /m, 'CustomLog expr=: one it does not');

finish();
