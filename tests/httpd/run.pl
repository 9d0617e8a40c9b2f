# run.pl: starts the upstream and the server, runs the test files, and judges
# what they left behind. Called by run.sh in a tree of its own.
use strict;
use warnings;
use Cwd ();
use Digest::SHA ();
use IO::Socket::INET;
use JSON::PP ();
use TAP::Parser;
use Time::HiRes qw(sleep time);
use lib 't/lib';
use LLMGW::Canary;

my $FILE_SECONDS = $ENV{LLMGW_TEST_SANITIZE} ? 300 : 120;
my $top = Cwd::getcwd();
my $logs = "$top/t/logs";
my ($passed, $failed) = (0, 0);
my ($upstream_pid, $httpd_pid);

$| = 1;
$SIG{INT} = $SIG{TERM} = $SIG{HUP} = sub { stop(); exit 130 };

sub passed { $passed++; print "ok    $_[0]\n" }
sub failed { $failed++; print "FAIL  $_[0]\n"; print "      $_\n" for @_[1 .. $#_] }
sub check {
    my ($good, @what) = @_;
    $good ? passed($what[0]) : failed(@what);
}

sub slurp {
    my ($file) = @_;
    open my $in, '<', $file or return '';
    local $/;
    return scalar <$in>;
}

sub spew {
    my ($file, $text, $mode) = @_;
    open my $out, '>', $file or die "$file: $!\n";
    print $out $text;
    close $out or die "$file: $!\n";
    chmod $mode, $file if $mode;
}

sub wait_until {
    my ($seconds, $done) = @_;
    my $until = time + $seconds;
    while (time < $until) {
        return 1 if $done->();
        sleep 0.05;
    }
    return 0;
}

# ---- the upstream --------------------------------------------------------------

sub start_upstream {
    $upstream_pid = fork;
    die "fork: $!\n" unless defined $upstream_pid;
    exec $^X, 'upstream.pl', '--dir', "$top/upstream" unless $upstream_pid;
    wait_until(20, sub { -s "$top/upstream/ports.json" })
        or die "upstream.pl did not start\n";
    my $ports = JSON::PP::decode_json(slurp("$top/upstream/ports.json"));
    delete $ports->{pid};
    spew("$top/t/conf/upstream.conf",
         join('', map { "Define UP_\U$_\E $ports->{$_}\n" } sort keys %$ports)
         . "Define UP_DIR $top/upstream\n");
}

# ---- the server ----------------------------------------------------------------

# conf.d/llmgw.conf is the reference: its JSON access log is tested as it is
sub reference_log {
    my $text = slurp('reference.conf');
    $text =~ s/\\\n\s*//g;
    return $text =~ /^[#\s]*(LogFormat\s+.*\s+(\S+))\s*$/m
        ? "$1\nCustomLog \"$logs/reference_log\" $2\n" : '';
}

sub apache_test {
    my $pid = fork;
    die "fork: $!\n" unless defined $pid;
    if (!$pid) {
        open STDOUT, '>>', "$top/apache-test.log" or die $!;
        open STDERR, '>&', \*STDOUT or die $!;
        exec $^X, 't/TEST', @_;
    }
    waitpid $pid, 0;
    return $? == 0;
}

sub start_server {
    mkdir 't/htdocs';
    spew('t/htdocs/index.html', "hello\n");
    spew('t/conf/reference.conf', reference_log());
    spew('t/conf/key', "$LLMGW::Canary::KEY{file}\n", 0600);
    spew('t/conf/key-exec', "#!/bin/sh\necho $LLMGW::Canary::KEY{exec}\n"
                            . "echo second line\n", 0700);
    spew('t/conf/passwd',
         join '', map { "$_:{SHA}" . Digest::SHA::sha1_base64($LLMGW::Canary::CLIENT) . "=\n" }
             qw(ann bob));
    $ENV{LLMGW_TEST_KEY} = $LLMGW::Canary::KEY{env};
    $ENV{LLMGW_TEST_KEY_2} = $LLMGW::Canary::KEY{env2};
    delete $ENV{LLMGW_TEST_NO_KEY};
    for my $try (1 .. 3) {
        return if try_server();
        print "trying other ports\n";
    }
    print slurp("$top/apache-test.log"), slurp("$logs/error_log");
    die "the server did not start\n";
}

# Apache::Test takes the ports from a first one on; two runs at a time must not
# both believe the same ones to be free
sub free_ports {
    for (1 .. 50) {
        my $first = 20_000 + 50 * int rand 200;
        my @taken = grep { !IO::Socket::INET->new(Listen => 1, ReuseAddr => 1,
            LocalAddr => '127.0.0.1', LocalPort => $_) } $first .. $first + 15;
        return $first unless @taken;
    }
    die "no ports are free\n";
}

sub try_server {
    unlink 't/conf/httpd.conf', 't/conf/extra.conf', 't/conf/apache_test_config.pm';
    apache_test('-configure', '-httpd', "$top/httpd", '-apxs',
                $ENV{LLMGW_TEST_APXS}, '-httpd_conf', "$top/base.conf",
                '-port', free_ports(), '-maxclients', 30, '-threadsperchild', 30)
        or die "Apache::Test could not configure the server\n";
    for my $file (glob 't/conf/*.conf') {       # loopback only
        my $text = slurp($file);
        spew($file, $text) if $text =~ s/0\.0\.0\.0:/127.0.0.1:/g;
    }
    apache_test('-start-httpd') or return 0;
    chomp($httpd_pid = slurp("$logs/httpd.pid"));
    return 1;
}

sub stop {
    if ($httpd_pid) {
        kill TERM => $httpd_pid;
        wait_until(15, sub { !kill 0, $httpd_pid })
            or failed('the server ends on SIGTERM within 15 s');
    }
    if ($upstream_pid) {
        kill TERM => $upstream_pid;
        waitpid $upstream_pid, 0;
    }
    ($httpd_pid, $upstream_pid) = (0, 0);
}

# ---- a test file ---------------------------------------------------------------

sub run_file {
    my ($file) = @_;
    my $start = time;
    my ($ok, $bad, @notes) = (0, 0);
    my $parser = TAP::Parser->new({ exec => [$^X, '-It/lib', $file],
                                    merge => 0 });
    local $SIG{ALRM} = sub { die "timeout\n" };
    my $in_time = eval {
        alarm $FILE_SECONDS;
        while (my $r = $parser->next) {
            next unless $r->is_test;
            if ($r->is_ok) { $ok++; next }
            $bad++;
            print "FAIL  $file: ", $r->description, "\n";
        }
        alarm 0;
        1;
    };
    alarm 0;
    if (!$in_time) {
        $bad++;
        print "FAIL  $file: not done after $FILE_SECONDS s\n";
        kill TERM => $parser->_iterator->{pid} || () if ref $parser->_iterator;
    }
    elsif ($parser->parse_errors || $parser->exit && !$bad) {
        $bad++;
        print "FAIL  $file: exit ", $parser->exit, ' ',
              join('; ', $parser->parse_errors), "\n";
    }
    if ($in_time && $parser->skip_all) {
        print "skip  $file: ", $parser->skip_all, "\n";
        return;
    }
    printf "%-5s %-28s %3d passed, %d failed, %.1f s\n",
           $bad ? 'FAIL' : 'ok', $file, $ok, $bad, time - $start;
    $passed += $ok;
    $failed += $bad;
}

# ---- what is left behind -------------------------------------------------------

sub leaked {
    my @hits;
    for my $file (grep { -f && !/\.pid$/ } glob "$logs/*") {
        open my $in, '<', $file or next;
        while (<$in>) {
            for my $canary (LLMGW::Canary::secret_patterns()) {
                push @hits, "$file:$.: $canary" if /$canary/;
            }
        }
    }
    splice @hits, 10 if @hits > 10;
    return @hits;
}

sub processes_left {
    my @left;
    for my $dir (glob '/proc/[0-9]*') {
        my ($pid) = $dir =~ /(\d+)$/;
        next if $pid == $$ || $pid == getppid;
        my $env = slurp("$dir/environ");
        next unless $env =~ /\bLLMGW_TEST_RUN=\Q$ENV{LLMGW_TEST_RUN}\E(\0|$)/;
        my ($name, $parent) = slurp("$dir/stat") =~ /\((.*)\) \S (\d+)/;
        next unless defined $name;
        (my $command = slurp("$dir/cmdline")) =~ tr/\0/ /;
        next if $command =~ /\brun\.(pl|sh)\b/;
        push @left, "$pid $command";
    }
    return @left;
}

my @warnings;
sub bad_start_lines {
    return grep { /:(?:warn|error|crit|alert|emerg)\]/ && /LLMGW/i
                  && !LLMGW::Canary::expected_at_start($_) }
           split /\n/, slurp("$logs/error_log");
}

my @files = sort glob 't/*.t';
@files = grep { my $f = $_; grep { index($f, $_) >= 0 } @ARGV } @files if @ARGV;
die "no test file is named so\n" unless @files;

my $done = eval {
    start_upstream();
    start_server();
    my @bad = bad_start_lines();
    check(!@bad, 'no undeclared warning at startup', @bad);
    run_file($_) for @files;
    1;
};
failed("the run: $@") unless $done;
stop();

my @hits = leaked();
check(!@hits, 'no prompt, answer or key in anything the server wrote', @hits);
my @crashes = grep { /exit signal|AddressSanitizer|runtime error:/ }
              split /\n/, slurp("$logs/error_log");
check(!@crashes, 'no child died of a signal', @crashes);
if ($ENV{LLMGW_TEST_SANITIZE}) {
    my @reports = glob "$top/asan/*";
    check(!@reports, 'no sanitizer report', map { split /\n/, slurp($_) } @reports);
}
my @left;
wait_until(5, sub { !(@left = processes_left()) });
check(!@left, 'no process is left', @left);

print "$passed passed, $failed failed\n";
exit($failed ? 1 : 0);
