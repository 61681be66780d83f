/**
 * Why a datagram, or a part of it, could not be decoded. Stable: metrics and scripts match on them.
 *
 * - `unknown_version`: none of NetFlow 1, 5, 7, 9, IPFIX, sFlow 5
 * - `truncated_header`: shorter than its protocol's header
 * - `bad_length`: IPFIX: the header says more bytes than the datagram has, or fewer than a header
 * - `bad_count`: NetFlow 1, 5, 7: the header says more records than the datagram has
 * - `bad_set_length`: a set shorter than its own header; the rest of the datagram is lost
 * - `truncated_set`: a set that is longer than the datagram; what is there was decoded
 * - `reserved_set`: a set id that no RFC defines
 * - `bad_template`: a template that describes no record, or that its set does not hold
 * - `too_many_fields`: a template with more fields than any exporter needs
 * - `truncated_record`: a record that its set does not hold
 * - `bad_sample`: sFlow: a sample or a structure that does not fit its own length
 * - `internal_error`: a defect of this program; the datagram was given up
 */
export type DecodeReason =
  | 'unknown_version'
  | 'truncated_header'
  | 'bad_length'
  | 'bad_count'
  | 'bad_set_length'
  | 'truncated_set'
  | 'reserved_set'
  | 'bad_template'
  | 'too_many_fields'
  | 'truncated_record'
  | 'bad_sample'
  | 'internal_error';

/** Told for each trouble; whoever listens limits the rate and writes the log. */
export interface DecodeTrouble {
  readonly reason: DecodeReason;
  /** A few words more, such as a template id; not stable. */
  readonly detail: string;
  readonly address: string;
  readonly port: number;
  /** Hexadecimal: the first bytes of the datagram. */
  readonly firstBytes: string;
}

/** How many bytes of a datagram a `DecodeTrouble` shows. */
export const SHOWN_BYTES = 32;
