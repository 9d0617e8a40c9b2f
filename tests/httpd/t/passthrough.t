# passthrough.t: same dialect on both sides: bytes travel as they are
use strict;
use warnings;
use Digest::SHA qw(sha256_hex);
use IO::Compress::Gzip qw(gzip);
use IO::Compress::Deflate qw(deflate);
use LLMGW::Test;

# A body that any JSON tree would change
my $odd = <<"JSON";
 {"messages" :\t[{ "role":"user","content":"caf\\u00e9 \\/ \xc5\xbc $LLMGW::Canary::PROMPT"}],
  "big":12345678901234567890,"huge":1E400 , "neg":-0,"dup":{"a":1,"a":2},
  "model" : MODEL ,"temperature":0.10, "\\u0078":[ ] }
JSON

sub body_for { my ($model) = @_; (my $b = $odd) =~ s/MODEL/$model/; $b }
sub sent { my ($body, %o) = @_; received(request(body => $body, keys_shown => 1, %o)) }

# ---- the request ---------------------------------------------------------------
my $r = sent(body_for('"echo-request"'));
is($r->{body}, body_for('"echo-request"'),
   'a request whose model stays is the same byte for byte');
is($r->{target}, '/v1/chat/completions', 'and goes to the provider\'s path');
is($r->{headers}{'content-length'}, length body_for('"echo-request"'),
   'with its length');

$r = sent(body_for('"mock/echo-request"'));
is($r->{body}, body_for('"echo-request"'), 'only the model is exchanged');
$r = sent(body_for('"mock\/echo-request"'));
is($r->{body}, body_for('"echo-request"'), 'also when it was written with \/');
$r = sent(body_for('"glob-x"'));
is($r->{body}, body_for('"echo-request"'), 'and by a route');

$r = sent(body_for('"echo-request","provider":"mock"'));
is($r->{body}, body_for('"echo-request"'), 'the provider member is taken out');

(my $stream = body_for('"echo-request"')) =~ s/ \}\n$/,"stream":true }\n/;
$r = sent($stream);
(my $without = $r->{body}) =~ s/,\s*"stream_options":\{"include_usage":true\}//;
isnt($without, $r->{body}, 'a stream is asked for its usage');
is($without, $stream, 'the rest of the body is the same');

(my $asks = $stream) =~ s/"stream":true/"stream":true,"stream_options":{ "include_usage" : true }/;
$r = sent($asks);
is($r->{body}, $asks, 'stream_options that ask for it stay as they are');

(my $other = $stream) =~ s/"stream":true/"stream":true,"stream_options":{"include_obfuscation":false}/;
my $options = eval { JSON::PP::decode_json(
    (sent($other)->{body} =~ /"stream_options":(\{[^}]*\})/)[0]) } || {};
ok($options->{include_usage} && exists $options->{include_obfuscation},
   'other stream_options are kept beside include_usage');

my @many = map { { role => 'user', content => "$_ " . 'x' x 1000 } } 1 .. 1000;
for my $kb (1024, 20 * 1024) {
    my $big = json({ model => 'mock/echo-request',
                     messages => [{ role => 'user', content => 'y' x ($kb * 1024) }] });
    $r = sent($big);
    $big =~ s/mock\\?\/echo-request/echo-request/;
    is($r->{sha256}, sha256_hex($big), "a body of $kb KB arrives whole");
}

# ---- how a client may send it ----------------------------------------------------
my $plain = body_for('"echo-request"');
my $chunked = join '', (map { sprintf "%x;x=y\r\n%s\r\n", length, $_ }
                        $plain =~ /(.{1,50})/gs), "0\r\nX-T: 1\r\n\r\n";
$r = sent($chunked, headers => ['Transfer-Encoding' => 'chunked']);
is($r->{body}, $plain, 'a chunked body arrives whole');

gzip(\$plain => \my $gz);
$r = sent($gz, headers => ['Content-Encoding' => 'gzip']);
is($r->{body}, $plain, 'a gzip body is inflated');
ok(!$r->{headers}{'content-encoding'}, 'and no longer called gzip');
deflate(\$plain => \my $deflated);
$r = sent($deflated, headers => ['Content-Encoding' => 'deflate']);
is($r->{body}, $plain, 'so is a deflate body');

my $c = LLMGW::Http->new(port());
$c->put(raw(body => '', headers => [Expect => '100-continue',
    'Content-Length' => length $plain, 'Content-Type' => 'application/json'],
    method => 'POST'));
ok($c->await(qr/^HTTP\/1\.1 100 /, 5), 'Expect: 100-continue is answered');
$c->put($plain);
is(received($c->answer)->{body}, $plain, 'and the body then arrives');
$c->close;

$c = LLMGW::Http->new(port());
my $raw = raw(body => $plain);
$c->put(substr $raw, 0, -100);
select undef, undef, undef, 0.5;
$c->put(substr $raw, -100);
is(received($c->answer)->{body}, $plain, 'a slow body arrives whole');
$c->close;

# ---- the answer --------------------------------------------------------------------
my %usage = (stream_options => { include_usage => JSON::PP::true });
sub both {
    my ($name, $stream) = @_;
    my %o = (stream => $stream, more => $stream ? \%usage : {});
    return (chat(model => $name, port => up('http'), %o),
            chat(model => "mock/$name", %o));
}

for my $stream (0, 1) {
    my $how = $stream ? 'streamed' : 'whole';
    for my $name (qw(odd-bytes ok tools parallel-tools reasoning utf8-split
                     one-byte one-byte-chunks trailers http10 huge-event
                     interim words)) {
        my ($direct, $through) = both($name, $stream);
        is($through->status, 200, "$name $how: status");
        ok($through->body eq $direct->body, "$name $how: the bytes are the provider's")
            or diag("got " . substr($through->body, 0, 500));
        ok($through->complete, "$name $how: complete");
    }
    my ($direct, $through) = both('gzip', $stream);
    is($through->text, 'Hello from mock', "gzip $how: the answer is inflated");
    ok(!$through->header('Content-Encoding'), "gzip $how: and not called gzip");
}

my ($direct, $through) = both('ok', 0);
is($through->header('Content-Type'), 'application/json', 'the content type');
is($through->header('Content-Length'), length $direct->body,
   'a whole answer has its length');

# ---- usage, asked for by us ---------------------------------------------------------
my $a = ask('mock/ok', stream => 1);
ok(!$a->usage, 'a client that did not ask for usage sees none');
ok(!(grep { !@{ $_->{choices} } } $a->chunks), 'nor an empty chunk');
ok($a->done, 'the stream ends with [DONE]');
$a = ask('mock/ok', stream => 1, more => \%usage);
is($a->usage->{total_tokens}, 14, 'a client that asked gets it');
$a = ask('mock/ok', stream => 1,
         more => { stream_options => { include_usage => JSON::PP::false } });
ok(!$a->usage, 'include_usage false is respected');

# ---- an answer the provider ended without [DONE] --------------------------------------
$a = ask('mock/no-done', stream => 1);
is($a->text, 'Hello from mock', 'no [DONE]: the words came');
is($a->finish, 'stop', 'no [DONE]: with a finish_reason');
ok($a->done, 'no [DONE]: the client gets one');

finish();
