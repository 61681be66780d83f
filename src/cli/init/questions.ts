import { createInterface, type Interface } from 'node:readline/promises';
import { hostname } from 'node:os';
import { interfaceOf, likelyOwnAddress } from '../../setup/pair/own-interface.ts';
import { parseNode, withPrefixLength } from '../../setup/pair/pair-plan.ts';
import { DogwatchError } from '../../runtime/errors.ts';
import type { PairAnswers } from './answers.ts';
import {
  addressCheck,
  type AnswerCheck,
  databaseCheck,
  nameCheck,
  queueCheck,
  virtualCheck,
  wordsOf,
} from './answer-checks.ts';

/** Asks for what the flags left open; an empty answer takes what stands in brackets, a wrong one is asked for again. */
export async function askForPair<Given extends PairAnswers>(given: Given): Promise<Given> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const ended = new AbortController();
  terminal.once('close', () => ended.abort());
  const ask = asker(terminal, ended.signal);
  try {
    const node = [...given.node];
    while (node.length < 2) node.push(await askNode(ask, node));
    const own = node.map((text) => parseNode(text)?.address ?? '');
    const virtual = given.virtual.length > 0 ? given.virtual : await askVirtual(ask, own, given.driver);
    const interfaces = given.driver === 'linux' ? await askInterfaces(ask, given, node) : {};
    const database =
      given.database ??
      (await ask('Database, on neither of them (postgresql://user:password@host/database)', undefined, databaseCheck));
    const queue = given.redis === undefined && given.journal === undefined ? await askQueue(ask) : {};
    return { ...given, node, virtual, database, ...interfaces, ...queue };
  } catch (error) {
    if (!ended.signal.aborted) throw error;
    throw new DogwatchError('USAGE', 'the questions were not answered: nothing was written', { cause: error });
  } finally {
    terminal.close();
  }
}

type Ask = (question: string, proposed?: string, check?: AnswerCheck) => Promise<string>;

async function askNode(ask: Ask, before: readonly string[]): Promise<string> {
  const nodes = before.map(parseNode);
  const isFirst = before.length === 0;
  const proposed = isFirst ? hostname().split('.')[0] : undefined;
  const names = nodes.map((node) => node?.name ?? '');
  const name = await ask(`Name of the ${isFirst ? 'first' : 'second'} node`, proposed, nameCheck(names));
  const own = isFirst ? likelyOwnAddress() : undefined;
  const address = await ask(`Own address of ${name}`, own, addressCheck(nodes.map((node) => node?.address ?? '')));
  return `${name}=${address.includes(':') ? `[${address}]` : address}`;
}

async function askVirtual(ask: Ask, own: readonly string[], driver: string): Promise<string[]> {
  const length = own.map((each) => interfaceOf(each)?.prefixLength).find((each) => each !== undefined);
  const example = withPrefixLength(own[0] ?? '192.0.2.11', length).split('/')[1];
  const question = `Virtual IP, free in the same subnet (/${example} unless written; several: with a blank between)`;
  return wordsOf(await ask(question, undefined, virtualCheck(own, driver)));
}

/** Of both nodes: machines of two makes name theirs differently. */
async function askInterfaces(
  ask: Ask,
  given: PairAnswers,
  [one = '', other = '']: readonly string[],
): Promise<{ interface: string; peerInterface: string }> {
  const found = (text: string): string | undefined => interfaceOf(parseNode(text)?.address ?? '')?.name;
  const nameOf = (text: string): string => parseNode(text)?.name ?? '';
  const first = given.interface ?? (await ask(`Network interface that carries it on ${nameOf(one)}`, found(one)));
  const peerInterface =
    given.peerInterface ?? (await ask(`Network interface that carries it on ${nameOf(other)}`, found(other) ?? first));
  return { interface: first, peerInterface };
}

async function askQueue(ask: Ask): Promise<{ redis?: string; journal?: string }> {
  const question = 'Where batches wait for the database: a Redis URL, a folder that both nodes have, or neither';
  const text = await ask(question, 'neither', queueCheck);
  if (text === 'neither') return {};
  return text.startsWith('/') ? { journal: text } : { redis: text };
}

/** Asks until there is an answer that can be. */
function asker(terminal: Interface, signal: AbortSignal): Ask {
  return async (question, proposed, check = () => undefined) => {
    for (;;) {
      const brackets = proposed === undefined ? '' : ` [${proposed}]`;
      const answer = (await terminal.question(`${question}${brackets}: `, { signal })).trim() || proposed;
      const wrong = answer === undefined ? 'there has to be an answer' : check(answer);
      if (answer !== undefined && wrong === undefined) return answer;
      process.stdout.write(`  ${wrong}\n`);
    }
  };
}
