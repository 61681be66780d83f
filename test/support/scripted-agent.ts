import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import { encodeElement, encodeInteger } from '../../collectors/snmp/ber/ber-writer.ts';

/** A question of v1 or v2c, as far as a test needs it. */
export interface Question {
  readonly version: number;
  readonly community: string;
  /** 0xa0 get, 0xa1 get-next, 0xa5 get-bulk. */
  readonly pdu: number;
  readonly requestId: number;
  /** Dotted. */
  readonly oids: readonly string[];
  readonly datagram: Buffer;
  readonly from: RemoteInfo;
}

/** Bytes to send back, each a datagram. */
export type Script = (question: Question) => readonly Buffer[] | Promise<readonly Buffer[]>;

export interface ScriptedAgent {
  readonly port: number;
  readonly questions: readonly Question[];
  close(): void;
}

/** An agent on the loopback that answers as a test says. */
export async function startScriptedAgent(script: Script, address = '127.0.0.1', port = 0): Promise<ScriptedAgent> {
  const socket = createSocket('udp4');
  const questions: Question[] = [];
  let closed = false;
  const answer = async (question: Question) => {
    const answers = await script(question);
    if (!closed) for (const each of answers) socket.send(each, question.from.port, question.from.address);
  };
  socket.on('message', (datagram, from) => {
    const question = read(datagram, from);
    questions.push(question);
    void answer(question);
  });
  socket.bind(port, address);
  await once(socket, 'listening');
  return {
    port: socket.address().port,
    questions,
    close: () => {
      closed = true;
      socket.close();
    },
  };
}

/** A well-formed answer. */
export function response(question: Question, varbinds: readonly Buffer[], community = question.community): Buffer {
  const pdu = encodeElement(
    0xa2,
    encodeInteger(0x02, question.requestId),
    encodeInteger(0x02, 0),
    encodeInteger(0x02, 0),
    encodeElement(0x30, ...varbinds),
  );
  return encodeElement(0x30, encodeInteger(0x02, question.version), text(community), pdu);
}

export function varbind(oid: string, value: Buffer): Buffer {
  return encodeElement(0x30, encodeElement(0x06, oidContent(oid)), value);
}

export function text(value: string | Buffer): Buffer {
  return encodeElement(0x04, Buffer.from(value));
}

const END_OF_MIB_VIEW = Buffer.from([0x82, 0]);

/** X.690 8.19: the first two arcs in one octet, seven bits an octet. */
function oidContent(oid: string): Buffer {
  const [first = 0, second = 0, ...rest] = oid.split('.').map(Number);
  return Buffer.from([first * 40 + second, ...rest.flatMap(base128)]);
}

function base128(arc: number): number[] {
  const octets = [arc % 128];
  for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) octets.unshift(128 + (left % 128));
  return octets;
}

interface Element {
  readonly tag: number;
  readonly content: Buffer;
}

function read(datagram: Buffer, from: RemoteInfo): Question {
  const [message] = elements(datagram);
  const [version, community, pdu] = elements(message?.content);
  const [requestId, , , list] = elements(pdu?.content);
  const oids = elements(list?.content).map((each) => dotted(elements(each.content)[0]?.content ?? Buffer.alloc(0)));
  return {
    version: version?.content.readInt8() ?? 0,
    community: community?.content.toString() ?? '',
    pdu: pdu?.tag ?? 0,
    requestId: requestId?.content.readIntBE(0, requestId.content.length) ?? 0,
    oids,
    datagram,
    from,
  };
}

/** What our own questions hold: lengths of one or two octets. */
function elements(bytes: Buffer = Buffer.alloc(0)): Element[] {
  const found: Element[] = [];
  for (let at = 0; at + 1 < bytes.length;) {
    const octets = (bytes[at + 1] ?? 0) > 0x80 ? (bytes[at + 1] ?? 0) - 0x80 : 0;
    const length = octets === 0 ? (bytes[at + 1] ?? 0) : bytes.readUIntBE(at + 2, octets);
    const start = at + 2 + octets;
    found.push({ tag: bytes[at] ?? 0, content: bytes.subarray(start, start + length) });
    at = start + length;
  }
  return found;
}

function dotted(content: Buffer): string {
  const arcs = [];
  let arc = 0;
  for (const octet of content) {
    arc = arc * 128 + (octet % 128);
    if (octet < 128) arcs.push(arc);
    if (octet < 128) arc = 0;
  }
  const [first = 0, ...rest] = arcs;
  return [Math.floor(first / 40), first % 40, ...rest].join('.');
}

/** An agent with these values by OID: answers every question truly, one varbind each. */
export function agentWith(values: Readonly<Record<string, Buffer>>): (question: Question) => readonly Buffer[] {
  const none = Buffer.from([0x80, 0]);
  return (question) => {
    const answers = question.oids.map((oid) => {
      if (question.pdu === 0xa0) return varbind(oid, values[oid] ?? none);
      const next = Object.keys(values).find((each) => each.startsWith(`${oid}.`) && !each.endsWith('.0'));
      return next === undefined ? varbind(oid, END_OF_MIB_VIEW) : varbind(next, values[next] ?? none);
    });
    return [response(question, answers)];
  };
}
