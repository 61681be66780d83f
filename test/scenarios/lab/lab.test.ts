import assert from 'node:assert/strict';
import { test } from 'node:test';
import { skipWithout } from '../../support/packages.ts';
import { eventually } from '../../support/processes.ts';
import { whyNoNamespaces } from './ip.ts';
import { keepalivedPowerOff } from './keepalived.ts';
import { Lab, VIRTUAL_IP } from './lab.ts';
import { KINDS } from './traffic/numbered-datagrams.ts';

const onlyLong = process.env['ALL_FAULTS'] === undefined && 'only in npm run test:long';
const skip = onlyLong || whyNoNamespaces() || skipWithout('ip', 'bridge', 'arping', 'ping');
const skipKeepalived = skip || skipWithout('keepalived');

test(
  'the checker finds exactly what was lost while a collector was cut off, for every kind of datagram',
  { skip },
  async () => {
    const lab = await Lab.start();
    try {
      await lab.node(lab.a).start();
      await lab.a.ip('address', 'add', `${VIRTUAL_IP}/24`, 'dev', lab.a.interface);
      const exporters = await Promise.all(KINDS.map((kind) => lab.startExporter({ kind, perSecond: 100 })));
      const flows = async () => (await lab.database.query<{ n: string }>('SELECT count(*) AS n FROM flows'))[0]?.n;
      await eventually('flows are stored', async () => Number(await flows()) > 100);
      await lab.faults.isolate(lab.a);
      const before = await flows();
      await eventually('none are stored any more', async () => (await flows()) === before);
      await lab.faults.join(lab.a);
      await eventually('some are stored again', async () => Number(await flows()) > Number(before) + 100);
      for (const exporter of exporters) {
        const { kind } = exporter.settings;
        const { sent, answered } = await exporter.stop();
        const outcome = await lab.settle(exporter);
        assert.equal(outcome.sent, sent, kind);
        assert.equal(outcome.double, 0, kind);
        assert.equal(outcome.unknown, 0, kind);
        // Whoever waits for an answer sends again; the others lose one stretch.
        assert.equal(outcome.gaps.length, kind === 'inform' ? 0 : 1, kind);
        if (kind === 'inform') assert.equal(answered, sent);
      }
    } finally {
      await lab.remove();
    }
  },
);

test(
  'keepalived with its defaults takes over after a power-off, once its advertisements have been missed',
  { skip: skipKeepalived },
  async () => {
    const outcome = await keepalivedPowerOff(1000);
    assert.equal(outcome.gaps.length, 1);
    // RFC 3768, section 6.1: three advertisement intervals of a second and the skew time, less what had passed since the last one.
    assert.ok(outcome.longestGapMs > 2400 && outcome.longestGapMs < 6000, `${outcome.longestGapMs} ms`);
  },
);
