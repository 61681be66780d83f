import { type CollectorStatus, datagramListeners, type ListenerStatus, streamListeners } from '../../console/status.ts';
import type { Metrics } from '../../runtime/metrics.ts';

const LABELS = ['family', 'transport', 'address', 'port'] as const;

const ALL = [
  ['bytes', 'listener_bytes_total', 'Payload bytes received from allowed senders.'],
  ['refused', 'listener_refused_total', 'Datagrams or connections from senders outside the allow-list.'],
] as const;

const DATAGRAMS = [
  ['datagrams', 'listener_datagrams_total', 'Datagrams received from allowed senders.'],
  ['kernelDrops', 'listener_kernel_drops_total', 'Datagrams that the kernel dropped for want of receive buffer.'],
] as const;

const STREAMS = [
  ['messages', 'listener_messages_total', 'Messages received over connections.'],
  ['accepted', 'listener_connections_total', 'Connections accepted.'],
  [
    'refusedFull',
    'listener_connections_refused_total',
    'Connections beyond the bound of the listener or of their source.',
  ],
  ['closedIdle', 'listener_connections_idle_total', 'Connections closed for silence.'],
  ['cut', 'listener_messages_cut_total', 'Messages longer than allowed, or left incomplete.'],
  ['framingErrors', 'listener_framing_errors_total', 'Connections closed for bytes that are not RELP.'],
  ['tlsErrors', 'listener_tls_errors_total', 'TLS handshakes that failed, and certificates that are not heard.'],
  ['pauses', 'listener_pauses_total', 'Times that no connection was read, since the queue had no room.'],
] as const;

/** Each socket. */
export function exposeListeners(metrics: Metrics, status: () => CollectorStatus): void {
  for (const [field, name, help] of ALL) {
    metrics.observedCounter(name, help, LABELS, (add) => {
      for (const listener of status().listeners) add(labelsOf(listener), listener[field]);
    });
  }
  for (const [field, name, help] of DATAGRAMS) {
    metrics.observedCounter(name, help, LABELS, (add) => {
      for (const listener of datagramListeners(status())) add(labelsOf(listener), listener[field]);
    });
  }
  for (const [field, name, help] of STREAMS) {
    metrics.observedCounter(name, help, LABELS, (add) => {
      for (const listener of streamListeners(status())) add(labelsOf(listener), listener[field]);
    });
  }
  metrics.gauge('listener_connections', 'Connections open now.', LABELS, (gauge) => {
    for (const listener of streamListeners(status())) gauge.set(labelsOf(listener), listener.connections);
  });
  metrics.gauge('listener_receive_buffer_bytes', 'Receive buffer that the kernel granted.', LABELS, (gauge) => {
    for (const listener of datagramListeners(status())) gauge.set(labelsOf(listener), listener.receiveBufferBytes);
  });
}

function labelsOf({ family, transport, address, port }: ListenerStatus): Record<(typeof LABELS)[number], string> {
  return { family, transport, address, port: String(port) };
}
