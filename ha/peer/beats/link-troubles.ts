import { LINK_VERSION } from './envelope.ts';
import { type Refusal, REFUSALS, type Refusals } from './refusals.ts';

type Words = (address: string, about: string) => string;

/** Sentences for the operator; kinds that are not here are only counted. */
const WORDS: Partial<Record<Refusal, Words>> = {
  badTag: (address) => `datagrams from ${address} fail authentication: do both nodes have the same ha.secretFile?`,
  sameName: (address, name) => `the node at ${address} has this node's name, ${name}: give each node its own`,
  otherName: (address, name) => `a node named ${name} at ${address} has our secret, and is not the peer`,
  otherVersion: (address, version) =>
    `the peer at ${address} speaks version ${version} of the link, this node version ${LINK_VERSION}: bring both to one version`,
  ownEcho: (address) => `our own datagrams come back from ${address}: the peer's address leads to this node`,
  flooded: (address) => `more datagrams come than are looked into, some from ${address}`,
};

/** What is wrong with the link now, in words. */
export function linkTroubles(refusals: Refusals, nowMs: number): string[] {
  return REFUSALS.flatMap((refusal) => {
    const last = refusals.recent(refusal, nowMs);
    const words = WORDS[refusal];
    return last === undefined || words === undefined ? [] : [words(last.address, last.about)];
  });
}
