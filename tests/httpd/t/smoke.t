# smoke.t: the server answers, with words that make sense
use strict;
use warnings;
use LLMGW::Test;

my $a = request(path => '/index.html');
is($a->status, 200, 'httpd serves a file');

$a = ask('echo/any', messages => [{ role => 'user', content => 'one two' }]);
is($a->status, 200, 'echo answers');
is($a->text, 'one two', 'with the words of the user');

$a = ask('mock/ok');
is($a->status, 200, 'the mock is reached');
is($a->text, 'Hello from mock', 'and its words come back');

$a = ask('mock/ok', stream => 1);
is($a->text, 'Hello from mock', 'streamed too');
ok($a->done, 'to the end');

finish();
