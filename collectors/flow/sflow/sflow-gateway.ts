import type { JsonObjectWriter } from '../values/json-object.ts';
import { writeJsonKey } from '../values/json-value.ts';
import type { SampledFlow } from './sampled-flow.ts';
import { addressFieldLength, isZero } from './sflow-structures.ts';

const AS_SET = 1;
/** What is kept of a path, and of the communities; a longer path is walked to its end for the destination. */
const MAX_KEPT = 128;

const KEY = {
  gateway: writeJsonKey('extended_gateway'),
  as: writeJsonKey('as'),
  path: writeJsonKey('dst_as_path'),
  communities: writeJsonKey('communities'),
  localPreference: writeJsonKey('localpref'),
  previousAs: writeJsonKey('bgpPrevAdjacentAsNumber'),
  nextAs: writeJsonKey('bgpNextAdjacentAsNumber'),
};

/**
 * Reads "extended_gateway" (0:1003): what BGP knows of the packet. The last AS of the path is the destination's, the
 * first one the next on the way. An empty path, or source AS 0, means this network itself: the gateway's own AS.
 * @returns whether all of it was there; what was is taken.
 */
export function readGateway(
  flow: SampledFlow,
  extra: JsonObjectWriter,
  source: Buffer,
  start: number,
  end: number,
): boolean {
  const addressLength = end - start < 4 ? -1 : addressFieldLength(source.readUInt32BE(start));
  const at = start + addressLength;
  if (addressLength < 0 || end - at < 12) return false;
  if (addressLength > 4 && !isZero(source, start + 4, at)) {
    flow.bgpNextHopOffset = start + 4;
    flow.bgpNextHopLength = addressLength === 8 ? 4 : 16;
  }
  const ownAs = source.readUInt32BE(at);
  flow.srcAs = source.readUInt32BE(at + 4) || ownAs;
  flow.dstAs = ownAs;
  extra.key(KEY.gateway);
  extra.openObject();
  extra.key(KEY.as);
  extra.integer(ownAs);
  const pathEnd = readPath(flow, extra, source, at + 12, end);
  const whole = pathEnd >= 0 && readCommunities(extra, source, pathEnd, end);
  extra.closeObject();
  writeNeighbour(extra, KEY.previousAs, source.readUInt32BE(at + 8));
  if (pathEnd >= 0 && end - at >= 24 && source.readUInt32BE(at + 12) > 0) writeNextAs(extra, source, at + 16, pathEnd);
  return whole;
}

/** Segments of type, length and that many AS numbers. The position behind them, -1 where they are cut. */
function readPath(flow: SampledFlow, extra: JsonObjectWriter, source: Buffer, start: number, end: number): number {
  if (end - start < 4) return -1;
  const segments = source.readUInt32BE(start);
  let at = start + 4;
  let kept = 0;
  extra.key(KEY.path);
  extra.openArray();
  for (let segment = 0; segment < segments && at >= 0; segment += 1) {
    const count = end - at < 8 ? 0xff_ff_ff_ff : source.readUInt32BE(at + 4);
    if (count * 4 > end - at - 8) {
      at = -1;
      break;
    }
    if (kept < MAX_KEPT) writeSegment(extra, source, at, Math.min(count, MAX_KEPT - kept));
    kept += count;
    at += 8 + count * 4;
    if (count > 0) flow.dstAs = source.readUInt32BE(at - 4);
  }
  extra.closeArray();
  return at;
}

/** A set, of which nobody knows the order, is an array within the path. */
function writeSegment(extra: JsonObjectWriter, source: Buffer, at: number, count: number): void {
  const isSet = source.readUInt32BE(at) === AS_SET;
  if (isSet) {
    extra.item();
    extra.openArray();
  }
  for (let index = 0; index < count; index += 1) {
    extra.item();
    extra.integer(source.readUInt32BE(at + 8 + index * 4));
  }
  if (isSet) extra.closeArray();
}

/** Communities as operators write them (RFC 1997), then the local preference. */
function readCommunities(extra: JsonObjectWriter, source: Buffer, start: number, end: number): boolean {
  if (end - start < 4) return false;
  const count = source.readUInt32BE(start);
  const preferenceAt = start + 4 + count * 4;
  if (preferenceAt > end) return false;
  if (count > 0) {
    extra.key(KEY.communities);
    extra.openArray();
    for (let index = 0; index < Math.min(count, MAX_KEPT); index += 1) {
      const at = start + 4 + index * 4;
      extra.item();
      extra.text(`${source.readUInt16BE(at)}:${source.readUInt16BE(at + 2)}`);
    }
    extra.closeArray();
  }
  if (end - preferenceAt < 4) return false;
  extra.key(KEY.localPreference);
  extra.integer(source.readUInt32BE(preferenceAt));
  return true;
}

/** `at`: the first segment. */
function writeNextAs(extra: JsonObjectWriter, source: Buffer, at: number, pathEnd: number): void {
  if (source.readUInt32BE(at + 4) > 0 && pathEnd - at >= 12) {
    writeNeighbour(extra, KEY.nextAs, source.readUInt32BE(at + 8));
  }
}

function writeNeighbour(extra: JsonObjectWriter, key: Buffer, as: number): void {
  if (as === 0) return;
  extra.key(key);
  extra.integer(as);
}
