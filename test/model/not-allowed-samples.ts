import type { NotAllowed } from '../../src/model/not-allowed.ts';

/** A server that the configuration does not allow, in every way. */
export const notAllowedSamples: readonly NotAllowed[] = (
  ['never', 'not_listed', 'unresolved'] as const
).flatMap((why) =>
  [true, false].flatMap((followed) =>
    [null, 'dc2'].flatMap((credential) =>
      [true, false].map((ownList) => ({
        server: 'pika-1.example:9221',
        ip: why === 'unresolved' ? null : '203.0.113.7',
        why,
        credential,
        ownList,
        followed,
      })),
    ),
  ),
);
