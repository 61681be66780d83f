import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import type { TLSSocket } from 'node:tls';
import { dialTls } from '../../../../ha/peer/stream/stream-tls.ts';
import { probeSegment } from '../../../../ha/virtual-ip/linux/segment-probe.ts';
import { isOpenToOthers, readPairSecret } from '../../../pair/pair-secret.ts';
import type { PairStatus } from '../../../pair/pair-status.ts';
import { DogwatchError, messageOf } from '../../../runtime/errors.ts';
import { withTimeout } from '../../../runtime/lifecycle.ts';
import type { CheckContext, CheckResult } from '../check-result.ts';
import { fail, type Ha, ok, type PairCheck, virtualIps, warn } from './pair-check.ts';

const HANDSHAKE_MS = 3000;
const PROBE_MS = 1000;

/** The secret's file: there, long enough, for nobody else. */
export const checkSecret: PairCheck = ({ secretFile }) => {
  const name = 'pair, secret';
  try {
    readPairSecret(secretFile);
    if (!isOpenToOthers(secretFile)) return Promise.resolve([ok(name, secretFile)]);
    return Promise.resolve([fail(name, `ha.secretFile: others may read ${secretFile}`, `chmod 600 ${secretFile}`)]);
  } catch (error) {
    const remedy = (error instanceof DogwatchError ? error.remedy : undefined) ?? 'See docs/pair-setup.md.';
    return Promise.resolve([fail(name, messageOf(error), remedy)]);
  }
};

/** The link: asked of the collector that runs here, else tried by a handshake of our own. */
export const checkLink: PairCheck = async (ha, context) => {
  const pair = context.running?.pair;
  return pair === undefined
    ? [await handshake(ha, context), notCompared()]
    : [...linkResults(ha, pair), ...compared(pair)];
};

function notCompared(): CheckResult {
  const found = 'not compared: no collector of this pair runs here, and only that one may ask the peer';
  return warn(
    'pair, version and settings',
    found,
    'Check again when both nodes run: version, shared settings, readiness.',
  );
}

async function handshake(ha: Ha, { config }: CheckContext): Promise<CheckResult> {
  const name = 'pair, link';
  const { peer, address: localAddress } = ha;
  const port = peer.port ?? ha.port;
  let socket: TLSSocket | undefined;
  try {
    const secret = readPairSecret(ha.secretFile);
    socket = dialTls({ node: config.node.name, peer: peer.name, host: peer.address, port, localAddress, secret });
    await withTimeout(once(socket, 'secureConnect'), HANDSHAKE_MS, `TCP port ${port} of ${peer.address}`);
    return ok(
      name,
      `${peer.name} answers on TCP ${peer.address} port ${port} and has the same secret; UDP is tried by the collectors`,
    );
  } catch (error) {
    return linkTrouble(name, ha, port, error);
  } finally {
    socket?.destroy();
  }
}

function linkTrouble(name: string, { peer }: Ha, port: number, error: unknown): CheckResult {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code.startsWith('ERR_SSL_') || code === 'ECONNRESET') {
    const remedy = `Both nodes need the same ha.secretFile, and names that fit: here ha.peer.name is ${peer.name}.`;
    return fail(name, `${peer.address} refuses us: another ha.secretFile, or other names of nodes`, remedy);
  }
  if (code === 'EADDRNOTAVAIL')
    return fail(name, 'not tried: ha.address is not an address of this machine', 'See its own line.');
  if (code === 'ECONNREFUSED')
    return warn(
      name,
      `nobody listens on TCP ${peer.address} port ${port}`,
      'Start dogwatch on the peer, and check again.',
    );
  const remedy = `Let UDP and TCP port ${port} pass between the nodes (ha.port), and see ha.peer.address.`;
  return fail(name, `the peer is not reached: ${messageOf(error)}`, remedy);
}

function linkResults(ha: Ha, { link, peer, peerName }: PairStatus): CheckResult[] {
  const name = 'pair, link';
  const where = `port ${ha.peer.port ?? ha.port} of ${ha.peer.address}`;
  const remedy = `Let UDP and TCP ${where} pass; both nodes need the same ha.secretFile, and names that fit.`;
  if (link.trouble !== undefined) return [fail(name, link.trouble, remedy)];
  if (link.heardMsAgo === undefined || link.heardMsAgo > HANDSHAKE_MS)
    return [fail(`${name} (UDP)`, `nothing is heard of ${peerName}`, remedy)];
  const round = link.roundTripMs === undefined ? '' : `, ${link.roundTripMs.toFixed(1)} ms there and back`;
  const udp = ok(`${name} (UDP)`, `${peerName} is heard, authenticated${round}`);
  if (peer === undefined) return [udp, fail(`${name} (TCP)`, `${peerName} has told nothing of itself`, remedy)];
  return [udp, ok(`${name} (TCP)`, `connected to ${peerName}, authenticated`)];
}

/** What the nodes find of themselves, and of each other. */
function compared({ own, peer }: PairStatus): CheckResult[] {
  return [own, peer].flatMap((node) =>
    (node?.readiness.findings ?? []).map(({ name, state, found, remedy }) => ({
      name: `pair, ${node?.node}: ${name}`,
      state,
      found,
      ...(remedy === undefined ? {} : { remedy }),
    })),
  );
}

/** Whether somebody else than the pair answers for the virtual IP. */
export const checkOwner: PairCheck = async (ha) => {
  if (ha.driver !== 'linux' || ha.interface === undefined) return [];
  const name = 'pair, owner of the virtual IP';
  const addresses = virtualIps(ha);
  const question = {
    interface: ha.interface,
    ownMacs: (networkInterfaces()[ha.interface] ?? []).map(({ mac }) => mac),
    neighbours: [],
    withinMs: PROBE_MS,
  };
  try {
    const asked = await probeSegment({ ...question, addresses: [ha.peer.address], peerMacs: [] });
    const peerMacs = asked.mac === undefined ? [] : [asked.mac];
    const { owner, mac } = await probeSegment({ ...question, addresses, peerMacs });
    if (owner === 'nobody') return [ok(name, `nobody else answers for ${addresses.join(', ')}`)];
    if (owner === 'peer') return [ok(name, `the peer (${mac}) has it`)];
    const remedy = `Find it: arping -D -I ${ha.interface} ${addresses[0]}; then take the address from it, or choose another in ha.virtualAddresses.`;
    return [fail(name, `${mac} answers for ${addresses.join(', ')}, which is neither node`, remedy)];
  } catch (error) {
    return [warn(name, `cannot be asked: ${messageOf(error)}`, 'Check as root, with arping (IPv6: ndisc6) installed.')];
  }
};
