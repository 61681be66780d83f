/** The relay of `LossyLink`: node lossy-link-program.ts '{"ends":["10.77.0.1","10.77.0.2"],"port":7000}' */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import type { LinkQuality, LinkSettings } from './lossy-link.ts';

const { ends, port }: LinkSettings = JSON.parse(process.argv[2] ?? '{}');
let quality: LinkQuality = { loss: 0, duplication: 0, delayMs: 0, jitterMs: 0, isSilent: false };
const streams = new Set<Socket>();

const udp = createSocket('udp4');
udp.on('message', (bytes, { address }) => {
  const target = otherEnd(address);
  if (target === undefined || quality.isSilent || Math.random() < quality.loss) return;
  const copies = Math.random() < quality.duplication ? 2 : 1;
  for (let copy = 0; copy < copies; copy += 1) {
    setTimeout(() => udp.send(bytes, port, target), quality.delayMs + Math.random() * quality.jitterMs);
  }
});
udp.bind(port);

const tcp = createServer((near) => {
  const target = otherEnd(near.remoteAddress?.replace(/^::ffff:/, '') ?? '');
  if (target === undefined) {
    near.destroy();
    return;
  }
  const far = connect(port, target);
  for (const [one, other] of [
    [near, far],
    [far, near],
  ] as const) {
    streams.add(one);
    one.on('error', () => other.destroy());
    one.on('close', () => {
      streams.delete(one);
      other.destroy();
    });
    one.pipe(other);
    if (quality.isSilent) one.pause();
  }
});
tcp.listen(port);

await Promise.all([once(udp, 'listening'), once(tcp, 'listening')]);
process.on('message', (wanted: LinkQuality) => {
  quality = wanted;
  for (const stream of streams) {
    if (quality.isSilent) stream.pause();
    else stream.resume();
  }
  process.send?.('so it is');
});
process.on('disconnect', () => process.exit());
process.send?.('ready');

function otherEnd(address: string): string | undefined {
  const [one, other] = ends;
  if (address === one) return other;
  return address === other ? one : undefined;
}
