import { DogwatchError } from '../../runtime/errors.ts';
import { interfaceOf } from '../../setup/pair/own-interface.ts';
import { type PairPlan, parseNode, type PlannedNode, withPrefixLength } from '../../setup/pair/pair-plan.ts';

/** What was given by flags, or answered. */
export interface PairAnswers {
  /** `name=address` each. */
  readonly node: readonly string[];
  readonly virtual: readonly string[];
  readonly interface?: string;
  /** Of the second node, where it is another. */
  readonly peerInterface?: string;
  readonly database?: string;
  readonly redis?: string;
  readonly journal?: string;
  readonly pair: string;
  readonly port?: string;
  readonly driver: PairPlan['driver'];
  readonly command?: string;
}

/**
 * The plan of these answers; the interface is found from an own address where this machine has it.
 * @throws DogwatchError `USAGE` with everything that is missing
 */
export function completed(answers: PairAnswers): PairPlan {
  const nodes = answers.node.map(nodeOf);
  const [one, other] = nodes;
  const missing = [
    ...(nodes.length === 2 ? [] : [`--node twice, as in --node dw-a=192.0.2.11 (found ${nodes.length})`]),
    ...(answers.virtual.length > 0 ? [] : ['--virtual, as in --virtual 192.0.2.10/24']),
    ...(answers.database === undefined
      ? ['--database, as in --database postgresql://dogwatch@db.example.net/dogwatch']
      : []),
  ];
  const own = nodes.map(({ address }) => interfaceOf(address)).find((each) => each !== undefined);
  const name = answers.interface ?? (answers.driver === 'linux' ? own?.name : undefined);
  if (answers.driver === 'linux' && name === undefined && missing.length === 0)
    missing.push('--interface, as in --interface eth0 (this machine has the address of neither node)');
  if (one === undefined || other === undefined || answers.database === undefined || missing.length > 0)
    throw usage(`needed: ${missing.join('; ')}`);
  return {
    pair: answers.pair,
    nodes: [one, other],
    virtualAddresses: answers.virtual.map((address) => withPrefixLength(address, own?.prefixLength)),
    driver: answers.driver,
    interface: name,
    peerInterface: answers.driver === 'linux' ? (answers.peerInterface ?? peerInterfaceHere(other, name)) : undefined,
    command: answers.command === undefined ? [] : answers.command.split(/\s+/),
    port: portOf(answers.port),
    database: answers.database,
    redis: answers.redis,
    journal: answers.journal,
  };
}

function nodeOf(text: string): PlannedNode {
  const node = parseNode(text);
  if (node === undefined) throw usage(`--node ${text}: expected name=address, such as dw-a=192.0.2.11`);
  return node;
}

/** This machine may be the second one. */
function peerInterfaceHere({ address }: PlannedNode, first: string | undefined): string | undefined {
  return interfaceOf(address)?.name ?? first;
}

function portOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw usage(`--port ${text}: expected 1 to 65535`);
  return port;
}

function usage(message: string): DogwatchError {
  return new DogwatchError('USAGE', message, { remedy: 'dogwatch init pair asks for it on a terminal; see --help' });
}
