/** What `--help` prints; README's table of commands is tested against it. */
export const HELP = `rancher-keepalived: a virtual IP that is always on a Rancher host that works

usage: rancher-keepalived [run]                 the agent (default)
       rancher-keepalived render [--explain [--json]]
                                                print the keepalived.conf that this host would get now, passwords
                                                hidden; --explain adds where each value comes from, and why
       rancher-keepalived check [--rules FILE] [--port 80/tcp]... [--ip any|ADDR] [--json]
                                                whether Rancher publishes the ports on this host, now or in a saved
                                                \`iptables-save -t nat\`; exit 0 healthy, 1 unhealthy, 2 unknown
       rancher-keepalived status [--json|--watch]
                                                the running agent of this host; exit 0 if all is as it should be;
                                                --watch shows each change, until it is interrupted
       rancher-keepalived drain [GROUP] [--force]
                                                gives the VIPs of this host away until undrain, over restarts too;
                                                refused without --force where no other host is known to run
       rancher-keepalived undrain [GROUP]       lets this host own VIPs again
       rancher-keepalived journal [--since 1h|TIME] [--json]
                                                what happened on this host, and why each VIP came and went; times in UTC
       rancher-keepalived metadata-server --answers FILE --listen ADDR:PORT
                                                stand-in Rancher metadata service, for tests and the demo
       rancher-keepalived --help | --version

Settings come from environment variables, host labels and service metadata: see README.
exit status: 0 well, 1 not well, 78 wrong usage or settings
`;
