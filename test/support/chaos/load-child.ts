// The generator: a process of its own, so that nothing which the test does or kills disturbs its pace or its record.
import { setTimeout as pause } from 'node:timers/promises';

import type { LoadOrder, LoadPorts, LoadRecord } from './load-record.ts';
import { NumberedExporter } from './numbered-flows.ts';
import { NumberedInforms, numberedMessage, NumberedRelp } from './numbered-messages.ts';
import { TimedSender } from './timed-sender.ts';

const TICK_MS = 5;
const DATAGRAMS_A_SECOND = 2000;
const MESSAGES_A_SECOND = 100;
const INFORMS_A_SECOND = 20;
const VERSIONS = [5, 5, 9, 9] as const;
/** How long answers are waited for at the end. */
const ANSWERS_MS = 20_000;

let load: Promise<Load> | undefined;

process.on('message', (order: LoadOrder) => {
  if (order === 'templates') void load?.then((each) => each.sendTemplates());
  else if (order === 'pause') void load?.then((each) => each.pause());
  else if (order === 'stop') void load?.then((each) => each.stop()).then((record) => process.send?.(record));
  else load = Load.start(order.start, order.saysTemplates);
});
process.on('disconnect', () => process.exit());

class Load {
  readonly #exporters: readonly NumberedExporter[];
  readonly #relp: NumberedRelp;
  readonly #informs: NumberedInforms;
  readonly #syslog: TimedSender;
  readonly #startedAt = performance.now();
  #sent = { datagrams: 0, messages: 0, informs: 0 };
  #ticks: ReturnType<typeof setInterval> | undefined;

  private constructor(ports: LoadPorts) {
    this.#exporters = VERSIONS.map((version, index) => new NumberedExporter(index, version, ports.flow));
    this.#relp = new NumberedRelp(ports.relp);
    this.#informs = new NumberedInforms(ports.snmp);
    this.#syslog = new TimedSender(ports.syslog);
  }

  static async start(ports: LoadPorts, saysTemplates: boolean): Promise<Load> {
    const load = new Load(ports);
    await Promise.all([load.#syslog.bind('127.0.0.1'), ...load.#exporters.map((exporter) => exporter.open())]);
    if (saysTemplates) load.sendTemplates();
    load.#relp.connect();
    load.#ticks = setInterval(() => load.#tick(), TICK_MS);
    return load;
  }

  sendTemplates(): void {
    for (const exporter of this.#exporters) exporter.sendTemplates();
  }

  pause(): void {
    clearInterval(this.#ticks);
  }

  async stop(): Promise<LoadRecord> {
    this.pause();
    const end = performance.now() + ANSWERS_MS;
    while (this.#relp.waiting + this.#informs.waiting > 0 && performance.now() < end) {
      this.#informs.retransmit();
      await pause(TICK_MS);
    }
    const exporters = this.#exporters.map(({ sender }) => sender);
    for (const each of [...exporters, this.#syslog, this.#relp, this.#informs]) each.close();
    return {
      flows: exporters.map(({ times }) => times),
      syslog: this.#syslog.times,
      sendErrors: [...exporters, this.#syslog].reduce((sum, { errors }) => sum + errors, 0),
      relp: Uint8Array.from(this.#relp.answers),
      informs: Uint8Array.from(this.#informs.answers),
    };
  }

  /** Sends what is due by now, so that a late tick makes up for what it missed. */
  #tick(): void {
    const seconds = (performance.now() - this.#startedAt) / 1000;
    const sent = this.#sent;
    for (; sent.datagrams < seconds * DATAGRAMS_A_SECOND; sent.datagrams += 1) {
      this.#exporters[sent.datagrams % VERSIONS.length]?.sendRecords();
    }
    for (; sent.messages < seconds * MESSAGES_A_SECOND; sent.messages += 1) {
      this.#syslog.sendNext(numberedMessage('udp', this.#syslog.next));
      this.#relp.send('relp');
    }
    for (; sent.informs < seconds * INFORMS_A_SECOND; sent.informs += 1) this.#informs.send();
    this.#informs.retransmit();
  }
}
