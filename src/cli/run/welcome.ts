import type { CollectorStatus } from '../../console/status.ts';
import { raiseReceiveBuffer } from '../receive-buffer.ts';
import { bytesText } from '../terminal/figures.ts';

/**
 * What a newcomer reads after the start: what listens where, how to send something, where it ends up.
 * @param httpUrl where the HTTP server answers
 */
export function welcomeText(status: CollectorStatus, httpUrl: string): string {
  const { listeners, database } = status;
  const ports = listeners.map(({ family, address, port }) => `${family} on ${address} UDP port ${port}`);
  const target = listeners[0] === undefined ? '' : `127.0.0.1:${listeners[0].port}`;
  const blocks: [string, readonly string[]][] = [
    ['listening', ports],
    ['database', [database.description, ...(database.psql === undefined ? [] : [database.psql])]],
    ['web', [`${httpUrl}/metrics  /healthz  /readyz  /api/status`]],
    [
      'try',
      [
        `npx dogwatch send flows --to ${target} --duration 10s`,
        `softflowd -i eth0 -v 9 -n ${target}`,
        'npx dogwatch top talkers --last 15m',
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
function warnings({ listeners }: CollectorStatus): string[] {
  const small = listeners.filter(
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
