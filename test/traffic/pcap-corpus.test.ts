import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { readPcap, readPcapFile } from '../../src/traffic/pcap.ts';

interface Case {
  readonly case: string;
  readonly feed: readonly string[];
  readonly datagrams?: number;
}

const corpus = join(import.meta.dirname, '../../../shared/corpus/flows');
const skip = existsSync(corpus) ? false : 'the corpus is not here';
const isCapture = (file: string) => /\.(pcap|pcapng|cap)(\.gz)?$/.test(file);

function* captureCases(): Generator<Case & { folder: string }> {
  for (const path of globSync(join(corpus, '*/expected.jsonl'))) {
    for (const line of readFileSync(path, 'utf8').split('\n')) {
      if (line.trim() === '') continue;
      const found: Case = JSON.parse(line);
      if (found.datagrams !== undefined && found.feed.every(isCapture)) yield { ...found, folder: dirname(path) };
    }
  }
}

test('every capture of the corpus holds as many datagrams as its source says', { skip }, async () => {
  let cases = 0;
  for (const { folder, feed, datagrams, case: name } of captureCases()) {
    let found = 0;
    let streamed = 0;
    for (const file of feed) {
      found += [...readPcap(readFileSync(join(folder, file)))].length;
      for await (const datagram of readPcapFile(join(folder, file))) streamed += datagram.payload.length > 0 ? 1 : 0;
    }
    assert.equal(found, datagrams, `${folder}: ${name}`);
    assert.equal(streamed, datagrams, `${folder}: ${name}, streamed`);
    cases += 1;
  }
  assert.ok(cases > 5, `only ${cases} cases`);
});
