import type { SamplingView } from '../record/record.ts';
import type { SampleDropCounter } from './sflow-drops.ts';
import type { SflowHeader } from './sflow-header.ts';

/** What the decoder needs to know of the exporter: (agent address, sub-agent id). A `RecordContext` will do. */
export interface SflowExporterState {
  /** The whole COPY field `exporter`, length included: the agent's address, or the datagram's where the agent knows none. */
  readonly exporterField: Buffer;
  readonly sampling: SamplingView;
  /** Follows the agent's own losses; without it `SflowResult.drops` stays 0. */
  readonly drops?: SampleDropCounter;
}

/** What one datagram held. The decoder's own object, overwritten by its next `decode`. */
export interface SflowResult {
  readonly header: SflowHeader;
  /** Samples of formats 1 and 3. */
  flowSamples: number;
  /** Samples of formats 2 and 4. */
  counterSamples: number;
  /** Samples of format 5: packets that the device discarded. */
  dropSamples: number;
  /** Samples of vendors, and of formats that nobody has defined: skipped by their length. */
  skippedSamples: number;
  /** Rows of `flows`: one a flow sample or drop sample. */
  records: number;
  /** Structures within samples, and those of them that are not known here. */
  structures: number;
  unknownStructures: number;
  /** Sampled headers of a protocol that is not parsed (token ring, 802.11 …); their samples have rows all the same. */
  unknownHeaders: number;
  /** Samples that the agent itself lost for lack of resources since its sample before. */
  drops: number;
  /** Samples and structures that did not fit the room they claimed; what was there was decoded. */
  errors: number;
  /** `truncated_header`: nothing was decoded; `bad_sample`: see `errors`. Empty: all was well. */
  reason: '' | 'truncated_header' | 'bad_sample';
}
