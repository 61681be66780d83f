import { type CollectorStatus, datagramListeners } from '../../console/status.ts';
import { raiseReceiveBuffer } from '../receive-buffer.ts';
import { bytesText } from '../terminal/figures.ts';

/**
 * What a newcomer reads after the start: what listens where, how to send something, where it ends up.
 * @param httpUrl where the HTTP server answers
 */
export function welcomeText(status: CollectorStatus, httpUrl: string): string {
  const { listeners, database } = status;
  const ports = listeners.map(
    ({ family, transport, address, port }) => `${family} on ${address} ${transport.toUpperCase()} port ${port}`,
  );
  const targetOf = (wanted: string): string =>
    `127.0.0.1:${listeners.find(({ family, transport }) => family === wanted && transport === 'udp')?.port ?? ''}`;
  const blocks: [string, readonly string[]][] = [
    ['listening', ports],
    ['database', [database.description, ...(database.psql === undefined ? [] : [database.psql])]],
    ['web', [`${httpUrl}/metrics  /healthz  /readyz  /api/status`]],
    [
      'try',
      [
        `npx dogwatch send flows --to ${targetOf('flow')} --duration 10s`,
        'npx dogwatch top talkers --last 15m',
        `npx dogwatch send syslog --to ${targetOf('syslog')} --duration 10s`,
        'npx dogwatch logs --follow',
        `npx dogwatch send traps --to ${targetOf('snmp')} --duration 10s`,
        'npx dogwatch traps --last 15m',
      ],
    ],
  ];
  const lines = blocks.flatMap(([label, texts]) =>
    texts.map((text, index) => `  ${(index === 0 ? label : '').padEnd(10)} ${text}`),
  );
  return [
    `Dogwatch ${status.version} is collecting on node ${status.node}.`,
    '',
    ...lines,
    '',
    ...warnings(status),
  ].join('\n');
}

/** One warning for all listeners whose receive buffer the kernel made smaller than configured. */
function warnings(status: CollectorStatus): string[] {
  const small = datagramListeners(status).filter(
    ({ receiveBufferBytes, wantedReceiveBufferBytes: wanted }) => receiveBufferBytes < wanted,
  );
  if (small.length === 0) return [];
  const granted = Math.min(...small.map(({ receiveBufferBytes }) => receiveBufferBytes));
  const wanted = Math.max(...small.map(({ wantedReceiveBufferBytes }) => wantedReceiveBufferBytes));
  return [
    `Warning: the kernel grants receive buffers of ${bytesText(granted)}, the configuration wants ${bytesText(wanted)}; bursts will be lost sooner.`,
    ...raiseReceiveBuffer(wanted)
      .split('\n')
      .map((line) => `  ${line}`),
    '',
  ];
}
