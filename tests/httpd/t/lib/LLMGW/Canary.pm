# Canary.pm: words that must not turn up where they do not belong
package LLMGW::Canary;
use strict;
use warnings;

# In every prompt; keys of the providers; what clients send that is theirs
our $PROMPT = 'CANARY-PROMPT-5d1f';
our %KEY = (env => 'CANARY-KEY-env-81aa', env2 => 'CANARY-KEY-env2-77c0',
            file => 'CANARY-KEY-file-93bb', exec => 'CANARY-KEY-exec-42cc',
            literal => 'CANARY-KEY-literal-5e0d');
our $CLIENT = 'CANARY-CLIENT-0b77';

# What no log may hold. The mock's own words stand for answers.
sub secret_patterns {
    return map { qr/$_/ } 'CANARY-', 'Hello from mock', 'The tool said',
                          'Let me think';
}

# Warnings the server's configuration asks for: a literal key, tls-verify=off
sub expected_at_start {
    my ($line) = @_;
    return $line =~ /LLMGW\d+.*(?:literal|the key stands|tls-verify=off)/;
}

1;
