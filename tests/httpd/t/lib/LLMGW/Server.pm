# Server.pm: a server of one test's own: another configuration, restarts, kills
#
#   my $s = LLMGW::Server->start('name', conf => <<"CONF", children => 3);
#   LLMGW::Server->start(..., mpm => $lines)     # of the event MPM's own
#   LLMGW::Server->start(..., log => [$pattern]) # of lines that may be in its log
#   ask('model', port => $s->port);
#   $s->restart(conf => $other);     # graceful
#   $s->stop;                        # fails the test for undeclared warnings
#   LLMGW::Server->shared->restart(busy => 1);
#
# The configuration may use ${UP}, the mock's URL; ${SW}/NAME is a provider that
# behaves as upstream_does(NAME, ...) says. The gateway is at /v1.
package LLMGW::Server;
use strict;
use warnings;
use Cwd ();
use Exporter 'import';
use IO::Socket::INET;
use Test::More;
use LLMGW::Test qw(httpd_pid log_since slurp spew stats up vars wait_for);

our @EXPORT = qw(upstream_does upstream_again switched);

my $top = Cwd::getcwd();

# ---- what a switched provider does ---------------------------------------------

# From now on: a scenario with its arguments, whatever model is asked for
sub upstream_does {
    my ($name, $scenario) = @_;
    spew("upstream/sw-$name.new", $scenario);
    rename "upstream/sw-$name.new", "upstream/sw-$name" or die "sw-$name: $!";
}

# As the model says
sub upstream_again { unlink "upstream/sw-$_[0]" }

# What came to a switched provider
sub switched {
    my ($name) = @_;
    return grep { $_->{target} =~ m{^/sw/\Q$name\E/} } @{ stats(undef, $name)->{requests} };
}

# ---- the server ------------------------------------------------------------------

sub free_port {
    my $sock = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1')
        or die "no port: $@";
    return $sock->sockport;
}

sub mpm_conf {
    my ($s) = @_;
    my $n = $s->{children};
    return $s->{mpm} if defined $s->{mpm} && $ENV{LLMGW_TEST_MPM} eq 'event';
    return "StartServers 12\nMinSpareServers 8\nMaxSpareServers 250\n"
         . "ServerLimit 250\nMaxRequestWorkers 250\n"
        if $ENV{LLMGW_TEST_MPM} eq 'prefork';
    my ($limit, $max) = ($n + 6, 100 * $n);
    return "ThreadLimit 100\nThreadsPerChild 100\nStartServers $n\n"
         . "ServerLimit $limit\nMaxRequestWorkers $max\n"
         . "MinSpareThreads 1\nMaxSpareThreads $max\n";
}

sub write_conf {
    my ($s) = @_;
    my $up = 'http://127.0.0.1:' . up('http');
    my %port = map { $_ => up($_) } qw(http tls silent full refused);
    my $defines = join '', map { "Define UP_\U$_\E $port{$_}\n" } sort keys %port;
    spew("$s->{dir}/httpd.conf", slurp("$top/base.conf") . <<"CONF");
ServerName localhost
ServerRoot "$s->{dir}"
DocumentRoot "$top/t/htdocs"
TypesConfig "$top/t/conf/mime.types"
PidFile "$s->{dir}/httpd.pid"
DefaultRuntimeDir "$s->{dir}"
ErrorLog "$s->{log}"
LogLevel info llmgw:debug
CoreDumpDirectory "$s->{dir}"
GracefulShutDownTimeout 30
SSLSessionCache "shmcb:$s->{dir}/ssl(65536)"
Listen 127.0.0.1:$s->{port}
@{[ mpm_conf($s) ]}
${defines}Define UP $up
Define SW $up/sw
Define CA $top/upstream/ca.pem
LogFormat "%{llmgw-request-id}n %>s %{llmgw-attempts}n %{llmgw-target}n %{llmgw-error}n %D" calls
CustomLog "$s->{calls}" calls
LLMTimeout connect=2s first=8s idle=8s total=40s
<Location /v1>
    SetHandler llmgw
</Location>
$s->{conf}
CONF
}

sub start {
    my ($class, $name, %o) = @_;
    my $dir = "$top/servers/$name";
    mkdir "$top/servers";
    mkdir $dir;
    my $log = vars('t_logs') . "/server_$name";
    my $s = bless { name => $name, dir => $dir, log => "${log}_error_log",
                    calls => "${log}_log", children => $o{children} || 1, mpm => $o{mpm},
                    log_may => $o{log} || [],
                    conf => $o{conf}, port => free_port() }, $class;
    unlink $s->{log}, $s->{calls};
    $s->write_conf;
    system("'$top/httpd' -f '$dir/httpd.conf' >'$dir/start.log' 2>&1") == 0
        or die "$name did not start: ", slurp("$dir/start.log"), slurp($s->{log});
    $s->{pid} = wait_for(20, sub { (slurp("$dir/httpd.pid") =~ /(\d+)/)[0] })
        or die "$name did not start: ", slurp("$dir/start.log"), slurp($s->{log});
    wait_for(20, sub { $s->count(qr/resuming normal operations/) })
        or die "$name does not run: ", slurp($s->{log});
    return $s;
}

# The server of all test files
sub shared {
    my ($class) = @_;
    return bless { name => 'shared', log => vars('t_logs') . '/error_log',
                   pid => httpd_pid() }, $class;
}

sub port { $_[0]{port} }
sub pid  { $_[0]{pid} }
sub log_text { slurp($_[0]{log}) }

# How often a line of its log matches
sub count {
    my ($s, $pattern) = @_;
    return scalar grep { $_ =~ $pattern } split /\n/, $s->log_text;
}

sub children {
    my ($s) = @_;
    my $dir = "/proc/$s->{pid}/task/$s->{pid}/children";
    return split ' ', slurp($dir);
}

# The TCP sockets of all processes: [local port, state], by name
my $LISTEN = 10;
sub sockets {
    my %socket;
    for (split /\n/, slurp('/proc/net/tcp')) {
        next unless /^\s*\d+: \w+:(\w+) \S+ (\w\w) (?:\S+\s+){5}([1-9]\d*) /;
        $socket{"socket:[$3]"} = [$1, hex $2];
    }
    return \%socket;
}

# Of a process: how many ports it listens at, and how many clients it has there
sub counts_of {
    my ($pid, $socket) = @_;
    my @mine = grep { $_ } map { $socket->{ readlink || '' } } glob "/proc/$pid/fd/*";
    my %listens = map { $_->[0] => 1 } grep { $_->[1] == $LISTEN } @mine;
    return (scalar keys %listens,
            scalar grep { $_->[1] != $LISTEN && $listens{ $_->[0] } } @mine);
}

# May a child that is to end take another call still? With threads it closes its
# listeners first; a process that is at a call ends after that.
sub may_accept {
    my ($ports, $clients) = counts_of(@_);
    return $ports && !($ENV{LLMGW_TEST_MPM} eq 'prefork' && $clients);
}

# Restart gracefully, and wait until only new children take calls. Options: conf,
# another configuration; signal; busy, where calls are under way: the children
# they are in are not waited for
sub restart {
    my ($s, %o) = @_;
    my $from = -s $s->{log};
    my %old = map { $_ => 1 } $s->children;
    if (defined $o{conf}) {
        $s->{conf} = $o{conf};
        $s->write_conf;
    }
    kill $o{signal} || 'USR1', $s->{pid};
    return wait_for(30, sub {
        return 0 unless log_since($from, $s->{log}) =~ /resuming normal operations/;
        my @left = grep { $old{$_} } $s->children;
        return !@left if !@left || !$o{busy};
        my $socket = sockets();
        return !grep { may_accept($_, $socket) } @left });
}

# Lines at warn or above that no pattern declares
sub undeclared {
    my ($s, @patterns) = @_;
    push @patterns, @{ $s->{log_may} };
    return grep { my $line = $_; !grep { $line =~ $_ } @patterns }
           grep { /\[[\w-]+:(?:warn|error|crit|alert|emerg)\]/ }
           split /\n/, $s->log_text;
}

sub ended {
    my ($s, $seconds) = @_;
    return wait_for($seconds, sub { !kill 0, $s->{pid} });
}

# End it. Options: signal, seconds, log (patterns of lines that may be there)
sub stop {
    my ($s, %o) = @_;
    # the event MPM may crash where it is stopped while it closes a connection
    wait_for(1, sub {
        my $socket = sockets();
        return !grep { (counts_of($_, $socket))[1] } $s->children });
    kill $o{signal} || 'TERM', $s->{pid};
    my $ended = $s->ended($o{seconds} || 20);
    ok($ended, "$s->{name}: the server ends");
    kill KILL => $s->{pid} unless $ended;
    my @bad = $s->undeclared(@{ $o{log} || [] });
    ok(!@bad, "$s->{name}: its log holds nothing undeclared")
        or diag(join "\n", @bad[0 .. ($#bad > 15 ? 15 : $#bad)]);
    is($s->count(qr/exit signal/), 0, "$s->{name}: no child died");
}

1;
