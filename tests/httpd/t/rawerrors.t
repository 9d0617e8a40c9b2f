# rawerrors.t: paths that pass as they are: errors, other targets, other keys
use strict;
use warnings;
use LLMGW::Test;
use LLMGW::Canary;
expect_log(qr/LLMGW0201/);

sub through {
    my ($path, %o) = @_;
    return request(path => $path, vhost => 'raw', %o);
}
sub model { return (body => json({ model => $_[0], input => prompt() })) }

# ---- a provider's error is the client's, byte for byte ------------------------------
for my $code (400, 404, 409, 410, 413, 415, 422, 429, 500, 503, 529) {
    for my $model ('raw/m', undef) {
        my $what = "$code, " . ($model ? 'routed' : 'of a file');
        my @body = $model ? model($model) : ();
        my $direct = request(port => up('http'), keys_shown => 1,
            path => "/raw/v1/x?do=status&code=$code&odd=1", @body);
        my $a = through(($model ? '/v1/completions' : '/v1/files/f')
                        . "?do=status&code=$code&odd=1", @body);
        is($a->status, $code, "$what: status");
        (my $body = $a->body) =~ s/Bearer \*\*\*//;
        is($body, $direct->body, "$what: body") or diag($a->body);
        is($a->header('Content-Type'), 'application/json', "$what: type");
        ok(!defined $a->header('Set-Cookie'), "$what: no cookie");
    }
}
# its key is left alone for those 17 seconds
my $a = through('/v1/files?do=status&code=429&retry=17', headers => ['X-LLMGW-Provider' => 'rawlim']);
is($a->header('Retry-After'), 17, '429 keeps Retry-After');
is($a->header('X-LLMGW-Provider'), 'rawlim', 'an error names its provider');
$a = through('/v1/files?do=status&code=404&raw=1');
is($a->body, "<html>\0<i>no: Bearer ***</i>\xff", 'any bytes; a key after a NUL is cut out');
is($a->header('Content-Type'), 'text/html', 'of any type');
$a = through('/v1/files?do=status&code=404&gzip=1');
like($a->body, qr/mock says no: Bearer \*\*\*/, 'a compressed error is not; its key is cut out');
ok(!defined $a->header('Content-Encoding'), 'and not called compressed');
is_error(through('/v1/files?do=status&code=404&kb=2000'), 404, undef, undef,
         'an error without end is told in our words');
is_error(through('/v1/files?do=redirect'), 502, 'upstream_bad_response', undef,
         'a redirect is neither followed nor passed on');
unlike(through('/v1/files?do=redirect')->bytes, qr/CANARY/, 'nor shown');

my $id = tag();
through('/v1/files?do=status&code=404', id => $id);
my $l = access($id);
is("$l->{status} $l->{error} $l->{provider} $l->{target}", '404 mock_code rawfirst rawfirst',
   'log: an error');

# ---- our key was refused, not the client's --------------------------------------------
for my $code (401, 402, 403) {
    is_error(through("/v1/completions?do=status&code=$code", model('raw/m')), 502,
             'upstream_credentials_exhausted', undef, "$code, routed");
    is_error(through("/v1/files?do=status&code=$code"), 502,
             'upstream_credentials_exhausted', undef, "$code, of files");
}
$a = through('/v1/files/of-another?do=status&code=403');
is($a->status, 403, '403 to a request for one file is about that file');
is(($a->json || {})->{error}{code}, 'mock_code', 'and passes');
is_error(through('/v1/files/f?do=status&code=401'), 502, 'upstream_credentials_exhausted',
         undef, '401 is always about the key');
my ($good) = $LLMGW::Canary::KEY{env2} =~ /-(\w+)$/;
for my $code (401, 402, 403) {
    my %o = (headers => ['X-LLMGW-Provider' => 'rawpool'], keys_shown => 1, vhost => 'rawkeys');
    my $do = "do=one-good-key&good=$good&code=$code";
    $a = through("/v1/files?$do", %o);
    is($a->status . $a->header('X-LLMGW-Attempts'), '2002', "$code: the pool's next key");
    $a = through("/v1/completions?$do", keys_shown => 1, vhost => 'rawkeys', model('rawpool/m'));
    is($a->status, 200, "$code, routed: the pool's next key");
    $a = through("/v1/files?$do", %o, body => 'x' x 1000,
                 headers => ['Content-Type' => 'a/b', 'X-LLMGW-Provider' => 'rawpool']);
    is_error($a, 502, 'upstream_credentials_exhausted', undef,
             "$code: not for a body that is gone");
}

# ---- other targets ----------------------------------------------------------------------
for my $code (408, 409, 429, 500, 503) {
    $a = through("/v1/completions?do=bad-base&code=$code", keys_shown => 1, model('fb-raw'));
    is($a->status . ' ' . ($a->header('X-LLMGW-Model') || ''), '200 three',
       "$code: on to the next, over one that is not there");
    is($a->header('X-LLMGW-Attempts'), 3, "$code: three attempts");
    is(($a->json || {})->{target}, "/raw/v1/completions?do=bad-base&code=$code",
       "$code: below the next one's base path");
}
my $B = 'b';
my $form = "--$B\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nfb-raw\r\n--$B--\r\n";
$a = through('/v1/images/edits?do=bad-base', body => $form, keys_shown => 1,
             headers => ['Content-Type' => "multipart/form-data; boundary=$B"]);
(my $sent = $form) =~ s/fb-raw/three/;
is(pack('H*', ($a->json || {})->{hex} || ''), $sent, 'a form goes on with the next model\'s name');
for my $code (400, 404, 413, 422) {
    $a = through("/v1/completions?do=bad-base&code=$code", model('fb-raw'));
    is($a->status . ' ' . $a->header('X-LLMGW-Attempts'), "$code 1", "$code is the client's");
}
$a = through('/v1/completions?do=status&code=500', model('fb-raw-last'));
is($a->status . $a->json->{error}{code}, '500mock_code',
   'where the last cannot be reached, the error of the one that could');
$a = through('/v1/completions?do=reset', model('fb-raw-last'));
is_error($a, 502, qr/^upstream_/, undef, 'none can be reached: an error of our own');
is_error(through('/v1/files', headers => ['X-LLMGW-Provider' => 'refused']), 502,
         'upstream_unreachable', undef, 'no model, no other target');
is_error(through('/v1/files', headers => ['X-LLMGW-Provider' => 'refused'],
                 body => 'x' x 100_000), 502, 'upstream_unreachable', undef,
         'an upload to nobody');
$a = through('/v1/completions?do=cut&n=0', model('fb-raw-last'));
is_error($a, 502, qr/^upstream_/, undef, 'an answer cut before its first byte');

# ---- it breaks off when the client has part of it ------------------------------------------
for my $do ('cut&n=100', 'pieces&n=2&then=close') {
    $id = tag();
    $a = through("/v1/files/f?do=$do", id => $id);
    is($a->status, 200, "$do: had begun");
    ok(length $a->body && !$a->complete && !$a->{timeout}, "$do: the client can tell");
    like(access($id)->{error}, qr/^upstream_truncated/, "$do: log");
}

# ---- times ---------------------------------------------------------------------------------
sub in_short { return through(@_, vhost => 'rawshort') }
$a = in_short('/v1/files?do=silent');
is_error($a, 504, 'upstream_first_timeout', undef, 'first=');
ok($a->ms > 1500 && $a->ms < 4000, 'first=: in time') or diag($a->ms);
$a = in_short('/v1/files?do=pieces&n=2&then=stall');
ok($a->body eq "piece 1\npiece 2\n" && !$a->complete && $a->ms < 3000,
   'idle=: what stalls is cut off') or diag($a->ms . ' ' . $a->body);
$a = in_short('/v1/files?do=pieces&n=50&ms=300');
ok(!$a->complete && $a->ms > 3000 && $a->ms < 6000, 'total=') or diag($a->ms);
$a = in_short('/v1/files?do=big&mb=100000');
ok(!$a->complete && $a->ms > 3000 && $a->ms < 8000, 'total=: of what never pauses')
    or diag($a->ms);

is(through('/v1/files', keys_shown => 1)->status, 200, 'and the next call works');
finish();
