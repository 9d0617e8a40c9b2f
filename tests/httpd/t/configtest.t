# configtest.t: each mistake in a directive is a sentence with file and line
use strict;
use warnings;
use Cwd ();
use IO::Socket::INET;
use LLMGW::Test;

my $top = Cwd::getcwd();
my $file = "$top/t/conf/configtest.conf";
my $upstream = up('http');
my $mock = "http://127.0.0.1:$upstream/v1";
my $key = 'key=env:LLMGW_TEST_KEY';
$ENV{LLMGW_TEST_EMPTY} = '';

# Run the configuration test on some lines. Returns exit status and what it
# said; $line is the line the first of them stands in.
my $base = slurp("$top/base.conf");
my $head = $base . <<"CONF";
ServerName localhost
ServerRoot "$top/t"
TypesConfig "$top/t/conf/mime.types"
PidFile "$top/t/logs/configtest.pid"
ErrorLog "$top/t/logs/configtest_log"
DefaultRuntimeDir "$top/t/logs"
Listen 127.0.0.1:1
CONF
my $line = 1 + ($head =~ tr/\n//);

sub configtest {
    my ($text) = @_;
    spew($file, $head . $text . "\n");
    my $said = `'$top/httpd' -t -f '$file' 2>&1`;
    return ($? >> 8, $said);
}

sub good {
    my ($text, $name) = @_;
    my ($exit, $said) = configtest($text);
    ok($exit == 0 && $said =~ /Syntax OK/, "good: " . ($name || $text)) or diag($said);
    return $said;
}

# Mistake: the text and what the message must hold. The message is that of
# httpd: "AH00526: Syntax error on line N of FILE:" and then the sentence.
sub bad {
    my ($text, @wants) = @_;
    (my $name = $text) =~ s/\s*\n\s*/ | /g;
    $name =~ s/\Q$mock\E/URL/g;
    my ($exit, $said) = configtest($text);
    my @wrong;
    push @wrong, 'it is accepted' if $exit == 0;
    push @wrong, "exit $exit, a crash?" if $exit > 1;
    push @wrong, 'no file and line'
        unless $said =~ /(?:line \d+ of |at )?\Q$file\E|\Q$file\E:\d+/;
    my $lines = join '|', $line .. $line + ($text =~ tr/\n//) + 1;
    push @wrong, 'the line is not one of these' unless $said =~ /\b(?:$lines)\b/;
    (my $sentence = $said) =~ s/^.*?\Q$file\E:?\d*:?\s*//s;
    push @wrong, 'no sentence' unless $sentence =~ /\w+\W+\w+\W+\w+/;
    push @wrong, "nothing of $_" for grep { $said !~ $_ } @wants;
    push @wrong, 'a key in it' if $said =~ /CANARY|sk-/;
    ok(!@wrong, "bad: $name" . (@wrong ? ' -- ' . join(', ', @wrong) : ''))
        or diag($said);
}

# ---- what is right ----------------------------------------------------------------
good('LLMProvider a openai https://api.example/v1 key=env:LLMGW_TEST_KEY');
good('LLMProvider echo echo -');
good('LLMProvider echo echo - delay=200ms interval=20ms');
good("LLMProvider a openai $mock");
good("LLMProvider a openai $mock $key $key max-connections=7 models=a,b-* optional");
good("LLMProvider a openai $mock \"header=X-A: b\" header=X-B:c");
good("LLMProvider a anthropic $mock $key api-version=2023-06-01");
good("LLMProvider a azure http://127.0.0.1:1 $key api-version=2024-10-21 deployment=d");
good("LLMProvider a openai http://[::1]:8080/v1", 'an IPv6 address');
good('LLMTimeout connect=5s first=60s idle=500ms total=10min heartbeat=15s');
good('LLMTimeout heartbeat=off');
good("LLMRequestBody $_") for qw(64M 1K 1G);
good("LLMResponseBody 64M");
good("LLMAutoRoute $_") for qw(on off On);
good("LLMUnsupported $_") for qw(drop reject);
good("LLMProvider e echo -\nLLMRoute \"gpt-*\" e e/other");
good("LLMProvider e echo -\n<LLMRoute \"gpt-*\">\nLLMTarget e/x weight=2 tier=1\n"
     . "LLMTimeout first=5s\nLLMRequestBody 1M\nLLMUnsupported drop\n</LLMRoute>",
     'a route with everything in it');
good('LLMAllow "%{REMOTE_USER} == \'ann\'"' . "\nLLMAllow true");
good("LLMAllow \"%{REMOTE_USER} in { 'ann', 'bob' }\"");
good('LLMAllow "%{LLM_MODEL} != \'x\' && %{llm_prompt_tokens} -lt 5"', 'LLMAllow on the call');
good('Header set X "expr=%{LLM_ROUTE} %{LLM_PROVIDER} %{LLM_STREAM} %{LLM_TOOLS} %{LLM_IMAGES}"',
     'variables in other modules\' expressions');
good("LLMProvider e echo -\n<LLMRoute \"gpt-*\">\nLLMAllow false\nLLMTarget e $_\n</LLMRoute>",
     "LLMTarget $_")
    for 'connect=1s first=5min idle=500ms total=1h', 'header=X-A:b "header=X-B: c d"',
        'set.temperature=0', 'set.stop=["x"]', '"set.stop=[\"x y\"]"',
        "'set.stop=[\"x y\"]'", 'set.reasoning={"effort":"low"}', 'set.user=ann',
        '"set.user=ann lee"', 'set.user=""', 'set.n=null', 'drop=seed', 'drop=seed,top_p',
        'drop=stream_options', 'set.a=1 set.b=2 drop=c drop=d',
        'on=context-length', 'on=content-filter', 'on=context-length,content-filter';
good('LLMProvider e echo -' . "\n" . 'LLMRoute x e set.a={"b":"c/d"} on=content-filter e/y first=1s',
     'options of targets on one line');
good("LLMProvider a openai $mock key=env:LLMGW_TEST_NO_KEY optional",
     'an optional provider without its key');

# ---- LLMProvider ----------------------------------------------------------------------
bad('LLMProvider', qr/LLMProvider/);
bad('LLMProvider a', qr/LLMProvider/);
bad('LLMProvider a openai', qr/URL/);
bad("LLMProvider a nonsense $mock", qr/nonsense/, qr/openai/, qr/anthropic/);
bad("LLMProvider a/b openai $mock", qr{a/b});
bad("LLMProvider \"\" openai $mock");
bad("LLMProvider \"a b\" openai $mock", qr/a b/);
bad("LLMProvider a openai $mock\nLLMProvider a openai $mock", qr/\ba\b/);
bad('LLMProvider a openai ftp://x/', qr/ftp/);
bad('LLMProvider a openai api.example/v1', qr/http/);
bad('LLMProvider a openai http:///v1');
bad('LLMProvider a openai -', qr/URL/i);
bad('LLMProvider a openai https://x:70000/v1');
bad('LLMProvider a openai https://x:0/v1');
bad('LLMProvider a openai "https://a b/v1"');
bad('LLMProvider a openai https://user:CANARY-pw@x/v1');
bad('LLMProvider a openai https://x/v1?key=CANARY');
bad('LLMProvider a openai https://x/v1#f');
bad("LLMProvider a openai $mock nonsense=1", qr/nonsense/);
bad("LLMProvider a openai $mock nonsense", qr/nonsense/);
bad("LLMProvider a openai $mock sk-CANARYCANARYCANARY1234");
bad("LLMProvider a openai $mock key=");
bad("LLMProvider a openai $mock key=env:");
bad("LLMProvider a openai $mock key=env:LLMGW_TEST_NO_KEY", qr/LLMGW_TEST_NO_KEY/);
bad("LLMProvider a openai $mock key=env:LLMGW_TEST_EMPTY", qr/LLMGW_TEST_EMPTY/);
bad("LLMProvider a openai $mock key=file:", qr/file/);
bad("LLMProvider a openai $mock key=file:/no/such/file", qr{/no/such/file});
bad("LLMProvider a openai $mock key=file:$top/t", qr{\Q$top/t\E});
bad("LLMProvider a openai $mock key=exec:", qr/exec/);
bad("LLMProvider a openai $mock key=exec:/no/such/command", qr{/no/such/command});
bad("LLMProvider a anthropic $mock");
bad("LLMProvider e echo - key=env:LLMGW_TEST_KEY", qr/key/);
bad('LLMProvider e echo - delay=fast', qr/delay/);
bad('LLMProvider e echo - interval=-1s', qr/interval/);
bad("LLMProvider a openai $mock delay=1s", qr/delay/);
bad("LLMProvider a openai $mock header=", qr/header/);
bad("LLMProvider a openai $mock header=NoColon", qr/header/);
bad("LLMProvider a openai $mock \"header=Bad Name: x\"", qr/header/);
bad("LLMProvider a openai $mock \"header=: x\"", qr/header/);
bad("LLMProvider a openai $mock models=", qr/models/);
bad("LLMProvider a openai $mock max-connections=0", qr/max-connections/);
bad("LLMProvider a openai $mock max-connections=many", qr/max-connections/);
bad("LLMProvider a openai $mock max-connections=-1", qr/max-connections/);
bad("LLMProvider a openai $mock max-connections=70000", qr/max-connections/);
bad("LLMProvider a openai https://x/v1 tls-verify=maybe", qr/tls-verify/);
bad("LLMProvider a openai https://x/v1 ca=/no/such/file", qr{/no/such/file});
bad("LLMProvider a openai https://x/v1 ca=", qr/ca/);
bad('LLMProvider a openai https://127.0.0.1/v1', qr/tls-verify/, qr/name/);
good('LLMProvider a openai https://127.0.0.1/v1 tls-verify=off');
bad("LLMProvider a azure $mock $key api-version=\"2024 10\"", qr/api-version/);
bad("LLMProvider a azure $mock $key deployment=a/b", qr/deployment/);
bad("<Location /v1>\nLLMProvider a openai $mock\n</Location>", qr/LLMProvider/);

spew("$top/t/conf/open-key", "CANARY-KEY-open\n");
chmod 0644, "$top/t/conf/open-key";
bad("LLMProvider a openai $mock key=file:$top/t/conf/open-key", qr/open-key/);
spew("$top/t/conf/empty-key", "\n");
chmod 0600, "$top/t/conf/empty-key";
bad("LLMProvider a openai $mock key=file:$top/t/conf/empty-key", qr/empty-key/);

# ---- LLMRoute, LLMTarget -----------------------------------------------------------------
my $e = "LLMProvider e echo -\n";
bad("${e}LLMRoute", qr/LLMRoute/);
bad("${e}LLMRoute x", qr/LLMRoute/);
bad("${e}LLMRoute \"\" e");
bad("${e}LLMRoute x nobody", qr/nobody/);
bad("${e}LLMRoute x nobody/y", qr/nobody/);
bad("${e}LLMRoute x e/", qr{e/});
bad("${e}LLMRoute x e\nLLMRoute x e", qr/\bx\b/);
bad("${e}<LLMRoute x>\n</LLMRoute>", qr/\bx\b/);
bad("${e}<LLMRoute>\nLLMTarget e\n</LLMRoute>", qr/LLMRoute/);
bad("${e}<LLMRoute x>\nLLMTarget\n</LLMRoute>", qr/LLMTarget/);
bad("${e}<LLMRoute x>\nLLMTarget nobody\n</LLMRoute>", qr/nobody/);
for my $option ('weight=-1', 'weight=x', 'weight=1e9', 'weight=', 'tier=-1',
                'tier=x', 'tier=99999', 'max-context=x', 'price-in=x',
                'when=(((', 'nonsense=1', 'nonsense') {
    my ($name) = $option =~ /^([\w-]+)/;
    bad("${e}<LLMRoute x>\nLLMTarget e $option\n</LLMRoute>", qr/\Q$name/);
}
for (['connect=', 'time'], ['first=soon', 'time'], ['idle=0', 'time'], ['total=99999h', 'time'],
     ['header=', 'Name: value'], ['header=X', 'Name: value'], ['"header=a b: c"', 'Name: value'],
     ['set.=1', 'empty'], ['set.a=', 'no value'], ['set.a=[x]', 'not JSON'],
     ['"set.a=["x"]"', 'not JSON'], ['"set.a={"b":1}"', 'JSON'], ['set.a="b', 'not JSON'],
     ['set.model=x', 'model'], ['set.stream=true', 'stream'], ['set.messages=[]', 'messages'],
     ['set.contents=[]', 'contents'], ['drop=model', 'model'], ['drop=seed,stream', 'stream'],
     ['drop=messages', 'messages'], ['drop=', 'empty'], ['drop=a,', 'empty'],
     ['set.a=1 set.a=2', 'already'], ['drop=a drop=b,a', 'already'], ['drop=a,a', 'already'],
     ['set=1', 'no option'], ['setter.a=1', 'no option'], ["\"set.a=\xff\"", 'UTF-8'],
     ['breaker=on', 'off'], ['breaker.ratio=20', 'percentage'], ['breaker.wait=1s', 'not one of'],
     ['on=', 'class'], ['on=429', 'context-length'], ['on=context-length,x', 'class']) {
    my ($option, $says) = @$_;
    my ($name) = $option =~ /^"?(\w+(?:\.\w*)?)/;
    bad("${e}<LLMRoute x>\nLLMTarget e $option\n</LLMRoute>", qr/LLMTarget/, qr/\Q$name/, qr/$says/);
    bad("${e}LLMRoute x e $option", qr/LLMRoute/, qr/$says/);
}
bad("${e}<LLMRoute x>\nLLMTarget e\nLLMProvider f echo -\n</LLMRoute>", qr/LLMProvider/);
bad("${e}<LLMRoute x>\nLLMTarget e\nLLMAutoRoute on\n</LLMRoute>", qr/LLMAutoRoute/);
bad("${e}LLMTarget e", qr/LLMTarget/);
bad("${e}<LLMRoute x>\nLLMTarget e\n", qr/LLMRoute/);

# ---- the small ones -------------------------------------------------------------------------
for my $value ('nonsense=1s', 'first', 'first=', 'first=soon', 'first=-1s',
               'first=0', 'connect=99999999999999999999s', 'idle=5parsecs',
               'connect=1s=2s', 'heartbeat=0', 'heartbeat=never', 'idle=off') {
    my ($name) = $value =~ /^(\w+)/;
    bad("LLMTimeout $value", qr/LLMTimeout/, qr/$name/);
}
bad('LLMTimeout', qr/LLMTimeout/);
good("LLMBalance $_") for qw(weighted latency busy cost prefix);
bad("LLMBalance $_", qr/LLMBalance/, qr/weighted/) for qw(random 1 off);
good('LLMRetry attempts=1 on=connect,429,5xx,stream backoff=1s max-backoff=2s total=9s budget=0%');
good('LLMRetry on=none');
bad('LLMRetry', qr/LLMRetry/, qr/attempts=/);
good('LLMBreaker off');
good('LLMBreaker ratio=50% min=2 window=1min open=500ms probes=1 slow=30s slow-ratio=50%');
bad('LLMBreaker off ratio=20%', qr/LLMBreaker/, qr/off/);
good('LLMHealthCheck off');
my %wrong = (
    LLMRetry => [qw(attempts=0 attempts=101 attempts=x on=sometimes on=999 on= backoff=soon
                    max-backoff=0 total=-1s budget=20 budget=101% budget=x% nonsense=1)],
    LLMBreaker => [qw(ratio=0% ratio=101% ratio=20 min=0 min=1001 window=0 open=x probes=0
                      probes=101 slow=no slow-ratio=0% on)],
    LLMHealthCheck => [qw(interval=0 timeout=x path=models path= on)],
    LLMDetach => [qw(maybe threads=0 threads=65 threads=-1 threads=x threads= max=0 max=1000001
                     max=-5 max=many full=wait full= spin=fast spin=-1ms spin= nonsense=1)],
);
for my $d (sort keys %wrong) {
    for my $value (@{$wrong{$d}}) {
        my ($name) = $value =~ /^([\w-]+)/;
        bad("$d $value", qr/$d/, qr/\Q$name\E/);
    }
}
for my $d (qw(LLMRequestBody LLMResponseBody)) {
    bad("$d $_", qr/$d/) for qw(-1 0 x 64Q 99999999999999999999G 1.5M), '""';
    bad($d, qr/$d/);
    bad("$d 1M 2M", qr/$d/);
}
bad($_, qr/LLMAllow/) for 'LLMAllow', 'LLMAllow a b', 'LLMAllow ""', 'LLMAllow "((("',
    'LLMAllow "%{LLM_NONSENSE} == 1"', 'LLMAllow nonsense', 'LLMAllow "%{REMOTE_USER}"',
    "<Location /v1>\nLLMAllow true\n</Location>",
    "LLMProvider e echo -\n<LLMRoute x>\nLLMTarget e\nLLMAllow \"(((\"\n</LLMRoute>";
bad('LLMAllow "%{LLM_NONSENSE} == 1"', qr/LLM_NONSENSE/);
bad('LLMDetach', qr/LLMDetach/);
bad("LLMDetach $_", qr/LLMDetach/) for '""', 'refuse';
bad("<VirtualHost *:80>\nLLMDetach $_=2\n</VirtualHost>", qr/LLMDetach/, qr/$_=/, qr/VirtualHost/)
    for qw(threads max);
bad("<Location /v1>\nLLMDetach off\n</Location>", qr/LLMDetach/);
bad("${e}<LLMRoute x>\nLLMTarget e\nLLMDetach off\n</LLMRoute>", qr/LLMDetach/);
good("LLMDetach $_") for 'on', 'off', 'Off', 'threads=64', 'on threads=1 max=1000000 full=refuse spin=2ms',
    'max=1 full=stay spin=off', 'spin=1s';
good("<VirtualHost *:80>\nLLMDetach $_\n</VirtualHost>") for 'off', 'on full=refuse spin=off';
bad("LLMAutoRoute $_", qr/LLMAutoRoute/) for qw(maybe 1), '""', 'on off';
bad("LLMUnsupported $_", qr/LLMUnsupported/) for qw(ignore on), '""', 'drop reject';

bad('LLMPassThrough', qr/LLMPassThrough/);
bad("LLMPassThrough $_", qr/LLMPassThrough/) for '""', 'off all', 'files off', 'all files',
    '/v1/files', '/files';
bad("${e}<LLMRoute x>\nLLMTarget e\nLLMPassThrough all\n</LLMRoute>", qr/LLMPassThrough/);
good("LLMPassThrough $_") for 'off', 'ALL', 'files files/* images/*';
good("<Location /v1>\nLLMPassThrough all\n</Location>");

# ---- what only a start can find out: it must end, with a line in the error log ---------------
sub no_start {
    my ($text, @wants) = @_;
    my $log = "$top/t/logs/configtest_log";
    my $pid_file = "$top/t/logs/configtest.pid";
    unlink $log, $pid_file;
    my $free = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1')->sockport;
    (my $here = $head) =~ s/^Listen .*$/Listen 127.0.0.1:$free/m;
    spew($file, "$here$text\n");
    my $said = `'$top/httpd' -k start -f '$file' 2>&1`;
    my $runs = $? == 0 && wait_for(2, sub { -s $pid_file });
    if ($runs) {
        chomp(my $pid = slurp($pid_file));
        kill TERM => $pid;
        wait_for(10, sub { !kill 0, $pid });
    }
    $said .= slurp($log);
    my @missing = grep { $said !~ $_ } @wants;
    (my $name = $text) =~ s/\Q$mock\E/URL/g;
    $name =~ s/\Q$top\E/DIR/g;
    ok(!$runs && !@missing, "no start: $name")
        or diag(($runs ? "it started\n" : '') . $said);
}
no_start("LLMProvider a openai $mock key=exec:/bin/false", qr{/bin/false});
no_start("LLMProvider a openai $mock key=exec:/bin/true", qr{/bin/true});
no_start("LLMProvider a openai https://x/v1 ca=$top/base.conf", qr{base\.conf});

# ---- a broken configuration leaves the running server alone ----------------------------------
is(ask('mock/ok')->text, 'Hello from mock', 'the server is not disturbed');
unlink $file;

finish();
