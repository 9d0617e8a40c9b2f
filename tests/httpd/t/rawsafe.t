# rawsafe.t: paths that pass as they are: which do, and that none leads elsewhere
use strict;
use warnings;
use LLMGW::Test;
use LLMGW::Canary;
expect_log(qr/AH10244|AH01630/);

sub through {
    my ($path, %o) = @_;
    return request(path => $path, vhost => 'raw', keys_shown => 1, %o);
}
sub target { my $j = $_[0]->json; return ref $j eq 'HASH' && $j->{target} || '' }

# ---- no path leads out of a provider's base --------------------------------------------
my @dots = qw(.. %2e%2e .%2e %2E. ..%2f ..%2F ..%5c ..\\ ..; ..%3b %2e%2e%2f %252e%252e
              ..%00 ..%20 ..%09 .%0a. ..%c0%af %c0%ae%c0%ae %ff .);
my @paths = map { ("/all/v1/$_", "/all/v1/$_/x", "/all/v1/files/$_/secret", "/all/v1/files/$_",
                   "/all/v1/files/$_$_/$_/etc", "/all/v1/f$_/../../x", "/v1/files/$_/$_/x") } @dots;
push @paths, map { "/all/v1$_" } '//', '///x', '/%2fx', '/%2f%2fx', '/files//x', '/files/%2f/x',
    '/files%2fx', '/files%5cx', '/files\\x', '/files;x/y', '/files%3bx', '/files%3f', '/files%3fa=b',
    '/files%23x', '/files%0d%0aX-Injected:%20y', '/files%0a', '/files%00', '/files%7f',
    '/files%25', '/files%2525', '/files%', '/files%zz', '/files%20HTTP/1.1', '/@evil.example/x',
    '/http://evil.example/', '/files/%ff', '/files/"x"', '/files/<x>', '/files/{x}', '/files/|x';
push @paths, '/all/v1/../v1/../../secret', '/all/v1%2f..%2fsecret', '/all%2fv1/files',
    '//v1/files', '/v1//files', '/v1/./files', '/v1/files/./x';
my @bad;
for my $path (@paths) {
    my $a = through($path, timeout => 5);
    my $to = target($a);
    my $good = $a->status >= 400 && $a->status < 500
        || $a->status == 200 && $to =~ m{^/raw/v1/[^?]*$}
           && $to !~ m{//|/\.\.?(/|$)|%2e|%2f|%5c|%25|%0|%7f|[\\;"<>{}|]}i;
    push @bad, "$path: " . $a->status . " $to" unless $good;
}
is_deeply(\@bad, [], scalar(@paths) . ' odd paths are refused or stay below the base');
for my $path ('/all/v1/files/a\\b', '/all/v1/files/..;/x', '/all/v1/files/a%25b') {
    is_error(through($path), 400, 'invalid_value', undef, "$path: a plain sentence");
}
is(target(through('/v1/files/@evil.example/x')), '/raw/v1/files/@evil.example/x',
   'a host in a path is part of the path');
is(target(through('/all/v1/http:/evil.example')), '/raw/v1/http:/evil.example', 'so is a URL');
my $a = through('/v1/files?a=%0d%0aX-Injected:%20y&b=%00');
is(target($a), '/raw/v1/files?a=%0d%0aX-Injected:%20y&b=%00', 'what a query encodes stays so');
ok(!defined $a->json->{headers}{'x-injected'}, 'and adds no header');
ok(!defined through('/v1/files', headers => ['X-HTTP-Method-Override' => 'DELETE'])
   ->json->{headers}{'x-http-method-override'}, 'no way to another method');

# ---- which pass by themselves -------------------------------------------------------------
my @default = ('completions', 'moderations', 'images/generations', 'images/edits',
               'audio/speech', 'audio/transcriptions', 'rerank', 'batches', 'batches/b/cancel',
               'files', 'files/f', 'files/f/content', 'uploads', 'uploads/u/parts');
is(target(through("/v1/$_")), "/raw/v1/$_", "by default: $_") for @default;
for my $path (qw(assistants threads/t/runs fine_tuning/jobs vector_stores organization/users
                 organization/admin_api_keys containers evals conversations/c completionsx x/files
                 filesystem images realtime chat/completions/c)) {
    my $from = -s vars('t_logs') . '/error_log';
    my $a = through("/v1/$path");
    is_error($a, 404, 'unknown_url', undef, "not by default: $path");
    like(log_since($from), qr{:info\].*LLMGW0320.*LLMPassThrough.*"\Q$path\E"},
         "the log says why: $path");
}
my @claude = (headers => ['anthropic-version' => '2023-06-01']);
is(target(through("/v1/$_", @claude)), "/raw/v1/$_", "Anthropic, by default: $_")
    for qw(messages/batches messages/batches/b/results files files/f/content);
for my $path (qw(completions audio/speech batches organizations/users skills complete)) {
    my $j = through("/v1/$path", @claude)->json || {};
    is(($j->{type} || '') . ($j->{error}{type} || ''), 'errornot_found_error',
       "Anthropic, not by default: $path");
}
is(target(through("/v1beta/$_")), "/raw/v1beta/$_", "Gemini, by default: $_")
    for qw(files files/f files/f:download batches/b:cancel cachedContents cachedContents/c);
is((through("/v1beta/$_")->json || {})->{error}{status} || '', 'NOT_FOUND',
   "Gemini, not by default: $_") for qw(tunedModels corpora/c);
$a = through('/upload/v1beta/files', body => 'x', headers => ['Content-Type' => 'a/b']);
is($a->status, 404, 'Gemini\'s uploads are refused');
like(($a->json || {})->{error}{message}, qr/cannot be uploaded/, 'in a sentence');

# ---- LLMPassThrough ---------------------------------------------------------------------------
is(target(through('/all/v1/organization/users')), '/raw/v1/organization/users', 'all');
is(target(through('/all/v1/files')), '/raw/v1/files', 'all: the default ones, too');
is_error(through('/off/v1/files'), 404, 'unknown_url', undef, 'off');
is_error(through('/off/v1/completions', body => '{"model":"raw/x"}'), 404, 'unknown_url',
         undef, 'off: of all paths');
is(request(path => '/off/v1/chat/completions', vhost => 'raw',
           body => json({ model => 'mock/ok', messages => [{ role => 'user', content => 'x' }] }))
   ->text, 'Hello from mock', 'off: chat is not concerned');
is(target(through('/list/v1/images/x')), '/raw/v1/images/x', 'a list');
is_error(through('/list/v1/files'), 404, 'unknown_url', undef, 'a list replaces the default');
is(target(through('/v1/notes')), '/raw/v1/notes', 'in a <Location>');
is_error(through('/v1/notes', vhost => 'rawnone'), 404, 'unknown_url', undef,
         'off in a virtual host');
is_error(request(path => '/v1/files', vhost => 'rawnone'), 404, 'unknown_url', undef,
         'off in a virtual host: files');
is_error(request(path => '/v1/completions', vhost => 'rawshort'), 404, 'unknown_url', undef,
         'a list in a virtual host');
is(target(request(path => '/v1/files', vhost => 'rawshort', keys_shown => 1)), '/raw/v1/files',
   'which names files');
is_error(through('/v1/models/gpt-x', method => 'DELETE'), 405, 'method_not_allowed', undef,
         'DELETE of a model does not pass by itself');
is(target(through('/all/v1/models/ft:gpt', method => 'DELETE')), '/raw/v1/models/ft:gpt',
   'DELETE of a model, where it may');
is_error(through('/all/files'), 404, 'unknown_url', undef, 'a path without a version');
is_error(through('/all/v1'), 404, 'unknown_url', undef, 'nothing below the version');

# ---- authentication, and what it leaves -----------------------------------------------------
is(request(path => '/secret/v1/files')->status, 401, 'Apache\'s authentication holds');
is(request(path => '/denied/v1/files')->status, 403, 'and its authorization');

# ---- WebSocket --------------------------------------------------------------------------------
my @upgrade = (headers => [Connection => 'Upgrade', Upgrade => 'websocket',
    'Sec-WebSocket-Key' => 'dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version' => 13]);
is_error(through('/v1/realtime?model=x', @upgrade), 501, 'upgrade_not_supported', undef,
         'a WebSocket is refused');
is_error(through('/all/v1/realtime', @upgrade), 501, 'upgrade_not_supported', undef,
         'also where the path would pass');
is(target(through('/v1/files', headers => [Connection => 'Upgrade, HTTP2-Settings',
   Upgrade => 'h2c', 'HTTP2-Settings' => 'AAMAAABkAAQAAP__'])), '/raw/v1/files',
   'an offer of HTTP/2 is not');

finish();
