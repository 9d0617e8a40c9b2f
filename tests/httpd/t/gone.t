# gone.t: the client leaves: the provider is let go within a second, status 499
use strict;
use warnings;
use LLMGW::Test;

# Send a request for a model, wait until $ready says it is where it should be,
# leave in the given way; judge. Leaving is info, nothing to warn about.
sub leaves {
    my (%o) = @_;
    my $id = tag();
    my $c = LLMGW::Http->new(port());
    my %body = (model => $o{model}, messages => [{ role => 'user', content => prompt() }]);
    $body{stream} = JSON::PP::true if $o{stream};
    $c->put(raw(body => json(\%body), headers => ['X-Request-Id' => $id]));
    ok($o{ready}->($c), "$o{what}: is under way");
    my $left = now_ms();
    my $how = $o{how} || 'close';
    $c->$how;
    let_go($o{tag}, $left, $o{what}) if $o{tag};
    my $l = access($id, 5);
    is($l->{status}, 499, "$o{what}: logged as 499");
    is($l->{error}, 'client_closed_request', "$o{what}: and why");
    ok($l->{ms} < $o{within}, "$o{what}: ended soon") if $o{within};
    return $l;
}

sub asked { my ($tag) = @_; return sub { wait_for(5, sub { scalar upstream($tag) }) } }
sub slept { select undef, undef, undef, 0.3; return 1 }

for my $p (qw(mock claude)) {
    for my $how (qw(close reset)) {
        for (['stall-head', 0], ['stall-head', 1], ['stall-in-head', 0],
             ['stall-body', 0], ['stall-body', 1], ['stall-mid', 0]) {
            next if $how eq 'reset' && $_->[0] ne 'stall-head';
            my ($name, $stream) = @$_;
            my $tag = tag();
            leaves(what => "$p/$name" . ($stream ? ', stream' : '') . ", $how",
                   model => "$p/$name,tag=$tag", tag => $tag, stream => $stream,
                   ready => asked($tag), how => $how);
        }
        my $tag = tag();
        leaves(what => "$p: mid-stream, silent, $how", stream => 1, how => $how,
               model => "$p/stall-mid,tag=$tag", tag => $tag,
               ready => sub { $_[0]->await(qr/Hello/, 5) });
        $tag = tag();
        leaves(what => "$p: mid-stream, flowing, $how", stream => 1, how => $how,
               model => "$p/slow-stream,n=100,ms=100,tag=$tag", tag => $tag,
               ready => sub { $_[0]->await(qr/t3 /, 5) });
    }
}

# ---- no provider has been reached yet, or none is there -----------------------------
leaves(what => 'while connecting', model => 'full/x', ready => \&slept, within => 1600);
leaves(what => 'while the provider is silent', model => 'silent/x', ready => \&slept,
       within => 1600);
for my $how (qw(close reset)) {
    leaves(what => "amid a TLS handshake, $how" . ($_ ? ', stream' : ''), how => $how,
           model => 'silenttls/x', stream => $_, ready => \&slept, within => 1600)
        for 0, 1;
}
leaves(what => 'echo, in its delay', model => 'slowecho/x', ready => sub { 1 });
leaves(what => 'echo, mid-stream', model => 'slowecho/x', stream => 1,
       ready => sub { $_[0]->await(qr/data:/, 5) });

# ---- and no second attempt ------------------------------------------------------------
my $l = leaves(what => 'with another target left', model => 'fb-gone',
               tag => 'fbgone1', ready => asked('fbgone1'));
is($l->{attempts}, 1, 'one attempt');
is(scalar upstream('fbgone2'), 0, 'the other target is not tried');

# ---- a client that stops reading -------------------------------------------------------
my $tag = tag();
my $c = LLMGW::Http->new(port());
$c->put(raw(body => json({ model => "mock/endless-stream,tag=$tag",
    stream => JSON::PP::true, messages => [{ role => 'user', content => prompt() }] })));
ok($c->await(qr/Hello/, 5), 'a client that stops reading: its stream began');
select undef, undef, undef, 1;
my $left = now_ms();
$c->reset;
let_go($tag, $left, 'and leaves');

# ---- half-closed: it may be gone or not, but nothing hangs --------------------------------
$c = LLMGW::Http->new(port());
$tag = tag();
$c->put(raw(body => json({ model => "mock/delay-head,ms=1500,tag=$tag",
    messages => [{ role => 'user', content => prompt() }] })));
ok(asked($tag)->(), 'a half-closed client: is under way');
$c->half_close;
my $a = $c->answer(timeout => 8);
ok(!$a->{timeout} && ($a->status == 200 || $a->status == 0),
   'a half-closed client gets its answer or the end');
$c->close;

# ---- before the request is complete ----------------------------------------------------------
$c = LLMGW::Http->new(port());
$c->put(raw(method => 'POST', body => '{"model":', headers => ['Content-Length' => 900]));
$c->reset;
expect_log(qr/LLMGW\d+.*body/);

is(ask('mock/ok')->text, 'Hello from mock', 'the next call works');
finish();
