import { isIPv4 } from 'node:net';
import type { SettingPath } from '../findings.ts';
import type { Config } from '../schema.ts';
import { tlsOf, type Listener, type StreamListener, type TlsSettings } from '../schema/listeners.ts';
import type { Breach } from './breach.ts';

type IsGiven = (path: SettingPath) => boolean;

/** What is wrong with the sockets: with one alone, or between them and the other ports of this program. */
export function* listenerBreaches(config: Config, isGiven: IsGiven): Generator<Breach> {
  for (const [index, listener] of config.listeners.entries()) {
    yield* misplaced(listener, index, isGiven);
    if (listener.transport !== 'udp') yield* streamTrouble(listener, index, config.tls);
  }
  yield* takenPorts(config);
  if (!isGiven(['listeners'])) return;
  const usesTls = config.listeners.some((each) => each.transport !== 'udp' && tlsOf(each, config.tls) !== undefined);
  if (usesTls || config.tls.certificateFile === undefined) return;
  yield {
    at: ['tls', 'certificateFile'],
    with: [['listeners']],
    message: 'expected a listener with transport tls beside it: nothing uses this certificate',
  };
}

const OF_UDP = ['receiveBuffer'] as const;
const OF_STREAMS = ['maxConnections', 'maxConnectionsPerSource', 'idle'] as const;

/** Settings that the listener's transport has no use for. */
function* misplaced({ family, transport }: Listener, index: number, isGiven: IsGiven): Generator<Breach> {
  const at = ['listeners', index];
  if (transport !== 'udp' && family !== 'syslog') {
    const message = `expected family syslog beside it, found ${family}: only syslog is received over ${transport}`;
    yield { at: [...at, 'transport'], with: [[...at, 'family']], message };
  }
  for (const setting of transport === 'udp' ? OF_STREAMS : OF_UDP) {
    if (!isGiven([...at, setting])) continue;
    const message = `expected ${transport === 'udp' ? 'transport tcp, tls or relp' : 'transport udp'} beside it, found ${transport}`;
    yield { at: [...at, setting], with: [[...at, 'transport']], message };
  }
  if ((transport === 'udp' || transport === 'tcp') && isGiven([...at, 'tls'])) {
    const message = `expected transport tls or relp beside it, found ${transport}: nothing would be encrypted`;
    yield { at: [...at, 'tls'], with: [[...at, 'transport']], message };
  }
}

function* streamTrouble(listener: StreamListener, index: number, general: TlsSettings): Generator<Breach> {
  const at = ['listeners', index];
  const { transport, maxConnections, maxConnectionsPerSource, tls } = listener;
  if (maxConnectionsPerSource > maxConnections) {
    yield {
      at: [...at, 'maxConnectionsPerSource'],
      with: [[...at, 'maxConnections']],
      message: `expected at most ${maxConnections} (from maxConnections), found ${maxConnectionsPerSource}`,
    };
  }
  if (transport !== 'tls' && (transport !== 'relp' || tls === undefined)) return;
  const files = tlsOf(listener, general);
  if (files === undefined) {
    yield {
      at,
      with: [
        ['tls', 'certificateFile'],
        [...at, 'tls'],
      ],
      message: 'expected a certificate for TLS: set tls.certificateFile, here or for all listeners',
    };
  } else if (files.clientCaFile === undefined && files.clientSubjects?.every(isFingerprint) === false) {
    yield {
      at: [...at, ...(tls?.clientSubjects === undefined ? [] : ['tls', 'clientSubjects'])],
      with: [['tls', 'clientSubjects']],
      message:
        'expected clientCaFile beside it, or fingerprints (sha256:…) alone: anybody can write a name into a certificate',
    };
  }
}

function isFingerprint(subject: string): boolean {
  return /^sha-?256:/i.test(subject);
}

interface Port {
  readonly at: SettingPath;
  readonly name: string;
  readonly protocol: 'UDP' | 'TCP';
  readonly address: string;
  readonly port: number;
}

/** Two sockets on one port; of UDP and TCP each has its own. Port 0 is another one each time. */
function* takenPorts(config: Config): Generator<Breach> {
  const ports = portsOf(config).filter(({ port }) => port !== 0);
  for (const [index, one] of ports.entries()) {
    const earlier = ports
      .slice(0, index)
      .find(
        (other) => other.protocol === one.protocol && other.port === one.port && overlap(other.address, one.address),
      );
    if (earlier === undefined) continue;
    const message = `${one.address} ${one.protocol} port ${one.port} is taken by ${earlier.name} (${earlier.address})`;
    yield { at: one.at, with: [earlier.at], message };
  }
}

function portsOf({ listeners, http, database: { embedded, url, urlFile } }: Config): Port[] {
  const ports: Port[] = listeners.map(({ transport, address, port }, index) => ({
    at: ['listeners', index],
    name: `listeners[${index}]`,
    protocol: transport === 'udp' ? 'UDP' : 'TCP',
    address,
    port,
  }));
  ports.push({ at: ['http', 'port'], name: 'http.port', protocol: 'TCP', address: http.address, port: http.port });
  if (url === undefined && urlFile === undefined && embedded.port !== undefined) {
    const at = ['database', 'embedded', 'port'];
    ports.push({ at, name: at.join('.'), protocol: 'TCP', address: '127.0.0.1', port: embedded.port });
  }
  return ports;
}

/** Whether two sockets of one port collide: the same address, or one that stands for all of its family. */
function overlap(one: string, other: string): boolean {
  const covers = (wide: string, narrow: string) => wide === '::' || (wide === '0.0.0.0' && isIPv4(narrow));
  return one === other || covers(one, other) || covers(other, one);
}
