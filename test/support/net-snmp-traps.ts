import type { UsmUserOptions } from '../../collectors/snmp/usm/users/user-options.ts';

/**
 * What `snmptrap` of net-snmp 5.9.3 sent for linkDown, as it was on the wire; authoritative engine 80001f88040a0b0c0d0e0f, boots 1.
 * Engine times in seconds.
 */
export const NET_SNMP_TRAPS = {
  /** User ops, SHA-256 and AES, engine time 1331333. */
  sha256Aes: trap(
    '3081bb020103301102041c4f51c8020300ffe30401030201030440303e040b80001f88040a0b0c0d0e0f020101020314508504036f7073' +
      '04185bfafd453e7aec970944a0525e43178d38f564cd69e80a4104086e219fa2cec794f50461b89eb019b08cffa61ae1fe6a7cb052ec00' +
      'b4fe28da12a05b5d20ee0eef6bc413056275dcf7a9e5fd4e2dd524fd608d3a09d72eeb84c7365b64e6e22d1f3aaa9d5fd79c3f42fc6797' +
      'ae3c7e1ba79b04b7f012b81fce2f89f19c5d4141c79e997944',
  ),
  /** The same user four seconds later. */
  sha256AesLater: trap(
    '3081bb020103301102045f1d42e4020300ffe30401030201030440303e040b80001f88040a0b0c0d0e0f020101020314508904036f7073' +
      '04184783dc0bc9d920203ce242515a5002c557fca74e2d4d9e020408fee82e777dfb960104617b19b4255ab8cbd744760e361e6b6e62e7' +
      '0cce951a4ef64755bd135e6beb653e9d930524cbade58108f2e0d0c73a7ac971fc1aadf099c7b90b12ebb0848bf30cb706cff5ee78013a' +
      '17a385b111c50114d8b99b3e085a3ac6a189a39ffc4069dec1',
  ),
  /** User ops, SHA-256, not encrypted, engine time 1331340. */
  sha256: trap(
    '3081b1020103301102043e672f41020300ffe304010102010304383036040b80001f88040a0b0c0d0e0f020101020314508c04036f7073' +
      '041893704534f604a2d133fae22c424ca41447863614446e0fc10400305f041180001f88804d3d294b4451036b000000000400a7480204' +
      '2fa4ffe4020100020100303a300e06082b06010201010300430212673017060a2b06010603010104010006092b0601060301010503300f' +
      '060a2b060102010202010103020103',
  ),
  /** User ops without authentication. */
  noAuth: trap(
    '3081990201033011020413952ff8020300ffe30401000201030420301e040b80001f88040a0b0c0d0e0f020101020314508f04036f7073' +
      '04000400305f041180001f88804d3d294b4451036b000000000400a74802045d5045f6020100020100303a300e06082b06010201010300' +
      '430212673017060a2b06010603010104010006092b0601060301010503300f060a2b060102010202010103020103',
  ),
  /** User old, SHA and DES. */
  shaDes: trap(
    '3081b6020103301102042c9f5295020300ffe304010302010304343032040b80001f88040a0b0c0d0e0f020101020314509204036f6c64' +
      '040cbf9940e17909e98702c7a83b04080000000566c4c6880468173c347aac4a84ff627565ef645a1f20374a77468078eeab3bb778db83' +
      '143e729e35ba4eba1f6a31884d6e3d45717546d85103c08c9411dd65e642f4a038a695d82e0ba0f1d865c15af3abf4cdf3830df65b0c5c' +
      'c3f7762025b2f86b3b52755b2083d1db6fcb19dc',
  ),
  /** User cisco, MD5 and AES-256 with Reeder's extension. */
  md5Aes256C: trap(
    '3081b102010330110204584bc8a7020300ffe304010302010304363034040b80001f88040a0b0c0d0e0f02010102031450960405636973' +
      '636f040c66231ec18401c7a46a39f3cb0408547d4d831dc3a42f046124bf7547a331f77e0340b40a3c36b69b58a155a0347771a9db9d04' +
      'b8adabf1ebf97497ed9d0a5b44de5c23a194696cc0e1f17005f88f741345517d24ec5af3b924537d3ac35f47a1ce2b3dd48eaba978a7d4' +
      '63aa9e52c5ba810b11cc5b9a8f4b09',
  ),
} as const;

const auth = { password: 'auth pass phrase' };
const privacy = { password: 'privacy pass phrase' };

/** The users of these messages. */
export const NET_SNMP_USERS = {
  ops: {
    name: 'ops',
    auth: { ...auth, protocol: 'SHA-256' },
    privacy: { ...privacy, protocol: 'AES' },
    minimumLevel: 'authNoPriv',
  },
  old: { name: 'old', auth: { ...auth, protocol: 'SHA' }, privacy: { ...privacy, protocol: 'DES' } },
  cisco: { name: 'cisco', auth: { ...auth, protocol: 'MD5' }, privacy: { ...privacy, protocol: 'AES-256-C' } },
} as const satisfies Record<string, UsmUserOptions>;

export const NET_SNMP_ENGINE_ID = '80001f88040a0b0c0d0e0f';

function trap(hex: string): Buffer {
  return Buffer.from(hex, 'hex');
}
