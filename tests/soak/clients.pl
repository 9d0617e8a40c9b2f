#!/usr/bin/perl
# clients.pl: many clients in one loop, and the judgement of what they got
use strict;
use warnings;
use Getopt::Long;
use IO::Select;
use IO::Socket::INET;
use JSON::PP ();
use Time::HiRes qw(sleep time);

my %o = (seconds => 60, clients => 200);
GetOptions(\%o, 'port=i', 'upstream=i', 'seconds=i', 'clients=i', 'pid=i', 'log=s') or exit 2;
my $TEXT = join '', map { "t$_ " } 1 .. 6;
my $LONGEST = 12;               # seconds that a call may take, and some
my $json = JSON::PP->new->utf8;
my (%n, %wrong, @memory);
$SIG{PIPE} = 'IGNORE';

# ---- one client ---------------------------------------------------------------------

my ($select, %client) = (IO::Select->new);

sub begin {
    my $sock = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $o{port})
        or return wrong('no connection', '');
    my $stream = rand() < 0.6;
    my $body = $json->encode({ model => rand() < 0.7 ? 'soak' : 'soak-busy',
        stream => $stream ? JSON::PP::true : JSON::PP::false,
        messages => [{ role => 'user', content => 'words ' x rand 200 }] });
    syswrite $sock, "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        . "Content-Type: application/json\r\nContent-Length: " . length($body) . "\r\n\r\n$body";
    $sock->blocking(0);
    $select->add($sock);
    $client{ fileno $sock } = { sock => $sock, in => '', start => time, stream => $stream,
        leaves => rand() < 0.1 ? time + rand 1 : 0 };
    $n{calls}++;
}

sub end {
    my ($c) = @_;
    $select->remove($c->{sock});
    delete $client{ fileno $c->{sock} };
    close $c->{sock};
}

sub wrong {
    my ($why, $in) = @_;
    print "WRONG: $why\n", substr($in, 0, 1500), "\n" if ++$wrong{$why} <= 2;
}

# ---- judging -------------------------------------------------------------------------

# The body, undef when it is not complete
sub body {
    my ($head, $rest) = @_;
    if ($head =~ /^Content-Length: (\d+)/mi) {
        return length $rest == $1 ? $rest : undef;
    }
    my $body = '';
    while ($rest =~ s/\A([0-9a-fA-F]+)\r\n//) {
        my $len = hex $1;
        return $body if $len == 0;
        return undef if length $rest < $len + 2;
        $body .= substr $rest, 0, $len, '';
        substr $rest, 0, 2, '';
    }
    return undef;
}

# What a stream said, whether it has an error, whether it was ended
sub read_stream {
    my ($body) = @_;
    my ($text, $error, $done) = ('', 0, 0);
    for my $data ($body =~ /^data: (.*)$/mg) {
        if ($data eq '[DONE]') { $done = 1; next }
        my $e = eval { $json->decode($data) } or return ('', 0, 0);
        $error = 1 if $e->{error};
        $text .= $_->{delta}{content} || '' for @{ $e->{choices} || [] };
    }
    return ($text, $error, $done);
}

sub judge {
    my ($c) = @_;
    my $in = $c->{in};
    $in =~ s/\A(HTTP\/1\.1 (\d+).*?\r\n)\r\n//s or return wrong('no head', $in);
    my ($head, $status) = ($1, $2);
    my $body = body($head, $in);
    return wrong('cut', "$head\n$in") unless defined $body;
    if ($status >= 400) {
        my $e = eval { $json->decode($body) };
        return wrong("status $status without a message", $body)
            unless ref $e eq 'HASH' && ref $e->{error} && length $e->{error}{message};
        $n{$status}++;
        return;
    }
    if ($head !~ /^Content-Type: text\/event-stream/mi) {
        my $e = eval { $json->decode($body) } || {};
        my $text = eval { $e->{choices}[0]{message}{content} } || '';
        return $text eq $TEXT && !$c->{stream} ? $n{whole}++ : wrong('another text', $body);
    }
    my ($text, $error, $done) = read_stream($body);
    # Faults come with words of their own
    return $n{broken}++ if $error && ($TEXT =~ /\A\Q$text\E/ || 'Hello from mock' =~ /\A\Q$text\E/);
    return $text eq $TEXT && $done ? $n{streams}++ : wrong('another stream', $body);
}

# ---- what the server holds ---------------------------------------------------------------

sub slurp { open my $in, '<', $_[0] or return ''; local $/; return scalar(<$in>) // '' }

sub memory {
    my $sum = 0;
    for my $child (split ' ', slurp("/proc/$o{pid}/task/$o{pid}/children")) {
        $sum += slurp("/proc/$child/status") =~ /^VmRSS:\s+(\d+)/m ? $1 : 0;
    }
    return $sum;
}

sub children { scalar split ' ', slurp("/proc/$o{pid}/task/$o{pid}/children") }

# Sockets of a state (hex) at a local port
sub sockets {
    my ($port, @states) = @_;
    my %wanted = map { $_ => 1 } @states;
    return scalar grep { my @f = split; $wanted{ $f[3] || '' } && $f[1] =~ /:(\w+)$/
                         && hex $1 == $port } split /\n/, slurp('/proc/net/tcp');
}

# What the gateway counts as under way, and a word if it cannot be asked
sub in_flight {
    my $sock = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$o{port}") or return ('no metrics');
    print $sock "GET /metrics HTTP/1.0\r\n\r\n";
    local $/;
    my @figures = (<$sock> // '') =~ /^llmgw_inflight(?:_tokens)?\{[^}]*\} (\S+)/mg;
    return @figures ? grep({ $_ != 0 } @figures) : ('no gauges');
}

sub mean { my $sum = 0; $sum += $_ for @_; return @_ ? $sum / @_ : 0 }

# ---- the run ------------------------------------------------------------------------------

my $until = time + $o{seconds};
my $look = time + 2;
while (time < $until || %client) {
    begin() while time < $until && keys %client < $o{clients};
    for my $sock ($select->can_read(0.05)) {
        my $c = $client{ fileno $sock };
        my $got = sysread $sock, $c->{in}, 1 << 16, length $c->{in};
        next if $got || (!defined $got && $!{EAGAIN});
        end($c);
        judge($c);
    }
    for my $c (values %client) {
        if ($c->{leaves} && time > $c->{leaves}) { $n{left}++; end($c) }
        elsif (time > $c->{start} + $LONGEST) { wrong('no end', $c->{in}); end($c) }
    }
    if (time > $look) { push @memory, memory(); $look = time + 2 }
}
sleep 3;

my @bad;
push @bad, map { "$wrong{$_} times: $_" } sort keys %wrong;
my $open = sockets($o{port}, '01', '08');
push @bad, "$open connections of clients are open" if $open;
# Idle ones; the mock may have closed some that nobody has looked at since
my $pooled = sockets($o{upstream}, '01', '05');
push @bad, "$pooled connections to the mock" if $pooled > 4 * $o{clients};
push @bad, "in flight: $_" for in_flight();
push @bad, children() . ' children' if children() > 2;
my $quarter = int(@memory / 4);
my ($early, $late) = (mean(@memory[$quarter .. 2 * $quarter]), mean(@memory[-$quarter .. -1]));
push @bad, sprintf 'memory grew from %d to %d KB', $early, $late
    if $quarter && $late > 1.15 * $early + 4096;
my @lines = grep { !/:(?:info|notice|debug)\]/ && !/LLMGW0201/ && /\[\w+:\w+\]/ }
            split /\n/, slurp($o{log});
push @bad, 'unexpected lines: ' . join "\n", @lines[0 .. ($#lines > 9 ? 9 : $#lines)] if @lines;
my @died = grep { /exit signal|Assertion/ } split /\n/, slurp($o{log});
push @bad, @died;
push @bad, 'too few answers' if ($n{whole} || 0) < 10 || ($n{streams} || 0) < 10;

printf "%d s, %d clients: %s\n", $o{seconds}, $o{clients},
       join ', ', map { "$_ $n{$_}" } sort keys %n;
printf "memory %d -> %d KB, %d idle connections to the mock, %d breaker changes\n",
       $early, $late, $pooled, scalar(() = slurp($o{log}) =~ /LLMGW0502/g);
print "FAIL: $_\n" for @bad;
print @bad ? "soak: failed\n" : "soak: passed\n";
exit(@bad ? 1 : 0);
