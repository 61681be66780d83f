import type { RowTable } from '../row-sink.ts';

/** What happened at each sender in a minute. Of one account the latest row counts; accounts add up. */
export const LOSSES: RowTable = {
  table: 'losses',
  columns: [
    { name: 'minute', type: 'timestamptz' },
    { name: 'observation_domain', type: 'int8' }, // 0 where there is none
    { name: 'account', type: 'int8' }, // at random, of whoever counted
    { name: 'version', type: 'int8' }, // the highest takes the place of the others
    { name: 'datagrams', type: 'int8' },
    { name: 'received', type: 'int8' }, // in the unit of the protocol's sequence numbers
    { name: 'rows', type: 'int8' }, // made of them
    { name: 'lost', type: 'int8' }, // in the protocol's own unit; negative when late ones came in a later minute
    { name: 'duplicates', type: 'int8' },
    { name: 'reordered', type: 'int8' },
    { name: 'restarts', type: 'int8' },
    { name: 'undecodable', type: 'int8' },
    { name: 'held', type: 'int8' },
    { name: 'held_decoded', type: 'int8' },
    { name: 'held_expired', type: 'int8' },
    { name: 'filtered', type: 'int8' }, // by rules
    { name: 'kernel_drops', type: 'int8' }, // an estimate
    { name: 'dropped', type: 'int8' }, // rows, at the journal's bound
    { name: 'sender', type: 'inet' },
    { name: 'family', type: 'text' }, // flow, syslog, snmp
    { name: 'protocol', type: 'text' }, // as in exporters; empty where the family has only one
    { name: 'reasons', type: 'jsonb' }, // why undecodable: a number by reason
  ],
};
