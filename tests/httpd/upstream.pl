#!/usr/bin/perl
# upstream.pl: the scripted upstream, a mock provider for the tests
#
#   upstream.pl --dir DIR
#
# Listens on loopback only and writes DIR/ports.json when it is ready:
#   http, tls (good certificate), tls_wrong (another name), tls_self (signed by
#   nobody), silent (connects, never answers), full (never connects),
#   refused (nobody listens); DIR/ca.pem signed the first two certificates.
# It ends with its parent, or on SIGTERM. What it does for a request is
# decided by the model's name: see LLMGW::Mock::Scenario; below /raw by the
# query: see LLMGW::Mock::Raw. A provider at /sw/NAME does what DIR/sw-NAME says,
# for every request.
#   GET /_stats[?tag=T]  what happened so far (requests whose model has tag=T,
#   with their bodies and digests of their keys)
#   GET /_stats?sw=NAME  the same of those to the provider at /sw/NAME
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/t/lib";
use Errno qw(EAGAIN EINTR EWOULDBLOCK);
use Fcntl qw(:flock);
use Getopt::Long;
use IO::Select;
use IO::Socket::INET;
use JSON::PP ();
use Socket qw(SOL_SOCKET SO_LINGER IPPROTO_TCP TCP_NODELAY);
use Time::HiRes ();
use LLMGW::Mock::Raw;
use LLMGW::Mock::Scenario;
use LLMGW::Mock::Wire;

my $LIFE_MS = 120_000;          # of one connection, whatever happens
my $BODY_MAX = 128 * 1024 * 1024;
my $dir;
GetOptions('dir=s' => \$dir) && $dir or die "usage: upstream.pl --dir DIR\n";

my $json = JSON::PP->new->utf8->canonical;
my $parent = getppid;
my $main = $$;
$SIG{PIPE} = 'IGNORE';
$SIG{TERM} = $SIG{INT} = sub { exit 0 };

mkdir $dir;
my $log_path = "$dir/stats.jsonl";
open my $log, '>>', $log_path or die "$log_path: $!\n";
$log->autoflush(1);

sub now_ms { return int(Time::HiRes::time() * 1000) }
sub note {
    syswrite $log, $json->encode({ t => now_ms(), @_ }) . "\n";
}

# ---- certificates, made anew for each run ----------------------------------------

sub openssl {
    system("openssl @_ >'$dir/openssl.log' 2>&1") == 0
        or die "openssl @_ failed, see $dir/openssl.log\n";
}

sub make_certificates {
    my $new = "req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    openssl("$new -x509 -days 2 -subj '/CN=mock test CA' "
          . "-addext basicConstraints=critical,CA:TRUE "
          . "-keyout '$dir/ca.key' -out '$dir/ca.pem'");
    my %name = (good => 'DNS:localhost,IP:127.0.0.1',
                wrong => 'DNS:other.example');
    for my $c (sort keys %name) {
        openssl("$new -subj '/CN=$c' -keyout '$dir/$c.key' -out '$dir/$c.csr'");
        open my $ext, '>', "$dir/$c.ext" or die $!;
        print $ext "subjectAltName=$name{$c}\n";
        close $ext;
        openssl("x509 -req -in '$dir/$c.csr' -days 2 -CA '$dir/ca.pem' "
              . "-CAkey '$dir/ca.key' -CAcreateserial -extfile '$dir/$c.ext' "
              . "-out '$dir/$c.pem'");
    }
    openssl("$new -x509 -days 2 -subj /CN=localhost "
          . "-addext subjectAltName=$name{good} "
          . "-keyout '$dir/self.key' -out '$dir/self.pem'");
}

# ---- one connection: bytes in and out, never blocked for long ---------------------

my ($sock, $in, $born, $conn_id, $gone) = (undef, '', 0, 0, 0);

sub over { return getppid != $main || now_ms() - $born > $LIFE_MS }

# Read what is there, waiting at most $ms. 1: got bytes, 0: nothing, -1: gone
sub fill {
    my ($ms) = @_;
    my $until = now_ms() + $ms;
    while (1) {
        my $n = sysread $sock, my $bytes, 65_536;
        if ($n) { $in .= $bytes; return 1 }
        return -1 if defined $n;
        return -1 unless $! == EAGAIN || $! == EWOULDBLOCK || $! == EINTR;
        my $left = $until - now_ms();
        return 0 if $left <= 0;
        exit 0 if over();
        IO::Select->new($sock)->can_read($left > 250 ? 0.25 : $left / 1000);
    }
}

# Write all; 0 when the peer is gone
sub out {
    my ($bytes) = @_;
    my $at = 0;
    while ($at < length $bytes) {
        my $n = syswrite $sock, $bytes, length($bytes) - $at, $at;
        if ($n) { $at += $n; next }
        return 0 if defined $n;
        return 0 unless $! == EAGAIN || $! == EWOULDBLOCK || $! == EINTR;
        exit 0 if over();
        IO::Select->new($sock)->can_write(0.25);
    }
    return 1;
}

# Let time pass; 0 as soon as the peer is gone
sub pause {
    my ($ms) = @_;
    my $until = now_ms() + $ms;
    do {
        my $left = $until - now_ms();
        return 0 if fill($left > 0 ? $left : 0) < 0;
    } while now_ms() < $until && length $in < $BODY_MAX;
    return 1;
}

sub read_until {
    my ($done) = @_;
    until ($done->()) {
        return 0 if length $in > $BODY_MAX || fill(30_000) <= 0;
    }
    return 1;
}

sub read_chunked {
    my $body = '';
    while (1) {
        read_until(sub { $in =~ /\n/ }) or return undef;
        $in =~ s/^([0-9a-fA-F]+)[^\n]*\n// or return undef;
        my $len = hex $1;
        read_until(sub { length $in >= $len + 2 }) or return undef;
        $body .= substr $in, 0, $len, '';
        $in =~ s/^\r?\n//;
        return $body if $len == 0;
    }
}

# A request's head, or undef when there is none to come
sub read_head {
    read_until(sub { $in =~ /\r\n\r\n/ }) or return undef;
    $in =~ s/^(.*?)\r\n\r\n//s;
    my ($line, @fields) = split /\r\n/, $1;
    my ($method, $target) = split ' ', $line;
    my %headers;
    for (@fields) {
        my ($name, $value) = /^([^:]+):\s*(.*?)\s*$/ or next;
        $name = lc $name;
        $headers{$name} = defined $headers{$name} ? "$headers{$name}, $value"
                                                  : $value;
    }
    return { method => $method, target => $target, headers => \%headers,
             fields => \@fields, body => '' };
}

# The body after it; undef when it is cut short
sub read_body {
    my ($call) = @_;
    my $headers = $call->{headers};
    out("HTTP/1.1 100 Continue\r\n\r\n")
        if ($headers->{expect} || '') =~ /100-continue/i;
    if (($headers->{'transfer-encoding'} || '') =~ /chunked/i) {
        $call->{body} = read_chunked();
        return undef unless defined $call->{body};
    }
    elsif (my $len = $headers->{'content-length'}) {
        read_until(sub { length $in >= $len }) or return undef;
        $call->{body} = substr $in, 0, $len, '';
    }
    return $call;
}

# Hand the body over piece by piece, framing removed; how it ended: "keep",
# "gone", or "stop" when $take has returned false
sub stream_body {
    my ($call, $take) = @_;
    my $chunked = ($call->{headers}{'transfer-encoding'} || '') =~ /chunked/i;
    my $left = $chunked ? 0 : $call->{headers}{'content-length'} || 0;
    while (1) {
        if ($chunked && !$left) {
            read_until(sub { $in =~ /^\r?\n?[0-9a-fA-F]+[^\n]*\n/ }) or return 'gone';
            $in =~ s/^\r?\n?([0-9a-fA-F]+)[^\n]*\n//;
            $left = hex $1;
            if (!$left) {
                read_until(sub { $in =~ /^\r\n/ }) or return 'gone';
                $in =~ s/^\r\n//;
                return 'keep';
            }
        }
        return 'keep' unless $left;
        if (!length $in && fill(60_000) < 0) { return 'gone' }
        my $piece = substr $in, 0, $left, '';
        $left -= length $piece;
        $take->($piece) or return 'stop';
    }
}

# A provider at /sw/NAME does for all what the file sw-NAME says, if there is one
sub switched {
    my ($target) = @_;
    my ($name) = $target =~ m{^/sw/([\w-]+)/} or return undef;
    open my $file, '<', "$dir/sw-$name" or return undef;
    my $line = <$file>;
    return defined $line ? $line =~ s/\s+\z//r : '';
}

# What the request asks for: form, name and arguments of the scenario
sub understand {
    my ($call, $nth) = @_;
    $call->{nth} = $nth;
    $call->{dir} = $dir;
    $call->{form} = $call->{target} =~ m{/messages(?:/count_tokens)?(\?|$)}
        ? 'anthropic'
        : $call->{target} =~ m{/responses(?:/input_tokens)?(\?|$)}
        ? 'responses' : 'openai';
    $call->{op} = $call->{target} =~ m{(?:/count_tokens|/input_tokens|:countTokens)(?:\?|$)}
        ? 'count'
        : $call->{target} =~ m{(?:/embeddings|mbedContents?)(?:\?|$)}
        ? 'embed' : 'chat';
    $call->{json} = {};
    if (length $call->{body} < 300_000) {
        my $j = eval { $json->decode($call->{body}) };
        $call->{json} = $j if ref $j eq 'HASH';
    }
    elsif ($call->{body} =~ /"model"\s*:\s*"([^"]*)"/) {
        $call->{json} = { model => $1 };
        $call->{json}{stream} = 1 if $call->{body} =~ /"stream"\s*:\s*true/;
    }
    $call->{model} = $call->{json}{model} || '';
    $call->{stream} = $call->{json}{stream} ? 1 : 0;
    if ($call->{target} =~ m{/models/([^/]+):(\w+)(?:\?|$)}) {
        $call->{form} = 'gemini';
        $call->{stream} = $2 eq 'streamGenerateContent' ? 1 : 0;
        $call->{batch} = $2 eq 'batchEmbedContents' ? 1 : 0;
        ($call->{model} = $1) =~ s/%([0-9A-F]{2})/chr hex $1/gei;
    }
    my $switched = switched($call->{target});
    my ($name, @args) = split /,/, defined $switched ? $switched
                                                     : "$call->{model}";
    $call->{switched} = defined $switched;
    $call->{name} = defined $name ? $name : '';
    $call->{arg} = { map { split /[=:]/, $_, 2 } grep { /[=:]/ } @args };
    return $call;
}

# Play the steps: "keep", "close", "reset", or "gone" when the peer left
sub play {
    my (@steps) = @_;
    for my $step (@steps) {
        my ($what, $arg, $more) = @$step;
        return $what if $what eq 'close' || $what eq 'reset';
        if ($what eq 'out') { out($arg) or return 'gone' }
        elsif ($what eq 'wait') { pause($arg) or return 'gone' }
        elsif ($what eq 'each') {
            while (defined(my $bytes = $arg->())) {
                out($bytes) or return 'gone';
                pause($more || 0) or return 'gone';
                exit 0 if over();
            }
        }
    }
    return 'keep';
}

# Only lines that matter are decoded: there may be many, and long ones
sub stats {
    my ($query) = @_;
    my ($tag) = ($query || '') =~ /(?:^|&)tag=([^&]*)/;
    my ($switch) = ($query || '') =~ /(?:^|&)sw=([^&]*)/;
    open my $in_log, '<', $log_path or die $!;
    my (%open, %request);
    my %s = (now => now_ms(), connections => 0, requests => []);
    while (<$in_log>) {
        my ($conn) = /"conn":(\d+)/ or next;
        if (/"ev":"accept"/) { $s{connections}++; $open{$conn} = 1 }
        elsif (/"ev":"end"/) { delete $open{$conn} }
        elsif (/"ev":"request"/) {
            next if defined $tag && !/"tag":"\Q$tag\E"/;
            next if defined $switch && index($_, "/sw/$switch/") < 0;
            my $e = eval { $json->decode($_) } or next;
            $request{"$conn.$e->{nth}"} = $e;
            push @{ $s{requests} }, $e;
        }
        elsif (/"nth":(\d+)/ and my $r = $request{"$conn.$1"}) {
            my $e = eval { $json->decode($_) } or next;
            $r->{how} = $e->{how};
            $r->{done} = $e->{t};
        }
    }
    $s{open} = keys %open;
    $_->{conn_open} = $open{ $_->{conn} } ? 1 : 0 for @{ $s{requests} };
    return $json->encode(\%s);
}

sub own_answer {
    my ($call) = @_;
    my $body = $call->{target} =~ m{^/_stats(?:\?(.*))?$} ? stats($1)
             : $call->{target} =~ m{/models(\?|$)} && !$call->{switched}
             ? LLMGW::Mock::Wire::models($call) : return;
    return [out => "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
          . 'Content-Length: ' . length($body) . "\r\n\r\n$body"];
}

# Below /raw: the scenario reads the body as it likes
sub serve_raw {
    my ($call, $nth) = @_;
    my @id = (conn => $conn_id, nth => $nth);
    LLMGW::Mock::Raw::understand($call);
    note(ev => 'request', @id, name => $call->{name},
         tag => $call->{arg}{tag} || '', method => $call->{method},
         target => $call->{target}, stream => 0);
    my $how = LLMGW::Mock::Raw::run($call, {
        read => sub { stream_body($call, @_) }, out => \&out, pause => \&pause,
        fill => \&fill,
    });
    note(ev => 'done', @id, how => $how);
    return $how;
}

# What is told of a request later; all of it where a tag asks for that
sub told {
    my ($call) = @_;
    my $tag = $call->{arg}{tag};
    return (name => $call->{name}, tag => $tag || '', method => $call->{method},
            target => $call->{target}, stream => $call->{stream},
            model => $call->{model},
            defined $tag ? (form => $call->{form}, body => $call->{json},
                            key => LLMGW::Mock::Scenario::key_digest($call))
                         : (key => key_name($call)));
}

# Which of the tests' keys came, by its last part
sub key_name {
    my ($call) = @_;
    my ($name) = join(' ', values %{ $call->{headers} }) =~ /CANARY-KEY-(\w+)/;
    return $name || '';
}

sub serve {
    my $nth = 0;
    my $how = 'keep';
    while ($how eq 'keep') {
        my $call = read_head() or last;
        if ($call->{target} =~ m{^/raw/}) {
            $how = serve_raw($call, ++$nth);
            next;
        }
        read_body($call) or last;
        understand($call, ++$nth);
        my @id = (conn => $conn_id, nth => $nth);
        note(ev => 'request', @id, told($call),
             $call->{op} ne 'chat' && length $call->{body} < 20_000
             ? (body => $call->{body}) : ())
            unless $call->{target} =~ m{^/_stats};
        if (my $own = own_answer($call)) {
            $how = play($own);
            next;
        }
        $how = play(LLMGW::Mock::Scenario::steps($call));
        note(ev => 'done', @id, how => $how);
        $how = 'close' if $how eq 'keep'
            && ($call->{headers}{connection} || '') =~ /close/i;
    }
    return $how;
}

sub start_tls {
    my ($cert) = @_;
    require IO::Socket::SSL;
    IO::Socket::SSL->start_SSL($sock, SSL_server => 1,
        SSL_startHandshake => 0, SSL_cert_file => "$dir/$cert.pem",
        SSL_key_file => "$dir/$cert.key") or return 0;
    my $until = now_ms() + 15_000;
    until ($sock->accept_SSL) {
        no warnings 'once';
        return 0 unless $IO::Socket::SSL::SSL_ERROR
            == IO::Socket::SSL::SSL_WANT_READ()
            || $IO::Socket::SSL::SSL_ERROR
            == IO::Socket::SSL::SSL_WANT_WRITE();
        return 0 if over() || now_ms() > $until;
        IO::Select->new($sock)->can_read(0.2);
    }
    return 1;
}

sub connection {
    my ($port) = @_;
    $born = now_ms();
    $sock->blocking(0);
    setsockopt $sock, IPPROTO_TCP, TCP_NODELAY, pack('l', 1);
    my $how = 'tls-failed';
    $how = serve() if !$port->{cert} || start_tls($port->{cert});
    if ($how eq 'reset') {
        setsockopt $sock, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0);
        $port->{cert} ? $sock->close(SSL_no_shutdown => 1) : close $sock;
    }
    else { close $sock }
    note(ev => 'end', conn => $conn_id, how => $how, port => $port->{name});
}

# ---- the ports ---------------------------------------------------------------------

sub listener {
    my (%more) = @_;
    return IO::Socket::INET->new(LocalAddr => '127.0.0.1', Proto => 'tcp',
                                 Listen => 128, ReuseAddr => 1, %more)
        || die "cannot listen: $@\n";
}

make_certificates();
$SIG{CHLD} = 'IGNORE';   # no zombies
my @ports = map { { name => $_->[0], cert => $_->[1], sock => listener() } }
    (['http'], ['tls', 'good'], ['tls_wrong', 'wrong'], ['tls_self', 'self']);
my $silent = listener();
my $full = listener();
listen $full, 0;
my @fillers = map { IO::Socket::INET->new(PeerAddr => '127.0.0.1',
    PeerPort => $full->sockport, Blocking => 0) } 1 .. 3;
my $refused = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Proto => 'tcp')
    or die $!;

my %number = (map({ $_->{name} => $_->{sock}->sockport } @ports),
              silent => $silent->sockport, full => $full->sockport,
              refused => $refused->sockport, pid => $$);
open my $out, '>', "$dir/ports.json.new" or die $!;
print $out $json->encode(\%number), "\n";
close $out;
rename "$dir/ports.json.new", "$dir/ports.json" or die $!;

my $select = IO::Select->new(map { $_->{sock} } @ports);
my %by_fd = map { fileno($_->{sock}) => $_ } @ports;
while (getppid == $parent) {
    for my $l ($select->can_read(0.25)) {
        my $port = $by_fd{ fileno $l };
        $sock = $l->accept or next;
        $conn_id++;
        note(ev => 'accept', conn => $conn_id, port => $port->{name});
        my $pid = fork;
        die "fork: $!\n" unless defined $pid;
        if (!$pid) {
            close $_->{sock} for @ports;
            connection($port);
            exit 0;
        }
        close $sock;
    }
}
