import { deserialize, serialize } from 'node:v8';

import type { PeerConnection } from '../../../ha/peer/stream/peer-connection.ts';
import type { Ipc } from '../../processes/channel.ts';
import { messageOf } from '../../runtime/errors.ts';

/**
 * A connection to the peer as a `Channel` wants it, so that the nodes ask each other as the processes of one node do:
 * `stream.onOpen = (connection) => new Channel<…>(new PeerIpc(connection))`. Sockets cannot be sent. What comes is `v8.serialize`d, and
 * read because it is the authenticated peer who sends it.
 */
export class PeerIpc implements Ipc {
  readonly #connection: PeerConnection;
  readonly #listeners: ((message: unknown, handle: unknown) => void)[] = [];

  constructor(connection: PeerConnection) {
    this.#connection = connection;
    connection.onMessage = (payload) => this.#hear(payload);
  }

  get connected(): boolean {
    return this.#connection.isOpen;
  }

  /** @returns false when more waits than is good */
  send(
    message: unknown,
    _handle: unknown,
    _options: { readonly keepOpen: boolean },
    sent: (error: Error | null) => void,
  ): boolean {
    return this.#connection.send(serialize(message), sent);
  }

  on(event: 'message', listener: (message: unknown, handle: unknown) => void): this;
  on(event: 'disconnect', listener: () => void): this;
  on(event: 'message' | 'disconnect', listener: (message: unknown, handle: unknown) => void): this {
    if (event === 'message') this.#listeners.push(listener);
    else this.#connection.whenClosed(() => listener(undefined, undefined));
    return this;
  }

  #hear(payload: Buffer): void {
    let message: unknown;
    try {
      message = deserialize(payload);
    } catch (error) {
      return this.#connection.close(`the peer sent what cannot be read: ${messageOf(error)}`);
    }
    for (const listener of this.#listeners) listener(message, undefined);
  }
}
