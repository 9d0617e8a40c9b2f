# detachrandom.t: clients that do anything, while the server restarts
#
# LLMGW_RANDOM_SECONDS and LLMGW_RANDOM_SEED make it longer, and the same again.
use strict;
use warnings;
use Cwd ();
use POSIX ();
use LLMGW::Test;
use LLMGW::Detach;
use Time::HiRes qw(sleep time);

my $seconds = $ENV{LLMGW_RANDOM_SECONDS} || 20;
my $seed = $ENV{LLMGW_RANDOM_SEED} || time ^ $$;
my $WORKERS = 12;

my $tls_port = LLMGW::Server::free_port();
my $page = static_file('detachrandom.txt', 200_000);
my $s = detach_server('detachrandom', detach => 'on spin=1ms',
    mpm => event_mpm(threads => 6, children => 2, more => "ServerLimit 60\n"),
    conf => tls_conf($tls_port) . <<'CONF');
Timeout 20
KeepAliveTimeout 3
<Location /deflate/v1>
    SetHandler llmgw
    SetOutputFilter DEFLATE
</Location>
LLMTimeout heartbeat=50ms
<LLMRoute again>
    LLMRetry attempts=3 backoff=50ms budget=100%
    LLMTarget open/status,code:503
    LLMTarget open/slow-stream,n:4,ms:30 tier=1
</LLMRoute>
CONF

# ---- what is asked for, and what is right ----------------------------------------------
my $words = join '', map { "w$_ " } 1 .. 300;
my %kind = (
    ok => [post_for('open/ok'), sub { $_[0]->text eq 'Hello from mock' }],
    stream => [post_for('open/slow-stream,n=5,ms=40', stream => 1),
               sub { $_[0]->done && $_[0]->text eq text_of(5) }],
    claude => [post_for('claude/slow-stream,n=5,ms=40', stream => 1),
               sub { $_[0]->done && $_[0]->text eq text_of(5) }],
    whole => [post_for('open/slow-stream,n=4,ms=40'), sub { $_[0]->text eq text_of(4) }],
    words => [post_for('open/words,n=300', stream => 1), sub { $_[0]->text eq $words }],
    huge => [post_for('open/huge-event,kb=400'), sub { length $_[0]->text == 400 * 1024 }],
    again => [post_for('again', stream => 1), sub { $_[0]->text eq text_of(4) }],
    file => ["GET /detachrandom.txt HTTP/1.1\r\nHost: x\r\n\r\n", sub { $_[0]->body eq $page }],
    none => [post_for('nobody-knows'), sub { $_[0]->status == 404 }],
    cut => [post_for('open/reset-mid', stream => 1), sub { length $_[0]->stream_error->{message} }],
    large => [post_for('open/ok', content => 'x' x 300_000), sub { $_[0]->text eq 'Hello from mock' }],
    gzip => [post_for('open/slow-stream,n=5,ms=40', stream => 1, path => '/deflate/v1/chat/completions',
             headers => ['Accept-Encoding' => 'gzip']), sub { $_[0]->complete }],
    echo => [post_for('echo/x', stream => 1), sub { $_[0]->done }],
);
my @kinds = sort keys %kind;
my @only_left = map { post_for($_, stream => 1) } 'open/stall-mid', 'open/stall-head',
    'open/endless-stream', 'open/slow-stream,n=500,ms=20', 'open/huge-event,kb=9000';

# ---- one client: returns what went wrong --------------------------------------------------
# An answer that had begun has to be right. None at all may be: the child may
# have ended between two requests.
sub judge {
    my ($c, $name, $closing) = @_;
    my $a = $c->answer(timeout => 40);
    return ('', 1) if !$a->status && $c->{eof} && $closing;
    return ("$name: no answer", 1) unless $a->status;
    return ("$name: not complete, " . length($a->body) . ' bytes', 1) unless $a->complete;
    return ("$name: status " . $a->status, 1) unless $kind{$name}[1]->($a);
    return ('', ($a->header('Connection') || '') eq 'close');
}

sub polite {
    my ($c, @names) = @_;
    my ($served, $pipelined) = (0, rand() < 0.4);
    $c->put(join '', map { $kind{$_}[0] } @names) if $pipelined;
    for my $name (@names) {
        $c->put($kind{$name}[0]) or $served or return "$name: not taken" unless $pipelined;
        my ($wrong, $closed) = judge($c, $name, $served);
        return $wrong if $wrong;
        last if $closed;
        $served++;
        sleep rand 0.3 if !$pipelined && rand() < 0.2;
    }
    return '';
}

sub slow {
    my ($c, $name) = @_;
    $c->put($kind{$name}[0]);
    my $until = time + 1;
    my $bytes = '';
    while (time < $until) {
        my $n = sysread $c->{sock}, my $some, 1 + rand 3000;
        $bytes .= $some if $n;
        sleep rand 0.05;
    }
    $c->{in} = $bytes;
    return (judge($c, $name, 0))[0];
}

sub leaving {
    my ($c, @names) = @_;
    my $bytes = join '', map { $kind{$_}[0] } @names;
    $bytes .= $only_left[rand @only_left] if rand() < 0.6;
    $bytes = substr $bytes, 0, rand length $bytes if rand() < 0.2;
    $c->put($bytes);
    my $until = time + rand 0.6;
    while (time < $until) { $c->fill(0.02); $c->{in} = '' if rand() < 0.5 }
    my $how = (qw(close reset half_close))[rand 3];
    $c->$how;
    return '' unless $how eq 'half_close';
    return $c->closed_within(40) ? '' : "half-closed after @names: it hangs";
}

sub one_client {
    my $tls = rand() < 0.3;
    # A window of a few KB opens five times a second: what lies in the socket
    # of a server that has closed it would take a client minutes.
    my $c = eval { LLMGW::Http->new($tls ? $tls_port : $s->port, tls => $tls,
                                    rcvbuf => !$tls && rand() < 0.2 ? 65536 : 0) } or return '';
    my @names = map { $kinds[rand @kinds] } 0 .. rand 4;
    my $manner = rand;
    my $wrong = $manner < 0.5 ? polite($c, @names)
              : $manner < 0.65 && !$tls ? slow($c, $names[0]) : leaving($c, @names);
    $c->close;
    return $wrong ? ($tls ? 'TLS, ' : '') . "@names: $wrong" : '';
}

# ---- many of them ------------------------------------------------------------------------------
my $report = vars('t_logs') . '/detachrandom.txt';
unlink $report;
my $until = time + $seconds;
my @pids = map {
    my $n = $_;
    my $pid = fork;
    die "fork: $!" unless defined $pid;
    if (!$pid) {
        srand($seed + $n);
        $SIG{PIPE} = 'IGNORE';
        my $clients = 0;
        open my $out, '>>', $report or POSIX::_exit(1);
        while (time < $until) {
            my $wrong = eval { one_client() };
            $wrong = "died: $@" if $@;
            $clients++;
            syswrite $out, "$wrong\n" if $wrong;
        }
        syswrite $out, "clients $clients\n";
        POSIX::_exit(0);
    }
    $pid } 1 .. $WORKERS;
my $restarts = 0;
while (time < $until - 4) {
    sleep 3;
    $restarts++ if $s->restart(busy => 1);
}
waitpid $_, 0 for @pids;
my @lines = split /\n/, slurp($report);
my $clients = 0;
$clients += $_ for map { /^clients (\d+)/ ? $1 : () } @lines;
my @wrong = grep { !/^clients / } @lines;
cmp_ok($clients, '>', $WORKERS, "$clients clients, $restarts restarts");
ok(!@wrong, 'each answer that was read is right')
    or diag("seed $seed", map { "\n$_" } @wrong[0 .. ($#wrong > 15 ? 15 : $#wrong)]);

serves($s, 'the server serves on');
detached_becomes($s, 0, 'no call is left', 30) if detaches();
ok(wait_for(30, sub { figure($s, 'llmgw_inflight') == 0 }), 'nothing is in flight');
ok(wait_for(40, sub { $s->children <= ($ENV{LLMGW_TEST_MPM} eq 'prefork' ? 250 : 2) }),
   'old children are gone') or diag(join ' ', $s->children);
my %seen;
/^(req_\S+) / && $seen{$1}++ for split /\n/, slurp($s->{calls});
is(scalar(grep { $_ > 1 } values %seen), 0, 'no call is logged twice');
$s->stop(log => [qr/LLMGW0\d+.*(?:reset-mid|failed|body)/, qr/AH0\d+.*(?:SSL|ssl|reset)/, qr/\[ssl:warn\]/]);
finish();
