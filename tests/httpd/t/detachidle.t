# detachidle.t: connections to providers are kept for a while, then given back
use strict;
use warnings;
use LLMGW::Test;
use LLMGW::Detach;

plan skip_all => 'only where calls wait without a thread' unless detaches();

my $s = detach_server('detachidle', detach => 'on spin=off', conf => <<'CONF');
LLMProvider brief openai ${UP}/brief/v1 models=none
<Proxy "${UP}/brief/v1">
    ProxySet ttl=1
</Proxy>
CONF
my $n = 20;

# So many connections to a provider, all at once, and nobody needs them any more
sub use_many {
    my ($provider) = @_;
    my $tag = tag();
    my @c = open_many($s, $n, model => "$provider/slow-stream,n=3,ms=400,tag=$tag", stream => 1);
    is(whole_ones(3, @c), $n, "$provider: $n streams");
    $_->close for @c;
    my %conns = map { $_->{conn} => 1 } upstream($tag);
    is(scalar keys %conns, $n, "$provider: over as many connections");
    return $tag;
}

sub still_open { return scalar grep { $_->{conn_open} } upstream($_[0]) }

my $brief = use_many('brief');          # the administrator's own ttl
my $usual = use_many('open');           # and the one that the module gives
# A call would have mod_proxy look after its provider's connections: there is none.
# The module looks each 10 s; after 30 s the provider would close them itself.
ok(wait_for(25, sub { !still_open($brief) }), 'ttl=1: they are closed without another call')
    or diag(still_open($brief) . ' are still open');
is(still_open($usual), $n, 'those of a provider without ttl= are kept');

my $tag = tag();
is(ask("open/ok,tag=$tag", port => $s->port)->text, 'Hello from mock', 'the next call');
is((upstream($tag))[0]{nth}, 2, 'has one of them');
is(ask('brief/ok', port => $s->port)->text, 'Hello from mock', 'ttl=1: a call has a new one');
$s->stop;
finish();
