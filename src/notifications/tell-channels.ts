import { messageOf } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import type { Channel, Notification } from './channel.ts';

/** What became of one attempt. */
export interface Told {
  /** Channels that have it now, those of before included. */
  readonly told: readonly string[];
  /** `email: why not`. */
  readonly failures: readonly string[];
}

/**
 * Tells it through each channel that has not taken it. Never rejects.
 * @param done channels that have taken it before
 */
export async function tellChannels(
  channels: readonly Channel[],
  notification: Notification,
  done: readonly string[],
  log: Log,
): Promise<Told> {
  const told = [...done];
  const failures: string[] = [];
  for (const channel of channels) {
    const { name, target } = channel;
    if (told.includes(name)) continue;
    try {
      const answer = await channel.send(notification);
      told.push(name);
      log.info({ channel: name, target, event: notification.uid, answer }, 'told operators, without the database');
    } catch (error) {
      failures.push(`${name}: ${messageOf(error)}`);
    }
  }
  return { told, failures };
}
