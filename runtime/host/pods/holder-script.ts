/**
 * The process that a mesh namespace lives by. Arguments: path of ip, its batch, path of nft, its rules, gateway, capture port.
 * It tells each step on standard output, then `ready A B C`, the numbers of its listening sockets: the transparent listener, and UDP and TCP for
 * names. It accepts nothing on them: a data plane borrows them, and another one after it, while no connection is refused. It ends with its standard input.
 *
 * Perl, because Node can neither ask for IP_TRANSPARENT nor enter a namespace, and Debian's and Ubuntu's smallest systems have it.
 */
export const holderScript = String.raw`
use strict;
use Socket;
$| = 1;
$SIG{$_} = 'IGNORE' for qw(HUP INT QUIT TERM PIPE);
my ($ip, $routes, $nft, $rules, $gateway, $port) = @ARGV;
my $step = '';
sub step { $step = shift; print "step $step\n" }
sub fail { my $why = shift; $why =~ s/\s+/ /g; print "fail $step $why\n"; exit 1 }
sub put {
  my ($file, $value) = @_;
  open(my $out, '>', $file) or fail("$file: $!");
  print $out $value;
  close($out) or fail("$file: $!");
}
sub feed {
  my ($text, @command) = @_;
  pipe(my $read, my $write);
  my $pid = open(my $said, '-|');
  fail("fork: $!") unless defined $pid;
  if ($pid == 0) {
    close $write;
    open(STDIN, '<&', $read);
    open(STDERR, '>&', \*STDOUT);
    exec @command or die "$command[0]: $!";
  }
  close $read;
  print $write $text;
  close $write;
  my $words = join('', <$said>);
  close($said) or fail($words eq '' ? "$command[0] ended with $?" : $words);
}
sub listener {
  my ($type, $protocol, $address, $port, $transparent) = @_;
  socket(my $socket, PF_INET, $type, $protocol) or fail("socket: $!");
  setsockopt($socket, SOL_SOCKET, SO_REUSEADDR, pack('i', 1));
  if ($transparent) { setsockopt($socket, 0, 19, pack('i', 1)) or fail("IP_TRANSPARENT: $!") }
  bind($socket, pack_sockaddr_in($port, inet_aton($address))) or fail("bind $address:$port: $!");
  if ($type == SOCK_STREAM) { listen($socket, 4096) or fail("listen: $!") }
  return $socket;
}
step('settings');
my $net = '/proc/sys/net';
put("$net/ipv4/ip_unprivileged_port_start", 0);
put("$net/ipv4/conf/all/rp_filter", 1);
put("$net/ipv4/conf/default/rp_filter", 1);
put("$net/ipv6/conf/default/disable_ipv6", 1) if -e "$net/ipv6/conf/default/disable_ipv6";
step('addresses');
feed($routes, $ip, '-batch', '-');
step('rules');
feed($rules, $nft, '-f', '-');
step('listener');
my $capture = listener(SOCK_STREAM, 6, '0.0.0.0', $port, 1);
step('names');
my $udp = listener(SOCK_DGRAM, 17, $gateway, 53, 0);
my $tcp = listener(SOCK_STREAM, 6, $gateway, 53, 0);
print join(' ', 'ready', map { fileno($_) } $capture, $udp, $tcp), "\n";
1 while sysread(STDIN, my $nothing, 64);
`;

/**
 * Starts a program that inherits sockets of the holder. Arguments: the holder's pid, the first number that the sockets shall have, their numbers
 * in the holder, `--`, the program. `pidfd_open` and `pidfd_getfd` (Linux 5.6) have the same numbers on every architecture.
 */
export const lendScript = String.raw`
use strict;
use POSIX ();
my ($holder, $first, @rest) = @ARGV;
my @lent;
push @lent, shift @rest while $rest[0] ne '--';
shift @rest;
my $pidfd = syscall(434, $holder + 0, 0);
die "pidfd_open: $!\n" if $pidfd < 0;
my $high = 100;
for (@lent) {
  my $got = syscall(438, $pidfd, $_ + 0, 0);
  die "pidfd_getfd: $!\n" if $got < 0;
  POSIX::dup2($got, $high++) or die "dup2: $!\n";
  POSIX::close($got);
}
POSIX::close($pidfd);
for (100 .. $high - 1) {
  POSIX::dup2($_, $first++) or die "dup2: $!\n";
  POSIX::close($_);
}
exec @rest or die "$rest[0]: $!\n";
`;
