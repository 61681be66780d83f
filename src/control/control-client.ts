import { once } from 'node:events';
import { connect } from 'node:net';
import { DogwatchError, messageOf } from '../runtime/errors.ts';
import { withTimeout } from '../runtime/lifecycle.ts';
import { type ControlAnswer, controlPath } from './control-server.ts';

/**
 * Asks the collector that runs on this machine.
 * @param stateDirectory of its configuration
 * @throws DogwatchError `NOT_RUNNING`, `CONTROL_DENIED`, `TIMED_OUT`, or what the collector says
 */
export async function askCollector(
  stateDirectory: string,
  command: string,
  body: unknown,
  timeoutMs: number,
): Promise<unknown> {
  const path = controlPath(stateDirectory);
  const socket = connect(path);
  try {
    await once(socket, 'connect').catch((error: unknown) => {
      throw unreachable(path, error);
    });
    socket.write(`${JSON.stringify({ command, body })}\n`);
    const text = await withTimeout(wholeText(socket), timeoutMs, `the collector's answer to ${command}`);
    const { result, error } = answerOf(JSON.parse(text));
    if (error === undefined) return result;
    throw new DogwatchError(error.code, error.message, error.remedy === undefined ? {} : { remedy: error.remedy });
  } finally {
    socket.destroy();
  }
}

async function wholeText(socket: AsyncIterable<Buffer | string>): Promise<string> {
  let text = '';
  for await (const piece of socket) text += piece.toString();
  if (text === '') throw new DogwatchError('NOT_RUNNING', 'the collector ended before it answered');
  return text;
}

function answerOf(value: unknown): ControlAnswer {
  return typeof value === 'object' && value !== null ? value : {};
}

function unreachable(path: string, error: unknown): DogwatchError {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'EACCES')
    return new DogwatchError('CONTROL_DENIED', `${path} is not for this account`, {
      remedy: 'run the command as root, or as the account of the collector',
    });
  if (code === 'ENOENT' || code === 'ECONNREFUSED')
    return new DogwatchError('NOT_RUNNING', `no collector runs with the state directory of ${path}`, {
      remedy: 'start it with dogwatch run, or name its configuration with --config',
    });
  return new DogwatchError('NOT_RUNNING', `${path}: ${messageOf(error)}`);
}
