# Test.pm: what the test files share
#
# A test file ends with finish(): it fails when the error log holds a line at
# warn or above that the file did not declare with expect_log().
package LLMGW::Test;
use strict;
use warnings;
use Exporter 'import';
use Apache::Test ();
use Apache::TestConfig ();
use JSON::PP ();
use Test::More;
use Time::HiRes qw(sleep time);
use LLMGW::Canary;
use LLMGW::Http;

our @EXPORT = (@Test::More::EXPORT, qw(
    vars port up chat ask request raw json tag stats wait_for upstream
    access access_line expect_log log_since finish now_ms prompt pinned
    upstream_closed let_go is_error is_stream_error slurp spew httpd_pid));

my $json = JSON::PP->new->utf8->canonical->allow_nonref;
my $serial = 0;
my @expected;

sub json { return $json->encode(shift) }
sub now_ms { return int(1000 * time) }
sub vars { return Apache::Test::vars(@_) }

sub slurp {
    my ($file) = @_;
    open my $in, '<', $file or return '';
    local $/;
    return scalar <$in>;
}

sub spew {
    my ($file, $text) = @_;
    open my $out, '>', $file or die "$file: $!";
    print $out $text;
    close $out or die "$file: $!";
}

# ---- where things are ---------------------------------------------------------------

sub port {
    my ($vhost) = @_;
    return vars('port') unless $vhost;
    return Apache::Test::config()->{vhosts}{$vhost}{port}
        || die "no virtual host $vhost";
}

my $ports;
sub up {
    $ports ||= $json->decode(slurp('upstream/ports.json'));
    return $ports->{ $_[0] };
}

sub httpd_pid { chomp(my $pid = slurp(vars('t_logs') . '/httpd.pid')); $pid }

# ---- requests -----------------------------------------------------------------------

# A word that marks a request: part of the model's name and its X-Request-Id
sub tag { return "tag$$" . 'x' . ++$serial }

sub prompt { return "Say hello. $LLMGW::Canary::PROMPT" }

# The bytes of a request. Options: method, path, headers (pairs), body
sub raw {
    my (%o) = @_;
    my $body = defined $o{body} ? $o{body} : '';
    my @headers = @{ $o{headers} || [] };
    my $method = $o{method} || (length $body ? 'POST' : 'GET');
    my %has = map { lc $headers[2 * $_] => 1 } 0 .. @headers / 2 - 1;
    push @headers, Host => '127.0.0.1' unless $has{host};
    push @headers, 'Content-Type' => 'application/json'
        if length $body && !$has{'content-type'};
    push @headers, 'Content-Length' => length $body
        if $method ne 'GET' && !$has{'content-length'}
           && !$has{'transfer-encoding'};
    my $head = "$method " . ($o{path} || '/v1/chat/completions')
             . " HTTP/1.1\r\n";
    while (my ($name, $value) = splice @headers, 0, 2) {
        $head .= "$name: $value\r\n";
    }
    return "$head\r\n$body";
}

# One request on a connection of its own. Further options: vhost, port,
# timeout, id (X-Request-Id), keys_shown (the mock's answer may hold keys)
sub request {
    my (%o) = @_;
    my @headers = @{ $o{headers} || [] };
    push @headers, 'X-Request-Id' => $o{id} if $o{id};
    push @headers, Connection => 'close';
    my $c = LLMGW::Http->new($o{port} || port($o{vhost}));
    $c->put(raw(%o, headers => \@headers));
    my $a = $c->answer(timeout => $o{timeout},
                       head_only => ($o{method} || '') eq 'HEAD');
    $c->close;
    fail("a key in the answer: $1")
        if !$o{keys_shown} && $a->bytes =~ /(CANARY-KEY-\w+)/;
    return $a;
}

# A chat request. Options as request(); model, stream, messages, more (a hash
# of further members)
sub chat {
    my (%o) = @_;
    my %body = (model => $o{model}, %{ $o{more} || {} },
                messages => $o{messages}
                            || [{ role => 'user', content => prompt() }]);
    $body{stream} = JSON::PP::true if $o{stream};
    return request(path => '/v1/chat/completions', body => json(\%body), %o);
}

sub ask {
    my ($model, %o) = @_;
    return chat(model => $model, %o);
}

# "mock/NAME,tag=T": a scenario of the mock, pinned
sub pinned {
    my ($name, $tag, $provider) = @_;
    return ($provider || 'mock') . "/$name" . ($tag ? ",tag=$tag" : '');
}

# ---- the mock's view ------------------------------------------------------------------

sub stats {
    my ($tag, $switch) = @_;
    my $a = request(port => up('http'), method => 'GET',
                    path => '/_stats' . (defined $tag ? "?tag=$tag"
                                         : defined $switch ? "?sw=$switch" : ''));
    return $json->decode($a->body);
}

sub upstream { return @{ stats($_[0])->{requests} } }

sub wait_for {
    my ($seconds, $done) = @_;
    my $until = time + $seconds;
    while (1) {
        my $result = $done->();
        return $result if $result;
        return 0 if time >= $until;
        sleep 0.05;
    }
}

# The moment (ms since 1970) the gateway let go of the tag's last request
sub upstream_closed {
    my ($tag, $seconds) = @_;
    return wait_for($seconds || 5, sub {
        my @r = upstream($tag);
        return @r && ($r[-1]{how} || '') eq 'gone' ? $r[-1]{done} : 0;
    });
}

# A client of the tag's last request left at $left: so did the gateway soon
sub let_go {
    my ($tag, $left, $what) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $closed = upstream_closed($tag, 5);
    ok($closed && $closed - $left < 1000, "$what: the provider is let go within a second")
        or diag($closed ? $closed - $left . ' ms' : 'never');
}

# What the mock received, from an answer of echo-request
sub received {
    my ($a) = @_;
    return eval { $json->decode(do { my $t = $a->text; utf8::encode($t); $t }) }
        || {};
}
push @EXPORT, 'received';

# ---- the logs ----------------------------------------------------------------------------

my $error_log = vars('t_logs') . '/error_log';
my $log_start = -s $error_log || 0;

sub log_since {
    my ($from, $file) = @_;
    open my $in, '<', $file || $error_log or return '';
    seek $in, defined $from ? $from : $log_start, 0;
    local $/;
    my $text = <$in>;
    return defined $text ? $text : '';
}

# Lines that match may stand in the error log
sub expect_log { push @expected, @_ }

sub undeclared {
    my @bad;
    for my $line (split /\n/, log_since()) {
        next unless $line =~ /\[[\w-]+:(?:warn|error|crit|alert|emerg)\]/;
        next if grep { $line =~ $_ } @expected;
        push @bad, $line;
    }
    return @bad;
}

# The access log's line for a request id, as a hash; waits for it
sub access {
    my ($id, $seconds) = @_;
    my $line = wait_for($seconds || 5, sub { access_line($id) }) || '{}';
    $line =~ s/\\x([0-9a-f]{2})/\\u00$1/g;
    return $json->decode($line);
}

sub access_line {
    my ($id) = @_;
    open my $in, '<', vars('t_logs') . '/llmgw_log' or return '';
    my ($line) = grep { /"id":"\Q$id\E"/ } <$in>;
    return $line;
}

# ---- judgements --------------------------------------------------------------------------

# An answer that is an error in OpenAI's form: status, code and param (a string
# or qr//; undef: not looked at)
sub is_error {
    my ($a, $status, $code, $param, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $e = $a->error;
    my @wrong;
    push @wrong, 'status ' . $a->status . ($a->{timeout} ? ' (timeout)' : '')
        unless ref $status ? $a->status =~ $status : $a->status == $status;
    push @wrong, 'the answer is not complete' unless $a->complete;
    push @wrong, 'content type ' . ($a->header('Content-Type') || 'none')
        unless ($a->header('Content-Type') || '') =~ m{^application/json};
    push @wrong, 'no message' unless length($e->{message} || '');
    push @wrong, 'no type' unless length($e->{type} || '');
    push @wrong, 'no X-Request-Id' unless length($a->header('X-Request-Id') || '');
    for (['code', $code], ['param', $param]) {
        my ($member, $want) = @$_;
        next unless defined $want;
        my $got = defined $e->{$member} ? $e->{$member} : 'null';
        push @wrong, "$member $got" unless ref $want ? $got =~ $want
                                                     : $got eq $want;
    }
    ok(!@wrong, $name . (@wrong ? ' -- ' . join(', ', @wrong) : ''))
        or diag(substr $a->bytes, 0, 600);
}

# A stream that had begun and ends with an error a client can see
sub is_stream_error {
    my ($a, $code, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $e = $a->stream_error;
    my @wrong;
    push @wrong, 'status ' . $a->status unless $a->status == 200;
    push @wrong, $a->{timeout} ? 'it hangs' : 'the HTTP message is cut'
        unless $a->complete;
    push @wrong, 'no content before' unless length $a->text;
    push @wrong, 'no error event' unless length($e->{message} || '');
    push @wrong, 'finish_reason ' . $a->finish if defined $a->finish;
    push @wrong, 'code ' . (defined $e->{code} ? $e->{code} : 'null')
        if defined $code && ($e->{code} || '') !~ $code;
    ok(!@wrong, $name . (@wrong ? ' -- ' . join(', ', @wrong) : ''))
        or diag(substr $a->bytes, 0, 900);
}

sub finish {
    sleep 0.3;      # what is logged after the answer
    my @bad = undeclared();
    ok(!@bad, 'the error log holds nothing undeclared')
        or diag(join "\n", @bad[0 .. ($#bad > 15 ? 15 : $#bad)]);
    done_testing();
}

1;
