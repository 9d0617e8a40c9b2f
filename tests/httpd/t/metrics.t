# metrics.t: every call is counted once, and in bounded memory
use strict;
use warnings;
use LLMGW::Test;
use LLMGW::Server;
use LLMGW::Metrics;

expect_log(qr/LLMGW\d+/);

sub scrape {
    my $a = request(path => '/metrics', method => 'GET');
    my $m = LLMGW::Metrics->new($a->body);
    my @faults = $m->faults;
    ok(!@faults, 'the page has the form Prometheus reads')
        or diag(join "\n", @faults[0 .. ($#faults > 9 ? 9 : $#faults)]);
    unlike($a->bytes, qr/CANARY|Hello/, 'no prompt, answer or key in it');
    return $m;
}

my $m = scrape();
# How much the figures grew since the last look, waiting for what is to come
sub grew {
    my (%want) = @_;
    my ($before, $after) = $m;
    my $rows = $want{rows};
    wait_for(5, sub {
        $after = LLMGW::Metrics->new(request(path => '/metrics',
                                             method => 'GET')->body);
        !grep { abs($after->sum(@{ $_->[1] }) - $before->sum(@{ $_->[1] })
                    - $_->[0]) > 1e-9 } @$rows;
    });
    for my $row (@$rows) {
        my ($n, $what) = @$row;
        my ($name, %labels) = @$what;
        my $got = $after->sum(@$what) - $before->sum(@$what);
        ok(abs($got - $n) < 1e-9, "$want{what}: $name "
           . join(' ', map { "$_=$labels{$_}" } sort keys %labels) . " grew by $n")
            or diag("by $got");
    }
    $m = $after;
}

sub ask_me { return ask($_[0], vhost => 'figures', @_[1 .. $#_]) }
sub requests { return ['llmgw_requests_total', @_] }
sub attempts { return ['llmgw_attempts_total', @_] }

# ---- the page ---------------------------------------------------------------------------
my $a = request(path => '/metrics', method => 'GET');
is($a->header('Content-Type'), 'text/plain; version=0.0.4; charset=utf-8', 'its type');
is($a->header('Cache-Control'), 'no-store', 'it is not cached');
$a = request(path => '/metrics', method => 'HEAD');
is($a->status, 200, 'HEAD');
$a = request(path => '/metrics', method => 'POST', body => '{}');
is($a->status, 405, 'not POST');
like($a->header('Allow'), qr/\bGET\b/, 'which it says');
my ($promtool) = grep { -x } map { "$_/promtool" } split /:/, $ENV{PATH} || '';
if ($promtool) {
    my $file = vars('t_logs') . '/metrics.txt';
    spew($file, request(path => '/metrics', method => 'GET')->body);
    my $said = `$promtool check metrics < $file 2>&1`;
    is($?, 0, 'promtool takes it') or diag($said);
}

# ---- whole answers, by several children at once where there are some -----------------------
my $body = json({ model => 'me-price', messages => [{ role => 'user', content => prompt() }] });
my @c = map { LLMGW::Http->new(port('figures')) } 1 .. 10;
$_->put(raw(body => $body)) for @c;
is(scalar(grep { $_->answer->text eq 'Hello from mock' } @c), 10, 'ten answers');
my @genai = (gen_ai_operation_name => 'chat', gen_ai_provider_name => 'openai',
             provider => 'mock', gen_ai_request_model => 'me-price',
             gen_ai_response_model => 'ok,tag:meprice');
my @me = (operation => 'chat', route => 'me-price', provider => 'mock',
          model => 'me-price');
grew(what => 'ten whole calls', rows => [
    [10, requests(@me, code => 200, class => 'success')],
    [10, requests(@me)],
    [10, attempts(route => 'me-price', provider => 'mock',
                  model => 'ok,tag:meprice', outcome => 'success')],
    [110, ['gen_ai_client_token_usage_sum', @genai, gen_ai_token_type => 'input']],
    [10, ['gen_ai_client_token_usage_count', @genai, gen_ai_token_type => 'input']],
    [30, ['gen_ai_client_token_usage_sum', @genai, gen_ai_token_type => 'output']],
    [10, ['gen_ai_server_request_duration_seconds_count', @genai, error_type => '']],
    [10, ['llmgw_overhead_seconds_count']],
    [0, ['gen_ai_server_time_to_first_token_seconds_count', @genai]],
    [0.000575, ['llmgw_cost_total', @genai]],
    [0, ['llmgw_unpriced_calls_total', @genai]],
]);
$_->close for @c;
is($m->type('gen_ai_server_request_duration_seconds'), 'histogram', 'a histogram');
my $id = tag();
ask_me('me-price', id => $id);
like(wait_for(5, sub {
    my ($line) = grep { /\Q$id\E/ } split /\n/, slurp(vars('t_logs') . '/reference_log');
    $line }), qr/"cost":"0\.0000575"/, 'its cost is in the access log');

if (($ENV{LLMGW_TEST_MPM} || '') eq 'prefork') {
    my $s = request(path => '/status', method => 'GET', vhost => 'figures')->json;
    ok(@{ $s->{server}{children} } > 1, 'several children counted them');
}

# ---- streamed ---------------------------------------------------------------------------------
$m = scrape();
is(ask_me('me-stream', stream => 1)->finish, 'stop', 'a stream') for 1 .. 4;
@genai = (gen_ai_request_model => 'me-stream', provider => 'mock');
my $sum = $m->sum('gen_ai_server_time_per_output_token_seconds_sum', @genai);
grew(what => 'four streams', rows => [
    [4, requests(route => 'me-stream', code => 200, class => 'success')],
    [4, ['gen_ai_server_time_to_first_token_seconds_count', @genai]],
    [4, ['gen_ai_server_time_per_output_token_seconds_count', @genai]],
    [20, ['gen_ai_client_token_usage_sum', @genai, gen_ai_token_type => 'output']],
    [4, ['llmgw_unpriced_calls_total', @genai]],
]);
$sum = $m->sum('gen_ai_server_time_per_output_token_seconds_sum', @genai) - $sum;
ok($sum > 4 * 0.02 && $sum < 4 * 0.3, 'about 40 ms a token') or diag($sum);

# ---- embeddings ----------------------------------------------------------------------------------
is(request(vhost => 'figures', path => '/v1/embeddings',
           body => json({ model => 'me-twins', input => 'words' }))->status, 200, 'embeddings');
grew(what => 'embeddings', rows => [
    [1, requests(operation => 'embeddings', route => 'me-twins')],
    [1, ['gen_ai_server_request_duration_seconds_count', gen_ai_operation_name => 'embeddings',
         gen_ai_request_model => 'me-twins']],
    [0, requests(operation => 'chat', route => 'me-twins')],
]);

# ---- fallback, retries, keys --------------------------------------------------------------------
is(ask_me('me-fall')->text, 'Hello from mock', 'a fallback') for 1 .. 2;
grew(what => 'fallback', rows => [
    [2, requests(route => 'me-fall', code => 200, class => 'success')],
    [2, requests(route => 'me-fall')],
    [2, attempts(route => 'me-fall', model => 'status,code:500', outcome => '5xx')],
    [2, attempts(route => 'me-fall', model => 'ok', outcome => 'success')],
    [2, ['llmgw_fallbacks_total', route => 'me-fall', from => 'mock/status,code:500',
         to => 'mock/ok', reason => '5xx']],
    [0, ['llmgw_retries_total', route => 'me-fall']],
]);
is(ask_me('me-retry')->status, 503, 'the same target again');
grew(what => 'retries', rows => [
    [1, requests(route => 'me-retry', code => 503, class => 'upstream_error')],
    [3, attempts(route => 'me-retry', outcome => '5xx')],
    [2, ['llmgw_retries_total', route => 'me-retry', target => 'mock/status,code:503',
         reason => '5xx']],
    [0, ['llmgw_fallbacks_total', route => 'me-retry']],
    [1, ['gen_ai_server_request_duration_seconds_count', gen_ai_request_model => 'me-retry',
         error_type => 'upstream_overloaded']],
]);
is(ask_me('me-keys')->text, 'Hello from mock', 'a key that is refused') for 1 .. 2;
is($m->sum('llmgw_key_benched', provider => 'mepool'), 0, 'before, no key is left out');
grew(what => 'keys', rows => [
    [2, attempts(route => 'me-keys', outcome => 'success')],
    [1, attempts(route => 'me-keys', outcome => 'credentials')],
    [1, ['llmgw_retries_total', route => 'me-keys', reason => 'credentials']],
    [1, ['llmgw_key_benched', provider => 'mepool', key => 1]],
    [0, ['llmgw_key_benched', provider => 'mepool', key => 2]],
]);

# ---- what is refused, and what is no call -----------------------------------------------------------
is(ask_me('me-nowhere')->status, 404, 'a model nobody has');
is(request(body => '{"model":')->status, 400, 'no JSON');
is(request(path => '/v1/nothing', method => 'GET')->status, 404, 'no such path');
is(request(path => '/v1/chat/completions', method => 'GET')->status, 405, 'no such method');
is(request(path => '/v1/models', method => 'GET')->status, 200, 'a list of models');
is(ask('mock/status,code=429')->status, 429, 'a limit');
grew(what => 'refused', rows => [
    [1, requests(operation => 'chat', route => '', model => 'other', code => 404,
                 class => 'client_error')],
    [1, requests(operation => 'chat', model => '', code => 400, class => 'client_error')],
    [1, requests(operation => 'unknown', code => 404, class => 'client_error')],
    [1, requests(operation => 'chat', code => 405, class => 'client_error')],
    [1, requests(operation => 'models', code => 200, class => 'success')],
    [1, requests(route => 'pin', provider => 'mock', model => 'other', code => 429,
                 class => 'rate_limited')],
]);

# ---- clients that leave -----------------------------------------------------------------------------
my $tag = tag();
my $c = LLMGW::Http->new(port('figures'));
$c->put(raw(body => json({ model => 'me-long', stream => JSON::PP::true,
    messages => [{ role => 'user', content => prompt() }] })));
ok($c->await(qr/t2 /, 5), 'a stream is under way');
is(scrape()->sum('llmgw_inflight', target => 'mock/slow-stream,n:200,ms:50'), 1,
   'it is in flight');
$c->reset;
$c = LLMGW::Http->new(port());
$c->put(raw(body => json({ model => "mock/stall-head,tag=$tag",
    messages => [{ role => 'user', content => prompt() }] })));
wait_for(5, sub { scalar upstream($tag) });
$c->reset;
grew(what => 'aborts', rows => [
    [1, ['llmgw_client_aborts_total', phase => 'after_first_token']],
    [1, ['llmgw_client_aborts_total', phase => 'before_first_token']],
    [1, requests(route => 'me-long', code => 499, class => 'aborted')],
    [1, requests(route => 'pin', code => 499, class => 'aborted')],
    [1, attempts(route => 'me-long', outcome => 'aborted')],
    [0, ['gen_ai_server_time_to_first_token_seconds_count', gen_ai_request_model => 'me-long']],
    [1, ['gen_ai_client_token_usage_count', gen_ai_request_model => 'me-long', gen_ai_token_type => 'input']],
    [0, ['llmgw_inflight']],
]);
is($m->sum('llmgw_inflight'), 0, 'nothing is in flight');
is($m->sum('llmgw_inflight_tokens'), 0, 'and no token');

# ---- breakers ---------------------------------------------------------------------------------------
is($m->sum('llmgw_breaker_state', route => 'me-breaker'), 0, 'breakers are closed');
ask_me('me-breaker') for 1 .. 4;
$a = ask_me('me-breaker');
is_error($a, 503, 'no_target_available', undef, 'and open');
my $target = 'mock/status,code:500,tag:mebreaker';
grew(what => 'breaker', rows => [
    [2, ['llmgw_breaker_state', route => 'me-breaker', target => $target]],
    [2, ['llmgw_breaker_state', route => 'me-breaker', target => "$target;2"]],
    [-2, ['llmgw_target_available', route => 'me-breaker']],
    [4, attempts(route => 'me-breaker', outcome => '5xx')],
    [1, requests(route => 'me-breaker', code => 503, class => 'unavailable')],
]);

# ---- names --------------------------------------------------------------------------------------------
is(ask_me('me-any-name')->status, 200, 'a pattern');
is(ask_me('me-"quoted\\')->status, 200, 'a name with quotes');
is(ask_me('me-named', more => { provider => 'mock' })->status, 404, 'a name of models=');
grew(what => 'names', rows => [
    [1, requests(route => 'me-any*', model => 'other')],
    [1, requests(route => 'me-"quoted\\', model => 'me-"quoted\\')],
    [1, requests(route => 'pin', model => 'me-named', code => 404)],
]);
my $lines = $m->count;
my $many = LLMGW::Http->new(port('figures'));
my $served = 0;
for my $i (1 .. 5000) {
    my $model = ('echo-', 'none-', 'echo/', 'me-any-', "\x{fc}-")[$i % 5]
              . join('', map { ('a' .. 'z')[rand 26] } 1 .. 12);
    $many = LLMGW::Http->new(port('figures')) if $i % 90 == 0;
    utf8::decode($model);
    $many->put(raw(body => json({ model => $model,
        messages => [{ role => 'user', content => 'x' }] })));
    $served += $many->answer->status == 200;
}
is($served, 3000, '5000 names of models that nobody configured');
grew(what => 'many names', rows => [
    [5000, requests(operation => 'chat', model => 'other')],
    [1000, requests(route => 'me-any*', model => 'other')],
    [1000, requests(route => 'pin', provider => 'echo', model => 'other')],
    [2000, requests(route => '', provider => '', model => 'other', code => 404)],
]);
ok($m->count - $lines < 250, 'are a few lines more') or diag($m->count - $lines);

# ---- restarts -------------------------------------------------------------------------------------------
$c = LLMGW::Http->new(port('figures'));
$c->put(raw(body => json({ model => 'me-span', stream => JSON::PP::true,
    messages => [{ role => 'user', content => prompt() }] })));
ok($c->await(qr/t1 /, 5), 'a stream is under way');
ok(LLMGW::Server->shared->restart(busy => 1), 'the server restarted gracefully');
is(ask_me('me-price')->text, 'Hello from mock', 'and serves');
is($c->answer->finish, 'stop', 'the stream ends in the child that began it');
$c->close;
grew(what => 'a restart', rows => [
    [1, requests(@me)],
    [1, requests(route => 'me-span', code => 200, class => 'success')],
    [0, requests(route => 'me-fall')],
    [1, attempts(route => 'me-price')],
    [0, ['llmgw_client_aborts_total']],
    [0, ['llmgw_breaker_state']],
]);
ok($m->value('llmgw_build_info', version => '0.1.0'), 'the version');

finish();
