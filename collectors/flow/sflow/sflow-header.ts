import { addressFieldLength } from './sflow-structures.ts';

const VERSION = 5;

/**
 * The header of a sFlow version 5 datagram, all that is needed to find the exporter's state. One object is used over
 * and over. sFlow version 5 (sflow.org, 2004), section 5, "sample_datagram_v5".
 */
export class SflowHeader {
  /** Where the agent's address stands in the datagram. */
  agentOffset = 0;
  /** Bytes of the agent's address; 0 when the agent does not know its own. */
  agentLength: 0 | 4 | 16 = 0;
  subAgentId = 0;
  /** Counts the datagrams of this agent and sub-agent, modulo 2^32. */
  sequence = 0;
  /** Milliseconds since the agent started, modulo 2^32. */
  uptimeMs = 0;
  /** How many samples the datagram claims to have. */
  sampleCount = 0;
  /** Where the first sample starts. */
  bodyOffset = 0;

  /** @returns whether there is a whole header of version 5; if not, the fields mean nothing. */
  read(bytes: Buffer): boolean {
    if (bytes.length < 8 || bytes.readUInt32BE(0) !== VERSION) return false;
    const addressLength = addressFieldLength(bytes.readUInt32BE(4));
    if (addressLength < 0 || bytes.length < 4 + addressLength + 16) return false;
    this.agentOffset = 8;
    this.agentLength = addressLength === 8 ? 4 : addressLength === 20 ? 16 : 0;
    const at = 4 + addressLength;
    this.subAgentId = bytes.readUInt32BE(at);
    this.sequence = bytes.readUInt32BE(at + 4);
    this.uptimeMs = bytes.readUInt32BE(at + 8);
    this.sampleCount = bytes.readUInt32BE(at + 12);
    this.bodyOffset = at + 16;
    return true;
  }
}
