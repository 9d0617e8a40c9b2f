# detachchildren.t: streams without threads, in children that end for other reasons
use strict;
use warnings;
use LLMGW::Test;
use LLMGW::Detach;
use LLMGW::Server;
use Time::HiRes qw(sleep time);

plan skip_all => 'calls keep their threads on this MPM' unless detaches();

my @left = (qr/LLMGW0201/);

# ---- MaxConnectionsPerChild ------------------------------------------------------------------------------------
my $s = detach_server('detachmax', detach => 'on spin=off', conf => "KeepAliveTimeout 60\n",
    mpm => event_mpm(threads => 5, more => "MaxConnectionsPerChild 25\n"));
my ($first) = $s->children;
my @c;
for (1 .. 4) {
    push @c, open_many($s, 20, model => stream_of(8, 400), stream => 1);
    sleep 0.2;
}
is(whole_ones(8, @c), 80, 'MaxConnectionsPerChild: all streams come whole');
ok(wait_for(10, sub { gone($first) }), 'MaxConnectionsPerChild: the first child is gone')
    or diag("$first / " . join ' ', $s->children);
$_->close for @c;
serves($s, 'MaxConnectionsPerChild: it serves');
detached_becomes($s, 0, 'MaxConnectionsPerChild: nothing is left');
$s->stop(log => \@left);

# A child whose only connection is new when it is told to end
$s = detach_server('detachone', detach => 'on spin=off', mpm => event_mpm(threads => 5,
    children => 2, more => "MaxConnectionsPerChild 1\nServerLimit 40\n"));
my $good = 0;
for (1 .. 15) {
    my ($c) = open_many($s, 1, model => stream_of(3, 200), stream => 1);
    $good += whole_ones(3, $c);
    $c->close;
}
is($good, 15, 'MaxConnectionsPerChild 1: each stream comes whole');
# httpd's own race, LLMDetach on or off: a child that ends while it begins may miss
# the signal by which its listener wakes the main thread, and has to be killed
$s->stop(seconds => 30, log => [@left, qr/AH0004[56]: child process \d+ still did not exit/]);

# ---- children are reaped for want of work, with their streams -------------------------------------------------------
$s = detach_server('detachspare', detach => 'on spin=off', mpm => <<'MPM');
ThreadLimit 5
ThreadsPerChild 5
StartServers 4
ServerLimit 10
MaxRequestWorkers 20
MinSpareThreads 1
MaxSpareThreads 6
AsyncRequestWorkerFactor 400
MPM
@c = open_many($s, 60, model => stream_of(20, 500), stream => 1);
is(begun(@c), 60, 'MaxSpareThreads: 60 streams in four children');
is(whole_ones(20, @c), 60, 'MaxSpareThreads: all come whole');
$_->close for @c;
ok(wait_for(25, sub { $s->children <= 2 }), 'MaxSpareThreads: children are reaped')
    or diag(join ' ', $s->children);
detached_becomes($s, 0, 'MaxSpareThreads: nothing is left');
$s->stop(log => \@left);
finish();
