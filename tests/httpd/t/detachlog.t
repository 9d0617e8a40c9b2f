# detachlog.t: a log that nobody reads delays no stream that flows
use strict;
use warnings;
use LLMGW::Test;
use LLMGW::Detach;
use Time::HiRes qw(time);

plan skip_all => 'calls keep their threads on this MPM' unless detaches();

# A log's program: it takes nothing until it may, and its pipe holds little
my $go = vars('t_logs') . '/detachlog_go';
my $program = vars('t_logs') . '/detachlog.pl';
spew($program, <<'PERL');
use Time::HiRes qw(sleep);
my ($go, $to) = @ARGV;
fcntl STDIN, 1031, 4096;        # F_SETPIPE_SZ; 64 KiB without
sleep 0.05 until -e $go;
open my $out, '>>', $to or die "$to: $!";     # httpd starts it twice
while (sysread STDIN, my $bytes, 65_536) { syswrite $out, $bytes }
PERL
sub taken { return vars('t_logs') . "/detachlog_$_[0]" }
sub piped { return qq("||$^X $program $go ) . taken($_[0]) . '"' }

my $long = 'x' x 3500;          # as long as a pipe takes at once
my %log = (
    CustomLog => "LogFormat \"%>s $long\" long\nCustomLog " . piped('CustomLog') . ' long',
    ErrorLog => "ErrorLogFormat \"%M $long\"\nErrorLog " . piped('ErrorLog'),
);
# What each log tells of: failed at once, while they waited without a thread, for
# their time
my @failing = map { "open/$_" }
    'status,code=500', qw(reset-head reset-mid error-middle stall-mid);

for my $what (sort keys %log) {
    unlink $go, taken($what);
    my $port = LLMGW::Server::free_port();
    my $s = detach_server("detachlog$what", detach => 'on spin=off',
                          mpm => event_mpm(threads => 6), conf => <<"CONF");
Listen 127.0.0.1:$port
<VirtualHost 127.0.0.1:$port>
    LogLevel info
    LLMTimeout idle=1s
    $log{$what}
</VirtualHost>
CONF
    my ($n, $tokens) = (20, 120);
    my @c = open_many($s, $n, model => stream_of($tokens, 100), stream => 1);
    is(begun(@c), $n, "$what: $n streams flow");
    my @told = map { open_many($s, 10, model => $_, stream => 1, port => $port) } @failing;
    $_->{times} = [time] for @c;
    read_many([@c, @told], seconds => 4, done => sub { 0 });
    push @{ $_->{times} }, time for @c;

    my ($widest) = widest_gaps(@c);
    diag(sprintf '%s: widest gap %.0f ms', $what, 1000 * $widest) if $ENV{LLMGW_TEST_VERBOSE};
    my $waiting = LLMGW::Http->new($s->port);
    $waiting->put(post_for('open/ok'));
    ok(!$waiting->await(qr/^HTTP/, 1), "$what: no thread is free: all wait for the log");
    cmp_ok($widest, '<', 2, "$what: and no stream stops meanwhile");

    spew($go, '');
    is($waiting->answer->text, 'Hello from mock', "$what: it is read: threads are free again");
    is(read_many(\@told, seconds => 30), scalar @told, "$what: what it tells of has its end");
    is(whole_ones($tokens, @c), $n, "$what: all streams come whole");
    $_->close for @c, @told, $waiting;
    detached_becomes($s, 0, "$what: nothing is left");
    $s->stop(log => [qr/LLMGW0201/]);
    my $lines = () = slurp(taken($what)) =~ /$long\n/g;
    cmp_ok($lines, '>=', @told, "$what: and none of it is lost");
}
finish();
