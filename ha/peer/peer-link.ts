import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIP } from 'node:net';

import type { Clock } from '../../src/runtime/clock.ts';
import { DogwatchError, messageOf } from '../../src/runtime/errors.ts';
import type { Component } from '../../src/runtime/lifecycle.ts';
import type { Log } from '../../src/runtime/log.ts';
import { RateLimit } from '../../src/runtime/rate-limit.ts';
import type { Beat, BeatLink } from '../role/ports.ts';
import { BEAT_BYTES, type BeatKeys } from './beats/beat-keys.ts';
import { readBeat, writeBeat } from './beats/beat-layout.ts';
import { ClockOffset } from './beats/clock-offset.ts';
import { BEAT, ENVELOPE_BYTES, HELLO, LINK_VERSION, readEnvelope } from './beats/envelope.ts';
import { type Greeting, Handshake } from './beats/handshake.ts';
import { canBeHello, type Hello, openHello, sealHello } from './beats/hello.ts';
import { linkTroubles } from './beats/link-troubles.ts';
import { type Refusal, Refusals } from './beats/refusals.ts';
import { helloKey, newSession } from './link-keys.ts';

export interface PeerLinkOptions {
  /** Name of this node. */
  readonly node: string;
  /** Own address, an IP address of this host. */
  readonly address: string;
  /** Own port; 0 lets the kernel choose. */
  readonly port: number;
  /** Where the peer is reached, as seen from here; beats go there and nowhere else. */
  readonly peer: { readonly name: string; readonly address: string; readonly port: number };
  /** As `parseSecret` gives it. */
  readonly secret: Buffer;
  /** Of the program, told to the peer. */
  readonly version: string;
  /** Of this run, as `newSession` makes it. */
  readonly session?: string;
  /** Without a beat for so long, hellos are sent; default 1 s. */
  readonly silentAfterMs?: number;
}

/** What the link knows of the peer. Spans in milliseconds; undefined: not known. */
export interface PeerLinkStatus {
  readonly peer: string;
  /** Since the last beat of the peer. */
  readonly heardAgoMs: number | undefined;
  /** Where the last one came from; may differ from the configured address where addresses are translated. */
  readonly heardFrom: string | undefined;
  readonly roundTripMs: number | undefined;
  /** By how much the peer's wall clock is ahead; negative: behind. */
  readonly clockOffsetMs: number | undefined;
  /** Of the peer's latest beats, the share that did not come, 0 to 1. */
  readonly lossRate: number;
  /** Version of the peer's program. */
  readonly peerVersion: string | undefined;
  readonly peerLinkVersion: number | undefined;
  /** Which run of the peer it is, in hexadecimal. */
  readonly peerSession: string | undefined;
  /** How often another run of the peer took the place of one. */
  readonly peerRestarts: number;
  readonly sent: number;
  readonly taken: number;
  readonly refused: Readonly<Record<Refusal, number>>;
  /** What is wrong, sentences for the operator. */
  readonly troubles: readonly string[];
}

const HELLO_MS = 250;
const SILENT_MS = 1000;
const LOOK_MS = 100;
/** Looked into in `LOOK_MS`: an AES-GCM check takes a few microseconds, so a flood costs some hundredths of a core. */
const BEATS_LOOKED_INTO = 500;
const HELLOS_LOOKED_INTO = 20;
const HELLOS_OF_STRANGERS = 5;
/** Holds a few thousand datagrams, so that a flood does not push out beats at once. */
const RECEIVE_BUFFER_BYTES = 1 << 20;

/**
 * Beats between the two nodes: UDP, each datagram sealed, fresh and taken once. What does not come from the peer changes nothing, costs
 * at most one check of a tag, and is counted by its reason. Where a datagram came from is noted, not compared: addresses may be
 * translated on the way, and prove nothing.
 *
 *   idle ──start()──▶ bound: hellos until beats of the peer come, and again when they stay away ──stop()──▶ closed
 */
export class PeerLink implements Component, BeatLink {
  readonly name = 'peer link';
  onBeat: ((beat: Beat) => void) | undefined;
  /** Of this run, in hexadecimal. */
  readonly session: string;
  readonly #session: Buffer;
  readonly #options: PeerLinkOptions;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #helloKey: Buffer;
  readonly #handshake: Handshake;
  readonly #refusals = new Refusals();
  readonly #offset = new ClockOffset();
  readonly #beatsLookedInto = new RateLimit(BEATS_LOOKED_INTO, LOOK_MS);
  readonly #hellosLookedInto = new RateLimit(HELLOS_LOOKED_INTO, LOOK_MS);
  readonly #hellosOfStrangers = new RateLimit(HELLOS_OF_STRANGERS, LOOK_MS);
  readonly #sendTroubleLimit = new RateLimit(1, 10_000);
  #socket: Socket | undefined;
  #cancelTick: (() => void) | undefined;
  #sent = 0;
  #taken = 0;
  #sendTrouble = '';
  #heardAtMs: number | undefined;
  #heardFrom: string | undefined;
  #heardMonotonicMicros = 0;
  #knownSession: string | undefined;
  #restarts = 0;

  constructor(options: PeerLinkOptions, clock: Clock, log: Log) {
    this.#options = options;
    this.#clock = clock;
    this.#log = log.child({ peer: options.peer.name });
    this.#helloKey = helloKey(options.secret);
    this.#handshake = new Handshake(options.secret);
    this.session = options.session ?? newSession();
    this.#session = Buffer.from(this.session, 'hex');
  }

  /** @throws DogwatchError `PEER_LINK_FAILED`: the address is not ours, or the port is taken */
  async start(): Promise<void> {
    const { address, port } = this.#options;
    const type = isIP(address) === 6 ? 'udp6' : 'udp4';
    const socket = createSocket({ type, recvBufferSize: RECEIVE_BUFFER_BYTES });
    const listening = once(socket, 'listening');
    socket.bind({ address, port });
    await listening.catch((error: unknown) => {
      socket.close();
      throw linkFailed(address, port, error);
    });
    this.#socket = socket;
    socket.on('error', (error) => this.#log.error({ error: messageOf(error) }, 'socket error'));
    socket.on('message', (bytes, from) => this.receive(bytes, from.address));
    this.#tick();
  }

  async stop(): Promise<void> {
    this.#cancelTick?.();
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket === undefined) return;
    const closed = once(socket, 'close');
    socket.close();
    await closed;
  }

  /** The port that it is bound to; 0 before `start` and after `stop`. */
  get port(): number {
    return this.#socket?.address().port ?? 0;
  }

  send(beat: Beat): void {
    const keys = this.#handshake.sending;
    if (keys === undefined || this.#socket === undefined) return;
    const nowMs = this.#clock.monotonicMs();
    const body = writeBeat(beat, {
      wallMicros: this.#clock.nowMicros(),
      monotonicMicros: nowMs * 1000,
      echoMicros: this.#heardMonotonicMicros,
      heldMicros: (nowMs - (this.#heardAtMs ?? nowMs)) * 1000,
    });
    this.#transmit(keys.seal(body));
    this.#sent += 1;
  }

  get status(): PeerLinkStatus {
    const nowMs = this.#clock.monotonicMs();
    const keys = this.#handshake.sending;
    const best = this.#offset.best;
    return {
      peer: this.#options.peer.name,
      heardAgoMs: this.#heardAtMs === undefined ? undefined : nowMs - this.#heardAtMs,
      heardFrom: this.#heardFrom,
      roundTripMs: best?.roundTripMs,
      clockOffsetMs: best?.offsetMs,
      lossRate: keys?.window.lossRate ?? 0,
      peerVersion: keys?.peer.program,
      peerLinkVersion: keys?.peer.version,
      peerSession: this.#knownSession,
      peerRestarts: this.#restarts,
      sent: this.#sent,
      taken: this.#taken,
      refused: { ...this.#refusals.totals },
      troubles: [...linkTroubles(this.#refusals, nowMs), ...(this.#sendTrouble === '' ? [] : [this.#sendTrouble])],
    };
  }

  /** Takes a datagram; whatever its bytes are, it does not throw. Public for tests that have bytes and no socket. */
  receive(bytes: Buffer, address: string): void {
    const envelope = bytes.length < ENVELOPE_BYTES ? undefined : readEnvelope(bytes);
    if (envelope?.kind === BEAT) this.#receiveBeat(bytes, envelope.version, address);
    else if (envelope?.kind === HELLO) this.#receiveHello(bytes, address);
    else this.#refuse(bytes.length < ENVELOPE_BYTES ? 'badLength' : 'notOurs', address);
  }

  #receiveBeat(bytes: Buffer, version: number, address: string): void {
    // What a beat of another version looks like is not known here; its sender's hello says which it is.
    if (version !== LINK_VERSION) return this.#refuse('otherKeys', address);
    if (bytes.length !== BEAT_BYTES) return this.#refuse('badLength', address);
    const keys = this.#handshake.find(bytes);
    if (keys === undefined) return this.#refuse('otherKeys', address);
    if (!keys.isNew(bytes)) return this.#refuse('replayed', address);
    if (!this.#beatsLookedInto.take(this.#clock.monotonicMs()).passed) return this.#refuse('flooded', address);
    const plain = keys.open(bytes);
    if (plain === undefined) return this.#refuse('badTag', address);
    this.#takeBeat(plain, keys, address);
  }

  #takeBeat(plain: Buffer, keys: BeatKeys, address: string): void {
    const body = readBeat(plain);
    if (body === undefined) return this.#refuse('malformed', address);
    const nowMs = this.#clock.monotonicMs();
    this.#handshake.confirm(keys);
    this.#taken += 1;
    this.#heardAtMs = nowMs;
    this.#heardFrom = address;
    this.#heardMonotonicMicros = body.monotonicMicros;
    if (body.echoMicros > 0) {
      const roundTrip = nowMs * 1000 - body.echoMicros - body.heldMicros;
      this.#offset.add(roundTrip, body.wallMicros, this.#clock.nowMicros());
    }
    this.onBeat?.({ node: keys.peer.node, ...body.beat });
  }

  #receiveHello(bytes: Buffer, address: string): void {
    if (!canBeHello(bytes)) return this.#refuse('badLength', address);
    const isKnown = address === this.#options.peer.address || address === this.#heardFrom;
    const limit = isKnown ? this.#hellosLookedInto : this.#hellosOfStrangers;
    if (!limit.take(this.#clock.monotonicMs()).passed) return this.#refuse('flooded', address);
    const hello = openHello(this.#helloKey, bytes);
    if (hello === undefined) return this.#refuse('badTag', address);
    const { session, node, version } = hello;
    if (session.equals(this.#session)) return this.#refuse('ownEcho', address);
    if (node === this.#options.node) return this.#refuse('sameName', address, node);
    if (node !== this.#options.peer.name) return this.#refuse('otherName', address, node);
    if (version !== LINK_VERSION) return this.#refuse('otherVersion', address, String(version));
    this.#takeHello(hello, address);
  }

  #takeHello(hello: Hello, address: string): void {
    const { outcome, reply } = this.#handshake.hear(hello);
    if (outcome === 'replayed') this.#refuse('replayed', address);
    if (outcome === 'proven') this.#noteRun(hello);
    if (reply !== undefined) this.#greet(reply);
  }

  /** Called with hellos that are proven, and only then. */
  #noteRun({ session, program }: Hello): void {
    const known = session.toString('hex');
    if (known === this.#knownSession) return;
    if (this.#knownSession !== undefined) {
      this.#restarts += 1;
      // What was echoed or measured was of clocks that are gone.
      this.#heardMonotonicMicros = 0;
    }
    this.#log.info({ version: program, again: this.#knownSession !== undefined }, 'the peer is there');
    this.#knownSession = known;
  }

  #tick(): void {
    this.#cancelTick = this.#clock.after(HELLO_MS, () => this.#tick());
    const silentMs = this.#clock.monotonicMs() - (this.#heardAtMs ?? -Infinity);
    if (silentMs > (this.#options.silentAfterMs ?? SILENT_MS)) this.#greet(this.#handshake.greet());
  }

  #greet(greeting: Greeting): void {
    const hello = {
      ...greeting,
      version: LINK_VERSION,
      session: this.#session,
      node: this.#options.node,
      program: this.#options.version,
    };
    this.#transmit(sealHello(this.#helloKey, hello));
  }

  #transmit(bytes: Buffer): void {
    const { address, port } = this.#options.peer;
    this.#socket?.send(bytes, port, address, (error) => {
      this.#sendTrouble = error === null ? '' : `cannot send to the peer at ${address}: ${messageOf(error)}`;
      if (error === null) return;
      const { passed, suppressed } = this.#sendTroubleLimit.take(this.#clock.monotonicMs());
      if (passed) this.#log.warn({ address, port, error: messageOf(error), suppressed }, 'cannot send to the peer');
    });
  }

  #refuse(refusal: Refusal, address: string, about = ''): void {
    const isNew = this.#refusals.add(refusal, address, this.#clock.monotonicMs(), about);
    if (isNew) this.#log.warn({ refusal, address, about }, 'a datagram of the link was refused');
  }
}

function linkFailed(address: string, port: number, error: unknown): DogwatchError {
  return new DogwatchError('PEER_LINK_FAILED', `the link to the peer cannot use ${address} port ${port}`, {
    cause: error,
    remedy: 'ha.address must be an address of this host, and the port free for UDP and TCP',
  });
}
