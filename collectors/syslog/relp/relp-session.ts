import type { StreamSession, TakeMessage } from '../stream-session.ts';
import { type RelpFrame, RelpFrames } from './relp-frames.ts';

/** What a session needs of its surroundings. */
export interface RelpSurroundings {
  readonly message: TakeMessage;
  /** As in `Acceptance`. */
  whenAccepted(settled: (accepted: boolean) => void): void;
  /** Bytes for the sender. */
  send(bytes: string): void;
  /** The window may be open again, or nothing may be owed any more. */
  answered(): void;
  /** The session is over: what was sent goes out, then the connection is to be closed. */
  close(): void;
  /** The sender broke the protocol; `close` follows once it has its answers. */
  broken(reason: string): void;
}

export interface RelpOptions {
  readonly maxMessageBytes: number;
  /** What our side calls itself: name, version and address, with commas between. */
  readonly software: string;
}

/** Answers that wait, oldest first: to messages of one chunk, or to another command. */
interface Owed {
  /** The answers, ready to be sent. */
  answers: string;
  messages: number;
  bytes: number;
  state: 'waiting' | 'accepted' | 'lost';
  readonly closes: boolean;
}

/** How much may wait for an answer before no more is read. A sender's own window is 128 messages by default (librelp). */
const WINDOW_MESSAGES = 1024;
const WINDOW_BYTES = 8 * 1024 * 1024;

/**
 * The receiving side of one RELP connection (the specification is `doc/relp.md` of librelp).
 *
 *   new ──open──▶ open ──close, a malformed frame──▶ ending ──all answered──▶ closed
 *    └── anything else: closed               a message was lost: closed at once
 *
 * A message is answered when its row is accepted, so that what the sender forgets is safe. One that is lost is not
 * answered: librelp takes a message off its list at any answer, 500 included, but sends again what was unanswered when
 * the connection closed. For the same reason part of a message is not given out: it comes again, whole.
 */
export class RelpSession implements StreamSession {
  readonly farewell = '0 serverclose 0\n';
  readonly #options: RelpOptions;
  readonly #surroundings: RelpSurroundings;
  readonly #frames: RelpFrames;
  #state: 'new' | 'open' | 'ending' | 'closed' = 'new';
  #owed: Owed[] = [];
  #owedMessages = 0;
  #owedBytes = 0;
  /** The messages of the chunk at hand. */
  #group: Owed | undefined;

  constructor(options: RelpOptions, surroundings: RelpSurroundings) {
    this.#options = options;
    this.#surroundings = surroundings;
    this.#frames = new RelpFrames(options.maxMessageBytes);
  }

  get holdsPart(): boolean {
    return this.#frames.holdsPart;
  }

  get mayRead(): boolean {
    return this.#owedMessages < WINDOW_MESSAGES && this.#owedBytes < WINDOW_BYTES;
  }

  get isSettled(): boolean {
    return this.#owed.length === 0;
  }

  push(chunk: Buffer): number {
    if (this.#state === 'ending' || this.#state === 'closed') return 0;
    let frames = 0;
    this.#frames.push(chunk, (frame) => {
      frames += 1;
      this.#take(frame);
    });
    this.#closeGroup();
    if (this.#frames.malformed !== undefined) this.#break(this.#frames.malformed);
    this.#settle();
    return frames;
  }

  end(): void {
    if (this.#state !== 'closed') this.#state = 'ending';
    this.#settle();
  }

  #take(frame: RelpFrame): void {
    if (this.#state === 'ending' || this.#state === 'closed') return;
    // Hints are not answered, and the specification has none for us.
    if (frame.txnr === 0) return;
    if (frame.command === 'open' && this.#state === 'new') return this.#open(frame);
    if (this.#state === 'new') return this.#break('the first command is not open');
    if (frame.command === 'syslog') return this.#takeMessage(frame);
    this.#closeGroup();
    if (frame.command === 'close') {
      this.#state = 'ending';
      this.#owe(answer(frame.txnr, '200 OK'), true);
    } else if (frame.command === 'rsp') this.#break('an answer to what was not asked');
    else this.#owe(answer(frame.txnr, '500 command not supported'));
  }

  #open(frame: RelpFrame): void {
    this.#state = 'open';
    const offers = frame.data.toString('latin1').split('\n');
    const version = offers.find((offer) => offer.startsWith('relp_version='))?.slice('relp_version='.length);
    // Without this offer in the answer the sender has to give up.
    if (version === undefined) return this.#owe(answer(frame.txnr, '500 relp_version is missing'), true);
    // librelp speaks of version 0 and 1 alike, and wants its own back.
    const ours = [`relp_version=${version === '0' ? 0 : 1}`, `relp_software=${this.#options.software}`];
    this.#owe(answer(frame.txnr, ['200 OK', ...ours, 'commands=syslog'].join('\n')));
  }

  #takeMessage(frame: RelpFrame): void {
    this.#group ??= { answers: '', messages: 0, bytes: 0, state: 'waiting', closes: false };
    this.#group.answers += answer(frame.txnr, '200 OK');
    this.#group.messages += 1;
    this.#group.bytes += frame.data.length;
    this.#surroundings.message(frame.data, frame.cut);
  }

  /** Waits for the messages of a chunk together: one question for all of them. */
  #closeGroup(): void {
    const group = this.#group;
    if (group === undefined) return;
    this.#group = undefined;
    this.#owed.push(group);
    this.#owedMessages += group.messages;
    this.#owedBytes += group.bytes;
    this.#surroundings.whenAccepted((accepted) => {
      group.state = accepted ? 'accepted' : 'lost';
      this.#settle();
    });
  }

  #owe(answers: string, closes = false): void {
    this.#owed.push({ answers, messages: 0, bytes: 0, state: 'accepted', closes });
  }

  #break(reason: string): void {
    this.#surroundings.broken(reason);
    this.#closeGroup();
    this.#state = 'ending';
    this.#owe('', true);
  }

  /** Sends the answers whose turn it is: in the order of the commands. */
  #settle(): void {
    let bytes = '';
    let closes = false;
    while (!closes && this.#state !== 'closed') {
      const first = this.#owed[0];
      if (first === undefined || first.state === 'waiting') break;
      this.#owed.shift();
      this.#owedMessages -= first.messages;
      this.#owedBytes -= first.bytes;
      if (first.state === 'accepted') bytes += first.answers;
      closes = first.closes || first.state === 'lost';
    }
    if (closes) {
      this.#state = 'closed';
      this.#owed = [];
      bytes += this.farewell;
    }
    if (bytes === '') return;
    this.#surroundings.send(bytes);
    if (closes) this.#surroundings.close();
    else this.#surroundings.answered();
  }
}

function answer(txnr: number, text: string): string {
  return `${txnr} rsp ${text.length} ${text}\n`;
}
