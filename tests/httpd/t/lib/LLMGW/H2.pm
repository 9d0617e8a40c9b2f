# H2.pm: as little of an HTTP/2 client as the tests need, on plain TCP
#
# It knows no Huffman code and no dynamic table: of an answer's head it reads
# the status where that is one of HPACK's own (200, 400, 404, 500).
package LLMGW::H2;
use strict;
use warnings;
use Time::HiRes qw(time);
use LLMGW::Http;

my ($DATA, $HEADERS, $RST_STREAM, $SETTINGS, $PING, $GOAWAY, $WINDOW_UPDATE)
    = (0, 1, 3, 4, 6, 7, 8);
my ($END_STREAM, $ACK, $END_HEADERS) = (1, 1, 4);
my %STATUS = (0x88 => 200, 0x8c => 400, 0x8d => 404, 0x8e => 500);

sub new {
    my ($class, $port) = @_;
    my $h = bless { tcp => LLMGW::Http->new($port), next => 1, streams => {} },
        $class;
    $h->{tcp}->put("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    $h->frame($SETTINGS, 0, 0, pack 'nNnN', 2, 0, 4, 1 << 30);  # no push, a
    $h->frame($WINDOW_UPDATE, 0, 0, pack 'N', 1 << 30);         # wide window
    return $h;
}

sub frame {
    my ($h, $type, $flags, $stream, $payload) = @_;
    my $len = substr pack('N', length $payload), 1;
    return $h->{tcp}->put($len . pack('CCN', $type, $flags, $stream) . $payload);
}

sub literal { my ($s) = @_; die 'too long' if length $s > 126; chr(length $s) . $s }

# Start a POST; returns its stream, an LLMGW::Answer that grows
sub post {
    my ($h, $body, %o) = @_;
    my @fields = (':method' => 'POST', ':scheme' => 'http',
                  ':authority' => '127.0.0.1',
                  ':path' => $o{path} || '/v1/chat/completions',
                  'content-type' => 'application/json', @{ $o{headers} || [] });
    my $block = '';
    while (my ($name, $value) = splice @fields, 0, 2) {
        $block .= "\0" . literal(lc $name) . literal($value);
    }
    my $id = $h->{next};
    $h->{next} += 2;
    $h->{streams}{$id} = bless { id => $id, status => 0, body => '', pieces => [],
        complete => 0, start => time, interim => [],
        fields => [['Content-Type', $o{stream} ? 'text/event-stream'
                                               : 'application/json']] },
        'LLMGW::Answer';
    $h->frame($HEADERS, $END_HEADERS, $id, $block);
    my @parts = $body =~ /(.{1,16384})/gs;
    $h->frame($DATA, $_ == $#parts ? $END_STREAM : 0, $id, $parts[$_]) for 0 .. $#parts;
    return $h->{streams}{$id};
}

sub reset_stream { my ($h, $a) = @_; $h->frame($RST_STREAM, 0, $a->{id}, pack 'N', 8) }
sub close        { return $_[0]{tcp}->close }

sub take {
    my ($h, $type, $flags, $id, $payload) = @_;
    $h->frame($SETTINGS, $ACK, 0, '') if $type == $SETTINGS && !($flags & $ACK);
    $h->frame($PING, $ACK, 0, $payload) if $type == $PING && !($flags & $ACK);
    my $a = $h->{streams}{$id} or return;
    if ($type == $HEADERS && !$a->{status}) {
        $a->{status} = $STATUS{ ord $payload } || -1;
    }
    if ($type == $DATA && length $payload) {
        $a->{body} .= $payload;
        push @{ $a->{pieces} }, [int(1000 * (time - $a->{start})), $payload];
    }
    $a->{reset} = 1 if $type == $RST_STREAM;
    $a->{complete} = 1 if ($type == $DATA || $type == $HEADERS) && $flags & $END_STREAM;
}

# Read frames until $done says so; false when the time is over before
sub wait_for {
    my ($h, $seconds, $done) = @_;
    my $until = time + $seconds;
    until ($done->()) {
        my $in = \$h->{tcp}{in};
        if (length $$in >= 9) {
            my $len = unpack 'N', "\0" . substr $$in, 0, 3;
            if (length $$in >= 9 + $len) {
                my ($type, $flags, $id) = unpack 'x3CCN', $$in;
                my $payload = substr $$in, 9, $len;
                substr $$in, 0, 9 + $len, '';
                $h->take($type, $flags, $id & 0x7fffffff, $payload);
                next;
            }
        }
        my $left = $until - time;
        return 0 if $left <= 0 || $h->{tcp}{eof};
        $h->{tcp}->fill($left);
    }
    return 1;
}

sub finish {
    my ($h, $a, $seconds) = @_;
    return $h->wait_for($seconds || 20, sub { $a->{complete} || $a->{reset} });
}

1;
