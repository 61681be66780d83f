import type { Config } from '../../config/schema.ts';
import { readPairSecret } from '../../pair/pair-secret.ts';
import { systemClock } from '../../runtime/clock.ts';
import { DogwatchError } from '../../runtime/errors.ts';
import type { Log } from '../../runtime/log.ts';
import { Invitation, type Invited } from './invitation.ts';
import { pairOffer } from './offer.ts';

/**
 * How the running collector invites: one invitation at a time, a new one ends the one before.
 * @returns takes the port to be asked at; undefined: the one after ha.port
 */
export function inviter(config: Config, version: string, log: Log): (port: number | undefined) => Promise<Invited> {
  const invitation = new Invitation(systemClock, log);
  return async (port) => {
    const { ha } = config;
    if (ha === undefined)
      throw new DogwatchError('NO_PAIR', 'this collector belongs to no pair: its configuration has no ha', {
        remedy: 'see dogwatch init pair --help',
      });
    const offer = pairOffer(config, ha, readPairSecret(ha.secretFile), version);
    return invitation.open(ha.address, port ?? ha.port + 1, offer);
  };
}
