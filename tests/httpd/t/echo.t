# echo.t: the built-in provider
use strict;
use warnings;
use LLMGW::Test;

sub says { return [{ role => 'user', content => $_[0] }] }

my $a = ask('echo/some-model', messages => says('one two  three'));
is($a->status, 200, 'whole: status');
is($a->text, 'one two  three', 'whole: the words of the user');
is($a->finish, 'stop', 'whole: finish_reason');
is($a->json->{object}, 'chat.completion', 'whole: object');
is($a->json->{model}, 'some-model', 'whole: model');
is_deeply([@{ $a->usage }{qw(prompt_tokens completion_tokens total_tokens)}],
          [3, 3, 6], 'whole: usage counts words');

$a = ask('echo/m', stream => 1, messages => says('one two three'),
         more => { stream_options => { include_usage => JSON::PP::true } });
is($a->text, 'one two three', 'stream: the words');
is(scalar(grep { length($_->{delta}{content} // '') } $a->choices), 3,
   'stream: a chunk a word');
is(($a->choices)[0]{delta}{role}, 'assistant', 'stream: the first has the role');
is($a->finish, 'stop', 'stream: finish_reason');
is($a->usage->{total_tokens}, 6, 'stream: usage when asked for');
ok($a->done, 'stream: [DONE]');
$a = ask('echo/m', stream => 1, messages => says('one'));
ok(!$a->usage, 'stream: no usage when not asked for');

$a = ask('echo/m', messages => [
    { role => 'system', content => 'be brief' },
    { role => 'user', content => 'first' },
    { role => 'assistant', content => 'first' },
    { role => 'user', content => [{ type => 'text', text => 'last ' },
                                  { type => 'text', text => 'words' }] }]);
is($a->text, 'last words', 'the last user message counts, parts joined');
is($a->usage->{prompt_tokens}, 6, 'prompt tokens: the words of all messages');

for my $member (qw(max_tokens max_completion_tokens)) {
    $a = ask('echo/m', messages => says('one two three'), more => { $member => 2 });
    is($a->text, 'one two', "$member cuts");
    is($a->finish, 'length', "$member: finish_reason length");
}
$a = ask('echo/m', messages => says("\x{17c}\x{f3}\x{142}w \x{1f389} \"quoted\" \\"));
is($a->text, "\x{17c}\x{f3}\x{142}w \x{1f389} \"quoted\" \\", 'any characters');

# ---- time ----------------------------------------------------------------------
$a = ask('slowecho/m', messages => says('one two three'));
ok($a->ms >= 550, 'delay= and interval= hold for a whole answer');
is($a->text, 'one two three', 'which is complete');

# ---- tools ---------------------------------------------------------------------
my %tools = (tools => [map { { type => 'function', function => {
    name => $_, parameters => { type => 'object' } } } } qw(weather clock)]);
for my $stream (0, 1) {
    my $how = $stream ? 'stream' : 'whole';
    $a = ask('echo/m', stream => $stream, more => \%tools,
             messages => says('weather {"city":"Paris"} please'));
    my @t = $a->tools;
    is(scalar @t, 1, "tools, $how: one call");
    is($t[0]{name}, 'weather', "tools, $how: its name");
    is($t[0]{arguments}, '{"city":"Paris"}', "tools, $how: its arguments");
    ok(length $t[0]{id}, "tools, $how: an id");
    is($a->finish, 'tool_calls', "tools, $how: finish_reason");

    $a = ask('echo/m', stream => $stream, more => \%tools,
             messages => says('weather and clock'));
    is_deeply([map { $_->{name} } $a->tools], [qw(weather clock)],
              "tools, $how: two calls");
    is_deeply([map { $_->{arguments} } $a->tools], ['{}', '{}'],
              "tools, $how: no arguments are {}");
    $a = ask('echo/m', stream => $stream, messages => says('weather and clock'),
             more => { %tools, parallel_tool_calls => JSON::PP::false });
    is(scalar(my @one = $a->tools), 1, "tools, $how: one without parallel calls");
    $a = ask('echo/m', stream => $stream, messages => says('weather'),
             more => { %tools, tool_choice => 'none' });
    is($a->text, 'weather', "tools, $how: none when tool_choice says so");
}
$a = ask('echo/m', more => \%tools, messages => [
    { role => 'user', content => 'weather' },
    { role => 'assistant', content => undef, tool_calls => [{ id => 'c1',
      type => 'function', function => { name => 'weather', arguments => '{}' } }] },
    { role => 'tool', tool_call_id => 'c1', content => 'sunny and warm' }]);
is($a->text, 'sunny and warm', 'tool results are echoed');
is($a->finish, 'stop', 'and end the loop');

finish();
