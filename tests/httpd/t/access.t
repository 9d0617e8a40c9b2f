# access.t: who may call is the <Location>'s to say, not some directory's
use strict;
use warnings;
use LLMGW::Test;
expect_log(qr/AH01630|AH01797/);    # client denied by server configuration

# The document root holds a directory of the same name as the URL, denied by
# <Directory>, and a file .htaccess in it that no server could read
my $root = vars('documentroot');
mkdir "$root/$_" for 'walk', 'walk/v1';
spew("$root/walk/v1/.htaccess", "ThisIsNoDirective\n");
spew("$root/walk/x.txt", "x\n");
is(request(path => '/walk/x.txt')->status, 403, 'a file in that directory is denied');
is(ask('mock/ok', path => '/walk/v1/chat/completions')->text, 'Hello from mock',
   'but the gateway below that URL is no file');
is(ask('mock/ok', path => '/walk/v1/chat/completions', stream => 1)->text,
   'Hello from mock', 'nor is its stream');
is(request(path => '/walk/v1/models')->status, 200, 'nor its list');
unlink "$root/walk/v1/.htaccess", "$root/walk/x.txt";

for (['/denied/v1', 403, 'Require all denied'], ['/secret/v1', 401, 'no login']) {
    my ($path, $status, $what) = @$_;
    my $tag = tag();
    for my $stream (0, 1) {
        my $a = ask("mock/ok,tag=$tag", path => "$path/chat/completions", stream => $stream);
        is($a->status, $status, "$what: $status");
    }
    is(request(path => "$path/models")->status, $status, "$what: nor the models");
    is(scalar upstream($tag), 0, "$what: nothing went to the provider");
}
is(request(path => '/index.html')->status, 200, 'files are served as ever');

finish();
