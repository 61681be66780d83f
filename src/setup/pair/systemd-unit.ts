/** Where the node's files are to lie. */
export const CONFIG_DIRECTORY = '/etc/dogwatch';

/**
 * The service of a node. Capabilities are ambient, since `ip` and `arping` are programs of their own (see capabilities(7)); it is given
 * longer to stop than a switchover takes, because a stop hands the role over first.
 * @param program the `dogwatch` command, absolute
 */
export function systemdUnit(node: string, driver: 'linux' | 'command' | 'none', program: string): string {
  const capabilities = driver === 'linux' ? 'CAP_NET_ADMIN CAP_NET_RAW CAP_NET_BIND_SERVICE' : 'CAP_NET_BIND_SERVICE';
  return `# ${node}: put it to /etc/systemd/system/dogwatch.service, then: systemctl daemon-reload
[Unit]
Description=Dogwatch (flows, syslog and SNMP traps), one of a pair
After=network-online.target time-sync.target
Wants=network-online.target

[Service]
User=dogwatch
StateDirectory=dogwatch
Environment=DOGWATCH_STATE_DIRECTORY=/var/lib/dogwatch
ExecStart=${program} run --config ${CONFIG_DIRECTORY}/dogwatch.yaml --json
ExecReload=/bin/kill -HUP $MAINPID
# Moves the virtual IP, asks the segment for it, and binds ports below 1024; what it starts (ip, arping) needs the same.
AmbientCapabilities=${capabilities}
CapabilityBoundingSet=${capabilities}
# The keeper alone is told to stop: it hands the role over, then stops the others. More than it takes, at most.
KillMode=mixed
TimeoutStopSec=30
Restart=always
RestartSec=1
# A wrong configuration does not get better by trying again.
RestartPreventExitStatus=2
OOMScoreAdjust=-500

[Install]
WantedBy=multi-user.target
`;
}
