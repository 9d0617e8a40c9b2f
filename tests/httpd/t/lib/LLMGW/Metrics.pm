# Metrics.pm: reads a page of metrics as strictly as the format's text says
#
#   my $m = LLMGW::Metrics->new($text);
#   $m->faults;                      # what is wrong with it, in words
#   $m->value('llmgw_requests_total', route => 'x', ...);    # exactly these
#   $m->sum('llmgw_requests_total', route => 'x');           # at least these
package LLMGW::Metrics;
use strict;
use warnings;

my $NAME = qr/[a-zA-Z_:][a-zA-Z0-9_:]*/;
my $LABEL = qr/[a-zA-Z_][a-zA-Z0-9_]*/;
my $TEXT = qr/(?:[^"\\\n]|\\[\\"n])*/;
my $NUMBER = qr/[+-]?(?:Inf|NaN|(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)/;

sub new {
    my ($class, $text) = @_;
    my $m = bless { values => {}, samples => [], type => {}, help => {},
                    faults => [], family => '', done => {} }, $class;
    $m->_fault('no newline at the end') unless $text =~ /\n\z/;
    $m->_fault('not UTF-8') unless utf8::decode(my $copy = $text);
    $m->_line($_) for split /\n/, $text;
    $m->_histograms;
    return $m;
}

sub faults { return @{ $_[0]{faults} } }
sub count  { return scalar @{ $_[0]{samples} } }
sub type   { return $_[0]{type}{ $_[1] } }

sub _fault { push @{ $_[0]{faults} }, $_[1] }

sub _key {
    my ($name, %labels) = @_;
    return join "\0", $name, map { "$_=$labels{$_}" } sort keys %labels;
}

sub value {
    my ($m, $name, %labels) = @_;
    return $m->{values}{ _key($name, %labels) } || 0;
}

sub matching {
    my ($m, $name, %labels) = @_;
    return grep {
        my $s = $_;
        $s->{name} eq $name
            && !grep { ($s->{labels}{$_} // '') ne $labels{$_} } keys %labels;
    } @{ $m->{samples} };
}

sub sum {
    my $n = 0;
    $n += $_->{value} for matching(@_);
    return $n;
}

sub _line {
    my ($m, $line) = @_;
    if ($line =~ /^# (HELP|TYPE) ($NAME) (.+)$/) {
        $m->_meta(lc $1, $2, $3);
    }
    elsif ($line =~ /^($NAME)(?:\{($LABEL="$TEXT"(?:,$LABEL="$TEXT")*)\})? ($NUMBER)$/) {
        $m->_sample($line, $1, defined $2 ? $2 : '', $3);
    }
    else {
        $m->_fault("not a line of the format: $line");
    }
}

sub _meta {
    my ($m, $what, $name, $text) = @_;
    $m->_fault("$name has its \U$what\E twice") if $m->{$what}{$name}++;
    if ($what eq 'help') {
        $m->_fault("$name is not in one piece") if $m->{done}{$name}++;
        $m->{family} = $name;
        return;
    }
    $m->_fault("$name has its TYPE without its HELP") if $m->{family} ne $name;
    $m->_fault("$name is a $text") if $text !~ /^(?:counter|gauge|histogram)$/;
    $m->_fault("$name is a counter without _total")
        if $text eq 'counter' && $name !~ /_total$/;
    $m->{type}{$name} = $text;
}

sub _sample {
    my ($m, $line, $name, $text, $value) = @_;
    my $family = $name;
    $family =~ s/_(?:bucket|sum|count)$// if ($m->{type}{ $m->{family} } || '') eq 'histogram';
    $m->_fault("$name stands in the family $m->{family}")
        if $family ne $m->{family} || !$m->{type}{$family};
    my %labels;
    while ($text =~ /\G,?($LABEL)="($TEXT)"/g) {
        my ($label, $v) = ($1, $2);
        $v =~ s/\\(.)/$1 eq 'n' ? "\n" : $1/ge;
        $m->_fault("a label twice: $line") if exists $labels{$label};
        $labels{$label} = $v;
    }
    my $key = _key($name, %labels);
    $m->_fault("the same labels twice: $line") if exists $m->{values}{$key};
    $m->{values}{$key} = $value;
    push @{ $m->{samples} }, { name => $name, labels => \%labels, value => $value };
}

sub _histograms {
    my ($m) = @_;
    my %h;
    for my $s (@{ $m->{samples} }) {
        my ($family, $part) = $s->{name} =~ /^(.*)_(bucket|sum|count)$/ or next;
        next unless ($m->{type}{$family} || '') eq 'histogram';
        my %labels = %{ $s->{labels} };
        my $le = delete $labels{le};
        my $one = $h{ _key($family, %labels) } ||= {};
        if ($part eq 'bucket') { push @{ $one->{buckets} }, [$le, $s->{value}] }
        else                   { $one->{$part} = $s->{value} }
    }
    for my $key (sort keys %h) {
        (my $name = $key) =~ tr/\0/ /;
        $m->_fault("$name: $_") for _bad_histogram($h{$key});
    }
}

sub _bad_histogram {
    my ($h) = @_;
    my @buckets = @{ $h->{buckets} || [] } or return 'no buckets';
    my @bad;
    my $last = pop @buckets;
    push @bad, 'the last bucket is not +Inf' if $last->[0] ne '+Inf';
    push @bad, 'no sum' unless defined $h->{sum};
    push @bad, 'the count is not that of all buckets'
        if !defined $h->{count} || $h->{count} != $last->[1];
    for my $i (0 .. $#buckets) {
        push @bad, "bucket $buckets[$i][0] is no number"
            if $buckets[$i][0] !~ /^$NUMBER$/;
        push @bad, 'the bounds do not rise'
            if $i && $buckets[$i][0] <= $buckets[$i - 1][0];
        push @bad, 'the buckets do not add up'
            if $buckets[$i][1] > ($buckets[$i + 1] || $last)->[1];
    }
    return @bad;
}

1;
