/** The kernel's bound on the receive buffer of a socket, and how to raise it: now, and for every start of the machine. */
export const RMEM_MAX_FILE = '/proc/sys/net/core/rmem_max';

/** The two commands, on lines of their own. */
export function raiseReceiveBuffer(bytes: number): string {
  return [
    `sudo sysctl -w net.core.rmem_max=${bytes}`,
    `echo net.core.rmem_max=${bytes} | sudo tee /etc/sysctl.d/90-dogwatch.conf`,
  ].join('\n');
}
