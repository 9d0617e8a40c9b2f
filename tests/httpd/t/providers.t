# providers.t: what each kind of provider is sent
use strict;
use warnings;
use LLMGW::Test;
use LLMGW::Canary;

sub sent { return received(ask($_[0], keys_shown => 1, @_[1 .. $#_])) }
sub body { return eval { JSON::PP::decode_json($_[0]{body}) } || {} }
my $K = \%LLMGW::Canary::KEY;

# ---- keys: from where ---------------------------------------------------------------
is(sent('mock/echo-request')->{headers}{authorization}, "Bearer $K->{env}", 'key=env:');
is(sent('claude/echo-request')->{headers}{'x-api-key'}, $K->{file},
   'key=file:, its newline trimmed');
is(sent('byexec/echo-request')->{headers}{authorization}, "Bearer $K->{exec}",
   'key=exec:, its first line');
is(sent('literal/echo-request')->{headers}{authorization}, "Bearer $K->{literal}",
   'a literal key');
like(slurp(vars('t_logs') . '/error_log'), qr/:warn\].*LLMGW\d+.*\bliteral\b/,
     'which is worth a warning at startup');
like(slurp(vars('t_logs') . '/error_log'), qr/:(?:notice|warn)\].*LLMGW\d+.*\bgone\b/,
     'an optional provider without a key is left out with a notice');

my ($good) = $K->{env2} =~ /-(\w+)$/;
my @pool = map { ask("one-good-key,good=$good") } 1 .. 8;
is(scalar(grep { $_->text eq 'Hello from mock' } @pool), 8,
   'several keys: where one is refused the next is used');
is_error(ask('one-good-key,good=neither'), 502, 'upstream_credentials_exhausted', undef,
         'several keys: all of them refused');
expect_log(qr/LLMGW\d+/);

# ---- openai ------------------------------------------------------------------------------
my $r = sent('mock/echo-request');
is($r->{method}, 'POST', 'openai: method');
is($r->{target}, '/v1/chat/completions', 'openai: path');
is($r->{headers}{'content-type'}, 'application/json', 'openai: content type');
is($r->{headers}{host}, '127.0.0.1:' . up('http'), 'openai: host');
ok(!exists $r->{headers}{expect}, 'openai: no Expect');
ok(exists $r->{headers}{'content-length'} && !exists $r->{headers}{'transfer-encoding'},
   'openai: a length');
$r = sent('headers/echo-request');
is($r->{target}, '/a/b/v1/chat/completions', 'a base path, its slash once');
is($r->{headers}{'x-extra'}, 'one two', 'header=');
is($r->{headers}{'openai-organization'}, 'org-1', 'header= again');

# ---- azure ------------------------------------------------------------------------------
$r = sent('azure/echo-request');
is($r->{target}, '/openai/deployments/echo-request/chat/completions'
   . '?api-version=2024-10-21', 'azure: the deployment is the model');
is($r->{headers}{'api-key'}, $K->{env}, 'azure: api-key');
ok(!exists $r->{headers}{authorization}, 'azure: no Authorization');
$r = sent('azuredep/echo-request');
is($r->{target}, '/openai/deployments/depl-1/chat/completions'
   . '?api-version=2024-10-21', 'azure: deployment=');
$r = sent('azurev1/echo-request');
like($r->{target}, qr{^/openai/v1/chat/completions(\?|$)}, 'azure: the /openai/v1 form');
is($r->{headers}{'api-key'}, $K->{env}, 'azure: with api-key');
is(body($r)->{model}, 'echo-request', 'azure: and the model in the body');
for my $p (qw(azure azuredep azurev1)) {
    is(ask("$p/ok", stream => 1)->text, 'Hello from mock', "$p streams");
}
$r = sent('azure/echo-request,x=a b/c');
like($r->{target}, qr{/deployments/echo-request(?:,|%2C)x(?:=|%3D)a%20b%2Fc/},
     'azure: a deployment\'s name is percent-encoded');

# ---- anthropic -----------------------------------------------------------------------------
$r = sent('claude/echo-request');
is($r->{target}, '/v1/messages', 'anthropic: path');
is($r->{headers}{'anthropic-version'}, '2023-06-01', 'anthropic: version');
ok(!exists $r->{headers}{authorization}, 'anthropic: no Authorization');
is(sent('claudever/echo-request')->{headers}{'anthropic-version'}, '2099-01-01',
   'anthropic: api-version=');

# ---- through a proxy ------------------------------------------------------------------------
my $tag = tag();
my $a = ask("proxied/ok,tag=$tag");
is($a->text, 'Hello from mock', 'ProxyRemote is honoured');
my ($seen) = upstream($tag);
is(($seen || {})->{target}, 'http://proxied.invalid/v1/chat/completions',
   'in the form a proxy expects');

finish();
