# errors.t: every error is one of the client's dialect, with its message
use strict;
use warnings;
use LLMGW::Test;
expect_log(qr/LLMGW\d+/);

# ---- our own ------------------------------------------------------------------------
is_error(request(path => '/v1/nothing', body => '{}'), 404, 'unknown_url', undef,
         'an unknown URL');
is_error(request(path => '/v1/chat/completions/x', body => '{}'), 404,
         'unknown_url', undef, 'one more segment');
for my $method (qw(GET PUT DELETE PATCH OPTIONS)) {
    my $a = request(path => '/v1/chat/completions', method => $method,
                    body => $method eq 'GET' ? '' : '{}');
    is_error($a, 405, 'method_not_allowed', undef, "$method is no method for it");
    like($a->header('Allow') || '', qr/\bPOST\b/, "$method: Allow says which is");
}

# ---- the provider's: status, message and Retry-After stay --------------------------------
for my $p (qw(mock claude)) {
    for my $stream (0, 1) {
        my $how = "$p, " . ($stream ? 'stream' : 'whole');
        for my $code (400, 404, 408, 409, 413, 422, 429, 500, 503, 529) {
            # its key is left alone for those 7 seconds
            my $at = $code == 429 ? "${p}lim$stream" : $p;
            my $a = ask("$at/status,code=$code,retry=7", stream => $stream);
            is_error($a, $code, undef, undef, "$how: $code");
            is($a->error->{message}, "mock says $code", "$how: its message");
            is($a->header('Retry-After'), 7, "$how: its Retry-After")
                if $code == 429 || $code == 503;
        }
        for my $code (401, 402, 403) {
            my $a = ask("$p/status,code=$code", stream => $stream);
            is_error($a, 502, 'upstream_credentials_exhausted', undef,
                     "$how: $code is not the client's");
        }
        my $a = ask("$p/no-content", stream => $stream);
        is_error($a, 502, undef, undef, "$how: 204");
        for my $code (301, 302, 307) {
            $a = ask("$p/redirect,code=$code", stream => $stream);
            is_error($a, 502, undef, undef, "$how: $code is not followed");
            ok(!$a->header('Location'), "$how: nor passed on");
        }
    }
}
is(ask('mock/status,code=429')->header('Retry-After'), undef,
   'no Retry-After is invented');
is(ask('mock/status,code=429')->error->{type}, 'rate_limit_error',
   'the type is the provider\'s');
is(ask('mock/status,code=400')->error->{code}, 'mock_400', 'so is the code');

# ---- error bodies of any make -----------------------------------------------------------
my %message = (number => 'number code', mistral => 'mistral message',
               detail => 'detail message', xai => 'xai message',
               string => 'string message', gzip => 'gzip message',
               array => 'array message');
for my $make (qw(html empty text broken null latin1), sort keys %message) {
    for my $p (qw(mock claude)) {
        for my $code (400, 500) {
            my $a = ask("$p/odd-error,make=$make,code=$code");
            is_error($a, $code, undef, undef, "$p, $make error, $code");
            unlike($a->bytes, qr/CANARY-HTML|<h1>|CANARY-TEXT/,
                   "$p, $make error, $code: no raw body");
            like($a->error->{message}, qr/\Q$message{$make}/,
                 "$p, $make error, $code: its message") if $message{$make};
        }
    }
}
is_error(ask('mock/endless-error', vhost => 'small'), qr/^50[02]$/, undef, undef,
         'an endless error body');

# ---- errors inside a 200 -----------------------------------------------------------------
for my $p (qw(mock claude)) {
    for my $name (qw(error-first error-after-role)) {
        my $a = ask("$p/$name", stream => 1);
        is_error($a, qr/^5\d\d$/, undef, undef,
                 "$p, $name: before content it is a real status");
        like($a->error->{message}, qr/the mock broke on purpose/,
             "$p, $name: with the message");
    }
    my $a = ask("$p/error-middle", stream => 1);
    is_stream_error($a, undef, "$p: in the middle, an error event");
    like($a->stream_error->{message} || '', qr/the mock broke on purpose/,
         "$p: with the message");
    is_error(ask("$p/error-in-200"), qr/^5\d\d$/, undef, undef,
             "$p: an error body with status 200");
}
my $a = ask('mock/error-first,named=1', stream => 1);
is_error($a, qr/^5\d\d$/, undef, undef, 'event: error, after a 200');
$a = ask('mock/error-first,type=rate_limit_error', stream => 1);
is_error($a, 429, undef, undef, 'an error event that is a rate limit is a 429');
$a = ask('claude/error-first,type=overloaded_error', stream => 1);
is_error($a, qr/^5(?:03|29)$/, undef, undef, 'an overloaded_error event');

# ---- the unsupported, by LLMUnsupported -----------------------------------------------------
my %odd = (tools => [{ type => 'web_search_preview' }]);
is_error(ask('claude/ok', more => \%odd), 400, undef, qr/tools/,
         'a tool type nobody there knows is rejected, by name');
is(ask('claude/ok', vhost => 'drop', more => \%odd)->status, 200,
   'LLMUnsupported drop: it is left out');
my %hint = (seed => 7);
is(ask('claude/ok', more => \%hint)->status, 200, 'a hint is dropped');
is_error(ask('claude/ok', vhost => 'reject', more => \%hint), 400, undef, 'seed',
         'LLMUnsupported reject: it is refused, by name');

finish();
