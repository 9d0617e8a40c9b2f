# Raw.pm: what the mock provider does below /raw, where paths pass as they are
#
# The query says it: ?do=NAME&key=value...; the values are in $call->{arg}.
# Other parameters mean nothing here. A scenario is given the call and ways to
# act: {read}->(sub { bytes }) hands over the body, {out}, {pause}, {fill} are
# upstream.pl's. It returns how the connection ended: keep, close, reset, gone.
package LLMGW::Mock::Raw;
use strict;
use warnings;
use Digest::SHA ();
use JSON::PP ();
use IO::Compress::Gzip qw(gzip);

my $json = JSON::PP->new->utf8->canonical;
my %RUN;

sub understand {
    my ($call) = @_;
    my ($query) = $call->{target} =~ /\?(.*)/;
    my %arg = map { my ($k, $v) = split /=/, $_, 2; ($k => defined $v ? $v : '') }
              split /&/, defined $query ? $query : '';
    $call->{arg} = \%arg;
    $call->{name} = $arg{do} || 'echo';
    return $call;
}

sub run {
    my ($call, $io) = @_;
    my $code = $RUN{ $call->{name} } || $RUN{none};
    my $how = $code->($call, $io);
    return $how if $how ne 'keep';
    return ($call->{headers}{connection} || '') =~ /close/i ? 'close' : 'keep';
}

# ---- parts -------------------------------------------------------------------

sub arg {
    my ($call, $key, $default) = @_;
    return defined $call->{arg}{$key} ? $call->{arg}{$key} : $default;
}

sub head {
    my ($status, @fields) = @_;
    return join("\r\n", "HTTP/1.1 $status Status", @fields, '', '');
}

sub reply {
    my ($call, $io, $status, $fields, $body) = @_;
    my $bytes = head($status, @$fields, 'Content-Length: ' . length $body);
    $bytes .= $body unless $call->{method} eq 'HEAD';
    return $io->{out}->($bytes) ? 'keep' : 'gone';
}

sub reply_json {
    my ($call, $io, $status, $what, @fields) = @_;
    return reply($call, $io, $status, ['Content-Type: application/json', @fields],
                 $json->encode($what));
}

# Read all of the body: digest, length, and its first bytes
sub drain {
    my ($io, $keep) = @_;
    my %b = (sha => Digest::SHA->new(256), bytes => 0, text => '');
    $b{how} = $io->{read}->(sub {
        $b{sha}->add($_[0]);
        $b{bytes} += length $_[0];
        $b{text} .= $_[0] if length $b{text} < $keep;
        return 1;
    });
    $b{sha256} = delete($b{sha})->hexdigest;
    return \%b;
}

sub some_bytes {
    my ($n) = @_;
    my $all = join '', map { chr } 0 .. 255;
    return substr $all x (1 + $n / 256), 0, $n;
}

sub chunk { return sprintf("%x\r\n%s\r\n", length $_[0], $_[0]) }

# ---- scenarios -----------------------------------------------------------------

# What was received; the body as hexadecimal digits
$RUN{echo} = sub {
    my ($call, $io) = @_;
    my $b = drain($io, 100_000);
    return 'gone' if $b->{how} ne 'keep';
    return reply_json($call, $io, arg($call, 'code', 200),
        { method => $call->{method}, target => $call->{target},
          headers => $call->{headers}, bytes => $b->{bytes},
          sha256 => $b->{sha256}, hex => unpack 'H*', $b->{text} },
        'x-request-id: req_mock', 'Set-Cookie: c=CANARY-COOKIE',
        'Server: mock/1', 'OpenAI-Organization: CANARY-ORG',
        'openai-processing-ms: 7', 'X-Secret: CANARY-HEADER');
};

# The bytes of a file: kb= of them, at once, or n= pieces with ms= between
$RUN{bytes} = sub {
    my ($call, $io) = @_;
    drain($io, 0);
    return reply($call, $io, 200,
        ['Content-Type: ' . arg($call, 'type', 'application/octet-stream'),
         'Content-Disposition: attachment; filename="a.bin"', 'ETag: "e1"',
         'Accept-Ranges: bytes', 'Last-Modified: Tue, 15 Nov 2022 12:45:26 GMT'],
        some_bytes(1024 * arg($call, 'kb', 1)));
};

$RUN{pieces} = sub {
    my ($call, $io) = @_;
    drain($io, 0);
    $io->{out}->(head(200, 'Content-Type: ' . arg($call, 'type', 'audio/mpeg'),
                      'Transfer-Encoding: chunked')) or return 'gone';
    for my $i (1 .. arg($call, 'n', 5)) {
        $io->{out}->(chunk(arg($call, 'type', '') =~ /event-stream/
                           ? "data: {\"text\":\"t$i \"}\n\n" : "piece $i\n"))
            or return 'gone';
        $io->{pause}->(arg($call, 'ms', 0)) or return 'gone';
    }
    if (arg($call, 'then', '') eq 'close') { return 'close' }
    if (arg($call, 'then', '') eq 'stall') {
        $io->{pause}->(60_000) or return 'gone';
    }
    return $io->{out}->("0\r\n\r\n") ? 'keep' : 'gone';
};

# mb= megabytes, with their length or in chunks
$RUN{big} = sub {
    my ($call, $io) = @_;
    my ($mb, $chunked) = (arg($call, 'mb', 200), arg($call, 'chunked', 0));
    drain($io, 0);
    $io->{out}->(head(200, 'Content-Type: application/octet-stream', $chunked
        ? 'Transfer-Encoding: chunked' : 'Content-Length: ' . ($mb << 20)))
        or return 'gone';
    my $piece = some_bytes(1 << 20);
    $piece = chunk($piece) if $chunked;
    for (1 .. $mb) { $io->{out}->($piece) or return 'gone' }
    return !$chunked || $io->{out}->("0\r\n\r\n") ? 'keep' : 'gone';
};

# Shorter than its length says
$RUN{cut} = sub {
    my ($call, $io) = @_;
    drain($io, 0);
    $io->{out}->(head(200, 'Content-Type: text/plain', 'Content-Length: 1000')
                 . 'x' x arg($call, 'n', 100));
    return 'close';
};

$RUN{'until-close'} = sub {
    my ($call, $io) = @_;
    drain($io, 0);
    $io->{out}->(head(200, 'Content-Type: text/plain') . "until the end\n");
    return 'close';
};

$RUN{status} = sub {        # code=, key=1: repeats what it was authorized with
    my ($call, $io) = @_;
    my $b = drain($io, 0);
    return 'gone' if $b->{how} ne 'keep';
    my $key = $call->{headers}{authorization} || $call->{headers}{'x-api-key'} || '';
    my $body = arg($call, 'raw', '') ? "<html>\0<i>no: $key</i>\xff"
        : $json->encode({ error => { message => "mock says no: $key",
                                     odd => JSON::PP::true, code => 'mock_code',
                                     type => 'mock_type', param => 'p' } });
    my @more = map { "$_->[0]: $_->[1]" } grep { length $_->[1] }
        ['Retry-After', arg($call, 'retry', '')],
        ['Content-Encoding', arg($call, 'gzip', '') ? 'gzip' : ''],
        ['Set-Cookie', 'c=CANARY-COOKIE'];
    if (arg($call, 'gzip', '')) { gzip(\$body => \my $gz); $body = $gz }
    $body .= ' ' x (1024 * arg($call, 'kb', 0));
    return reply($call, $io, arg($call, 'code', 500),
        [arg($call, 'raw', '') ? 'Content-Type: text/html'
             : 'Content-Type: application/json', @more], $body);
};

# Answers after n= bytes of the body, without reading more; then=keep: leaves
# the connection open
$RUN{early} = sub {
    my ($call, $io) = @_;
    my $n = arg($call, 'n', 0);
    $io->{read}->(sub { ($n -= length $_[0]) > 0 }) if $n > 0;
    my $how = reply_json($call, $io, arg($call, 'code', 413),
        { error => { message => 'too large for mock', code => 'mock_413' } });
    $io->{pause}->(arg($call, 'ms', 0)) or return 'gone';
    return 'close';
};

# An interim response before the body is read
$RUN{interim} = sub {
    my ($call, $io) = @_;
    $io->{out}->("HTTP/1.1 102 Processing\r\n\r\n") or return 'gone';
    $io->{pause}->(300) or return 'gone';
    return $RUN{echo}->($call, $io);
};

# Reads nothing, says nothing, for ms=
$RUN{deaf} = sub {
    my ($call, $io) = @_;
    select undef, undef, undef, arg($call, 'ms', 4000) / 1000;
    return 'close';
};

# By the provider's base path: code= below /raw/bad, else as echo
$RUN{'bad-base'} = sub {
    my ($call, $io) = @_;
    return $RUN{status}->($call, $io) if $call->{target} =~ m{^/raw/bad/};
    delete $call->{arg}{code};
    return $RUN{echo}->($call, $io);
};

# code= for all keys but the one that ends in good=
$RUN{'one-good-key'} = sub {
    my ($call, $io) = @_;
    my $good = arg($call, 'good', 'none');
    return $RUN{status}->($call, $io)
        if ($call->{headers}{authorization} || '') !~ /-\Q$good\E$/;
    delete $call->{arg}{code};
    return $RUN{echo}->($call, $io);
};

# Reads the body, says nothing
$RUN{silent} = sub {
    my ($call, $io) = @_;
    my $b = drain($io, 0);
    return 'gone' if $b->{how} ne 'keep';
    return $io->{pause}->(60_000) ? 'close' : 'gone';
};

$RUN{reset} = sub {
    my ($call, $io) = @_;
    drain($io, 0);
    return 'reset';
};

$RUN{empty} = sub {         # code=204 or 304, or a 200 without a body
    my ($call, $io) = @_;
    drain($io, 0);
    my $code = arg($call, 'code', 204);
    return $io->{out}->(head($code, 'ETag: "e1"',
        $code == 200 ? 'Content-Length: 0' : ())) ? 'keep' : 'gone';
};

$RUN{partial} = sub {       # 206 as asked for by Range
    my ($call, $io) = @_;
    my ($from, $to) = ($call->{headers}{range} || '') =~ /bytes=(\d+)-(\d+)/
        or return reply($call, $io, 416, [], '');
    return reply($call, $io, 206, ['Content-Type: text/plain',
        "Content-Range: bytes $from-$to/1000"],
        substr some_bytes(1000), $from, $to - $from + 1);
};

$RUN{gzip} = sub {          # in spite of Accept-Encoding
    my ($call, $io) = @_;
    drain($io, 0);
    gzip(\'{"text":"compressed"}' => \my $gz);
    return reply($call, $io, 200, ['Content-Type: application/json',
                                   'Content-Encoding: gzip'], $gz);
};

$RUN{usage} = sub {         # names=1: the newer names
    my ($call, $io) = @_;
    drain($io, 0);
    return reply_json($call, $io, 200, { choices => [{ text => 'hi' }],
        usage => arg($call, 'names', '')
            ? { input_tokens => 5, output_tokens => 6, type => 'tokens' }
            : { prompt_tokens => 5, completion_tokens => 6, total_tokens => 11 } });
};

$RUN{redirect} = sub {
    my ($call, $io) = @_;
    drain($io, 0);
    return reply($call, $io, 302, ['Location: http://127.0.0.1:1/CANARY'], '');
};

$RUN{none} = sub {
    my ($call, $io) = @_;
    drain($io, 0);
    return reply_json($call, $io, 404,
        { error => { message => "no scenario $call->{name}" } });
};

1;
