# models.t: GET .../models and the health handler
use strict;
use warnings;
use LLMGW::Test;

my $a = request(path => '/v1/models');
is($a->status, 200, 'the list');
my $list = $a->json || {};
is($list->{object}, 'list', 'of OpenAI\'s form');
my %m = map { $_->{id} => $_ } @{ $list->{data} || [] };
ok($m{$_}, "holds the route $_") for qw(exact-model block-model echo-request);
ok(!(grep { /[*?]/ } keys %m), 'and no globs');
is(scalar(grep { ($_->{object} || '') ne 'model' || !defined $_->{created}
                 || !length($_->{owned_by} || '') } values %m), 0,
   'each entry is a model');
unlike($a->bytes, qr/CANARY|127\.0\.0\.1|http:/, 'nothing secret');

$a = request(path => '/v1/models/exact-model');
is($a->status, 200, 'one model');
is(($a->json || {})->{id}, 'exact-model', 'by its name');
$a = request(path => '/v1/models/nobody-knows');
is_error($a, 404, 'model_not_found', undef, 'an unknown one');
$a = request(path => '/v1/models/mock%2Fok');
is($a->status, 200, 'a pinned one, its slash encoded')
    or diag($a->body);
is(request(path => '/v1/models', method => 'HEAD')->status, 200, 'HEAD');
is_error(request(path => '/v1/models', method => 'POST', body => '{}'), 405,
         'method_not_allowed', undef, 'POST to the list');

$a = request(path => '/v1/models', vhost => 'merge');
%m = map { $_->{id} => 1 } @{ ($a->json || {})->{data} || [] };
ok($m{'only-here'} && $m{'block-model'}, 'a virtual host lists its own and the server\'s');

# ---- in Gemini's form ----------------------------------------------------------------
my @key = ('x-goog-api-key' => 'x');
for my $how ([path => '/v1beta/models'], [path => '/v1/models', headers => [@key]],
             [path => '/v1/models', headers => ['x-goog-api-client' => 'x']]) {
    $a = request(@$how);
    is($a->status, 200, "$how->[1]: status");
    %m = map { $_->{name} => $_ } @{ ($a->json || {})->{models} || [] };
    ok($m{'models/exact-model'}, "$how->[1]: holds a route");
    is($m{'models/exact-model'}{displayName}, 'exact-model', "$how->[1]: its name");
}
is(join(' ', @{ $m{'models/embed-none'}{supportedGenerationMethods} }),
   'generateContent streamGenerateContent countTokens', 'methods of what has no embeddings');
is(join(' ', @{ $m{'models/embed-fb'}{supportedGenerationMethods} }),
   'generateContent streamGenerateContent countTokens embedContent batchEmbedContents',
   'methods of what has');
is((request(path => '/v1beta/models', headers => ['anthropic-version' => '2023-06-01'])
    ->json || {})->{has_more}, JSON::PP::false(), 'a header of another API counts more');
is((request(path => '/v1beta/openai/models')->json || {})->{object}, 'list',
   'Gemini\'s path for OpenAI\'s clients');
for my $path (qw(/v1beta/models/exact-model /v1beta/models/models/exact-model)) {
    $a = request(path => $path);
    is(($a->json || {})->{name}, 'models/exact-model', "$path: one model");
}
is((request(path => '/v1beta/models/gemini-2.5-pro')->json || {})->{name},
   'models/gemini-2.5-pro', 'one that is routed only');
$a = request(path => '/v1beta/models/nobody-knows');
is($a->status, 404, 'an unknown one: status');
is($a->json->{error}{status}, 'NOT_FOUND', 'in Google\'s form');
is(request(path => '/v1beta/models/x:other', body => '{}')->status, 405, 'an unknown verb');
is(request(path => '/v1beta/models', method => 'HEAD')->status, 200, 'HEAD');

# ---- pages ------------------------------------------------------------------------------
sub turn_pages {
    my ($first, $ids, $next, @headers) = @_;
    my ($query, @seen) = ($first);
    for (1 .. 100) {
        my $j = request(path => "/v1/models?$query", headers => [@headers])->json || {};
        push @seen, $ids->($j);
        my $after = $next->($j);
        return @seen unless defined $after;
        $after =~ s/([^\w.-])/sprintf '%%%02X', ord $1/ge;
        $query = "$first&$after";
        $query =~ s/%3D/=/;
    }
    return;
}
my @anthropic = ('anthropic-version' => '2023-06-01');
my @all = map { $_->{id} } @{ request(path => '/v1/models')->json->{data} };
cmp_ok(scalar @all, '>', 20, 'enough models');
is_deeply([turn_pages('limit=7', sub { map { $_->{id} } @{ $_[0]{data} } },
                      sub { $_[0]{has_more} ? "after_id=$_[0]{last_id}" : undef },
                      @anthropic)], \@all, 'Anthropic\'s pages');
is_deeply([turn_pages('pageSize=7', sub { map { $_->{name} =~ m{^models/(.*)} } @{ $_[0]{models} } },
                      sub { $_[0]{nextPageToken} ? "pageToken=$_[0]{nextPageToken}" : undef },
                      @key)], \@all, 'Gemini\'s pages');
$a = request(path => "/v1/models?limit=2&before_id=$all[4]", headers => [@anthropic]);
is($a->json->{first_id}, $all[2], 'pages backwards');
is(scalar @{ request(path => '/v1/models', headers => [@anthropic])->json->{data} },
   scalar @all, 'all on one page without a limit');
is(request(path => '/v1/models?limit=x', headers => [@anthropic])->status, 400, 'no limit');
is(request(path => '/v1/models?after_id=zz', headers => [@anthropic])->status, 400, 'no such id');
$a = request(path => '/v1/models?pageToken=zz', headers => [@key]);
is($a->status, 400, 'no such token');
like($a->bytes, qr/"field":"pageToken"/, 'is named');

# ---- health ------------------------------------------------------------------------
$a = request(path => '/health');
is($a->status, 200, 'health: 200');
like($a->header('Content-Type'), qr{^application/json}, 'health: JSON');
is(ref $a->json, 'HASH', 'health: an object');
unlike($a->bytes, qr/CANARY/, 'health: no key');
is(request(path => '/health', method => 'HEAD')->status, 200, 'health: HEAD');
is(request(path => '/health', method => 'POST', body => '{}')->status, 405,
   'health: no POST');

finish();
