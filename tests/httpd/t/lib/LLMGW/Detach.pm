# Detach.pm: what the tests of calls that wait without a thread share
#
#   my $s = detach_server('name', conf => $lines, mpm => event_mpm(threads => 5));
#   detached_becomes($s, 200, 'all wait without a thread');
#   my @streams = open_many($s, 500, model => 'open/slow-stream,n:20,ms:300');
#   read_many(\@streams, seconds => 60);
package LLMGW::Detach;
use strict;
use warnings;
use Exporter 'import';
use Test::More;
use Time::HiRes qw(sleep time);
use LLMGW::Metrics;
use LLMGW::Server;
use LLMGW::Test;

our @EXPORT = qw(detaches event_mpm detach_server detached detached_becomes figure
    serves status_of post_for open_many read_many stream_of text_of begun whole_ones
    widest_gaps rss_kb child_of gone static_file tls_conf);

# Do calls wait without a thread here?
sub detaches { return $ENV{LLMGW_TEST_MPM} eq 'event' }

# Few threads for many connections. Options: threads, children, more (lines)
sub event_mpm {
    my (%o) = @_;
    my $threads = $o{threads} || 5;
    my $children = $o{children} || 1;
    my ($max, $servers) = ($threads * $children, $children + 6);
    my $limit = $threads > 64 ? $threads : 64;
    return "ThreadLimit $limit\nThreadsPerChild $threads\nStartServers $children\n"
         . "ServerLimit $servers\nMaxRequestWorkers $max\nMinSpareThreads 1\n"
         . "MaxSpareThreads $max\nAsyncRequestWorkerFactor 400\n" . ($o{more} || '');
}

sub tls_conf {
    my ($port) = @_;
    my $dir = Cwd::getcwd() . '/upstream';
    return <<"CONF";
Listen 127.0.0.1:$port
<VirtualHost 127.0.0.1:$port>
    SSLEngine on
    SSLCertificateFile $dir/good.pem
    SSLCertificateKeyFile $dir/good.key
    <IfModule mod_http2.c>
        Protocols h2 http/1.1
    </IfModule>
</VirtualHost>
CONF
}

# A server with the usual providers, its figures, and files. Options as
# LLMGW::Server; detach, LLMDetach's line
sub detach_server {
    my ($name, %o) = @_;
    my $detach = defined $o{detach} ? "LLMDetach $o{detach}\n" : '';
    $o{conf} = <<'CONF' . $detach . ($o{conf} || '');
LLMBreaker off
LLMRetry attempts=1
LLMTimeout connect=15s first=60s idle=30s total=110s
LLMProvider open openai ${UP}/v1 models=none
LLMProvider claude anthropic ${UP}/v1 key=env:LLMGW_TEST_KEY models=none
LLMProvider echo echo - models=none
ExtendedStatus on
<Location /metrics>
    SetHandler llmgw-metrics
</Location>
<Location /status>
    SetHandler llmgw-status
</Location>
<Location /server-status>
    SetHandler server-status
</Location>
CONF
    # all of the few threads may be busy for a moment
    return LLMGW::Server->start($name, log => [qr/AH00484: server reached MaxRequestWorkers/], %o);
}

# A file of so many bytes below the document root; its bytes
sub static_file {
    my ($name, $bytes) = @_;
    my $line = join '', map { chr(33 + $_ % 90) } 1 .. 997;
    my $text = substr $line x (1 + $bytes / length $line), 0, $bytes;
    spew("t/htdocs/$name", $text);
    return $text;
}

# ---- figures -----------------------------------------------------------------------

sub figure {
    my ($s, $name, @labels) = @_;
    my $a = request(port => $s->port, path => '/metrics', method => 'GET');
    return LLMGW::Metrics->new($a->body)->sum($name, @labels);
}

sub detached { return figure($_[0], 'llmgw_detached') }

sub detached_becomes {
    my ($s, $n, $name, $seconds) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $last;
    ok(wait_for($seconds || 15, sub { ($last = detached($s)) == $n }), $name)
        or diag("detached: $last, not $n");
}

sub serves {
    my ($s, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is(ask('open/ok', port => $s->port)->text, 'Hello from mock', $name);
}

# What the access log has of a call; 0: nothing yet
sub status_of {
    my ($s, $id) = @_;
    return slurp($s->{calls}) =~ /^\Q$id\E (\d+) /m ? $1 : 0;
}

# Of processes: have all of them ended?
sub gone { return !grep { -d "/proc/$_" } @_ }

# The one child, and how much of it is in memory
sub child_of { my @c = $_[0]->children; return $c[0] }
sub rss_kb {
    my ($pid) = @_;
    return slurp("/proc/$pid/status") =~ /^VmRSS:\s+(\d+)/m ? $1 : 0;
}

# ---- many calls at once --------------------------------------------------------------

sub post_for {
    my ($model, %o) = @_;
    my %body = (model => $model, %{ $o{more} || {} },
                messages => [{ role => 'user', content => $o{content} || prompt() }]);
    $body{stream} = JSON::PP::true if $o{stream};
    return raw(body => json(\%body), path => $o{path},
               headers => [@{ $o{headers} || [] }, ($o{id} ? ('X-Request-Id' => $o{id}) : ())]);
}

# Connections with a call on each. Options: those of post_for(); port
sub open_many {
    my ($s, $n, %o) = @_;
    return map {
        my $c = LLMGW::Http->new($o{port} || $s->port, tls => $o{tls});
        $c->put(post_for($o{model}, %o));
        $c } 1 .. $n;
}

# Read from all of them what comes, noting when, until $done says so of each
# (otherwise: until it ends). Options: seconds, done. Returns how many are done.
sub read_many {
    my ($all, %o) = @_;
    my $done = $o{done} || \&has_ended;
    my $until = time + ($o{seconds} || 60);
    my %open = map { fileno($_->{sock}) => $_ } @$all;
    my $finished = 0;
    my $bits = '';
    vec($bits, $_, 1) = 1 for keys %open;
    while (%open && time < $until) {
        select(my $ready = $bits, undef, undef, 0.25) > 0 or next;
        for my $fd (grep { vec $ready, $_, 1 } keys %open) {
            my $c = $open{$fd};
            push @{ $c->{times} }, time if $c->fill(0);
            my $is_done = $done->($c);
            next unless $is_done || $c->{eof};
            $finished++ if $is_done;
            delete $open{$fd};
            vec($bits, $fd, 1) = 0;
        }
    }
    return $finished;
}

# A model that answers with $n tokens, one each $ms; and its text
sub stream_of { my ($n, $ms) = @_; return "open/slow-stream,n=$n,ms=$ms" }
sub text_of { return join '', map { "t$_ " } 1 .. $_[0] }

# How many streams have begun, within half a minute
sub begun {
    my (@c) = @_;
    return read_many(\@c, seconds => 30, done => sub { $_[0]{in} =~ /"t1 "/ });
}

# How many streams of $n tokens come whole
sub whole_ones {
    my ($n, @c) = @_;
    read_many(\@c, seconds => 60);
    return scalar grep { my $a = $_->answer(timeout => 1);
                         $a->complete && $a->done && $a->text eq text_of($n) } @c;
}

# A chunked answer, or one with a length, is whole
sub has_ended {
    my ($c) = @_;
    return $c->{in} =~ /\r\n0\r\n\r\n\z/ if $c->{in} =~ /^Transfer-Encoding: chunked/mi;
    return $c->{in} =~ /^Content-Length: (\d+)\r\n.*?\r\n\r\n/msi
           && length($c->{in}) >= $+[0] + $1;
}

# The longest pause of each, in seconds, longest first
sub widest_gaps {
    return sort { $b <=> $a } map {
        my ($last, $widest) = (undef, 0);
        for my $at (@{ $_->{times} || [] }) {
            $widest = $at - $last if defined $last && $at - $last > $widest;
            $last = $at;
        }
        $widest } @_;
}

1;
