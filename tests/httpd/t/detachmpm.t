# detachmpm.t: streams without threads under restarts and stops
use strict;
use warnings;
use LLMGW::Test;
use LLMGW::Detach;
use LLMGW::Server;
use Time::HiRes qw(sleep time);

plan skip_all => 'calls keep their threads on this MPM' unless detaches();

my @left = (qr/LLMGW0201/, qr/AH10159/);    # MaxRequestWorkers, once more
sub aborted { return scalar(() = slurp($_[0]{calls}) =~ /^\S+ 499 /mg) }
sub idle_ones {
    my ($s, $n) = @_;
    return map { my $c = LLMGW::Http->new($s->port); $c->put(post_for('open/ok'));
                 $c->answer; $c } 1 .. $n;
}

# ---- graceful restarts -----------------------------------------------------------------------
my $s = detach_server('detachmpm', detach => 'on spin=off', conf => "KeepAliveTimeout 60\n",
                      mpm => event_mpm(threads => 5, children => 2, more => "ServerLimit 40\n"));
my @old = $s->children;
my @c = open_many($s, 60, model => stream_of(16, 500), stream => 1);
my @whole = open_many($s, 10, model => stream_of(16, 500));
my @idle = idle_ones($s, 10);
is(begun(@c), 60, 'restart: 60 streams are under way');
my $at = time;
ok($s->restart(busy => 1), 'restart');
is(scalar(grep { $_->closed_within(3) } @idle), 10, 'idle kept connections are closed at once');
cmp_ok(time - $at, '<', 20, 'soon');
is(scalar(grep { ($_->{error} // '') ne '' } @idle), 0, 'without a reset');
serves($s, 'new calls are served');
is(whole_ones(16, @c), 60, 'all streams come whole');
is(scalar(grep { $_->answer(timeout => 20)->text eq text_of(16) } @whole), 10, 'whole answers too');
# Their connections are kept no longer
is(scalar(grep { $_->closed_within(5) } @c, @whole), 70, 'and are closed then');
ok(wait_for(10, sub { gone(@old) }), 'the old children are gone')
    or diag(join ' ', @old, '/', $s->children);
detached_becomes($s, 0, 'nothing is left');

# ---- many restarts in a row, under load -------------------------------------------------------------
@c = ();
my $calls = 0;
for my $round (1 .. 6) {
    push @c, open_many($s, 20, model => stream_of(8, 400), stream => 1);
    $calls += 20;
    ok($s->restart(busy => 1), "restart $round of 6");
}
is(whole_ones(8, @c), $calls, 'none of the streams is cut');
$_->close for @c;
ok(wait_for(20, sub { $s->children <= 2 }), 'no old child is left') or diag(join ' ', $s->children);
detached_becomes($s, 0, 'nothing is left');

# ---- HUP and a plain stop ------------------------------------------------------------------------------
@c = open_many($s, 40, model => stream_of(100, 300), stream => 1);
@idle = idle_ones($s, 10);
is(begun(@c), 40, 'HUP: 40 streams');
$at = time;
$s->restart(signal => 'HUP');
my $took = time - $at;
cmp_ok($took, '<', 8, 'HUP: ends them soon');
is(read_many([@c, @idle], seconds => 10, done => sub { $_[0]{eof} }), 50, 'HUP: all connections are closed');
detached_becomes($s, 0, 'HUP: the gauge is back');
is(figure($s, 'llmgw_inflight'), 0, 'HUP: nothing is in flight');
is(aborted($s), 40, 'HUP: all are logged as 499');
is(figure($s, 'llmgw_client_aborts_total'), 40, 'HUP: and counted');
serves($s, 'HUP: and it serves');

@c = open_many($s, 40, model => stream_of(100, 300), stream => 1);
is(begun(@c), 40, 'stop: 40 streams');
@old = $s->children;
$at = time;
$s->stop(log => \@left);
cmp_ok(time - $at, '<', 8, 'stop: ends soon');
ok(gone(@old), 'stop: no child is left');
is(aborted($s), 80, 'stop: all are logged as 499');
$_->close for @c;

# ---- graceful-stop, and its time -----------------------------------------------------------------------------
$s = detach_server('detachstop', detach => 'on spin=off', conf => "KeepAliveTimeout 60\n",
                   mpm => event_mpm(threads => 5, children => 2));
@c = open_many($s, 30, model => stream_of(12, 400), stream => 1);
@idle = idle_ones($s, 5);
is(begun(@c), 30, 'graceful-stop: 30 streams');
@old = $s->children;
kill WINCH => $s->pid;
is(scalar(grep { $_->closed_within(3) } @idle), 5, 'graceful-stop: idle connections are closed');
is(whole_ones(12, @c), 30, 'graceful-stop: all come whole');
ok($s->ended(10), 'graceful-stop: it ends');
ok(gone(@old), 'graceful-stop: no child is left');
$s->stop(log => \@left);

$s = detach_server('detachtime', detach => 'on spin=off', conf => "GracefulShutDownTimeout 2\n",
                   mpm => event_mpm(threads => 5, children => 2));
@c = open_many($s, 30, model => stream_of(100, 300), stream => 1);
is(begun(@c), 30, 'GracefulShutdownTimeout: 30 streams');
@old = $s->children;
$at = time;
kill WINCH => $s->pid;
ok($s->ended(30), 'GracefulShutdownTimeout: it ends');
cmp_ok(time - $at, '>=', 1.5, 'GracefulShutdownTimeout: not at once');
cmp_ok(time - $at, '<', 25, 'GracefulShutdownTimeout: but then');
ok(gone(@old), 'GracefulShutdownTimeout: no child is left');
# whatever a child of httpd's waits for: it does not hear SIGTERM then
$s->stop(log => [@left, qr/AH0004[56]: child process \d+ still did not exit/]);
$_->close for @c;
finish();
