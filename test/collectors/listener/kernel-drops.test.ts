import assert from 'node:assert/strict';
import { test } from 'node:test';

import { dropsIn, dropsOfInode } from '../../../collectors/listener/kernel-drops.ts';

// Lines as proc(5) documents them, with the numbers of two sockets on port 2055 (0x0807) and one on 2056.
const TABLE = `   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  101: 0100007F:0807 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 21013 2 0000000000000000 17
  102: 0100007F:0808 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 21014 2 0000000000000000 99
  103: 00000000:0807 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 21015 2 0000000000000000 4
`;

test('drops are those of the socket with this very address and port', () => {
  assert.equal(dropsIn(TABLE, '0100007F:0807'), 17);
  assert.equal(dropsIn(TABLE, '00000000:0807'), 4);
  assert.equal(dropsIn(TABLE, '00000000:1234'), 0);
});

test('where several sockets share an address and port, drops are found by the inode', () => {
  assert.equal(dropsOfInode(TABLE, '21014'), 99);
  assert.equal(dropsOfInode(TABLE, '21015'), 4);
  // A count of drops, a number of a line and a part of an inode are no inodes.
  for (const other of ['17', '101', '2101', '']) assert.equal(dropsOfInode(TABLE, other), 0);
});
