import { isIP } from 'node:net';
import { DogwatchError } from '../../../src/runtime/errors.ts';
import type { Probe } from '../../role/ports.ts';
import { describeFailure, findProgram, runBounded } from '../bounded-command.ts';
import { canonicalAddress, isIpv6 } from '../interface-address.ts';
import { runIp } from './ip-command.ts';

export interface ProbeQuestion {
  readonly interface: string;
  /** Who answers for these? */
  readonly addresses: readonly string[];
  readonly ownMacs: readonly string[];
  readonly peerMacs: readonly string[];
  readonly neighbours: readonly string[];
  readonly withinMs: number;
}

const MAX_NEIGHBOURS = 8;

/**
 * Asks the segment who has the addresses, and whether anybody is there at all. Takes `withinMs` where nobody has them, and is done with the
 * first answer otherwise.
 * @throws DogwatchError `ADDRESS_REFUSED`: a program is missing, or may not send
 */
export async function probeSegment(question: ProbeQuestion): Promise<Probe> {
  const stop = new AbortController();
  const endMs = performance.now() + question.withinMs;
  const neighbour = anyNeighbour(question, endMs, stop.signal);
  const asked = question.addresses.map((address) => ask(question.interface, address, endMs, stop.signal));
  try {
    const macs = await firstForeign(question, asked);
    const foreign = macs.find((mac) => !isOneOf(mac, question.peerMacs));
    const mac = foreign ?? macs[0];
    if (mac === undefined) return { owner: 'nobody', neighbourAnswers: await neighbour };
    return { owner: foreign === undefined ? 'peer' : 'foreign', mac, neighbourAnswers: true };
  } finally {
    stop.abort();
    await Promise.allSettled([neighbour, ...asked]);
  }
}

/** The MACs of all that answered, our own left out; with the first that is foreign there is no need to wait for the others. */
async function firstForeign(question: ProbeQuestion, asked: readonly Promise<string | undefined>[]): Promise<string[]> {
  const macs: string[] = [];
  const foreign = Promise.withResolvers<void>();
  const all = Promise.all(
    asked.map(async (each) => {
      const mac = await each;
      if (mac === undefined || isOneOf(mac, question.ownMacs)) return;
      macs.push(mac);
      if (!isOneOf(mac, question.peerMacs)) foreign.resolve();
    }),
  );
  await Promise.race([all, foreign.promise]);
  return macs;
}

async function anyNeighbour(question: ProbeQuestion, endMs: number, signal: AbortSignal): Promise<boolean | undefined> {
  // On a machine that is busy `ip` takes its time; without its answer a node whose peer is dead may know of nobody to ask.
  const known = await knownNeighbours(question.interface, Math.round(question.withinMs / 2), signal);
  const own = question.addresses.map(canonicalAddress);
  const all = new Set([...question.neighbours, ...known].map(canonicalAddress));
  const candidates = [...all].filter((each) => !own.includes(each)).slice(0, MAX_NEIGHBOURS);
  if (candidates.length === 0) return undefined;
  const answers = candidates.map(async (address) => {
    const mac = await ask(question.interface, address, endMs, signal);
    if (mac === undefined || isOneOf(mac, question.ownMacs)) throw new Error('no answer');
  });
  return Promise.any(answers).then(
    () => true,
    () => false,
  );
}

/** Gateways, and those that the kernel has spoken to. */
async function knownNeighbours(interfaceName: string, limitMs: number, signal: AbortSignal): Promise<string[]> {
  const lines = [
    `route show default dev ${interfaceName}`,
    `neighbour show dev ${interfaceName} nud reachable nud stale nud delay nud probe nud permanent`,
  ];
  const { printed } = await runIp(lines, limitMs, signal).catch(() => ({ printed: [] }));
  const addresses = printed
    .flat()
    .filter(isRow)
    .map((row) => row.gateway ?? row.dst ?? '');
  return addresses.filter((address) => isIP(address) !== 0 && !/^(fe80|ff)/i.test(address));
}

/**
 * Who has `address`? Asked at once, and again before the time is over, since a frame may be lost.
 * @returns its MAC, undefined where nobody answers
 */
async function ask(
  interfaceName: string,
  address: string,
  endMs: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  const leftMs = Math.max(1, Math.round(endMs - performance.now()));
  if (isIpv6(address)) return solicit(interfaceName, address, leftMs, signal);
  const second = new AbortController();
  const end = AbortSignal.any([signal, second.signal]);
  const later = delay(Math.round(leftMs * 0.4), end).then(() =>
    end.aborted ? undefined : arp(interfaceName, address, Math.round(leftMs * 0.6), end),
  );
  const first = arp(interfaceName, address, leftMs, end);
  try {
    const mac = await Promise.race([first, later.then((found) => found ?? first)]);
    return mac ?? (await later);
  } finally {
    second.abort();
    await Promise.allSettled([first, later]);
  }
}

// `-D`: with 0.0.0.0 as the sender, so that nobody's table changes (RFC 5227, section 2.1.1).
async function arp(interfaceName: string, address: string, limitMs: number, signal: AbortSignal) {
  const seconds = String(Math.max(1, Math.ceil(limitMs / 1000)));
  const parameters = ['-D', '-f', '-c', '1', '-w', seconds, '-I', interfaceName, address];
  return firstMac('arping', parameters, /\[([\da-f:]{17})\]/i, limitMs, signal);
}

// RFC 4861, section 7.2.2. Half the time for each of two solicitations.
async function solicit(interfaceName: string, address: string, limitMs: number, signal: AbortSignal) {
  const parameters = ['-1', '-r', '2', '-w', String(Math.max(1, Math.floor(limitMs / 2))), address, interfaceName];
  return firstMac('ndisc6', parameters, /link-layer address: ([\da-f:]{17})/i, limitMs + 100, signal);
}

async function firstMac(
  name: string,
  parameters: readonly string[],
  pattern: RegExp,
  limitMs: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  const path = findProgram(name);
  if (path === undefined) throw new DogwatchError('ADDRESS_REFUSED', `the command ${name} is not installed`);
  const heard = new AbortController();
  const result = await runBounded(path, parameters, {
    limitMs,
    signal: AbortSignal.any([signal, heard.signal]),
    onOutput: (stdout) => {
      if (pattern.test(stdout)) heard.abort();
    },
  });
  if (/not permitted|denied/i.test(result.stderr)) {
    throw new DogwatchError('ADDRESS_REFUSED', `${name}: ${describeFailure(result)}`, {
      remedy: 'Give the service CAP_NET_RAW (systemd: AmbientCapabilities=CAP_NET_ADMIN CAP_NET_RAW).',
    });
  }
  return pattern.exec(result.stdout)?.[1]?.toLowerCase();
}

function delay(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
    function done(): void {
      clearTimeout(timer);
      resolve();
    }
    if (signal.aborted) done();
  });
}

/** A line of `ip -json route` or `ip -json neighbour`. */
function isRow(value: unknown): value is { gateway?: string; dst?: string } {
  return typeof value === 'object' && value !== null;
}

function isOneOf(mac: string, macs: readonly string[]): boolean {
  return macs.some((each) => each.toLowerCase() === mac.toLowerCase());
}
