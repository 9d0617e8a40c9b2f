# Http.pm: an HTTP client that shows every byte and its time, and misbehaves
#
#   my $c = LLMGW::Http->new($port);
#   $c->put("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
#   my $a = $c->answer;              # an LLMGW::Answer
#
# Options of new(): tls, over TLS; rcvbuf, how little the kernel takes for us.
package LLMGW::Http;
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;
use Socket qw(PF_INET SOCK_STREAM SOL_SOCKET SO_LINGER SO_RCVBUF INADDR_LOOPBACK
    IPPROTO_TCP TCP_NODELAY pack_sockaddr_in);
use Time::HiRes qw(time);

sub connect_to {
    my ($port, $rcvbuf) = @_;
    my $sock = IO::Socket::INET->new;
    socket $sock, PF_INET, SOCK_STREAM, IPPROTO_TCP or die "socket: $!";
    setsockopt $sock, SOL_SOCKET, SO_RCVBUF, pack('l', $rcvbuf);
    connect $sock, pack_sockaddr_in($port, INADDR_LOOPBACK) or die "port $port: $!";
    return $sock;
}

sub new {
    my ($class, $port, %o) = @_;
    my $sock = $o{rcvbuf} ? connect_to($port, $o{rcvbuf})
        : IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port,
                                Proto => 'tcp', Timeout => 5)
        or die "port $port: $@";
    setsockopt $sock, IPPROTO_TCP, TCP_NODELAY, pack('l', 1);
    if ($o{tls}) {
        require IO::Socket::SSL;
        IO::Socket::SSL->start_SSL($sock, SSL_verify_mode => 0)
            or die "port $port: no TLS: $IO::Socket::SSL::SSL_ERROR";
    }
    $sock->blocking(0);
    return bless { sock => $sock, in => '', eof => 0, start => time,
                   tls => $o{tls} }, $class;
}

# Send all; 0 when the server no longer takes it. The answer's clock starts.
sub put {
    my ($c, $bytes) = @_;
    local $SIG{PIPE} = 'IGNORE';
    $c->{start} = time;
    my $at = 0;
    my $until = time + 30;
    while ($at < length $bytes && time < $until) {
        my $n = syswrite $c->{sock}, $bytes, 1 << 18, $at;
        if ($n) { $at += $n; next }
        return 0 unless $!{EAGAIN} || $!{EINTR};
        IO::Select->new($c->{sock})->can_write(1);
    }
    return $at == length $bytes;
}

sub half_close { shutdown $_[0]{sock}, 1 }

# Tell the server over TLS that no more comes; the socket stays open
sub close_notify { return $_[0]{sock}->stop_SSL(SSL_fast_shutdown => 1) }

sub close {
    my ($c) = @_;
    return $c->{tls} ? $c->{sock}->close(SSL_no_shutdown => 1)
                     : CORE::close $c->{sock};
}

sub reset {
    my ($c) = @_;
    setsockopt $c->{sock}, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0);
    return $c->close;
}

# Wait for bytes; true if some came
sub fill {
    my ($c, $seconds) = @_;
    return 0 if $c->{eof};
    my $until = time + $seconds;
    while (1) {
        my $n = sysread $c->{sock}, my $bytes, 1 << 18;
        if ($n) { $c->{in} .= $bytes; return 1 }
        if (defined $n || !($!{EAGAIN} || $!{EINTR})) {
            $c->{eof} = 1;
            $c->{error} = defined $n ? '' : "$!";
            return 0;
        }
        my $left = $until - time;
        return 0 if $left <= 0;
        IO::Select->new($c->{sock})->can_read($left);
    }
}

# Wait until what came matches; the bytes stay for answer()
sub await {
    my ($c, $pattern, $seconds) = @_;
    my $until = time + ($seconds || 10);
    while ($c->{in} !~ $pattern) {
        my $left = $until - time;
        return 0 if $left <= 0 || $c->{eof};
        $c->fill($left);
    }
    return 1;
}

# True if the server closes within so many seconds; what it sends is dropped
sub closed_within {
    my ($c, $seconds) = @_;
    my $until = time + $seconds;
    while (!$c->{eof} && time < $until) {
        $c->fill($until - time);
        $c->{in} = '';
    }
    return $c->{eof};
}

sub _more { $_[0]->fill($_[1] - time) }

# Read one answer. Never dies: what is missing shows in the answer.
sub answer {
    my ($c, %o) = @_;
    my $until = time + ($o{timeout} || 20);
    my $a = bless { status => 0, fields => [], body => '', pieces => [],
                    interim => [], complete => 0 }, 'LLMGW::Answer';
    $c->_head($a, $until) && $c->_body($a, $until, $o{head_only});
    $a->{ms} = int(1000 * (time - $c->{start}));
    $a->{timeout} = time >= $until;
    $a->{eof} = $c->{eof};
    return $a;
}

sub _head {
    my ($c, $a, $until) = @_;
    while (1) {
        until ($c->{in} =~ /\r\n\r\n/) {
            return 0 if time >= $until;
            $c->_more($until) or $c->{eof} && return 0;
        }
        $c->{in} =~ s/^(.*?)\r\n\r\n//s;
        my ($line, @fields) = split /\r\n/, $1;
        ($a->{status}) = $line =~ m{^HTTP/1\.[01] (\d{3})};
        $a->{status} ||= -1;
        $a->{fields} = [map { [split /:\s*/, $_, 2] } @fields];
        last unless $a->{status} >= 100 && $a->{status} < 200;
        push @{ $a->{interim} }, $a->{status};
    }
    $a->{head_ms} = int(1000 * (time - $c->{start}));
    return 1;
}

sub _piece {
    my ($c, $a, $bytes) = @_;
    return unless length $bytes;
    $a->{body} .= $bytes;
    push @{ $a->{pieces} }, [int(1000 * (time - $c->{start})), $bytes];
}

sub _body {
    my ($c, $a, $until, $head_only) = @_;
    if ($head_only || $a->{status} == 204 || $a->{status} == 304) {
        $a->{complete} = 1;
    }
    elsif (($a->header('Transfer-Encoding') || '') =~ /chunked/i) {
        $c->_chunked($a, $until);
    }
    elsif (defined(my $len = $a->header('Content-Length'))) {
        while ((my $left = $len - length $a->{body}) > 0) {
            $c->_piece($a, substr $c->{in}, 0, $left, '');
            last if length $a->{body} >= $len || time >= $until;
            $c->_more($until) or $c->{eof} && last;
        }
        $a->{complete} = length $a->{body} == $len;
    }
    else {
        do { $c->_piece($a, substr $c->{in}, 0, length $c->{in}, '') }
            while $c->_more($until);
        $a->{complete} = $c->{eof} && !$c->{error};
    }
}

sub _chunked {
    my ($c, $a, $until) = @_;
    while (1) {
        if ($c->{in} =~ /^([0-9a-fA-F]+)[^\r\n]*\r\n/) {
            my ($line, $len) = (length $&, hex $1);
            if ($len == 0 && $c->{in} =~ /^[^\r\n]*\r\n(?:[^\r\n]+\r\n)*\r\n/) {
                substr $c->{in}, 0, length $&, '';
                $a->{complete} = 1;
                return;
            }
            if ($len && length $c->{in} >= $line + $len + 2) {
                $c->_piece($a, substr $c->{in}, $line, $len);
                substr $c->{in}, 0, $line + $len + 2, '';
                next;
            }
        }
        return if time >= $until;
        $c->_more($until) or $c->{eof} && return;
    }
}

# ---- what came -------------------------------------------------------------------

package LLMGW::Answer;
use strict;
use warnings;
use JSON::PP ();

my $json = JSON::PP->new->utf8->allow_nonref->max_depth(20_000);

sub status   { $_[0]{status} }
sub body     { $_[0]{body} }
sub complete { $_[0]{complete} }
sub ms       { $_[0]{ms} }
sub interim  { @{ $_[0]{interim} } }

sub headers {
    my ($a, $name) = @_;
    return map { $_->[1] } grep { lc $_->[0] eq lc $name } @{ $a->{fields} };
}
sub header { return ($_[0]->headers($_[1]))[0] }

# All bytes a client could see, to search for what must not be there
sub bytes {
    my ($a) = @_;
    return join "\n", (map { join ': ', @$_ } @{ $a->{fields} }), $a->{body};
}

sub json {
    my ($a) = @_;
    return eval { $json->decode($a->{body}) };
}

sub error {
    my ($a) = @_;
    my $j = $a->json;
    return ref $j eq 'HASH' && ref $j->{error} eq 'HASH' ? $j->{error} : {};
}

# The events of a stream: [{ name, data, json }]
sub events {
    my ($a) = @_;
    my @events;
    for my $block (split /\r?\n\r?\n/, $a->{body}) {
        my %e = (name => '', data => undef);
        for my $line (split /\r?\n/, $block) {
            if ($line =~ /^event: ?(.*)/) { $e{name} = $1 }
            elsif ($line =~ /^data: ?(.*)/) {
                $e{data} = defined $e{data} ? "$e{data}\n$1" : $1;
            }
        }
        next unless defined $e{data};
        $e{json} = eval { $json->decode($e{data}) };
        push @events, \%e;
    }
    return @events;
}

sub chunks { return grep { ref eq 'HASH' } map { $_->{json} } $_[0]->events }
sub done { my @e = $_[0]->events; return @e && $e[-1]{data} eq '[DONE]' }

# The error inside a stream, {} if there is none
sub stream_error {
    my ($a) = @_;
    my ($e) = grep { ref $_->{error} eq 'HASH' } $a->chunks;
    return $e ? $e->{error} : {};
}

sub is_stream { return ($_[0]->header('Content-Type') || '')
                       =~ m{^text/event-stream} }

sub choices {
    my ($a) = @_;
    return map { ref $_->{choices} eq 'ARRAY' ? @{ $_->{choices} } : () }
           $a->is_stream ? $a->chunks : grep { ref eq 'HASH' } $a->json;
}

# The words of a chat answer, streamed or not
sub text {
    my ($a, $member) = @_;
    $member ||= 'content';
    return join '', map { defined $_->{$member} ? $_->{$member} : '' }
                    map { $_->{delta} || $_->{message} || {} } $a->choices;
}

sub finish { return (grep { defined } map { $_->{finish_reason} }
                     $_[0]->choices)[0] }

sub usage {
    my ($a) = @_;
    my ($u) = grep { defined } map { $_->{usage} }
              $a->is_stream ? $a->chunks : ($a->json || {});
    return $u;
}

# Tool calls, put together: [{ id, name, arguments }]
sub tools {
    my ($a) = @_;
    my @calls;
    for my $choice ($a->choices) {
        my $list = ($choice->{delta} || $choice->{message} || {})->{tool_calls};
        my $i = 0;
        for my $t (@{ $list || [] }) {
            my $c = $calls[defined $t->{index} ? $t->{index} : $i++] ||= {
                id => '', name => '', arguments => '' };
            $c->{id} = $t->{id} if defined $t->{id};
            my $f = $t->{function} || {};
            $c->{name} .= $f->{name} if defined $f->{name};
            $c->{arguments} .= $f->{arguments} if defined $f->{arguments};
        }
    }
    return @calls;
}

# The same answer as it was before it was compressed, piece by piece
sub inflated {
    my ($a) = @_;
    require Compress::Raw::Zlib;
    my ($inflate) = Compress::Raw::Zlib::Inflate->new(-WindowBits => 31);
    my @pieces = map {
        my ($in, $out) = ($_->[1], '');
        $inflate->inflate($in, $out);
        [$_->[0], $out] } @{ $a->{pieces} };
    return bless { %$a, pieces => \@pieces,
                   body => join '', map { $_->[1] } @pieces }, ref $a;
}

# When the bytes that match had come, ms after the request; undef if never
sub when {
    my ($a, $pattern) = @_;
    my $so_far = '';
    for my $p (@{ $a->{pieces} }) {
        $so_far .= $p->[1];
        return $p->[0] if $so_far =~ $pattern;
    }
    return undef;
}

1;
