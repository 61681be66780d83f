import type { Vocabulary } from './channel.ts';

/** Between two signs of life of a child. */
export const SIGN_EVERY_MS = 250;

/** What every child says about itself, beside the words of its own trade. */
interface ChildLifeMessages {
  /** I live. */
  readonly 'life.sign': undefined;
  /** My modules are loaded, I wait for my assignment. */
  readonly 'life.loaded': undefined;
  /** I have started what I was assigned. */
  readonly 'life.ready': undefined;
  /** I could not start it, and end. */
  readonly 'life.failed': Failure;
}

export interface Failure {
  /** Of a DogwatchError; undefined for a defect. */
  readonly code: string | undefined;
  readonly message: string;
  readonly remedy: string | undefined;
}

/** What every parent says to its children. */
interface ParentLifeMessages {
  /** Be this, with the sockets that were sent before. */
  readonly 'life.assign': Assignment;
  /** A socket of the assignment to come; the handle comes with it. */
  readonly 'life.socket': SocketPlace;
  /** Stop in order, and end. */
  readonly 'life.stop': undefined;
}

export interface Assignment {
  /** As in the log and in the process list: `worker 1`. */
  readonly name: string;
  /** What it starts with; the configuration, for example. */
  readonly start: unknown;
}

/** Where a socket belongs. */
interface SocketPlace {
  /** Position of the listener in the configuration, from 0. */
  readonly listener: number;
  readonly protocol: 'udp' | 'tcp';
}

/** The words of a trade with those of life. */
export interface ChildSays<V extends Vocabulary> extends Vocabulary {
  readonly messages: V['messages'] & ChildLifeMessages;
  readonly requests: V['requests'];
}

export interface ParentSays<V extends Vocabulary> extends Vocabulary {
  readonly messages: V['messages'] & ParentLifeMessages;
  readonly requests: V['requests'];
}

/** The words of life alone, which every channel between keeper and child has. */
export interface LifeOnly extends Vocabulary {
  readonly messages: object;
  readonly requests: object;
}
