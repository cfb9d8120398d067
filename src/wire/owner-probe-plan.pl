# The plan of the owner probe: which groups and owners there are. src/owner-probe/probe-lines.ts writes its lines.
my %coming;                         # the plan that is being received

sub take_line {
  my ($word, @rest) = @_;
  if ($word eq "probe-tap") {
    my %tap = (index => 0, speakers => "");
    @tap{qw(name protocol filter)} = @rest;
    $coming{taps}{"@rest[0 .. 1]"} = \%tap;
  }
  elsif ($word eq "probe-machine") {
    my %machine = (place => scalar keys %{$coming{machines} // {}});
    @machine{qw(name address protocol all question is_witness)} = @rest;
    $coming{machines}{"@rest[0 .. 1]"} = \%machine;
  }
  elsif ($word eq "probe-group") {
    my %group = (text => "@rest", key => $rest[0], owners => {});
    @group{qw(name protocol type vrid own vip planned via)} = @rest[1 .. $#rest];
    $group{is_multicast} = $group{own} =~ $MULTICAST;
    $coming{groups}{$rest[0]} = \%group;
  }
  elsif ($word eq "probe-owner") {
    my ($key, $address, $delay, $advert) = @rest;
    $coming{groups}{$key}{owners}{$address} = {delay => $delay, advert => $advert};
  }
  elsif ($word eq "probe-go") { $window = $rest[0]; apply() }
}

# What is known of a machine or a group outlives a plan that does not change it.
sub apply {
  my %new_machines = %{$coming{machines} // {}};
  for my $key (keys %new_machines) {
    my $known = $machines{$key} // {asked_at => -$RENEWAL, answered_at => 0, heard_at => 0, spoke_at => 0, misses => 0, delay => 0};
    $new_machines{$key} = {%$known, %{$new_machines{$key}}};
  }
  my %new_groups = %{$coming{groups} // {}};
  for my $key (keys %new_groups) {
    my $known = $groups{$key};
    my %fresh = (owner => "", since => 0, heard_at => 0, restarted_at => 0, asking => {begin => 0}, said => "", interval => $new_groups{$key}{planned});
    my $is_same = $known && $known->{text} eq $new_groups{$key}{text} && ($known->{owner} eq "" || $new_groups{$key}{owners}{$known->{owner}});
    $known = \%fresh unless $is_same;
    $new_groups{$key} = {%$known, %{$new_groups{$key}}};
    delete $new_groups{$key} if grep { !$new_machines{"$new_groups{$key}{name} $_"} } $new_groups{$key}{vip}, keys %{$new_groups{$key}{owners}};
  }
  my %new_taps = %{$coming{taps} // {}};
  for my $key (keys %new_taps) {
    my $known = $answer_taps{$key} // next;
    my $filter = $new_taps{$key}{filter};
    main::attach_filter($known->{handle}, $filter) if $known->{handle} && $known->{filter} ne $filter;
    $new_taps{$key} = {%$known, filter => $filter};
  }
  (%groups, %machines, %answer_taps, %coming) = ();
  %groups = %new_groups;
  %machines = %new_machines;
  %answer_taps = %new_taps;
  %by_router = map { ("$_->{name} $_->{protocol} $_->{vrid}" => $_) } values %groups;
  %witnesses = ();
  $_->{is_witness} and push @{$witnesses{$_->{name}}}, $_ for sort { $a->{place} <=> $b->{place} } values %machines;
  $due = 0;
}

package main;

