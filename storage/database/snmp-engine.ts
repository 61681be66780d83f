import { connect, type DatabaseAddress, disconnect } from './database.ts';
import { sqlFile } from './sql.ts';

/** Who we are to senders of SNMPv3 informs. */
export interface StoredEngine {
  /** snmpEngineID, lower-case hexadecimal. */
  readonly engineId: string;
  /** snmpEngineBoots. */
  readonly boots: number;
}

const LOAD = sqlFile('load-snmp-engine');
const SAVE = sqlFile('save-snmp-engine');

/** The identity that all nodes of this database share; undefined before the first. @throws what `pg` says */
export async function loadEngine(address: DatabaseAddress): Promise<StoredEngine | undefined> {
  const client = await connect(address);
  try {
    return (await client.query<StoredEngine>(LOAD)).rows[0];
  } finally {
    await disconnect(client);
  }
}

/** @throws what `pg` says */
export async function saveEngine(address: DatabaseAddress, engine: StoredEngine, node: string): Promise<void> {
  const client = await connect(address);
  try {
    await client.query(SAVE, [engine.engineId, engine.boots, node]);
  } finally {
    await disconnect(client);
  }
}
