import type { RoleKeeper } from '../../ha/role/keeper/role-keeper.ts';
import type { Clock } from '../runtime/clock.ts';
import { DogwatchError, messageOf } from '../runtime/errors.ts';
import { withTimeout } from '../runtime/lifecycle.ts';
import type { Log } from '../runtime/log.ts';
import type { EventLog } from './events/event-log.ts';
import type { PeerTalk } from './peer/peer-talk.ts';

export interface SwitchoverParts {
  readonly node: string;
  readonly peer: string;
  readonly handOverMs: number;
  readonly role: RoleKeeper;
  readonly talk: PeerTalk;
  readonly events: EventLog;
}

/** What an operator is told. */
interface Moved {
  readonly summary: string;
  readonly epoch: number;
}

/** Moves of the role that somebody wants: an operator, a service that stops, an interface that has lost its link. */
export class Switchovers {
  readonly #parts: SwitchoverParts;
  readonly #clock: Clock;
  readonly #log: Log;

  constructor(parts: SwitchoverParts, clock: Clock, log: Log) {
    this.#parts = parts;
    this.#clock = clock;
    this.#log = log;
  }

  /**
   * Moves the role, as an operator asks.
   * @param to the node that is to be active; undefined: the one that is not
   * @throws DogwatchError `SWITCHOVER_REFUSED` with why; `PEER_UNREACHABLE`
   */
  async move(to: string | undefined, force: boolean): Promise<Moved> {
    const { node, peer, role, events } = this.#parts;
    if (to !== undefined && to !== node && to !== peer)
      throw new DogwatchError(
        'SWITCHOVER_REFUSED',
        `no node of this pair is called ${to}: they are ${node} and ${peer}`,
      );
    const { role: own, knownEpoch } = role.status();
    const isHere = own === 'active';
    if (to === (isHere ? node : peer)) return { summary: `${to} is active already`, epoch: knownEpoch };
    if (!isHere) return this.#askPeer(to, force);
    const beganMs = this.#clock.monotonicMs();
    const { moved, reason, epoch } = await role.switchOver({ force });
    if (!moved) throw new DogwatchError('SWITCHOVER_REFUSED', [reason, ...this.#peerLacks()].join('; '));
    const ms = Math.round(this.#clock.monotonicMs() - beganMs);
    events.add('switchover', epoch, `${node} handed the role over to ${peer}`, { ms, reason });
    return { summary: `${peer} is active with epoch ${epoch}, after ${ms} ms`, epoch };
  }

  /** What the peer says that it needs to be active, and has not. */
  #peerLacks(): string[] {
    const { findings = [] } = this.#parts.talk.peer?.status.readiness ?? {};
    return findings.filter(({ state }) => state === 'fail').map(({ name, found }) => `${name}: ${found}`);
  }

  /** This node stops: the role goes to the peer where that can take it in time. */
  async beforeTheEnd(): Promise<void> {
    const { node, peer, handOverMs, role, events } = this.#parts;
    try {
      const { moved, reason } = await withTimeout(role.switchOver(), handOverMs, 'the switchover');
      const summary = `${node} stops, and handed the role over to ${peer}`;
      if (moved) events.add('switchover', role.status().knownEpoch, summary);
      else this.#log.warn({ reason }, 'stopping without a successor');
    } catch (error) {
      this.#log.warn({ error: messageOf(error) }, 'stopping without a successor');
    }
  }

  /** Both votes may be here while nothing comes in. */
  async withoutLink(): Promise<void> {
    const { node, peer, role, events } = this.#parts;
    try {
      const { moved, reason, epoch } = await role.switchOver();
      const summary = `${node} has no link to the devices, and handed the role over to ${peer}`;
      if (moved) events.add('switchover', epoch, summary, { reason });
      else this.#log.warn({ reason }, 'there is no link to the devices, and the role could not be handed over');
    } catch (error) {
      this.#log.warn({ error: messageOf(error) }, 'the role could not be handed over');
    }
  }

  async #askPeer(to: string | undefined, force: boolean): Promise<Moved> {
    const { talk, handOverMs } = this.#parts;
    if (talk.channel === undefined)
      throw new DogwatchError('PEER_UNREACHABLE', 'the active node cannot be asked: there is no connection to it');
    const answer = await talk.channel.request('pair.switchover', { to, force }, 2 * handOverMs);
    if (answer.refusal !== undefined) throw new DogwatchError('SWITCHOVER_REFUSED', answer.refusal);
    return answer;
  }
}
