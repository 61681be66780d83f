import { once } from 'node:events';
import { DogwatchError, messageOf } from '../../runtime/errors.ts';
import { withTimeout } from '../../runtime/lifecycle.ts';
import { dialJoin } from './join-tls.ts';
import type { JoinToken } from './join-token.ts';
import { isPairOffer, type PairOffer } from './offer.ts';

const ANSWER_MS = 5000;
const MAX_OFFER_BYTES = 8 << 20;

/**
 * Asks the node that made the token for settings and secret of the pair.
 * @throws DogwatchError `JOIN_REFUSED`, `JOIN_UNREACHABLE`
 */
export async function fetchOffer(token: JoinToken): Promise<PairOffer> {
  const socket = dialJoin(token);
  const where = `${token.address} port ${token.port}`;
  try {
    await withTimeout(once(socket, 'secureConnect'), ANSWER_MS, where);
    const offer: unknown = JSON.parse(await withTimeout(wholeText(socket), ANSWER_MS, where));
    if (isPairOffer(offer)) return offer;
    throw new Error('what it offers is not understood: is it another version of dogwatch?');
  } catch (error) {
    throw trouble(where, error);
  } finally {
    socket.destroy();
  }
}

async function wholeText(socket: AsyncIterable<Buffer | string>): Promise<string> {
  let text = '';
  for await (const piece of socket) {
    text += piece.toString();
    if (text.length > MAX_OFFER_BYTES) throw new Error('it offers too much');
  }
  return text;
}

function trouble(where: string, error: unknown): DogwatchError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code.startsWith('ERR_SSL_') || code === 'ECONNRESET')
    return new DogwatchError('JOIN_REFUSED', `${where} does not take this token`, {
      remedy: 'make another one with dogwatch join --invite, and copy all of it',
    });
  const remedy =
    code === 'ECONNREFUSED'
      ? 'a token is good for one use, three tries and 15 minutes: make another one with dogwatch join --invite'
      : 'let this TCP port pass from here to there';
  return new DogwatchError('JOIN_UNREACHABLE', `${where}: ${messageOf(error)}`, { remedy });
}
