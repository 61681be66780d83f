import type { HandedOver, HandOver, PeerAnswers, PeerRequests, Preparation, Prepared } from '../../../ha/role/ports.ts';
import { Channel } from '../../processes/channel.ts';
import { DogwatchError, messageOf } from '../../runtime/errors.ts';
import type { PairWords } from './pair-words.ts';
import type { WarmPeer } from '../warm/warm-mirror.ts';

/** Typed words with the other node, over one connection of the encrypted link. */
export type PairChannel = Channel<PairWords, PairWords>;

const ANSWER_MS = 2000;
const WARM_MS = 10_000;

/**
 * What the role asks of the peer, over whatever connection there is.
 *
 *   no connection ──open()──▶ open ──close(), or another open()──▶ no connection, or the other
 */
export class RoleRequests implements PeerRequests {
  answers: PeerAnswers | undefined;
  #channel: PairChannel | undefined;

  open(channel: PairChannel): void {
    this.#channel = channel;
    channel.answer('pair.prepare', (request) => this.#answerers.prepare(request));
    channel.answer('pair.hand-over', (word) => this.#answerers.handOver(word));
  }

  close(channel: PairChannel): void {
    if (this.#channel === channel) this.#channel = undefined;
  }

  prepare(request: Preparation): Promise<Prepared> {
    return this.#asked((channel) => channel.request('pair.prepare', request, ANSWER_MS));
  }

  handOver(word: HandOver): Promise<HandedOver> {
    return this.#asked((channel) => channel.request('pair.hand-over', word, ANSWER_MS));
  }

  get #answerers(): PeerAnswers {
    if (this.answers === undefined) throw new Error('this node is just starting, or stopping');
    return this.answers;
  }

  async #asked<T>(ask: (channel: PairChannel) => Promise<T>): Promise<T> {
    try {
      if (this.#channel === undefined) throw new Error('there is no connection to the peer');
      return await ask(this.#channel);
    } catch (error) {
      throw new DogwatchError('PEER_UNREACHABLE', messageOf(error), { cause: error });
    }
  }
}

/** The other node, as far as warm state goes. */
export function warmPeer(channel: PairChannel): WarmPeer {
  return {
    tell: async (news) => channel.request('pair.warm', news, WARM_MS),
    digests: () => channel.request('pair.warm-digests', undefined, WARM_MS),
  };
}
