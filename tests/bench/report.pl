#!/usr/bin/perl
# report.pl: the table of a bench, the goals beside it, and both as JSON
#
#   report.pl --machine FILE --json FILE [--subjects A,B,...] [--goals] CELLS
#
# CELLS has a JSON object a line, each one measurement (run.sh, peers.sh). Of
# measurements that were repeated the middle one is taken, figure by figure.
use strict;
use warnings;
use Getopt::Long;
use JSON::PP ();

my %o = (subjects => 'direct,nginx,proxy,pass,translate,echo');
GetOptions(\%o, 'machine=s', 'json=s', 'subjects=s', 'goals') && @ARGV == 1 or exit 2;
my @subjects = split /,/, $o{subjects};
my %title = (direct => 'no gateway', proxy => 'mod_proxy', pass => 'llmgw',
             translate => 'translating', echo => 'echo');
my %machine = map { chomp; split /=/, $_, 2 } lines($o{machine});
my $json = JSON::PP->new->canonical;
my @cells = map { $json->decode($_) } lines($ARGV[0]);
my (@rows, @goals);

sub lines { open my $in, '<', $_[0] or die "$_[0]: $!\n"; return <$in> }

# ---- figures ------------------------------------------------------------------

sub median {
    my @sorted = sort { $a <=> $b } grep { defined } @_;
    return @sorted ? $sorted[$#sorted / 2] : undef;
}

sub sizes {
    my ($part) = @_;
    my %seen;
    return sort { $a <=> $b } grep { !$seen{$_}++ }
           map { $_->{size} } grep { $_->{part} eq $part } @cells;
}

# The middle of what a function makes of a subject's cells
sub figure {
    my ($part, $subject, $size, $of) = @_;
    return median(map { $of->($_) } grep { $_->{part} eq $part
        && $_->{subject} eq $subject && $_->{size} == $size } @cells);
}

sub add_row {
    my ($name, $part, $size, $format, $of) = @_;
    my %value = map { my $v = figure($part, $_, $size, $of);
                      defined $v ? ($_ => $v) : () } @subjects;
    push @rows, { name => $name, format => $format, value => \%value } if %value;
}

sub per_second { $_[0]{load}{per_second} }
sub failed { my $l = $_[0]{load}; $l->{errors} + $l->{lost} + $l->{wrong} }

sub cpu_us {
    my ($cell, $count) = @_;
    return $count ? $cell->{cpu_ticks} * 1e6 / $machine{ticks} / $count : undef;
}

sub cpu_per_request { cpu_us($_[0], $_[0]{load}{good}) }
# What echo says is known to nobody but itself: its tokens have no time
sub cpu_per_token { cpu_us($_[0], $_[0]{load}{tokens}) }

sub latency { my ($p) = @_; return sub { $_[0]{load}{latency_us}{$p} } }

sub delay {
    my ($p) = @_;
    return sub { my $d = $_[0]{load}{delay_us};
                 return $d->{count} ? $d->{$p} / 1000 : undef };
}

sub pss { my ($when) = @_; return sub { $_[0]{"${when}_kb"}[0] / 1024 } }
sub kb_a_stream { ($_[0]{during_kb}[0] - $_[0]{before_kb}[0]) / $_[0]{size} }
sub rss { my ($when) = @_; return sub { $_[0]{"${when}_kb"}[1] / 1024 } }

# ---- rows ---------------------------------------------------------------------

sub closed_rows {
    my ($part, $what) = @_;
    for my $size (sizes($part)) {
        add_row("$what$size connections, requests/s", $part, $size, '%.0f', \&per_second);
        add_row('  p50 us', $part, $size, '%.0f', latency('p50'));
        add_row('  p99 us', $part, $size, '%.0f', latency('p99'));
        add_row('  CPU us a request', $part, $size, '%.1f', \&cpu_per_request);
        add_row('  failed', $part, $size, '%d', \&failed);
    }
}

sub time_rows {
    my ($part, $what) = @_;
    for my $size (sizes($part)) {
        add_row("$size $what, p50 us", $part, $size, '%.0f', latency('p50'));
        add_row('  p99 us', $part, $size, '%.0f', latency('p99'));
        add_row('  failed', $part, $size, '%d', \&failed);
    }
}

sub stream_rows {
    my @sizes = sizes('streams');
    for my $size (@sizes) {
        my @at = ('streams', $size);
        add_row("$size streams, added ms a token, p50", @at, '%.2f', delay('p50'));
        add_row("  $_", @at, '%.2f', delay($_ eq 'p99.9' ? 'p999' : $_)) for qw(p99 p99.9 max);
        add_row('  CPU us a token', @at, '%.1f', \&cpu_per_token);
        add_row('  KB a stream (PSS)', @at, '%.1f', \&kb_a_stream);
        add_row("  MB $_ (PSS)", @at, '%.1f', pss($_)) for qw(before during);
        add_row('  MB after (PSS)', @at, '%.1f', pss('after')) if $size == $sizes[-1];
        add_row("  MB $_ (RSS)", @at, '%.1f', rss($_)) for qw(before during);
        add_row('  MB after (RSS)', @at, '%.1f', rss('after')) if $size == $sizes[-1];
        add_row('  threads, all of them', @at, '%d', sub { $_[0]{threads} });
        for my $what (qw(lost stalled wrong errors)) {
            add_row("  $what", @at, '%d', sub { $_[0]{load}{$what} });
        }
    }
}

closed_rows('requests', '');
time_rows('latency', 'connection');
time_rows('rate', 'requests/s');
closed_rows('held', '20 ms, ');
stream_rows();
add_row('1 MB bodies, 32 in flight, KB each', 'bodies', 32, '%.0f', sub { $_[0]{peak_kb} / 32 });
add_row('  failed', 'bodies', 32, '%d', \&failed);

# ---- goals --------------------------------------------------------------------

# goal NAME, what came out, which way, what is wanted; nothing where a figure is
# missing
sub goal {
    my ($name, $value, $way, $wanted) = @_;
    return unless defined $value;
    push @goals, { name => $name, value => 0 + sprintf('%.3f', $value), wanted => "$way $wanted",
        met => ($way eq '>=' ? $value >= $wanted : $value <= $wanted) ? JSON::PP::true : JSON::PP::false };
}

sub ratio { my ($x, $y) = @_; return defined $x && $y ? $x / $y : undef }

sub of_subjects {
    my ($part, $size, $of, $x, $y) = @_;
    return ratio(figure($part, $x, $size, $of), figure($part, $y, $size, $of));
}

sub added { my ($who) = @_;
    my ($with, $without) = map { figure('latency', $_, 1, latency('p50')) } $who, 'direct';
    return defined $with && defined $without ? $with - $without : undef;
}

sub stream_goals {
    my $size = (sizes('streams'))[-1] // return;
    my @at = ('streams', $size);
    for my $who (qw(pass translate)) {
        my $as = "$size streams, $title{$who}";
        goal("$as: lost, stalled, wrong", figure('streams', $who, $size, sub {
            failed($_[0]) + $_[0]{load}{stalled} }), '<=', 0);
        goal("$as: CPU a token, of nginx's", of_subjects(@at, \&cpu_per_token, $who, 'nginx'),
             '<=', $who eq 'pass' ? 1 : 2);
        goal("$as: added delay p99, of nginx's", of_subjects(@at, delay('p99'), $who, 'nginx'), '<=', 1);
        goal("$as: KB a stream", figure('streams', $who, $size, \&kb_a_stream), '<=', 40);
        goal("$as: memory after, of before", ratio(map { figure('streams', $who, $size, pss($_)) }
             qw(after before)), '<=', 1.1);
    }
}

goal("32 connections, requests/s, of mod_proxy's", of_subjects('requests', 32, \&per_second, 'pass', 'proxy'), '>=', 1);
goal("32 connections, translating, of mod_proxy's", of_subjects('requests', 32, \&per_second, 'translate', 'proxy'), '>=', 0.8);
goal("1 connection, added p50, of mod_proxy's", ratio(added('pass'), added('proxy')), '<=', 1.2);
goal("20 ms, 1000 connections, requests/s, of nginx's", of_subjects('held', 1000, \&per_second, 'pass', 'nginx'), '>=', 0.9);
stream_goals();
goal('1 MB bodies in flight, KB each', figure('bodies', 'pass', 32, sub { $_[0]{peak_kb} / 32 }), '<=', 2048);

# ---- the page -----------------------------------------------------------------

print join('; ', map { "$_ $machine{$_}" } grep { $_ ne 'ticks' } sort keys %machine), "\n\n";
printf "%-38s%s\n", '', join '', map { sprintf '%12s', $title{$_} // $_ } @subjects;
for my $row (@rows) {
    printf "%-38s%s\n", $row->{name}, join '', map { my $v = $row->{value}{$_};
        sprintf '%12s', defined $v ? sprintf $row->{format}, $v : '-' } @subjects;
}
@goals = () unless $o{goals};
print "\ngoals\n" if @goals;
printf "%-56s%10.2f  wanted %s%s\n", $_->{name}, $_->{value}, $_->{wanted}, $_->{met} ? '' : '  NOT MET' for @goals;
open my $out, '>', $o{json} or die "$o{json}: $!\n";
print $out JSON::PP->new->canonical->pretty->encode({ machine => \%machine, goals => \@goals, cells => \@cells,
    rows => [map { { name => $_->{name}, values => $_->{value} } } @rows] });
close $out or die "$o{json}: $!\n";
