import { createInterface, type Interface } from 'node:readline/promises';
import { hostname } from 'node:os';
import { interfaceOf } from '../../setup/pair/own-interface.ts';
import { parseNode } from '../../setup/pair/pair-plan.ts';
import type { PairAnswers } from './answers.ts';

/** Asks for what the flags left open; an empty answer takes what stands in brackets. */
export async function askForPair<Given extends PairAnswers>(given: Given): Promise<Given> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const node = [...given.node];
    while (node.length < 2) node.push(await askNode(terminal, node.length));
    const virtual = given.virtual.length > 0 ? given.virtual : await askVirtual(terminal);
    const found = node
      .map((text) => interfaceOf(parseNode(text)?.address ?? '')?.name)
      .find((name) => name !== undefined);
    const needsInterface = given.driver === 'linux' && given.interface === undefined;
    const chosen = needsInterface ? await ask(terminal, 'Network interface that carries it', found) : given.interface;
    const database = given.database ?? (await ask(terminal, 'Database (postgresql://user@host/database)'));
    const queue = given.redis === undefined && given.journal === undefined ? await askQueue(terminal) : {};
    return { ...given, node, virtual, database, ...(chosen === undefined ? {} : { interface: chosen }), ...queue };
  } finally {
    terminal.close();
  }
}

async function askNode(terminal: Interface, index: number): Promise<string> {
  const [which, proposed] = index === 0 ? ['first', hostname().split('.')[0]] : ['second', undefined];
  const name = await ask(terminal, `Name of the ${which} node`, proposed);
  return `${name}=${await ask(terminal, `Own address of ${name}`)}`;
}

async function askVirtual(terminal: Interface): Promise<string[]> {
  const text = await ask(
    terminal,
    'Virtual IP with prefix length, such as 192.0.2.10/24 (several: with a blank between)',
  );
  return text.split(/[\s,]+/).filter((each) => each !== '');
}

async function askQueue(terminal: Interface): Promise<{ redis?: string; journal?: string }> {
  const question = 'Where batches wait for the database: a Redis URL, a folder that both nodes have, or neither';
  const text = await ask(terminal, question, 'neither');
  if (text === 'neither') return {};
  return text.startsWith('/') ? { journal: text } : { redis: text };
}

/** Asks until there is an answer. */
async function ask(terminal: Interface, question: string, proposed?: string): Promise<string> {
  for (;;) {
    const answer = (await terminal.question(`${question}${proposed === undefined ? '' : ` [${proposed}]`}: `)).trim();
    if (answer !== '') return answer;
    if (proposed !== undefined) return proposed;
  }
}
